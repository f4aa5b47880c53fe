//! What was paid out of a fund: the newest payments one by one, older ones as sums of a day.
//!
//! A payment that came back is a line of its own with a negative amount, told by the stream `payment`.

use super::year;
use crate::book::{Book, Line};
use crate::day::moment;
use crate::word::{WordId, Words};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local};
use std::collections::BTreeMap;

/// Payments that are kept one by one: corrections come for the newest.
const SINGLE_MAX: usize = 1_000;
/// Sums of a day that are kept: some years of a busy fund.
const SUMS_MAX: usize = 6_000;

/// One payment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Outlay {
    amount: i64,
    year: i32,
    /// `None` if the event names no purpose.
    purpose: Option<WordId>,
}

/// Payments of a day, a budget year and a purpose.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(super) struct Sum {
    pub(super) amount: i64,
    /// Whether money went out: a day of returns only is no outflow.
    pub(super) is_out: bool,
    pub(super) time: Local,
    pub(super) seq: u64,
}

/// Day, budget year and purpose.
pub(super) type Slot = (Day, i32, Option<WordId>);

/// What was paid.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Outlays {
    purposes: Words,
    single: Book<Outlay>,
    sums: BTreeMap<Slot, Sum>,
}

impl Outlays {
    pub(super) fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let is_return = event.kind == "fact.fund.returned";
        let time = match event.int("at").filter(|_| is_return) {
            Some(at) => Local(at),
            None => moment(event, "at"),
        };
        let amount = event.int("amount")?;
        let outlay = Outlay {
            amount: if is_return { -amount } else { amount },
            year: year(event, time.day()),
            purpose: event.text("purpose_code").map(|purpose| self.purposes.id(&purpose)),
        };
        self.single.put(event, time, outlay);
        if self.single.len() > SINGLE_MAX {
            let oldest = self.single.remove(0);
            add(&mut self.sums, &oldest);
        }
        if self.sums.len() > SUMS_MAX {
            self.sums.pop_first();
        }
        Some(())
    }

    /// All sums in the order of days.
    pub(super) fn all(&self) -> BTreeMap<Slot, Sum> {
        let mut sums = self.sums.clone();
        for line in &self.single {
            add(&mut sums, line);
        }
        sums
    }

    pub(super) fn is_empty(&self) -> bool {
        self.single.is_empty()
    }

    pub(super) fn purpose(&self, id: WordId) -> &str {
        self.purposes.get(id)
    }
}

fn add(sums: &mut BTreeMap<Slot, Sum>, line: &Line<Outlay>) {
    let Outlay { amount, year, purpose } = line.item;
    let sum = sums.entry((line.time.day(), year, purpose)).or_insert(Sum {
        amount: 0,
        is_out: false,
        time: line.time,
        seq: line.seq,
    });
    sum.amount += amount;
    sum.is_out |= amount > 0;
    // The first line of the day stands for it; a return gives way to a payment.
    if line.time < sum.time {
        (sum.time, sum.seq) = (line.time, line.seq);
    }
}
