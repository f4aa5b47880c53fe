//! Checks that the manifest, the examples and the shipped tables agree, and that the plugin answers
//! as the host's kernel demands: rules in their own stream, wakes ahead, facts that were asked for.
#![allow(clippy::unwrap_used)]

use super::Own;
use plumbline_contract::manifest::{Manifest, Right};
use plumbline_contract::table::{TableSpec, Tables};
use plumbline_contract::task::{Task, Verdict};
use plumbline_contract::time::Zone;
use plumbline_guest::example::{Executor, run_file};
use plumbline_guest::native::NativeExecutor;
use std::collections::BTreeSet;
use std::sync::Arc;

fn manifest() -> Manifest {
    Manifest::from_toml(include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/manifest.toml")))
        .unwrap()
}

fn example_files() -> Vec<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples");
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect()
}

/// The native plugin, judged as the kernel judges a package.
struct Judge {
    manifest: Manifest,
    plugin: NativeExecutor<Own>,
    faults: BTreeSet<String>,
}

impl Judge {
    fn judge(&mut self, task: &Task<'_>, verdict: &Verdict) {
        for finding in &verdict.findings {
            let rule = self.manifest.rule(&finding.rule).unwrap().clone();
            if rule.stream != task.stream {
                self.faults.insert(format!("{} fires in stream {}", rule.id, task.stream));
            }
            self.sentence(&rule.text_zh, &finding.values);
            self.sentence(&rule.text_en, &finding.values);
        }
        for fact in &verdict.facts {
            let asked = self.manifest.capabilities.iter().any(
                |capability| matches!(&capability.right, Right::Facts { name } if *name == fact.name),
            );
            if !asked {
                self.faults.insert(format!("fact {} is not asked for", fact.name));
            }
        }
        let last = task.inputs.iter().map(|input| input.logged()).max().unwrap();
        if verdict.wake.is_some_and(|wake| wake <= last) {
            self.faults.insert(format!("stream {} wakes in the past", task.stream));
        }
    }

    /// Every `{name}` of an alert's text has a value.
    fn sentence(&mut self, text: &str, values: &str) {
        for part in text.split('{').skip(1) {
            let name = part.split('}').next().unwrap();
            if !values.contains(&format!("\"{name}\":")) {
                self.faults.insert(format!("`{name}` of 「{text}」 has no value in {values}"));
            }
        }
    }
}

impl Executor for Judge {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        let verdicts = self.plugin.supervise(parameters, tables, zone, tasks)?;
        for (task, verdict) in tasks.iter().zip(&verdicts) {
            self.judge(task, verdict);
        }
        Ok(verdicts)
    }
}

#[test]
fn verdicts_of_all_examples_keep_the_contract() {
    let plugin = NativeExecutor::default();
    let mut judge = Judge { manifest: manifest(), plugin, faults: BTreeSet::new() };
    for text in example_files() {
        run_file(&text, &manifest(), &mut judge).unwrap();
    }
    assert!(judge.faults.is_empty(), "{:#?}", judge.faults);
}

#[test]
fn every_law_that_a_rule_names_is_in_the_shipped_table() {
    let spec = TableSpec::find("law_ref").unwrap();
    let mut lines =
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tables/law_ref.csv")).lines();
    let heading: Vec<_> = lines.next().unwrap().split(',').collect();
    let known: BTreeSet<_> = lines
        .map(|line| spec.row(heading.iter().copied().zip(line.split(','))).unwrap().key)
        .collect();
    for rule in manifest().rules {
        for id in rule.law {
            assert!(known.contains(&id), "{} names `{id}`", rule.id);
        }
    }
}

#[test]
fn shipped_tables_fit_their_descriptions() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tables");
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let spec = TableSpec::find(&name).unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let mut lines = text.lines();
        let heading: Vec<_> = lines.next().unwrap().split(',').collect();
        let mut keys = BTreeSet::new();
        for line in lines {
            let row = spec.row(heading.iter().copied().zip(line.split(','))).unwrap();
            assert!(keys.insert(row.key.clone()), "{name}: {} stands twice", row.key);
        }
    }
}
