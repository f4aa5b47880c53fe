//! The lines that are still to come, by the day on which they are recorded. A case is written down as
//! a whole when it begins; its lines wait here until their day, so that what is held is what is open.
//!
//! Running numbers of a register are given when a line leaves, because only then is the order of
//! recording known.

use crate::line::{Line, Office};
use plumbline_contract::time::{Day, Local};
use std::collections::BTreeMap;
use std::io;

/// A register with running numbers, such as the receipts of one department.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Register(pub(crate) usize);

/// Which running number a line bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Number {
    Next,
    /// One number is left out before the next one is taken.
    Skip,
    /// The number that was left out last.
    Missed,
}

/// A line whose running number is missing at a place.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Blank {
    pub(crate) register: Register,
    pub(crate) number: Number,
    /// Bytes of the line before the number.
    pub(crate) offset: usize,
}

#[derive(Debug)]
struct Waiting {
    recorded: Local,
    id: u64,
    start: usize,
    end: usize,
    blank: Option<Blank>,
}

/// The lines of one day.
#[derive(Debug, Default)]
struct Page {
    text: Vec<u8>,
    lines: Vec<Waiting>,
}

/// The last number given and the one that was left out last.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    last: u64,
    missed: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Book {
    first: Day,
    /// Days before this one have left.
    open_from: Day,
    pages: Vec<Page>,
    counts: Vec<Count>,
    next_id: u64,
    /// Payload of the line that is being written.
    pub(crate) data: String,
    volumes: BTreeMap<&'static str, u64>,
}

impl Book {
    pub(crate) fn new(first: Day, last: Day) -> Self {
        let days = (last.0 - first.0 + 1) as usize;
        Self {
            first,
            open_from: first,
            pages: std::iter::repeat_with(Page::default).take(days).collect(),
            counts: Vec::new(),
            next_id: 1,
            data: String::with_capacity(4096),
            volumes: BTreeMap::new(),
        }
    }

    /// A new register, whose numbers count from 1.
    pub(crate) fn register(&mut self) -> Register {
        self.counts.push(Count::default());
        Register(self.counts.len() - 1)
    }

    /// Begins a line; it is kept with [`Line::done`].
    pub(crate) fn line<'a>(
        &'a mut self,
        kind: &'static str,
        office: &'a Office,
        at: Local,
    ) -> Line<'a> {
        self.data.clear();
        Line::new(self, kind, office, at)
    }

    /// The number of the next event; those of a story are the ones between two such numbers.
    pub(crate) fn mark(&self) -> u64 {
        self.next_id
    }

    /// How many lines of each type have left.
    pub(crate) fn volumes(&self) -> &BTreeMap<&'static str, u64> {
        &self.volumes
    }

    /// Keeps a line until its day; one that is recorded after the year's end is never sent.
    pub(crate) fn keep(
        &mut self,
        recorded: Local,
        id: u64,
        kind: &'static str,
        write: impl FnOnce(&mut Vec<u8>, &str) -> Option<Blank>,
    ) {
        self.next_id = self.next_id.max(id + 1);
        let day = recorded.day();
        assert!(day >= self.open_from, "{kind} of {recorded} comes too late to be in order");
        let Some(page) = self.pages.get_mut((day.0 - self.first.0) as usize) else { return };
        let start = page.text.len();
        let blank = write(&mut page.text, &self.data);
        page.lines.push(Waiting { recorded, id, start, end: page.text.len(), blank });
        *self.volumes.entry(kind).or_default() += 1;
    }

    /// Hands over the lines of a day in the order of recording, each with its line end.
    pub(crate) fn send(
        &mut self,
        day: Day,
        sink: &mut dyn FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let page = std::mem::take(&mut self.pages[(day.0 - self.first.0) as usize]);
        self.open_from = day.plus(1);
        let Page { text, mut lines } = page;
        lines.sort_unstable_by_key(|line| (line.recorded, line.id));
        let mut whole = Vec::new();
        for line in lines {
            let bytes = &text[line.start..line.end];
            let Some(blank) = line.blank else {
                sink(bytes)?;
                continue;
            };
            let number = self.number(blank);
            whole.clear();
            whole.extend_from_slice(&bytes[..blank.offset]);
            crate::line::put_int(&mut whole, number as i64);
            whole.extend_from_slice(&bytes[blank.offset..]);
            sink(&whole)?;
        }
        Ok(())
    }

    fn number(&mut self, blank: Blank) -> u64 {
        let count = &mut self.counts[blank.register.0];
        match blank.number {
            Number::Missed => return count.missed,
            Number::Skip => {
                count.missed = count.last + 1;
                count.last += 2;
            }
            Number::Next => count.last += 1,
        }
        count.last
    }
}
