//! Names of departments, regions and items for people, and how many items each kind of power has.

use super::group::Group;
use crate::catalogue::{Catalogue, Power};
use crate::sheet::{Cell, Text};
use plumbline_contract::json::{Object, Value};
use plumbline_contract::table::Tables;
use plumbline_contract::time::Day;
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    depts: BTreeMap<String, String>,
    regions: BTreeMap<String, String>,
    items: BTreeMap<String, String>,
    kinds: BTreeMap<String, Text>,
    /// Items in force by kind of power.
    powers: BTreeMap<&'static str, usize>,
}

impl Directory {
    /// The names in force on a day.
    #[must_use]
    pub fn read(tables: &dyn Tables, catalogue: &Catalogue, on: Day) -> Self {
        let rows = |table: &str, key: &str| -> BTreeMap<String, String> {
            let rows = tables.rows(table).into_iter().filter(|row| row.is_in_force(on));
            rows.filter_map(|row| {
                let row = Object::parse(&row.json);
                let text = |name: &str| Some(row.get(name)?.text()?.into_owned());
                Some((text(key)?, text("name")?))
            })
            .collect()
        };
        let mut powers = BTreeMap::new();
        for row in tables.rows("item").into_iter().filter(|row| row.is_in_force(on)) {
            let row = Object::parse(&row.json);
            let power = row.get("item_type").and_then(Value::text);
            if let Some(power) = power.and_then(|code| Power::parse(&code)) {
                *powers.entry(power.code()).or_default() += 1;
            }
        }
        let kinds = catalogue.kinds().iter();
        Self {
            depts: rows("dept", "dept_code"),
            regions: rows("region", "code"),
            items: rows("item", "item_code"),
            kinds: kinds.map(|kind| (kind.id.clone(), Text::new(&kind.zh, &kind.en))).collect(),
            powers,
        }
    }

    pub(super) fn name(&self, group: Group, key: &str) -> Cell {
        let names = match group {
            Group::Dept => &self.depts,
            Group::Region | Group::Town | Group::Village => &self.regions,
            Group::Item => &self.items,
            Group::Kind => {
                return self.kinds.get(key).cloned().map_or(Cell::Empty, Cell::Words);
            }
            Group::Power => {
                let found = Power::ALL.into_iter().find(|(_, code, ..)| *code == key);
                return found.map_or(Cell::Empty, |(_, _, zh, en)| Cell::Words(Text::new(zh, en)));
            }
            Group::Rule | Group::Step | Group::Officer => return Cell::Empty,
        };
        names.get(key).map_or(Cell::Empty, Cell::text)
    }

    /// The name of a department; its code where it has none.
    #[must_use]
    pub fn dept(&self, code: &str) -> String {
        self.depts.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// The name of an item; its code where it has none.
    #[must_use]
    pub fn item(&self, code: &str) -> String {
        self.items.get(code).cloned().unwrap_or_else(|| code.to_owned())
    }

    /// Items of a kind of power; of all kinds for any other key.
    pub(super) fn items(&self, key: &str) -> usize {
        match Power::parse(key) {
            Some(power) => self.powers.get(power.code()).copied().unwrap_or(0),
            None => self.powers.values().sum(),
        }
    }
}
