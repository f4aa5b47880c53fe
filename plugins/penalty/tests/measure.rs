//! What the plugin measures and tells: the officers' months of PEN-Q01 and nothing about money in
//! them, and no fact at all where the rules that read them are off.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{Record, Task, Verdict};
use plumbline_contract::time::Zone;
use plumbline_guest::example::{Executor, run_file};
use plumbline_guest::native::NativeExecutor;
use plumbline_penalty::Penalty;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keeps what is published, with other parameters if any are given.
#[derive(Default)]
struct Listener {
    plugin: NativeExecutor<Penalty>,
    /// Rules that are switched off.
    off: &'static [&'static str],
    measures: Vec<Record>,
    facts: Vec<Record>,
}

impl Executor for Listener {
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String> {
        let mut parameters: serde_json::Value = serde_json::from_str(parameters).unwrap();
        parameters["off"] = self.off.into();
        let parameters = parameters.to_string();
        let verdicts = self.plugin.supervise(&parameters, tables, zone, tasks)?;
        for verdict in &verdicts {
            self.measures.extend(verdict.measures.iter().cloned());
            self.facts.extend(verdict.facts.iter().cloned());
        }
        Ok(verdicts)
    }
}

fn listen(off: &'static [&'static str]) -> Listener {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let mut listener = Listener { off, ..Listener::default() };
    run_file(include_str!("../examples/PEN-Q01.toml"), &manifest, &mut listener).unwrap();
    listener
}

#[test]
fn a_month_of_twelve_cases_has_figures_and_one_of_four_has_none() {
    let rows: BTreeMap<i64, serde_json::Value> = listen(&[])
        .measures
        .iter()
        .map(|measure| {
            assert_eq!(measure.name, "penalty_officer_month");
            let row: serde_json::Value = serde_json::from_str(&measure.data).unwrap();
            (row["cases"].as_i64().unwrap(), row)
        })
        .collect();
    let (large, small) = (&rows[&12], &rows[&4]);
    assert_eq!((&large["small_sample"], &large["timed"]), (&false.into(), &12.into()));
    assert_eq!((&large["in_time"], &large["outliers"]), (&12.into(), &0.into()));
    assert_eq!((&large["officer"], &large["month"]), (&"o1".into(), &"2026-03".into()));
    assert_eq!(small["small_sample"], true);
    assert!(small.get("in_time").is_none(), "{small}");
    for row in rows.values() {
        let names = row.as_object().unwrap().keys();
        assert!(!names.into_iter().any(|name| ["fine", "total", "amount"].contains(&&**name)));
    }
}

#[test]
fn nothing_is_told_where_nobody_listens() {
    let told = listen(&[]).facts.iter().filter(|fact| fact.name == "ruling").count();
    assert_eq!(told, 16);
    let off = &["PEN-D02", "PEN-D03", "PEN-D04", "PEN-F04", "PEN-Q01"];
    assert!(listen(off).facts.is_empty());
}
