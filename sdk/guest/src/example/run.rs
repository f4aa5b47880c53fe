//! Runs a file of examples: routes events as the kernel does, one input at a time, then lets log
//! time run to the end.

use super::{Example, ExampleEvent, ExampleFile, Executor, Expected};
use plumbline_contract::alert::Level;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::route;
use plumbline_contract::table::{TableSet, TableSpec};
use plumbline_contract::task::{EventView, Finding, Input, Record, Task, Verdict, Withdrawal};
use plumbline_contract::time::{Local, Millis, Zone, parse_stamp};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// An example that did not turn out as it says.
#[derive(Clone, Debug)]
pub struct Failure {
    pub rule: String,
    pub example: String,
    pub what: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} 「{}」: {}", self.rule, self.example, self.what)
    }
}

/// Runs all examples of a file; returns how many ran and which failed.
///
/// # Errors
/// If the file cannot be read as examples of this plugin.
pub fn run_file(
    text: &str,
    manifest: &Manifest,
    executor: &mut dyn Executor,
) -> Result<(usize, Vec<Failure>), String> {
    let file: ExampleFile = toml::from_str(text).map_err(|error| error.to_string())?;
    if manifest.rule(&file.rule).is_none() {
        return Err(format!("the manifest has no rule `{}`", file.rule));
    }
    let mut failures = Vec::new();
    for example in &file.examples {
        if let Err(what) = run_example(&file, example, manifest, executor) {
            let (rule, example) = (file.rule.clone(), example.name.clone());
            failures.push(Failure { rule, example, what });
        }
    }
    Ok((file.examples.len(), failures))
}

type KeyOf = (String, String);
type AlertOf = (KeyOf, String, String);

struct Run<'a> {
    manifest: &'a Manifest,
    executor: &'a mut dyn Executor,
    parameters: String,
    tables: Arc<TableSet>,
    zone: Zone,
    states: BTreeMap<KeyOf, (Vec<u8>, Option<Local>)>,
    standing: BTreeMap<AlertOf, Finding>,
}

fn run_example(
    file: &ExampleFile,
    example: &Example,
    manifest: &Manifest,
    executor: &mut dyn Executor,
) -> Result<(), String> {
    let given = to_json(&example.params)?;
    let parameters = manifest.parameters(&given).map_err(|error| error.to_string())?;
    let mut run = Run {
        manifest,
        executor,
        parameters: Value::Object(parameters).to_string(),
        tables: Arc::new(tables(file, example)?),
        zone: Zone::shanghai(),
        states: BTreeMap::new(),
        standing: BTreeMap::new(),
    };
    for (index, event) in example.events.iter().enumerate() {
        let event = run.event(event, index)?;
        run.deliver(&event, index as u64)?;
    }
    let until = local(&example.until)?;
    for key in run.states.keys().cloned().collect::<Vec<_>>() {
        run.task(&key, Input::Tick(until))?;
    }
    let fired: Vec<_> =
        run.standing.values().filter(|finding| finding.rule == file.rule).cloned().collect();
    compare(&example.fires, &fired)
}

fn tables(file: &ExampleFile, example: &Example) -> Result<TableSet, String> {
    let mut set = TableSet::default();
    let mut named: BTreeMap<_, _> = file.tables.iter().collect();
    named.extend(&example.tables);
    for (name, rows) in named {
        let spec = TableSpec::find(name).ok_or_else(|| format!("there is no table `{name}`"))?;
        let row = |row: &toml::Table| {
            spec.row_of_json(&to_json(row)?).map_err(|error| format!("table `{name}`: {error}"))
        };
        set.put(name, 1, rows.iter().map(row).collect::<Result<Vec<_>, _>>()?);
    }
    if !set_has(&set, "calendar") {
        set.put("calendar", 1, shipped_calendar()?);
    }
    Ok(set)
}

fn set_has(set: &TableSet, name: &str) -> bool {
    use plumbline_contract::table::Tables;
    set.versions().contains_key(name)
}

