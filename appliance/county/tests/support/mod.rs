//! Runs the plugins natively on a made-up year, one event at a time, with wakes and facts as the
//! host does: what stands at the end is compared with the labels.
#![allow(clippy::unwrap_used, dead_code)]

use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::route;
use plumbline_contract::table::{TableRow, TableSet, TableSpec};
use plumbline_contract::task::{EventView, Finding, Input, LookMode, Record, Task, Verdict};
use plumbline_contract::time::{Local, Millis, Zone, parse_stamp};
use plumbline_county::report::Card;
use plumbline_county::{Made, Options, year};
use plumbline_guest::Plugin;
use plumbline_guest::native::{Native, NativeHost};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// A year with its lines.
pub(crate) struct Year {
    pub(crate) lines: Vec<String>,
    pub(crate) made: Made,
}

pub(crate) fn make(options: &Options) -> Year {
    let mut lines = Vec::new();
    let made = year(options, &mut |line| {
        lines.push(std::str::from_utf8(line).unwrap().trim_end().to_owned());
        Ok(())
    });
    Year { lines, made: made.unwrap() }
}

/// Splits a line of CSV; fields may be quoted.
pub(crate) fn fields(line: &str) -> Vec<String> {
    let (mut fields, mut field, mut quoted) = (Vec::new(), String::new(), false);
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(std::mem::take(&mut field)),
            c => field.push(c),
        }
    }
    fields.push(field);
    fields
}

/// The rows of a table as the host would read them; nothing may be wrong with any.
pub(crate) fn rows(name: &str, csv: &str) -> Vec<TableRow> {
    let spec = TableSpec::find(name).unwrap();
    let mut lines = csv.lines();
    let heads = fields(lines.next().unwrap());
    let row = |line: &str| {
        let values = fields(line);
        assert_eq!(values.len(), heads.len(), "{name}: {line}");
        let pairs = heads.iter().map(String::as_str).zip(values.iter().map(String::as_str));
        spec.row(pairs).unwrap_or_else(|error| panic!("{name}: {error}: {line}"))
    };
    lines.map(row).collect()
}

pub(crate) fn table_set(made: &Made) -> TableSet {
    let mut set = TableSet::default();
    for (name, csv) in &made.tables {
        set.put(name, 1, rows(name, csv));
    }
    set.put("calendar", 1, rows("calendar", plumbline_contract::CALENDAR_CSV));
    set
}

/// An event as the host would read the line.
pub(crate) fn event(line: &str) -> Event {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let text = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| {
        value[name].as_str().map(|text| Zone::shanghai().instant_of(parse_stamp(text).unwrap()))
    };
    let (recorded, corrected) = (time("recordedtime").unwrap(), time("correctedtime"));
    Event {
        id: text("id"),
        source: text("source"),
        kind: text("type"),
        subject: String::new(),
        time: time("time").unwrap(),
        recorded,
        corrected,
        logged: corrected.unwrap_or(recorded),
        region: text("region"),
        dept: text("dept"),
        serial: value["serial"].as_u64(),
        actor: value["actor"].as_str().map(str::to_owned),
        dataversion: value["dataversion"].as_u64().unwrap_or(1) as u32,
        data: value["data"].to_string(),
    }
}

trait Supervisor {
    fn run(&self, host: &NativeHost, task: Task<'_>) -> Verdict;
}

impl<P: Plugin> Supervisor for Native<P> {
    fn run(&self, host: &NativeHost, task: Task<'_>) -> Verdict {
        let key = format!("{} {}", task.stream, task.key);
        let verdict = self.supervise(host, &[task], LookMode::Every).remove(0);
        let max = plumbline_contract::task::STATE_BYTES_MAX;
        assert!(verdict.state.len() <= max, "{key} keeps {} bytes", verdict.state.len());
        verdict
    }
}

struct Deployed {
    manifest: Manifest,
    supervisor: Box<dyn Supervisor>,
}

/// Plugin, stream, key.
type KeyOf = (usize, usize, String);

/// See the module.
pub(crate) struct Harness {
    plugins: Vec<Deployed>,
    host: NativeHost,
    zone: Zone,
    states: BTreeMap<KeyOf, (Vec<u8>, Option<Local>)>,
    wakes: BTreeSet<(Local, KeyOf)>,
    standing: BTreeMap<(KeyOf, String, String), Finding>,
    facts: BTreeSet<(String, String, String)>,
    seq: u64,
    now: Local,
}

impl Harness {
    pub(crate) fn new(tables: TableSet) -> Self {
        let zone = Zone::shanghai();
        Self {
            plugins: Vec::new(),
            host: NativeHost::new(Arc::new(tables), zone.clone()),
            zone,
            states: BTreeMap::new(),
            wakes: BTreeSet::new(),
            standing: BTreeMap::new(),
            facts: BTreeSet::new(),
            seq: 0,
            now: Local(i64::MIN),
        }
    }

