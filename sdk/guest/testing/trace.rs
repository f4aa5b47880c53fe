//! Every rule speaks when somebody asks: over all examples, each look of a stream says for each of
//! its rules why it fired, why not, what exempts or what is missing, with figures and in both
//! languages; and asking changes nothing.
#![allow(clippy::unwrap_used)]

use super::Own;
use plumbline_contract::json::Object;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{Check, Input, LookMode, Outcome, Task, Verdict};
use plumbline_contract::time::Zone;
use plumbline_guest::example::{Executor, run_file};
use plumbline_guest::native::{Native, NativeHost};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Asks each key after each task why, and keeps what is wrong with the answer.
struct Tracing<'a> {
    manifest: &'a Manifest,
    faults: BTreeSet<String>,
    /// Outcomes seen of each rule.
    seen: BTreeMap<String, BTreeSet<&'static str>>,
}

impl Executor for Tracing<'_> {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        let native = Native::<Own>::new(parameters)?;
        let host = NativeHost::new(tables, zone.clone());
        let plain = native.supervise(&host, tasks, LookMode::Every);
        for (task, verdict) in tasks.iter().zip(&plain) {
            // As the host asks: with a tick at the log time that the key has come to.
            let logged = task.inputs.iter().map(Input::logged).max().unwrap();
            let inputs = vec![Input::Tick(logged)];
            let again = Task { state: &verdict.state, inputs, ..task.clone() };
            let looked =
                native.supervise(&host, std::slice::from_ref(&again), LookMode::Every).remove(0);
            let mut traced = native.supervise(&host, &[again], LookMode::Trace).remove(0);
            let trace = std::mem::take(&mut traced.trace);
            if looked != traced {
                self.faults.insert(format!("{}: asking changes the verdict", task.stream));
            }
            self.spoke(task.stream, &trace);
            trace.iter().for_each(|check| self.says_enough(check));
        }
        Ok(plain)
    }
}

impl Tracing<'_> {
    /// Exactly the rules of the stream speak; a rule that fires may say so several times.
    fn spoke(&mut self, stream: &str, trace: &[Check]) {
        let rules = self.manifest.rules.iter().filter(|rule| rule.stream == stream);
        let wanted: BTreeSet<_> = rules.map(|rule| rule.id.as_str()).collect();
        let outcomes = trace.iter().filter(|check| !check.values.starts_with(r#"{"about":"#));
        let said: BTreeSet<_> = outcomes.map(|check| check.rule.as_str()).collect();
        if wanted != said {
            let silent: Vec<_> = wanted.symmetric_difference(&said).collect();
            self.faults.insert(format!("{stream}: {silent:?} silent or out of place"));
        }
    }

    fn says_enough(&mut self, check: &Check) {
        let Check { rule, outcome, zh, en, values } = check;
        self.seen.entry(rule.clone()).or_default().insert(outcome.as_str());
        let parsed: serde_json::Map<_, _> = serde_json::from_str(values).unwrap();
        let mut names: Vec<_> = Object::parse(values).fields().iter().map(|(n, _)| *n).collect();
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        let enough = match outcome {
            Outcome::Fires => {
                parsed.contains_key("level") && parsed.contains_key("at") && parsed.len() > 2
            }
            Outcome::Quiet | Outcome::Unknown | Outcome::Exempt => !parsed.is_empty(),
        };
        let faults = [
            (!enough, "no figures"),
            (names.len() != count, "a figure twice"),
            (zh.is_ascii(), "not Chinese"),
            (en.is_empty() || en.contains(['；', '，', '：', '。']), "not English"),
            (zh.ends_with(['。', '；']) || en.ends_with(['.', ';']), "a final stop"),
            (*outcome == Outcome::Fires && !zh.contains('；'), "no reason"),
        ];
        for (_, fault) in faults.into_iter().filter(|(is_wrong, _)| *is_wrong) {
            self.faults
                .insert(format!("{rule} {}: {fault}: {zh} | {en} | {values}", outcome.as_str()));
        }
    }
}

#[test]
fn every_rule_says_why_in_every_example() {
    let manifest =
        Manifest::from_toml(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifest.toml")))
            .unwrap();
    let mut tracing =
        Tracing { manifest: &manifest, faults: BTreeSet::new(), seen: BTreeMap::new() };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|f| f.unwrap().path()).collect();
    files.sort();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let (_, failed) = run_file(&text, &manifest, &mut tracing).unwrap();
        assert!(failed.is_empty(), "{failed:?}");
    }
    let faults: Vec<_> = tracing.faults.iter().take(20).map(String::as_str).collect();
    assert!(faults.is_empty(), "{} faults:\n{}", tracing.faults.len(), faults.join("\n"));
    for rule in &manifest.rules {
        let seen = &tracing.seen[&rule.id];
        // A rule without a level is a measure and never fires.
        let fires = rule.levels.is_empty() != seen.contains("fires");
        let both = fires && seen.contains("quiet");
        assert!(both, "{}: the examples show only {seen:?}", rule.id);
    }
    assert_eq!(tracing.seen.len(), manifest.rules.len());
}
