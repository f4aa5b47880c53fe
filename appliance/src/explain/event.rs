//! One event: which deployments and streams took it, under which keys, why others did not, and what
//! the rules make of those keys now.

use super::{Happened, Looked, checks, happened, log_time};
use crate::alert::Alert;
use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Stream;
use plumbline_contract::route;
use plumbline_kernel::{Deployment, Plan};
use plumbline_store::{Gap, KeyId, Row};
use serde::Serialize;
use std::collections::BTreeSet;

/// Events read at once while one is looked for by its source and id.
const SCAN_EVENTS: u64 = 4096;
/// Events, newest first, among which one is looked for by its source and id: some seconds of
/// reading. Older ones are named by their position.
const SCANNED_MAX: u64 = 2_000_000;
/// Events of one subject among which other versions of an event are looked for.
const VERSIONS_AMONG: usize = 10_000;

/// An event explained.
#[derive(Clone, Debug, Serialize)]
pub struct EventExplanation {
    pub event: Happened,
    pub source: String,
    pub id: String,
    pub subject: String,
    pub region: String,
    /// Log time at which it was taken in.
    pub logged: String,
    /// Log time up to which the rules looked.
    pub until: String,
    /// Other versions of the same fact that the log holds.
    pub versions: Vec<Version>,
    /// Position of the highest version, if that is another one: rules go by it.
    pub superseded_by: Option<u64>,
    pub deployments: Vec<Reading>,
    pub checks: Vec<Looked>,
    /// Alerts about the event's subject and keys; their `evidence` tells which cite it.
    pub alerts: Vec<Alert>,
}

/// Another version of a fact.
#[derive(Clone, Debug, Serialize)]
pub struct Version {
    pub seq: u64,
    pub dataversion: u32,
}

/// How one deployment reads the event.
#[derive(Clone, Debug, Serialize)]
pub struct Reading {
    pub deployment: u16,
    pub plugin: String,
    /// Of the package that judges the event's region; empty where none does.
    pub version: String,
    pub mode: &'static str,
    /// Root of the subtree that it looks at; empty for everywhere.
    pub region: String,
    pub took: bool,
    /// Why it did not take it, or not yet: `host-event`, `before-start`, `region`, `capability`,
    /// `not-reached`, `no-stream`; nothing if it did.
    pub reason: Option<&'static str>,
    pub streams: Vec<StreamReading>,
}

/// How one stream reads the event.
#[derive(Clone, Debug, Serialize)]
pub struct StreamReading {
    pub stream: String,
    /// Keys under which it was taken.
    pub keys: Vec<String>,
    /// Those whose fold failed on it: they have a gap there.
    pub gaps: Vec<String>,
    /// Why there is no key: `type`, the stream does not ask for this type; `no-key`, the event lacks
    /// a part of the stream's key.
    pub reason: Option<&'static str>,
}

/// Explains an event by its position, or by `SOURCE/ID` (its highest version).
///
/// # Errors
/// If there is no such event, or the store fails.
pub fn explain_event(app: &App, name: &str) -> Result<EventExplanation, AppError> {
    let row = find(app, name)?;
    let event = &row.event;
    let mut readings = Vec::new();
    app.with_runners(|runners| {
        for runner in runners {
            let deployment = runner.deployment();
            let cursor = app.store().cursor(deployment.id)?.seq.max(deployment.from);
            let gaps = app.store().gaps(deployment.id)?;
            readings.push(read(deployment, runner.plan(), &row, cursor, &gaps));
        }
        Ok::<_, AppError>(())
    })?;
    let now = log_time(app, std::slice::from_ref(&row))?;
    let (checks, _) = checks(app, now, &mut |plan| ids(plan, event))?;
    let streams = readings.iter().flat_map(|reading| &reading.streams);
    let keys: BTreeSet<_> = streams.flat_map(|stream| &stream.keys).collect();
    let mut alerts = Vec::new();
    for key in keys.into_iter().chain([&event.subject]) {
        alerts.extend(app.alerts_about(key)?);
    }
    alerts.sort_by_key(|alert| alert.first_leaf);
    alerts.dedup_by_key(|alert| alert.first_leaf);
    let versions = versions(app, &row)?;
    let newest = versions.iter().max_by_key(|version| version.dataversion);
    let newest = newest.filter(|newest| newest.dataversion > event.dataversion);
    Ok(EventExplanation {
        superseded_by: newest.map(|newest| newest.seq),
        event: happened(app, &row),
        source: event.source.clone(),
        id: event.id.clone(),
        subject: event.subject.clone(),
        region: event.region.clone(),
        logged: app.zone().rfc3339(event.logged),
        until: app.zone().rfc3339(now),
        versions,
        deployments: readings,
        checks,
        alerts,
    })
}