/// Examples count by the nation's real calendar unless they bring their own.
fn shipped_calendar() -> Result<Vec<plumbline_contract::table::TableRow>, String> {
    let spec = TableSpec::find("calendar").ok_or("the table of calendars is described")?;
    let mut lines = plumbline_contract::CALENDAR_CSV.lines();
    let heading: Vec<_> = lines.next().unwrap_or_default().split(',').collect();
    let row = |line: &str| spec.row(heading.iter().copied().zip(line.split(',')));
    lines.map(row).collect::<Result<_, _>>().map_err(|error| error.to_string())
}

fn to_json(table: &toml::Table) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(table) {
        Ok(Value::Object(map)) => Ok(map),
        Ok(_) => Ok(Map::new()),
        Err(error) => Err(error.to_string()),
    }
}

fn local(text: &str) -> Result<Local, String> {
    parse_stamp(text)
        .map(|stamp| stamp.local)
        .ok_or_else(|| format!("`{text}` is no date and time"))
}

impl Run<'_> {
    fn instant(&self, text: &str) -> Result<Millis, String> {
        Ok(self.zone.instant(local(text)?))
    }

    fn event(&self, short: &ExampleEvent, index: usize) -> Result<Event, String> {
        let text = |given: &Option<String>, default: &str| {
            given.clone().unwrap_or_else(|| default.to_owned())
        };
        let recorded = self.instant(short.recorded.as_deref().unwrap_or(&short.at))?;
        let corrected = short.corrected.as_deref().map(|text| self.instant(text)).transpose()?;
        Ok(Event {
            id: text(&short.id, &format!("e{index}")),
            source: text(&short.source, "example"),
            kind: short.kind.clone(),
            subject: String::new(),
            time: self.instant(&short.at)?,
            recorded,
            corrected,
            logged: corrected.unwrap_or(recorded),
            region: text(&short.region, "370203"),
            dept: text(&short.dept, "D1"),
            serial: short.serial,
            actor: short.actor.clone(),
            dataversion: short.version.unwrap_or(1),
            data: Value::Object(to_json(&short.data)?).to_string(),
        })
    }

    fn deliver(&mut self, event: &Event, seq: u64) -> Result<(), String> {
        if !self.manifest.may_see(&event.kind) {
            return Err(format!("the manifest does not ask to see `{}`", event.kind));
        }
        let zone = self.zone.clone();
        let view = EventView::of(EventSeq(seq), event, &zone);
        let manifest = self.manifest;
        for stream in manifest.streams.iter().filter(|stream| route::takes(stream, &event.kind)) {
            for key in route::keys(&stream.key, event, &zone) {
                self.task(&(stream.name.clone(), key), Input::Event(view.clone()))?;
            }
        }
        Ok(())
    }

    fn task(&mut self, id: &KeyOf, input: Input<'_>) -> Result<(), String> {
        let (state, _) = self.states.get(id).cloned().unwrap_or_default();
        let logged = input.logged();
        let task = Task { stream: &id.0, key: &id.1, state: &state, inputs: vec![input] };
        let tables = self.tables.clone();
        let verdicts = self.executor.supervise(&self.parameters, tables, &self.zone, &[task])?;
        let Verdict { state, wake, findings, withdrawals, facts, .. } =
            verdicts.into_iter().next().ok_or("the plugin gave no verdict")?;
        self.states.insert(id.clone(), (state, wake));
        self.stand(id, findings, withdrawals)?;
        facts.iter().try_for_each(|fact| self.publish(fact, logged))
    }

    /// What comes and goes in the order in which the plugin saw it, as the kernel orders leaves.
    fn stand(
        &mut self,
        id: &KeyOf,
        findings: Vec<Finding>,
        withdrawals: Vec<Withdrawal>,
    ) -> Result<(), String> {
        let mut changes: Vec<_> =
            withdrawals.into_iter().map(|gone| (gone.seen, Err(gone))).collect();
        changes.extend(findings.into_iter().map(|finding| (finding.seen, Ok(finding))));
        changes.sort_by_key(|(seen, change)| (*seen, change.is_ok()));
        for (_, change) in changes {
            match change {
                Err(gone) => {
                    self.standing.remove(&(id.clone(), gone.rule, gone.episode));
                }
                Ok(finding) => {
                    self.judge(id, &finding)?;
                    let alert = (id.clone(), finding.rule.clone(), finding.episode.clone());
                    self.standing.insert(alert, finding);
                }
            }
        }
        Ok(())
    }

    /// The host refuses the same.
    fn judge(&self, id: &KeyOf, finding: &Finding) -> Result<(), String> {
        let rule = self.manifest.rule(&finding.rule);
        let rule = rule.ok_or_else(|| format!("the manifest has no rule `{}`", finding.rule))?;
        if rule.stream != id.0 {
            return Err(format!("rule `{}` fired in stream `{}`", rule.id, id.0));
        }
        if !rule.levels.contains(&finding.level) {
            return Err(format!("rule `{}` may not raise {:?}", rule.id, finding.level));
        }
        Ok(())
    }

    /// Facts come back as events, as they do through the host's log.
    fn publish(&mut self, fact: &Record, logged: Local) -> Result<(), String> {
        let at = self.zone.instant(logged);
        let domain = &self.manifest.plugin.domain;
        let kind = format!("fact.{domain}.{}", fact.name);
        if !self.manifest.may_see(&kind) {
            return Ok(());
        }
        let event = Event {
            id: format!("{}-{}", fact.key, fact.data),
            source: format!("plumbline:{domain}"),
            kind,
            subject: fact.key.clone(),
            time: at,
            recorded: at,
            corrected: None,
            logged: at,
            region: fact.region.clone(),
            dept: fact.dept.clone(),
            serial: None,
            actor: None,
            dataversion: 1,
            data: fact.data.clone(),
        };
        let seq = FACT_SEQ;
        self.deliver(&event, seq)
    }
}

