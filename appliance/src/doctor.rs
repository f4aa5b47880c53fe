//! The doctor: what would keep an appliance from doing its work, although nothing is damaged.
//!
//! It changes nothing. Whether bytes are what was written is the business of `check`.

mod cameras;
mod health;

use crate::app::App;
use crate::backup::{LAST_META, LastBackup};
use crate::error::{AppError, Kind};
use crate::package;
use plumbline_contract::desk::{CALENDAR_TABLE, Desk};
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Right;
use plumbline_contract::table::Tables;
use plumbline_contract::task::WAKE_ON_CALENDAR;
use plumbline_contract::time::{Day, MS_PER_DAY, Millis};
use plumbline_store::KeyId;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt;

/// Days ahead that the calendar should cover: most statutory limits end within them.
const CALENDAR_DAYS_AHEAD: i32 = 60;
/// Free disk below which the appliance should not go on, in bytes: some weeks of a county's events.
const DISK_BYTES_MIN: u64 = 2 * 1024 * 1024 * 1024;
/// Days after which a backup is too old: what came since would have to be sent again.
const BACKUP_DAYS_MAX: i64 = 7;
/// Days after which the last reconciliation says little of today.
const RECONCILED_DAYS_MAX: i64 = 2;
/// Setting that says when everything was last derived anew and compared.
const RECONCILED_META: &str = "watch/reconciled";
/// How far the log may be ahead of the clock: sources' clocks differ by minutes.
const CLOCK_AHEAD_MS: i64 = 10 * 60 * 1000;

/// Every code of a finding, for which the catalogue has `finding.<code>` and `advice.<code>`.
pub const CODES: [&str; 29] = [
    "calendar-missing",
    "calendar-ended",
    "calendar-ends",
    "calendar-open-keys",
    "disk",
    "gaps",
    "lag",
    "standstill",
    "secret",
    "package",
    "no-plugins",
    "table-missing",
    "no-events",
    "clock",
    "backup-none",
    "backup-old",
    "reconciled-old",
    "source-silent",
    "source-absent",
    "source-counts",
    "source-clock",
    "source-crowd",
    "rule-odd",
    "reconcile-differs",
    "reconcile-missing",
    "host-clock",
    "cameras-file",
    "cameras-lost",
    "footage-missing",
];

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub code: &'static str,
    values: Vec<(&'static str, String)>,
}

impl Finding {
    fn new(code: &'static str, values: &[(&'static str, &str)]) -> Self {
        let values = values.iter().map(|(name, value)| (*name, (*value).to_owned()));
        Self { code, values: values.collect() }
    }

    /// What fills the placeholders of both messages.
    #[must_use]
    pub fn values(&self) -> Vec<(&str, &str)> {
        self.values.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }

    /// Key of the message that says what is wrong.
    #[must_use]
    pub fn key(&self) -> String {
        format!("finding.{}", self.code)
    }

    /// Key of the message that says what to do.
    #[must_use]
    pub fn advice(&self) -> String {
        format!("advice.{}", self.code)
    }
}

/// Examines a home at a moment of the wall clock.
///
/// # Errors
/// If the store or a folder cannot be read.
pub fn examine(app: &App, now: Millis) -> Result<Vec<Finding>, AppError> {
    let mut findings = Vec::new();
    calendar(app, now, &mut findings)?;
    tables(app, &mut findings);
    deployments(app, &mut findings)?;
    for package in package::list(app)? {
        if let Err(error) = package {
            findings.push(Finding::new("package", &[("detail", &error.detail)]));
        }
    }
    log(app, now, &mut findings)?;
    ages(app, now, &mut findings)?;
    health::examine(app, now, &mut findings)?;
    machine(app, &mut findings)?;
    cameras::examine(app, &mut findings)?;
    Ok(findings)
}

fn calendar(app: &App, now: Millis, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let tables = app.tables().view(app.store(), app.store().next_seq())?;
    let desk = Desk::open(&tables, &app.config().region, "");
    let last = desk.map(|desk| desk.calendar().last_day()).unwrap_or(Day::MIN);
    if tables.rows(CALENDAR_TABLE).is_empty() || last == Day::MIN {
        findings.push(Finding::new("calendar-missing", &[]));
        return Ok(());
    }
    let today = app.zone().local(now).day();
    let shown = last.to_string();
    if last < today {
        findings.push(Finding::new("calendar-ended", &[("last", &shown)]));
    } else if last < today.plus(CALENDAR_DAYS_AHEAD) {
        findings.push(Finding::new("calendar-ends", &[("last", &shown)]));
    }
    let mut beyond = 0_u64;
    for deployment in app.deployments() {
        let after = (last.plus(1).start(), KeyId { stream: String::new(), key: String::new() });
        let due = app.store().due(deployment.id, WAKE_ON_CALENDAR, Some(&after), usize::MAX)?;
        beyond += due.len() as u64;
    }
    if beyond > 0 {
        let values = [("count", beyond.to_string()), ("last", shown)];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        findings.push(Finding::new("calendar-open-keys", &values));
    }
    Ok(())
}

