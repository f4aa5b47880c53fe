//! Figures for `/metrics` and `/healthz` that would be dear to compute at each request.

use crate::alert::as_alert;
use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::alert::{AlertAct, Level};
use plumbline_contract::desk::CALENDAR_TABLE;
use plumbline_contract::id::DeploymentId;
use plumbline_contract::time::Day;
use plumbline_contract::worktime::{Calendar, CalendarRow};
use std::collections::BTreeMap;

/// Leaves read under one hold of the ledger, so that the driver never waits long for it.
const LEAVES_AT_ONCE: u64 = 1024;

/// What one deployment has used since the start of the process.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) fuel: u64,
    pub(crate) tasks: u64,
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Figures {
    /// Leaves looked at, all of them sealed.
    leaves: u64,
    /// Alert leaves in the whole ledger by level and act.
    pub(crate) alerts: BTreeMap<(Level, &'static str), u64>,
    pub(crate) used: BTreeMap<DeploymentId, Used>,
    /// Changes of reference tables when `calendar_last_day` was read.
    table_changes: Option<usize>,
    /// Last day that the calendar in force covers.
    pub(crate) calendar_last_day: Option<Day>,
}

impl Figures {
    /// Takes in what is new; returns the number of sealed leaves.
    pub(crate) fn follow(&mut self, app: &App) -> Result<u64, AppError> {
        self.count_alerts(app)?;
        self.used = app.with_runners(|runners| {
            let used = |runner: &crate::driver::Runner| Used {
                fuel: runner.stats().fuel(),
                tasks: runner.stats().tasks(),
            };
            runners.iter().map(|runner| (runner.deployment().id, used(runner))).collect()
        });
        let changes = app.tables().changes().len();
        if self.table_changes != Some(changes) {
            self.calendar_last_day = calendar_last_day(app)?;
            self.table_changes = Some(changes);
        }
        Ok(self.leaves)
    }

    fn count_alerts(&mut self, app: &App) -> Result<(), AppError> {
        loop {
            let leaves = read_sealed(app, self.leaves, LEAVES_AT_ONCE)?;
            if leaves.is_empty() {
                return Ok(());
            }
            for bytes in leaves {
                if let Some(alert) = as_alert(self.leaves, &bytes)? {
                    *self.alerts.entry((alert.level, act(alert.act))).or_default() += 1;
                }
                self.leaves += 1;
            }
        }
    }
}

/// At most `max` sealed leaves from a position on.
pub(crate) fn read_sealed(app: &App, from: u64, max: u64) -> Result<Vec<Vec<u8>>, AppError> {
    app.with_ledger(|ledger| {
        let end = ledger.checkpoint().size().min(from.saturating_add(max));
        if from >= end {
            return Ok(Vec::new());
        }
        let leaves = ledger.leaves(from..end)?;
        Ok(leaves.collect::<Result<Vec<_>, _>>()?)
    })
}

fn act(act: AlertAct) -> &'static str {
    match act {
        AlertAct::Raised => "raised",
        AlertAct::Escalated => "escalated",
        AlertAct::Lowered => "lowered",
        AlertAct::Amended => "amended",
        AlertAct::Withdrawn => "withdrawn",
        AlertAct::Closed => "closed",
    }
}

fn calendar_last_day(app: &App) -> Result<Option<Day>, AppError> {
    let wrong = |error: String| AppError::new(Kind::Integrity, "store-corrupt", error);
    let tables = app.tables();
    let mine = tables.changes().iter().rev().find(|(_, table, _)| table == CALENDAR_TABLE);
    let Some((_, _, version)) = mine else { return Ok(None) };
    let rows = app.store().table(CALENDAR_TABLE, *version)?.unwrap_or_default();
    let rows = rows.iter().map(|row| CalendarRow::from_json(&row.json));
    let rows: Vec<_> = rows.collect::<Result<_, _>>().map_err(|error| wrong(error.to_string()))?;
    let calendar = Calendar::from_rows(rows, "").map_err(|error| wrong(error.to_string()))?;
    let (first, last) = (calendar.first_day(), calendar.last_day());
    Ok((first <= last).then_some(last))
}
