//! The engine with guests written for the purpose: each misbehaves in one way, or answers.
#![allow(clippy::unwrap_used)]

mod calls;
mod editions;
mod faults;
mod guest;
mod loading;

use plumbline_contract::table::{TableRow, TableSet};
use plumbline_contract::task::{EventView, Input, Task};
use plumbline_contract::time::{Local, Zone};
use plumbline_engine::{Calendars, World};
use std::collections::BTreeSet;
use std::sync::Arc;

/// A world with the table `item`, granted, and `officer`, not granted.
fn world() -> World {
    world_with(&[
        ("item", "A1", r#"{"days":20}"#),
        ("officer", "7", r#"{"name":"x"}"#),
        ("calendar", "1", r#"{"date":"2026-02-16","kind":"holiday","occasion":"spring_festival"}"#),
        ("calendar", "2", r#"{"date":"2026-02-17","kind":"holiday","occasion":"spring_festival"}"#),
    ])
}

fn world_with(rows: &[(&str, &str, &str)]) -> World {
    let mut tables = TableSet::default();
    let names: BTreeSet<&str> = rows.iter().map(|(table, ..)| *table).collect();
    for name in names {
        let of_table = rows.iter().filter(|(table, ..)| *table == name);
        let row = |(_, key, json): &(&str, &str, &str)| TableRow {
            key: (*key).into(),
            from: None,
            to: None,
            json: (*json).into(),
        };
        tables.put(name, 1, of_table.map(row));
    }
    World {
        tables: Arc::new(tables),
        calendars: Arc::new(Calendars::default()),
        zone: Arc::new(Zone::shanghai()),
        granted_tables: Arc::new(["item".to_string()].into()),
    }
}

fn event(seq: u64) -> Input<'static> {
    Input::Event(EventView {
        seq,
        identity: seq,
        version: 1,
        kind: "approval.case.accepted",
        time: Local(1_770_000_000_000),
        recorded: Local(1_770_000_000_000),
        corrected: None,
        logged: Local(1_770_000_000_000),
        region: "522601",
        dept: "D1",
        actor: "",
        source: "hall",
        serial: Some(seq),
        data: r#"{"case_no":"A-1"}"#,
    })
}

fn task<'a>(key: &'a str, state: &'a [u8]) -> Task<'a> {
    Task { stream: "case", key, state, inputs: vec![event(1), Input::Tick(Local(5))] }
}