    /// A plugin with its default parameters.
    #[must_use]
    pub(crate) fn with<P: Plugin + 'static>(mut self, manifest: &str) -> Self {
        let manifest = Manifest::from_toml(manifest).unwrap();
        let parameters = Value::Object(manifest.parameters(&Map::new()).unwrap()).to_string();
        let supervisor = Box::new(Native::<P>::new(&parameters).unwrap());
        self.plugins.push(Deployed { manifest, supervisor });
        self
    }

    /// Rules of all plugins.
    pub(crate) fn rules(&self) -> Vec<String> {
        let rules = self.plugins.iter().flat_map(|plugin| &plugin.manifest.rules);
        rules.map(|rule| rule.id.clone()).collect()
    }

    /// Runs all lines, lets log time come to the end of the year, and tells what stands.
    pub(crate) fn run(mut self, lines: &[String], until: Local) -> Vec<Card> {
        for line in lines {
            let event = event(line);
            let logged = self.zone.local(event.logged);
            self.wake_until(logged);
            self.now = self.now.max(logged);
            self.deliver(&event);
        }
        self.wake_until(until);
        let cards = self.standing.into_values().map(|finding| Card {
            rule: finding.rule,
            subject: finding.subject,
            episode: finding.episode,
            level: finding.level,
            at: finding.at,
        });
        cards.collect()
    }

    fn wake_until(&mut self, until: Local) {
        while let Some((at, key)) = self.wakes.first().cloned() {
            if at > until {
                break;
            }
            self.wakes.pop_first();
            self.now = self.now.max(at);
            self.task(&key, Input::Tick(at));
        }
    }

    fn deliver(&mut self, event: &Event) {
        self.seq += 1;
        let zone = self.zone.clone();
        let view = EventView::of(EventSeq(self.seq), event, &zone);
        let mut keys = Vec::new();
        for (plugin, Deployed { manifest, .. }) in self.plugins.iter().enumerate() {
            if !manifest.may_see(&event.kind) {
                continue;
            }
            for (stream, of) in manifest.streams.iter().enumerate() {
                if route::takes(of, &event.kind) {
                    let of = route::keys(&of.key, event, &zone).into_iter();
                    keys.extend(of.map(|key| (plugin, stream, key)));
                }
            }
        }
        for key in keys {
            self.task(&key, Input::Event(view.clone()));
        }
    }

    fn task(&mut self, id: &KeyOf, input: Input<'_>) {
        let (state, wake) = self.states.remove(id).unwrap_or_default();
        if let Some(wake) = wake {
            self.wakes.remove(&(wake, id.clone()));
        }
        let logged = input.logged();
        let Deployed { manifest, supervisor } = &self.plugins[id.0];
        let stream = manifest.streams[id.1].name.as_str();
        let task = Task { stream, key: &id.2, state: &state, inputs: vec![input] };
        let verdict = supervisor.run(&self.host, task);
        let domain = manifest.plugin.domain.clone();
        self.states.insert(id.clone(), (verdict.state, verdict.wake));
        if let Some(wake) = verdict.wake {
            self.wakes.insert((wake, id.clone()));
        }
        for gone in verdict.withdrawals {
            self.standing.remove(&(id.clone(), gone.rule, gone.episode));
        }
        for finding in verdict.findings {
            let alert = (id.clone(), finding.rule.clone(), finding.episode.clone());
            self.standing.insert(alert, finding);
        }
        for fact in verdict.facts {
            self.publish(&domain, fact, logged);
        }
    }

    /// Facts come back as events; the same fact comes once.
    fn publish(&mut self, domain: &str, fact: Record, logged: Local) {
        let kind = format!("fact.{domain}.{}", fact.name);
        if !self.facts.insert((kind.clone(), fact.key.clone(), fact.data.clone())) {
            return;
        }
        let at: Millis = self.zone.instant(logged);
        let event = Event {
            id: format!("{}-{}", fact.key, fact.data),
            source: format!("plumbline:{domain}"),
            kind,
            subject: fact.key,
            time: at,
            recorded: at,
            corrected: None,
            logged: at,
            region: fact.region,
            dept: fact.dept,
            serial: None,
            actor: None,
            dataversion: 1,
            data: fact.data,
        };
        self.deliver(&event);
    }
}
