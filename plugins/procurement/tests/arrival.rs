//! The final facts count, not the order of arrival: every example turns out the same when its events
//! arrive in reverse, and when every second one comes late.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_guest::example::run_file;
use plumbline_guest::native::NativeExecutor;
use plumbline_procurement::Procurement;
use std::collections::BTreeSet;

/// The same examples with the events of each in another order; each keeps its identity.
fn reordered(text: &str, order: fn(&mut Vec<toml::Value>)) -> (String, toml::Table) {
    let mut file: toml::Table = toml::from_str(text).unwrap();
    for example in file["example"].as_array_mut().unwrap() {
        let events = example["events"].as_array_mut().unwrap();
        for (index, event) in events.iter_mut().enumerate() {
            let event = event.as_table_mut().unwrap();
            event.entry("id").or_insert_with(|| format!("e{index}").into());
        }
        order(events);
    }
    (file["rule"].as_str().unwrap().to_owned(), file)
}

fn halves(events: &mut Vec<toml::Value>) {
    let (mut late, mut nth) = (Vec::new(), 0);
    events.retain(|event| {
        nth += 1;
        if nth % 2 == 0 {
            late.push(event.clone());
        }
        nth % 2 == 1
    });
    events.extend(late);
}

#[test]
fn examples_do_not_depend_on_the_order_of_arrival() {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let mut executor = NativeExecutor::<Procurement>::default();
    let mut failures = Vec::new();
    let mut rules = BTreeSet::new();
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        for order in [|events: &mut Vec<_>| events.reverse(), halves] {
            let (rule, file) = reordered(&text, order);
            let text = toml::to_string(&file).unwrap();
            let (_, failed) = run_file(&text, &manifest, &mut executor).unwrap();
            failures.extend(failed.iter().map(ToString::to_string));
            rules.insert(rule);
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(rules.len(), manifest.rules.len());
}