/// Position under which examples see facts: they have no place among the listed events.
const FACT_SEQ: u64 = 1_000_000;

fn compare(expected: &[Expected], fired: &[Finding]) -> Result<(), String> {
    let mut left: Vec<_> = fired.iter().collect();
    for wanted in expected {
        let Some(index) = left.iter().position(|finding| fits(wanted, finding)) else {
            return Err(format!("expected {}, fired: {}", show(wanted), show_all(fired)));
        };
        left.remove(index);
    }
    if left.is_empty() {
        return Ok(());
    }
    Err(format!("fired beyond what was expected: {}", show_all(left)))
}

fn fits(wanted: &Expected, finding: &Finding) -> bool {
    let at = |text: &String| local(text).is_ok_and(|at| at == finding.at);
    let due = |text: &String| finding.due.is_some_and(|due| due.to_string() == *text);
    wanted.level == finding.level
        && wanted.key.as_ref().is_none_or(|key| *key == finding.subject)
        && wanted.due.as_ref().is_none_or(due)
        && wanted.at.as_ref().is_none_or(at)
        && wanted.dept.as_ref().is_none_or(|dept| *dept == finding.dept)
        && wanted.episode.as_ref().is_none_or(|episode| *episode == finding.episode)
}

fn show(wanted: &Expected) -> String {
    let Expected { level, key, due, at, dept, episode } = wanted;
    let parts = [("key", key), ("due", due), ("at", at), ("dept", dept), ("episode", episode)];
    let parts = parts
        .iter()
        .filter_map(|(name, value)| value.as_ref().map(|value| format!(" {name}={value}")));
    format!("{}{}", Level::as_str(*level), parts.collect::<String>())
}

fn show_all<'a>(fired: impl IntoIterator<Item = &'a Finding>) -> String {
    let one = |finding: &Finding| {
        let due = finding.due.map_or("-".to_owned(), |due| due.to_string());
        format!(
            "{} key={} due={due} at={} dept={} episode={} values={}",
            finding.level.as_str(),
            finding.subject,
            finding.at,
            finding.dept,
            finding.episode,
            finding.values
        )
    };
    let all: Vec<_> = fired.into_iter().map(one).collect();
    if all.is_empty() { "nothing".to_owned() } else { all.join("; ") }
}