fn ids(plan: &Plan, event: &Event) -> Vec<KeyId> {
    let streams = plan.streams();
    let id = |(stream, key): (usize, String)| KeyId { stream: streams[stream].clone(), key };
    plan.keys(event).into_iter().flat_map(|(_, keys)| keys).map(id).collect()
}

/// Whether a deployment takes an event, and where it goes.
fn read(
    deployment: &Deployment,
    plan: &Plan,
    row: &Row,
    cursor: EventSeq,
    gaps: &[Gap],
) -> Reading {
    let event = &row.event;
    let judge = plan.judge_of(&event.region);
    let manifest = judge.map(|variant| &plan.variants()[variant].manifest);
    let reason = if event.is_host() {
        Some("host-event")
    } else if row.seq < deployment.from {
        Some("before-start")
    } else if manifest.is_none() {
        Some("region")
    } else if !manifest.is_some_and(|manifest| manifest.may_see(&event.kind)) {
        Some("capability")
    } else if row.seq >= cursor {
        Some("not-reached")
    } else {
        None
    };
    let streams = manifest.iter().flat_map(|manifest| &manifest.streams);
    let streams = streams.filter(|_| reason.is_none());
    let streams: Vec<_> = streams.map(|stream| read_by(plan, stream, row, gaps)).collect();
    let took = streams.iter().any(|stream| !stream.keys.is_empty());
    Reading {
        deployment: deployment.id.0,
        plugin: deployment.plugin.clone(),
        version: manifest.map(|manifest| manifest.plugin.version.clone()).unwrap_or_default(),
        mode: deployment.mode.as_str(),
        region: deployment.scope.clone(),
        took,
        reason: reason.or((!took).then_some("no-stream")),
        streams,
    }
}

fn read_by(plan: &Plan, stream: &Stream, row: &Row, gaps: &[Gap]) -> StreamReading {
    let event = &row.event;
    let takes = route::takes(stream, &event.kind);
    let keys = if takes { route::keys(&stream.key, &**event, plan.zone()) } else { Vec::new() };
    let has_gap = |key: &&String| {
        gaps.iter().map(|gap| &gap.row).any(|gap| {
            let is_key = gap.id.stream == stream.name && gap.id.key == **key;
            is_key && (gap.from..=gap.to).contains(&row.seq)
        })
    };
    let reason = match (takes, keys.is_empty()) {
        (false, _) => Some("type"),
        (true, true) => Some("no-key"),
        (true, false) => None,
    };
    let gaps = keys.iter().filter(has_gap).cloned().collect();
    StreamReading { stream: stream.name.clone(), gaps, keys, reason }
}

/// The event of a position or of `SOURCE/ID`; both parts may hold slashes.
fn find(app: &App, name: &str) -> Result<Row, AppError> {
    let missing = || AppError::new(Kind::NotFound, "no-event", name);
    let digits = name.strip_prefix('#').unwrap_or(name);
    if let Ok(seq) = digits.parse().map(EventSeq) {
        let event = app.store().get(seq)?.ok_or_else(missing)?;
        return Ok(Row { seq, event: event.into() });
    }
    let is_named = |row: &Row| {
        let rest = name.strip_prefix(row.event.source.as_str());
        rest.and_then(|rest| rest.strip_prefix('/')) == Some(row.event.id.as_str())
    };
    let mut end = app.store().next_seq().0;
    let oldest = end.saturating_sub(SCANNED_MAX);
    while end > oldest {
        let start = end.saturating_sub(SCAN_EVENTS).max(oldest);
        let rows = app.store().read(EventSeq(start), (end - start) as usize)?;
        if let Some(found) = rows.into_iter().rfind(is_named) {
            return highest(app, found);
        }
        end = start;
    }
    Err(missing())
}

/// The highest version of what was found.
fn highest(app: &App, found: Row) -> Result<Row, AppError> {
    let versions = versions(app, &found)?;
    let newest = versions.iter().max_by_key(|version| version.dataversion);
    let Some(newest) = newest.filter(|newest| newest.dataversion > found.event.dataversion) else {
        return Ok(found);
    };
    let seq = EventSeq(newest.seq);
    Ok(app.store().get(seq)?.map_or(found, |event| Row { seq, event: event.into() }))
}

/// Other versions of a fact, found under its subject.
fn versions(app: &App, row: &Row) -> Result<Vec<Version>, AppError> {
    let (subject, mut found) = (&row.event.subject, Vec::new());
    if subject.is_empty() {
        return Ok(found);
    }
    for seq in app.store().by_subject(subject, VERSIONS_AMONG)? {
        let Some(event) = app.store().get(seq)?.filter(|_| seq != row.seq) else { continue };
        if (&event.source, &event.id) == (&row.event.source, &row.event.id) {
            found.push(Version { seq: seq.0, dataversion: event.dataversion });
        }
    }
    Ok(found)
}