/// Tables that a plugin may read and that nobody has imported: its rules answer "unknown".
fn tables(app: &App, findings: &mut Vec<Finding>) {
    let history = app.tables();
    let known: BTreeSet<_> = history.changes().iter().map(|(_, table, _)| table.clone()).collect();
    for manifest in app.manifests() {
        for capability in &manifest.capabilities {
            let Right::Table { name } = &capability.right else { continue };
            if !known.contains(name) && name != CALENDAR_TABLE {
                let values = [("table", name.as_str()), ("plugin", &manifest.plugin.id)];
                findings.push(Finding::new("table-missing", &values));
            }
        }
    }
}

fn deployments(app: &App, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let deployments = app.deployments();
    if deployments.is_empty() {
        findings.push(Finding::new("no-plugins", &[]));
    }
    for (deployment, error) in app.suspended() {
        let (plugin, detail) = (deployment.plugin.as_str(), error.to_string());
        findings.push(Finding::new("standstill", &[("plugin", plugin), ("detail", &detail)]));
    }
    for deployment in deployments {
        let plugin = deployment.plugin.as_str();
        let gaps = app.store().gaps(deployment.id)?;
        if let Some(gap) = gaps.first() {
            let (count, first) = (gaps.len().to_string(), gap.row.fault.as_str());
            let values = [("plugin", plugin), ("count", &count), ("fault", first)];
            findings.push(Finding::new("gaps", &values));
        }
        let cursor = app.store().cursor(deployment.id)?.seq.max(deployment.from);
        let lag = app.store().next_seq().0.saturating_sub(cursor.0);
        if lag > 0 {
            let values = [("plugin", plugin), ("count", &lag.to_string())];
            findings.push(Finding::new("lag", &values));
        }
    }
    Ok(())
}

fn log(app: &App, now: Millis, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let next = app.store().next_seq();
    let last = match next.0.checked_sub(1) {
        Some(last) => app.store().get(EventSeq(last))?,
        None => None,
    };
    if let Some(last) = last
        && last.logged.0 > now.0.saturating_add(CLOCK_AHEAD_MS)
    {
        let at = app.zone().rfc3339(last.logged);
        findings.push(Finding::new("clock", &[("at", &at)]));
    }
    let first = app.store().read(EventSeq(0), FIRST_EVENTS)?;
    if next.0 <= first.len() as u64 && first.iter().all(|row| row.event.is_host()) {
        findings.push(Finding::new("no-events", &[]));
    }
    Ok(())
}

/// How long ago the home was last backed up and reconciled, in milliseconds, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ages {
    pub backup_ms: Option<i64>,
    pub reconciled_ms: Option<i64>,
}

impl Ages {
    /// # Errors
    /// If the store cannot be read.
    pub fn of(app: &App, now: Millis) -> Result<Self, AppError> {
        #[derive(Deserialize)]
        struct Reconciled {
            at: Millis,
        }
        let age = |at: Millis| now.0.saturating_sub(at.0);
        let backup = setting::<LastBackup>(app, LAST_META)?.map(|last| age(last.taken));
        let reconciled = setting::<Reconciled>(app, RECONCILED_META)?.map(|last| age(last.at));
        Ok(Self { backup_ms: backup, reconciled_ms: reconciled })
    }
}

fn setting<T: DeserializeOwned>(app: &App, name: &str) -> Result<Option<T>, AppError> {
    let Some(bytes) = app.store().meta(name)? else { return Ok(None) };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))
}

fn ages(app: &App, now: Millis, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let ages = Ages::of(app, now)?;
    let mut old = |code, age: i64, max| {
        let days = age / MS_PER_DAY;
        if days >= max {
            findings.push(Finding::new(code, &[("days", &days.to_string())]));
        }
    };
    if let Some(age) = ages.backup_ms {
        old("backup-old", age, BACKUP_DAYS_MAX);
    }
    if let Some(age) = ages.reconciled_ms {
        old("reconciled-old", age, RECONCILED_DAYS_MAX);
    }
    // A home without events has nothing to lose yet.
    if ages.backup_ms.is_none() && !findings.iter().any(|finding| finding.code == "no-events") {
        findings.push(Finding::new("backup-none", &[]));
    }
    Ok(())
}

/// Events looked at to tell a log that holds nothing but the host's own notes.
const FIRST_EVENTS: usize = 256;

fn machine(app: &App, findings: &mut Vec<Finding>) -> Result<(), AppError> {
    let token = app.home().token_file();
    let meta = std::fs::metadata(&token).map_err(|error| AppError::io(&token, &error))?;
    if meta.permissions().mode() & 0o077 != 0 {
        findings.push(Finding::new("secret", &[("file", &token.display().to_string())]));
    }
    let dir = app.home().dir();
    let disk = rustix::fs::statvfs(dir).map_err(|error| AppError::io(dir, &error.into()))?;
    let free = disk.f_bavail.saturating_mul(disk.f_frsize);
    if free < DISK_BYTES_MIN {
        let free = (free / (1024 * 1024)).to_string();
        findings.push(Finding::new("disk", &[("free", &free)]));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::CODES;
    use crate::text::find;

    #[test]
    fn every_finding_has_its_message_and_its_advice() {
        for code in CODES {
            assert!(find(&format!("finding.{code}")).is_some(), "finding.{code}");
            assert!(find(&format!("advice.{code}")).is_some(), "advice.{code}");
        }
    }
}
