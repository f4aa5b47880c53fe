//! A case as its rules see it: the acts that matter, picked from its facts in one pass.
//!
//! What costs calls to the host (the item's row, the answer to the application, the clock) is made
//! once per look, when the first rule asks for it.

use super::answer::{self, Answer};
use super::clock::Clock;
use super::fact::{Acceptance, Decision, Fact, Receipt, Track};
use super::item::Item;
use super::procedure::{self, Process};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::{Day, Entry, Facts, Local, Look};
use std::cell::OnceCell;
use std::rc::Rc;
use std::sync::Arc;

/// An act: the event that reported it and what it says.
#[derive(Debug)]
pub(crate) struct Act<'a, T> {
    pub(crate) entry: &'a Entry<Fact>,
    pub(crate) said: &'a T,
}

impl<T> Clone for Act<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Act<'_, T> {}

impl<T> Act<'_, T> {
    pub(crate) fn time(self) -> Local {
        self.entry.time
    }

    pub(crate) fn day(self) -> Day {
        self.entry.time.day()
    }

    pub(crate) fn seq(self) -> u64 {
        self.entry.seq
    }
}

/// The view.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) facts: &'a Facts<Fact>,
    pub(crate) received: Option<Act<'a, Receipt>>,
    pub(crate) accepted: Option<Act<'a, Acceptance>>,
    pub(crate) decided: Option<Act<'a, Decision>>,
    /// What ended the clock first: decision, termination, withdrawal or non-acceptance.
    pub(crate) end: Option<&'a Entry<Fact>>,
    pub(crate) item_code: Option<&'a str>,
    pub(crate) item: Option<Rc<Item>>,
    answer: OnceCell<Answer<'a>>,
    clock: OnceCell<Clock<'a>>,
    process: OnceCell<Option<Arc<Process>>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(facts: &'a Facts<Fact>, look: &Look<'_>) -> Self {
        let mut case = Self {
            facts,
            received: None,
            accepted: None,
            decided: None,
            end: None,
            item_code: None,
            item: None,
            answer: OnceCell::new(),
            clock: OnceCell::new(),
            process: OnceCell::new(),
        };
        let mut rejected = None;
        for entry in facts {
            match &entry.fact {
                Fact::Received(said) => _ = case.received.get_or_insert(Act { entry, said }),
                Fact::Accepted(said) => _ = case.accepted.get_or_insert(Act { entry, said }),
                Fact::Decided(said) => {
                    case.decided.get_or_insert(Act { entry, said });
                    case.end.get_or_insert(entry);
                }
                Fact::Terminated | Fact::Withdrawn => _ = case.end.get_or_insert(entry),
                Fact::Rejected => _ = rejected.get_or_insert(entry),
                _ => {}
            }
        }
        // Who refuses first and then accepts after all has not ended the case by the refusal.
        if case.accepted.is_none() && case.end.is_none() {
            case.end = rejected;
        }
        let of_acceptance = case.accepted.and_then(|accepted| accepted.said.item.as_deref());
        let of_receipt = case.received.and_then(|received| received.said.item.as_deref());
        case.item_code = of_acceptance.or(of_receipt).filter(|code| !code.is_empty());
        case.item = case.item_code.and_then(|code| look.row::<Item>(code, case.version_day()));
        case
    }

    /// The day whose version of item, process and special links governs the case.
    pub(crate) fn version_day(&self) -> Day {
        let accepted = self.accepted.map(Act::day);
        let first = self.facts.iter().next().map(|entry| entry.time.day());
        accepted.or(self.received.map(Act::day)).or(first).unwrap_or_default()
    }

    pub(crate) fn answer(&self, params: &Params, look: &mut Look<'_>) -> &Answer<'a> {
        self.answer.get_or_init(|| answer::find(self.facts, &params.case, look))
    }

    pub(crate) fn clock(&self, params: &Params, look: &mut Look<'_>) -> &Clock<'a> {
        if let Some(clock) = self.clock.get() {
            return clock;
        }
        let deemed = self.answer(params, look).deemed();
        self.clock.get_or_init(|| Clock::new(self, deemed, &params.case, look))
    }

    pub(crate) fn process(&self, look: &Look<'_>) -> Option<&Process> {
        self.process.get_or_init(|| procedure::find(self, look)).as_deref()
    }

    pub(crate) fn end_day(&self) -> Option<Day> {
        self.end.map(|end| end.time.day())
    }

    /// Whether the case was still undecided when `due` had passed.
    pub(crate) fn is_overdue(&self, due: Day, look: &mut Look<'_>) -> bool {
        match self.end_day() {
            Some(end) => end > due,
            None => look.reached(daily_timer(due.plus(1))),
        }
    }

    pub(crate) fn is_grant(&self) -> bool {
        let result = self.decided.and_then(|decided| decided.said.result.as_deref());
        matches!(result, Some("grant" | "partial"))
    }

    /// The tracks that receipt, acceptance and decision name.
    pub(crate) fn tracks(&self) -> impl Iterator<Item = &'a Track> {
        let received = self.received.map(|received| &received.said.track);
        let accepted = self.accepted.map(|accepted| &accepted.said.track);
        let decided = self.decided.map(|decided| &decided.said.track);
        [decided, accepted, received].into_iter().flatten()
    }

    /// The department that answers for the deadline.
    pub(crate) fn dept(&self) -> &'a str {
        let entry = self.accepted.map(|accepted| accepted.entry);
        let entry = entry.or(self.received.map(|received| received.entry));
        entry.or(self.facts.iter().next()).map_or("", |entry| &entry.dept)
    }
}
