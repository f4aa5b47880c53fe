//! The limits of a case and the days of it that count: items and processes by the day of acceptance,
//! calendars and timetables of regions and departments, each opened once.

use super::mark::Known;
use crate::catalogue::{Act, CaseKind, LimitUnit, Limits, Power};
use plumbline_contract::desk::Desk;
use plumbline_contract::json::{Object, Value};
use plumbline_contract::table::Tables;
use plumbline_contract::time::{Day, Local};
use plumbline_contract::worktime::{Span, Unit};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::mark::Names;
use super::record::Limit;

/// What the tables say, looked up once for each (item, day).
#[derive(Debug)]
pub(super) struct Clocks<'a> {
    tables: &'a dyn Tables,
    desks: BTreeMap<(Arc<str>, Arc<str>), Arc<Desk>>,
    items: BTreeMap<(Arc<str>, Day), Arc<Item>>,
    processes: BTreeMap<(Arc<str>, Arc<str>, Day), Clock>,
}

/// What measures need of a row of `item`.
#[derive(Debug, Default)]
pub(super) struct Item {
    pub(super) name: Option<Arc<str>>,
    pub(super) power: Option<Power>,
    pub(super) promised: Option<i32>,
    pub(super) statutory: Option<i32>,
    pub(super) on_spot: bool,
    /// Kinds of lawful stops with the longest.
    stops: Vec<(String, Option<i32>)>,
}

impl<'a> Clocks<'a> {
    pub(super) fn new(tables: &'a dyn Tables) -> Self {
        let (desks, items, processes) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { tables, desks, items, processes }
    }

    pub(super) fn desk(&mut self, region: &Arc<str>, dept: &Arc<str>) -> Result<Arc<Desk>, String> {
        let key = (region.clone(), dept.clone());
        if let Some(desk) = self.desks.get(&key) {
            return Ok(desk.clone());
        }
        let desk = Arc::new(Desk::open(self.tables, region, dept)?);
        self.desks.insert(key, desk.clone());
        Ok(desk)
    }

    pub(super) fn item(&mut self, code: &Arc<str>, on: Day) -> Arc<Item> {
        let key = (code.clone(), on);
        if let Some(item) = self.items.get(&key) {
            return item.clone();
        }
        let row = self.tables.lookup("item", code, on);
        let mut item = row.map(|row| Item::read(&Object::parse(row))).unwrap_or_default();
        let prefix = format!("{code}/");
        for (key, row) in self.tables.scan("item_special_link", &prefix, on, STOPS_MAX) {
            let most = int(&Object::parse(row), "max_wd");
            let kind = key[prefix.len()..].to_owned();
            item.stops.retain(|(of, _)| *of != kind);
            item.stops.push((kind, most));
        }
        let item = Arc::new(item);
        self.items.insert(key, item.clone());
        item
    }

    fn process(&mut self, kind: &CaseKind, id: &Arc<str>, item: &Arc<str>, on: Day) -> Clock {
        let key = (id.clone(), item.clone(), on);
        let tables = self.tables;
        *self.processes.entry(key).or_insert_with(|| {
            let prefix = format!("{}/{item}/", kind.id);
            let (_, row) = tables.scan("process_def", &prefix, on, 1).into_iter().next()?;
            let clock = Object::parse(row).get("clock")?.object();
            let calendar = int(&clock, "limit_cal").map(|days| (days, LimitUnit::Calendar));
            calendar.or_else(|| int(&clock, "limit_wd").map(|days| (days, LimitUnit::Working)))
        })
    }

    /// The limits of a case that began on a day.
    pub(super) fn limit(
        &mut self,
        kind: &CaseKind,
        id: &Arc<str>,
        item: Option<&Arc<str>>,
        start: Day,
    ) -> Limit {
        let fixed = kind.limit.map(|limit| (limit.days, limit.unit));
        let of = |found: Clock| Limit {
            unit: found.map_or(LimitUnit::Working, |(_, unit)| unit),
            statutory: found.map(|(days, _)| days),
            promised: None,
            extension: 0,
        };
        match (kind.limits, item) {
            (Limits::Item, Some(item)) => {
                let item = self.item(item, start);
                let skip = item.on_spot;
                Limit {
                    unit: LimitUnit::Working,
                    statutory: item.statutory.filter(|days| !skip && *days > 0),
                    promised: item.promised.filter(|days| !skip && *days > 0),
                    extension: 0,
                }
            }
            (Limits::Process, Some(item)) => of(self.process(kind, id, item, start).or(fixed)),
            (Limits::Item, None) => of(None),
            _ => of(fixed),
        }
    }
}

/// The limit of a process, if its clock rules give one.
type Clock = Option<(i32, LimitUnit)>;

/// Most kinds of stops of one item; the law knows ten.
const STOPS_MAX: usize = 64;

impl Item {
    fn read(row: &Object<'_>) -> Self {
        let text = |name| row.get(name).and_then(Value::text);
        let stops = row.get("special_links").into_iter().flat_map(Value::items);
        let stops = stops.filter_map(|link| {
            let link = link.object();
            Some((link.get("kind")?.text()?.into_owned(), int(&link, "max_wd")))
        });
        Self {
            name: text("name").map(|name| name.as_ref().into()),
            power: text("item_type").and_then(|code| Power::parse(&code)),
            promised: int(row, "promised_wd"),
            statutory: int(row, "statutory_wd"),
            on_spot: row.get("on_spot").and_then(Value::bool).unwrap_or(false),
            stops: stops.collect(),
        }
    }
}

fn int(row: &Object<'_>, name: &str) -> Option<i32> {
    i32::try_from(row.get(name)?.int()?).ok()
}

/// The stops of a case that count until `until`: a stop without a written notice does not, for an
/// item only its own kinds do, and none for longer than it may last. A suspension lasts until
/// something is done.
pub(super) fn stops(
    known: &Known,
    item: Option<&Item>,
    names: &Names,
    desk: &Desk,
    until: Local,
) -> Vec<Span> {
    let mut spans = Vec::new();
    for pause in known.of(Act::Paused).filter(|pause| pause.at <= until) {
        let most = match item {
            Some(item) => {
                let kind = names.get(pause.label);
                match item.stops.iter().find(|(of, _)| **of == *kind) {
                    Some((_, most)) if pause.told => *most,
                    _ => continue,
                }
            }
            None => None,
        };
        let resumed = known.of(Act::Resumed).filter(|end| end.label == pause.label);
        let resumed = resumed.map(|end| end.at).filter(|at| *at >= pause.at).min();
        let mut end = resumed.unwrap_or(until).min(until);
        if let Some(most) = most {
            // A span takes the days behind its first, so that it may last to the end of this one.
            let last = desk.add(pause.at.day(), most, Unit::WorkingDay, false).day;
            end = end.min(Local(last.plus(1).start().0 - 1));
        }
        spans.push(Span { begin: pause.at, end });
    }
    for rest in known.of(Act::Suspended).filter(|rest| rest.at <= until) {
        let goes_on = |act| matches!(act, Act::Resumed | Act::Step | Act::Decided | Act::Ended);
        let later = known.marks.iter().filter(|mark| goes_on(mark.act) && mark.at > rest.at);
        let end = later.map(|mark| mark.at).min().unwrap_or(until).min(until);
        spans.push(Span { begin: rest.at, end });
    }
    spans
}
