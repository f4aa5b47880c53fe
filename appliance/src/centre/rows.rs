//! The rows of a set, one after the other. Only a stretch of events, leaves or alerts is in memory at
//! a time, and no lock is held while a row is written; a reference table is read whole, as it is kept.

use super::column::{Cell, Column};
use super::event_type::EventType;
use super::filter::{AlertParts, Filter};
use super::measures;
use super::set::Set;
use crate::alert::as_alert;
use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::table;
use crate::watch::Watch;
use plumbline_contract::event::Event;
use plumbline_contract::id::{EventSeq, TableVersion};
use plumbline_contract::table::TableSpec;
use plumbline_contract::time::Zone;
use plumbline_kernel::health::ClockLook;
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;

/// Events read at once; each has up to 64 KiB, most one.
const EVENTS_AT_ONCE: usize = 1024;
/// Leaves and alerts read under the lock of the ledger at once.
const LEAVES_AT_ONCE: u64 = 512;

/// Takes a row with all columns of the set, and says whether it wants more.
pub(super) type Take<'a> = &'a mut dyn FnMut(Vec<Cell>) -> Result<ControlFlow<()>, AppError>;

/// Hands the wanted rows of a set on.
///
/// # Errors
/// If the store or the ledger cannot be read, a table was never loaded, there is no event of a type
/// that the catalogue does not have either, the service is about to stop, or `take` fails.
pub(super) fn each(app: &App, set: &Set, filter: &Filter, take: Take<'_>) -> Result<(), AppError> {
    let columns = set.columns();
    match set {
        Set::AllEvents | Set::Events(_) | Set::Typed(_) => events(app, set, filter, take),
        Set::Table(spec) => of_table(app, spec, filter, &columns, take),
        Set::Alerts => alerts(app, filter, &columns, take),
        Set::History => history(app, filter, &columns, take),
        Set::Gaps => all(gaps(app, filter)?, &columns, app.zone(), take),
        Set::Sources => all(sources(app)?, &columns, app.zone(), take),
        Set::Rules => all(rules(app, filter), &columns, app.zone(), take),
        Set::Measures => measures::measures(app, filter, take),
        Set::Facts => measures::facts(app, filter, take),
    }
}

fn events(app: &App, set: &Set, filter: &Filter, take: Take<'_>) -> Result<(), AppError> {
    let (end, zone) = (app.store().next_seq(), app.zone());
    let mut next = EventSeq(0);
    let mut found = !matches!(set, Set::Events(_));
    while next < end {
        app.go_on()?;
        let rows = app.store().read(next, EVENTS_AT_ONCE)?;
        let Some(last) = rows.last() else { break };
        next = EventSeq(last.seq.0 + 1);
        for row in rows.iter().filter(|row| row.seq < end) {
            let event = &row.event;
            // The host's own notes are no data, unless they are asked for by their type.
            if set.event_type().map_or(event.is_host(), |kind| kind != event.kind) {
                continue;
            }
            found = true;
            if !filter.takes_event(event, zone) {
                continue;
            }
            let mut cells = envelope(row.seq, event);
            match set {
                Set::Typed(kind) => payload(kind, event, zone, &mut cells),
                _ if event.is_blank() => cells.push(Cell::None),
                _ => cells.push(Cell::Text(event.data.clone())),
            }
            if take(cells)?.is_break() {
                return Ok(());
            }
        }
    }
    match found {
        true => Ok(()),
        // A slip of the pen must not look like a type without events.
        false => {
            let kind = set.event_type().unwrap_or_default();
            Err(AppError::new(Kind::NotFound, "data-type", kind))
        }
    }
}

/// In the order of the columns of the set `events`.
fn envelope(seq: EventSeq, event: &Event) -> Vec<Cell> {
    let text = |text: &String| Cell::Text(text.clone());
    let number = |number: u64| i64::try_from(number).map_or(Cell::None, Cell::Integer);
    vec![
        number(seq.0),
        text(&event.id),
        text(&event.source),
        text(&event.kind),
        if event.subject.is_empty() { Cell::None } else { text(&event.subject) },
        Cell::Time(event.time),
        Cell::Time(event.recorded),
        event.corrected.map_or(Cell::None, Cell::Time),
        Cell::Time(event.logged),
        text(&event.region),
        text(&event.dept),
        event.serial.map_or(Cell::None, number),
        event.actor.as_ref().map_or(Cell::None, text),
        Cell::Integer(i64::from(event.dataversion)),
        Cell::Flag(event.is_blank()),
    ]
}

/// The fields of the type, and what is left of the payload after them.
fn payload(kind: &EventType, event: &Event, zone: &Zone, cells: &mut Vec<Cell>) {
    let mut data: Map<String, Value> = serde_json::from_str(event.payload()).unwrap_or_default();
    for field in &kind.fields {
        let cell = data.get(&field.name).and_then(|value| Cell::of(field.kind, value, zone));
        if cell.is_some() {
            data.remove(&field.name);
        }
        cells.push(cell.unwrap_or(Cell::None));
    }
    cells.push(rest(data));
}

fn rest(data: Map<String, Value>) -> Cell {
    if data.is_empty() { Cell::None } else { Cell::Text(Value::Object(data).to_string()) }
}

