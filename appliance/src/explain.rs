//! Explains both ways: which rules looked, which fire and why, which do not and why. Here of a
//! subject, for instance a case; `event` and `alert` start from one event and from one card.
//!
//! It reads and asks, and changes nothing.

mod alert;
mod event;

pub use alert::{AlertExplanation, Citation, InForce, Leaf, TableInForce, TableRow, explain_alert};
pub use event::{EventExplanation, Reading, StreamReading, Version, explain_event};

use crate::alert::Alert;
use crate::app::App;
use crate::driver::{Explained, Places};
use crate::error::{AppError, Kind};
use crate::table::used::RowUsed;
use plumbline_contract::event::{TICK_TYPE, Tick};
use plumbline_contract::manifest::{Manifest, Rule};
use plumbline_contract::task::{Check, Fault, Outcome};
use plumbline_contract::time::Millis;
use plumbline_engine::Batch;
use plumbline_kernel::Plan;
use plumbline_store::{KeyId, Row};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

/// Events of one subject that are shown.
const EVENTS_MAX: usize = 1000;

/// A case explained.
#[derive(Clone, Debug, Serialize)]
pub struct Explanation {
    pub subject: String,
    /// Log time up to which the rules looked.
    pub until: String,
    pub events: Vec<Happened>,
    pub checks: Vec<Looked>,
    /// Rows of the reference tables that the checks rest on.
    pub rows: Vec<LookedUp>,
    pub alerts: Vec<Alert>,
}

/// One event of the timeline.
#[derive(Clone, Debug, Serialize)]
pub struct Happened {
    pub seq: u64,
    #[serde(rename = "type")]
    pub kind: String,
    pub time: String,
    pub recorded: String,
    pub dept: String,
    pub actor: Option<String>,
    pub dataversion: u32,
    pub data: Box<RawValue>,
}

/// One line of what a rule saw.
#[derive(Clone, Debug, Serialize)]
pub struct Looked {
    pub deployment: u16,
    pub plugin: String,
    pub stream: String,
    pub key: String,
    pub rule: String,
    pub rule_zh: String,
    pub rule_en: String,
    /// `fires`, `quiet`, `exempt`, `unknown`, `fault`, or `remark` for what is no outcome.
    pub outcome: &'static str,
    pub zh: String,
    pub en: String,
    pub values: Value,
}

/// A row that the rules of one key looked up.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct LookedUp {
    pub plugin: String,
    pub of: String,
    #[serde(flatten)]
    pub row: RowUsed,
}

/// The events about a subject, in log order.
///
/// # Errors
/// If the store fails.
pub fn timeline(app: &App, subject: &str) -> Result<Vec<Row>, AppError> {
    let mut rows = Vec::new();
    for seq in app.store().by_subject(subject, EVENTS_MAX)? {
        if let Some(event) = app.store().get(seq)? {
            rows.push(Row { seq, event: event.into() });
        }
    }
    Ok(rows)
}

/// Explains a subject, for instance a case by its number.
///
/// # Errors
/// If nothing is known of it, or the store fails.
pub fn explain(app: &App, subject: &str) -> Result<Explanation, AppError> {
    let rows = timeline(app, subject)?;
    let now = log_time(app, &rows)?;
    let (checks, rows_used) = checks(app, now, &mut |plan| keys(plan, subject, &rows))?;
    let alerts = app.alerts_about(subject)?;
    if rows.is_empty() && checks.is_empty() && alerts.is_empty() {
        return Err(AppError::new(Kind::NotFound, "no-subject", subject));
    }
    let events = rows.iter().map(|row| happened(app, row)).collect();
    let until = app.zone().rfc3339(now);
    let subject = subject.to_owned();
    Ok(Explanation { subject, until, events, checks, rows: rows_used, alerts })
}

