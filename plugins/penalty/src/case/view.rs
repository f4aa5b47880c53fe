//! A case as its rules see it: the acts that matter, picked from its facts in one pass.
//!
//! What costs calls to the host is made once per look, when the first rule asks for it.

use super::certificate::Judged;
use super::clock::Clock;
use super::fact::{Decision, Fact, Filing, PartyKind, at};
use crate::Params;
use crate::table::{flag, int, text};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Entry, Facts, FromRow, Local, Look};
use std::cell::OnceCell;
use std::rc::Rc;

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
    /// When it was done, as the record says.
    pub(crate) fn at(self) -> Local {
        at(self.entry)
    }

    pub(crate) fn day(self) -> Day {
        self.at().day()
    }

    pub(crate) fn seq(self) -> u64 {
        self.entry.seq
    }
}

/// The view.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) case_no: &'a str,
    pub(crate) facts: &'a Facts<Fact>,
    pub(crate) judged: &'a Judged,
    pub(crate) filed: Option<Act<'a, Filing>>,
    /// The first decision.
    pub(crate) decided: Option<Act<'a, Decision>>,
    /// What ended the clock first: decision, transfer, refusal to file or closing.
    pub(crate) end: Option<&'a Entry<Fact>>,
    cause: OnceCell<Option<Rc<Cause>>>,
    clock: OnceCell<Option<Clock>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(case_no: &'a str, facts: &'a Facts<Fact>, judged: &'a Judged) -> Self {
        let mut case = Self {
            case_no,
            facts,
            judged,
            filed: None,
            decided: None,
            end: None,
            cause: OnceCell::new(),
            clock: OnceCell::new(),
        };
        for entry in facts {
            match &entry.fact {
                Fact::Filed(said) => _ = case.filed.get_or_insert(Act { entry, said }),
                Fact::Decided(said) => {
                    case.decided.get_or_insert(Act { entry, said });
                    case.end.get_or_insert(entry);
                }
                Fact::Transferred | Fact::NotFiled | Fact::Closed => {
                    case.end.get_or_insert(entry);
                }
                _ => {}
            }
        }
        case
    }

    pub(crate) fn cause_code(&self) -> Option<&'a str> {
        let of_filing = self.filed.and_then(|filed| filed.said.cause.as_deref());
        let of_decision = self.decided.and_then(|decided| decided.said.cause.as_deref());
        of_filing.or(of_decision).filter(|code| !code.is_empty())
    }

    pub(crate) fn party(&self) -> Option<&'a str> {
        let of_filing = self.filed.and_then(|filed| filed.said.party.as_deref());
        let of_decision = self.decided.and_then(|decided| decided.said.party.as_deref());
        of_filing.or(of_decision).filter(|party| !party.is_empty())
    }

    pub(crate) fn party_kind(&self) -> Option<PartyKind> {
        let of_decision = self.decided.and_then(|decided| decided.said.party_kind);
        of_decision.or(self.filed.and_then(|filed| filed.said.party_kind))
    }

    /// The row of the case's cause, as it is in force on the day of the decision, or of filing.
    pub(crate) fn cause(&self, look: &Look<'_>) -> Option<&Cause> {
        let row = || look.row::<Cause>(self.cause_code()?, self.law_day());
        self.cause.get_or_init(row).as_deref()
    }

    pub(crate) fn clock(&self, params: &Params, look: &Look<'_>) -> Option<&Clock> {
        self.clock.get_or_init(|| Clock::new(self, &params.limits, look)).as_ref()
    }

    /// The day whose version of causes governs the case.
    pub(crate) fn law_day(&self) -> Day {
        let day = self.decided.map(Act::day).or(self.filed.map(Act::day));
        day.or(self.facts.iter().next().map(|entry| entry.time.day())).unwrap_or_default()
    }

    /// Whether the decision was made on the spot; `None` if it is not known.
    pub(crate) fn is_simple(&self) -> Option<bool> {
        self.decided?.said.simple
    }

    /// The department that answers for the case.
    pub(crate) fn dept(&self) -> &'a str {
        let entry = self.filed.map(|filed| filed.entry);
        let entry = entry.or(self.decided.map(|decided| decided.entry));
        entry.or(self.facts.iter().next()).map_or("", |entry| &entry.dept)
    }

    /// The first fact that `wanted` accepts.
    pub(crate) fn find(&self, wanted: fn(&Fact) -> bool) -> Option<&'a Entry<Fact>> {
        self.facts.iter().find(|entry| wanted(&entry.fact))
    }

    pub(crate) fn has(&self, wanted: fn(&Fact) -> bool) -> bool {
        self.find(wanted).is_some()
    }

    /// Everybody named as an officer of the case up to a moment.
    pub(crate) fn officers(&self, until: Local) -> impl Iterator<Item = &'a str> {
        let named = self.facts.iter().filter(move |entry| at(entry) <= until);
        let lists = named.filter_map(|entry| match &entry.fact {
            Fact::Assigned(said) => said.officers.as_deref(),
            Fact::Evidence(said) => said.officers.as_deref(),
            Fact::Decided(said) => said.officers.as_deref(),
            _ => None,
        });
        lists.flatten().map(String::as_str)
    }
}

/// A row of the library of causes.
#[derive(Debug)]
pub(crate) struct Cause {
    pub(crate) major: bool,
    pub(crate) criminal: Option<i64>,
    /// The statutory fine, if the law names one.
    pub(crate) fine: Option<Range>,
    /// From when this version is in force.
    pub(crate) since: String,
}

/// From how much to how much; with a base both are per mille of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Range {
    pub(crate) min: Option<i64>,
    pub(crate) max: Option<i64>,
    pub(crate) base: Option<String>,
}

impl Range {
    pub(crate) fn read(row: &Object<'_>) -> Self {
        Self { min: int(row, "min"), max: int(row, "max"), base: text(row, "base") }
    }
}

impl FromRow for Cause {
    const TABLE: &'static str = "cause";

    fn from_row(row: &Object<'_>) -> Option<Self> {
        let statutory = row.get("statutory").into_iter().flat_map(Value::items).map(Value::object);
        let mut fines =
            statutory.filter(|one| text(one, "kind").is_some_and(|kind| kind == "fine"));
        Some(Self {
            major: flag(row, "major_flag"),
            criminal: int(row, "criminal_threshold"),
            fine: fines.next().map(|fine| Range::read(&fine)),
            since: text(row, "effective_from").unwrap_or_default(),
        })
    }
}
