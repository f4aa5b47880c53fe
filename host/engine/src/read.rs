//! What a traced call looked up: which rows of which versions an explanation rests on.
//!
//! Recorded only where an explanation is asked for: the fold itself keeps no notes, since a plugin
//! may remember a row from one task of a batch to the next.

use crate::world::World;
use plumbline_contract::desk::{CALENDAR_TABLE, OFFICE_HOURS_TABLE};
use plumbline_contract::table::TableRow;
use plumbline_contract::time::Day;

/// Most look-ups recorded in one call; a rule of one key makes some dozens.
pub const READS_MAX: usize = 1000;

/// One row that a call looked up, or one that was not there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TableRead {
    pub table: String,
    /// The key that was asked for; of a scan without any row, the prefix. Calendars are asked for by
    /// region, timetables by organ.
    pub key: String,
    /// Version of the table; `None` if none was ever loaded.
    pub version: Option<u32>,
    /// The local date on which the row had to be in force; `None` for calendars, which are read as
    /// a whole.
    pub on: Option<Day>,
    /// The row's own period, or `None` if there was no row.
    pub row: Option<ReadRow>,
}

/// Period of the row that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ReadRow {
    pub from: Option<Day>,
    pub to: Option<Day>,
}

/// The look-ups of a call, each once, if they are recorded at all.
#[derive(Debug, Default)]
pub(crate) struct Reads {
    wanted: bool,
    list: Vec<TableRead>,
}

impl Reads {
    pub(crate) fn begin(&mut self, wanted: bool) {
        self.wanted = wanted;
        self.list.clear();
    }

    pub(crate) fn are_wanted(&self) -> bool {
        self.wanted
    }

    pub(crate) fn take(&mut self) -> Vec<TableRead> {
        std::mem::take(&mut self.list)
    }

    pub(crate) fn lookup(&mut self, world: &World, table: &str, key: &str, on: Day) {
        let row = world.tables.row(table, key, on);
        self.note(world, table, key, Some(on), row);
    }

    pub(crate) fn scan(
        &mut self,
        world: &World,
        (table, prefix): (&str, &str),
        on: Day,
        keys: &[&str],
    ) {
        for key in keys {
            let row = world.tables.row(table, key, on);
            self.note(world, table, key, Some(on), row);
        }
        if keys.is_empty() {
            self.note(world, table, prefix, Some(on), None);
        }
    }

    pub(crate) fn calendar(&mut self, world: &World, region: &str, organ: &str) {
        self.note(world, CALENDAR_TABLE, region, None, None);
        if world.tables.versions().contains_key(OFFICE_HOURS_TABLE) {
            self.note(world, OFFICE_HOURS_TABLE, organ, None, None);
        }
    }

    fn note(
        &mut self,
        world: &World,
        table: &str,
        key: &str,
        on: Option<Day>,
        row: Option<&TableRow>,
    ) {
        if !self.wanted {
            return;
        }
        let read = TableRead {
            table: table.to_owned(),
            key: key.to_owned(),
            version: world.tables.versions().get(table).copied(),
            on,
            row: row.map(|row| ReadRow { from: row.from, to: row.to }),
        };
        if self.list.len() < READS_MAX && !self.list.contains(&read) {
            self.list.push(read);
        }
    }
}
