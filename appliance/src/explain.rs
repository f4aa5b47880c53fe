//! Explains a case both ways: which rules looked at it, which fire and why, which do not and why.

use crate::alert::Alert;
use crate::app::App;
use crate::driver::Places;
use crate::error::{AppError, Kind};
use crate::table::used::RowUsed;
use plumbline_contract::event::{TICK_TYPE, Tick};
use plumbline_contract::task::{Check, Fault};
use plumbline_contract::time::Millis;
use plumbline_engine::Batch;
use plumbline_store::{KeyId, Row};
use serde::Serialize;
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
    pub plugin: String,
    pub stream: String,
    pub key: String,
    pub rule: String,
    pub rule_zh: String,
    pub rule_en: String,
    pub outcome: &'static str,
    pub zh: String,
    pub en: String,
    pub values: serde_json::Value,
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
            rows.push(Row { seq, event });
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
    let tables = app.tables();
    let (log, end) = (app.store(), app.store().next_seq());
    let places = Places { log, states: log, tables: &tables, end, lazy: false };
    let (checks, rows_used) = app.with_runners(|runners| {
        let (mut checks, mut used) = (Vec::new(), Vec::new());
        for runner in runners {
            let ids = keys(runner.plan(), subject, &rows);
            let local = runner.plan().zone().local(now);
            let answers = runner.explain(&places, &ids, local)?;
            for (id, answer) in answers {
                let manifest = runner.plan().manifest();
                let reads = answer.as_ref().map(|batch| batch.reads.clone()).unwrap_or_default();
                let plugin = &manifest.plugin.id;
                let row = |read| LookedUp {
                    plugin: plugin.clone(),
                    of: id.key.clone(),
                    row: RowUsed::from(read),
                };
                used.extend(reads.into_iter().map(row));
                checks.extend(looked(manifest, &id, answer));
            }
        }
        used.sort();
        used.dedup();
        Ok::<_, AppError>((checks, used))
    })?;
    let alerts = app.alerts_about(subject)?;
    if rows.is_empty() && checks.is_empty() && alerts.is_empty() {
        return Err(AppError::new(Kind::NotFound, "no-subject", subject));
    }
    let events = rows.iter().map(|row| happened(app, row)).collect();
    let until = app.zone().rfc3339(now);
    let subject = subject.to_owned();
    Ok(Explanation { subject, until, events, checks, rows: rows_used, alerts })
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
fn keys(plan: &plumbline_kernel::Plan, subject: &str, rows: &[Row]) -> Vec<KeyId> {
    let streams = &plan.manifest().streams;
    let id = |stream: usize, key: &str| KeyId {
        stream: streams[stream].name.clone(),
        key: key.to_owned(),
    };
    let routed = rows.iter().flat_map(|row| plan.keys(&row.event));
    let mut ids: Vec<_> = routed.map(|(stream, key)| id(stream, &key)).collect();
    ids.extend((0..streams.len()).map(|stream| id(stream, subject)));
    ids.sort();
    ids.dedup();
    ids
}

fn looked(
    manifest: &plumbline_contract::manifest::Manifest,
    id: &KeyId,
    answer: Result<Batch, Fault>,
) -> Vec<Looked> {
    let line = |check: Check| {
        let rule = manifest.rule(&check.rule);
        let name = |pick: fn(&plumbline_contract::manifest::Rule) -> &String| {
            rule.map(pick).cloned().unwrap_or_default()
        };
        Looked {
            plugin: manifest.plugin.id.clone(),
            stream: id.stream.clone(),
            key: id.key.clone(),
            rule_zh: name(|rule| &rule.name_zh),
            rule_en: name(|rule| &rule.name_en),
            rule: check.rule,
            outcome: check.outcome.as_str(),
            zh: check.zh,
            en: check.en,
            values: serde_json::from_str(&check.values).unwrap_or_default(),
        }
    };
    match answer {
        Ok(batch) => {
            let traces = batch.verdicts.into_iter().flat_map(|verdict| verdict.trace);
            traces.map(line).collect()
        }
        Err(fault) => vec![Looked {
            plugin: manifest.plugin.id.clone(),
            stream: id.stream.clone(),
            key: id.key.clone(),
            rule: String::new(),
            rule_zh: String::new(),
            rule_en: String::new(),
            outcome: "fault",
            zh: format!("插件故障：{fault}"),
            en: fault.to_string(),
            values: serde_json::Value::Null,
        }],
    }
}

fn happened(app: &App, row: &Row) -> Happened {
    let event = &row.event;
    let data = RawValue::from_string(event.data.clone());
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