fn of_table(
    app: &App,
    spec: &TableSpec,
    filter: &Filter,
    columns: &[Column],
    take: Take<'_>,
) -> Result<(), AppError> {
    let missing = || AppError::new(Kind::NotFound, "no-table-version", &spec.name);
    let version = table::newest(app.store(), &spec.name)?.ok_or_else(missing)?.loaded.version;
    for row in table::rows(app.store(), &spec.name, TableVersion(version))? {
        if filter.key.as_ref().is_some_and(|key| !table::has_key(&row, key)) {
            continue;
        }
        let mut data: Map<String, Value> = serde_json::from_str(&row.json).unwrap_or_default();
        let mut cells = vec![Cell::Text(row.key.clone()), Cell::Integer(i64::from(version))];
        for column in &columns[cells.len()..columns.len() - 1] {
            let value = data.get(&column.name);
            let cell = value.and_then(|value| Cell::of(column.kind, value, app.zone()));
            if cell.is_some() {
                data.remove(&column.name);
            }
            cells.push(cell.unwrap_or(Cell::None));
        }
        cells.push(rest(data));
        if take(cells)?.is_break() {
            break;
        }
    }
    Ok(())
}

fn alerts(app: &App, filter: &Filter, columns: &[Column], take: Take<'_>) -> Result<(), AppError> {
    let mut next = 0;
    loop {
        app.go_on()?;
        let mut some = Vec::new();
        app.alerts_from(next, &mut |alert| {
            some.push(alert);
            (some.len() as u64) < LEAVES_AT_ONCE
        })?;
        let Some(last) = some.last() else { return Ok(()) };
        next = last.first_leaf + 1;
        for alert in some {
            let parts = AlertParts {
                rule: &alert.rule,
                key: &alert.key,
                level: alert.level,
                at: &alert.at,
                region: &alert.region,
                dept: &alert.dept,
            };
            if filter.takes_alert(&parts)
                && take(cells(&json!(alert), columns, app.zone()))?.is_break()
            {
                return Ok(());
            }
        }
    }
}

fn history(app: &App, filter: &Filter, columns: &[Column], take: Take<'_>) -> Result<(), AppError> {
    let size = app.with_ledger(|ledger| ledger.checkpoint().size());
    let mut next = 0;
    while next < size {
        app.go_on()?;
        let to = size.min(next + LEAVES_AT_ONCE);
        let leaves: Vec<_> = app.with_ledger(|ledger| {
            Ok::<_, AppError>(ledger.leaves(next..to)?.collect::<Result<Vec<_>, _>>()?)
        })?;
        for (index, bytes) in (next..to).zip(leaves) {
            let Some(leaf) = as_alert(index, &bytes)? else { continue };
            let parts = AlertParts {
                rule: &leaf.rule,
                key: &leaf.key,
                level: leaf.level,
                at: &leaf.at,
                region: &leaf.region,
                dept: &leaf.dept,
            };
            if !filter.takes_alert(&parts) {
                continue;
            }
            let mut row = json!(leaf);
            row["leaf"] = index.into();
            if take(cells(&row, columns, app.zone()))?.is_break() {
                return Ok(());
            }
        }
        next = to;
    }
    Ok(())
}

fn gaps(app: &App, filter: &Filter) -> Result<Vec<Value>, AppError> {
    let mut found = Vec::new();
    for deployment in app.deployments() {
        for gap in app.store().gaps(deployment.id)? {
            let row = gap.row;
            if filter.takes_key(&row.id.key) {
                found.push(json!({
                    "deployment": deployment.id, "plugin": deployment.plugin,
                    "mode": deployment.mode, "stream": row.id.stream, "key": row.id.key,
                    "from": row.from, "to": row.to, "code": row.code, "fault": row.fault,
                }));
            }
        }
    }
    Ok(found)
}

fn sources(app: &App) -> Result<Vec<Value>, AppError> {
    let look = ClockLook { wall: clock::now(), steady_ms: None };
    let report = Watch::load(app)?.examine(app, look)?;
    let row = |line: &crate::watch::SourceLine| {
        let mut row = line.json(app.zone());
        let last = row["last"].take();
        for name in ["seq", "logged", "recorded"] {
            row[format!("last_{name}")] = last[name].clone();
        }
        for name in ["region", "dept"] {
            row[name] = last[name].clone();
        }
        row
    };
    Ok(report.sources.iter().map(row).collect())
}

fn rules(app: &App, filter: &Filter) -> Vec<Value> {
    let mut found = Vec::new();
    for manifest in app.manifests() {
        let plugin = &manifest.plugin;
        for rule in manifest.rules.iter().filter(|rule| filter.takes_rule(&rule.id)) {
            let mut row = json!(rule);
            row["rule"] = row["id"].take();
            row["plugin"] = plugin.id.clone().into();
            row["version"] = plugin.version.clone().into();
            found.push(row);
        }
    }
    found
}

fn all(rows: Vec<Value>, columns: &[Column], zone: &Zone, take: Take<'_>) -> Result<(), AppError> {
    for row in rows {
        if take(cells(&row, columns, zone))?.is_break() {
            break;
        }
    }
    Ok(())
}

/// A row of which all values are our own.
fn cells(row: &Value, columns: &[Column], zone: &Zone) -> Vec<Cell> {
    let cell = |column: &Column| Cell::of(column.kind, &row[&column.name], zone);
    columns.iter().map(|column| cell(column).unwrap_or(Cell::None)).collect()
}