/// What the rules of every deployment say of some keys at a moment of log time, and the rows of the
/// reference tables that they looked up.
fn checks(
    app: &App,
    now: Millis,
    keys: &mut dyn FnMut(&Plan) -> Vec<KeyId>,
) -> Result<(Vec<Looked>, Vec<LookedUp>), AppError> {
    let (log, end) = (app.store(), app.store().next_seq());
    // Read after the end, so that they hold every change before it.
    let tables = app.tables();
    let places = Places { log, states: log, tables: &tables, loader: app, end, lazy: false };
    app.with_runners(|runners| {
        let (mut checks, mut used) = (Vec::new(), Vec::new());
        for runner in runners {
            let ids = keys(runner.plan());
            let local = runner.plan().zone().local(now);
            let deployment = runner.deployment().id.0;
            for Explained { id, manifest, answer } in runner.explain(&places, &ids, local)? {
                let reads = answer.as_ref().map(|batch| batch.reads.clone()).unwrap_or_default();
                used.extend(reads.into_iter().map(|read| LookedUp {
                    plugin: manifest.plugin.id.clone(),
                    of: id.key.clone(),
                    row: RowUsed::from(read),
                }));
                checks.extend(looked(deployment, &manifest, &id, answer));
            }
        }
        used.sort();
        used.dedup();
        Ok((checks, used))
    })
}

/// The newest log time: of the last tick, or of the subject's own events if they are newer.
///
/// # Errors
/// If the store fails.
pub fn log_time(app: &App, rows: &[Row]) -> Result<Millis, AppError> {
    let mut newest = rows.iter().map(|row| row.event.logged).max().unwrap_or_default();
    if let Some(seq) = app.store().by_subject(TICK_TYPE, 1)?.pop()
        && let Some(event) = app.store().get(seq)?.filter(|event| event.kind == TICK_TYPE)
        && let Ok(tick) = serde_json::from_str::<Tick>(&event.data)
    {
        newest = newest.max(tick.time);
    }
    Ok(newest)
}

/// The keys to which the subject's events go, and the subject itself where it is a key.
fn keys(plan: &Plan, subject: &str, rows: &[Row]) -> Vec<KeyId> {
    let streams = plan.streams();
    let id =
        |stream: usize, key: &str| KeyId { stream: streams[stream].clone(), key: key.to_owned() };
    let routed = rows.iter().filter_map(|row| plan.keys(&*row.event)).flat_map(|(_, keys)| keys);
    let mut ids: Vec<_> = routed.map(|(stream, key)| id(stream, &key)).collect();
    ids.extend((0..streams.len()).map(|stream| id(stream, subject)));
    ids.sort();
    ids.dedup();
    ids
}

fn looked(
    deployment: u16,
    manifest: &Manifest,
    id: &KeyId,
    answer: Result<Batch, Fault>,
) -> Vec<Looked> {
    let line = |check: Check| {
        let rule = manifest.rule(&check.rule);
        let name = |pick: fn(&Rule) -> &String| rule.map(pick).cloned().unwrap_or_default();
        let values: Value = serde_json::from_str(&check.values).unwrap_or_default();
        // A line that is no outcome comes as a quiet one whose figures say what it is about.
        let remarks = check.outcome == Outcome::Quiet && values.get("about").is_some();
        Looked {
            deployment,
            plugin: manifest.plugin.id.clone(),
            stream: id.stream.clone(),
            key: id.key.clone(),
            rule_zh: name(|rule| &rule.name_zh),
            rule_en: name(|rule| &rule.name_en),
            rule: check.rule,
            outcome: if remarks { "remark" } else { check.outcome.as_str() },
            zh: check.zh,
            en: check.en,
            values,
        }
    };
    match answer {
        Ok(batch) => {
            let traces = batch.verdicts.into_iter().flat_map(|verdict| verdict.trace);
            traces.map(line).collect()
        }
        Err(fault) => vec![Looked {
            deployment,
            plugin: manifest.plugin.id.clone(),
            stream: id.stream.clone(),
            key: id.key.clone(),
            rule: String::new(),
            rule_zh: String::new(),
            rule_en: String::new(),
            outcome: "fault",
            zh: format!("插件故障：{fault}"),
            en: fault.to_string(),
            values: Value::Null,
        }],
    }
}

fn happened(app: &App, row: &Row) -> Happened {
    let event = &row.event;
    let data = RawValue::from_string(event.payload().to_owned());
    Happened {
        seq: row.seq.0,
        kind: event.kind.clone(),
        time: app.zone().rfc3339(event.time),
        recorded: app.zone().rfc3339(event.recorded),
        dept: event.dept.clone(),
        actor: event.actor.clone(),
        dataversion: event.dataversion,
        data: data.unwrap_or_default(),
    }
}
