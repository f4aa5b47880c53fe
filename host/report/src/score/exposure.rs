//! What a subject did in a month: cases concluded, tasks handled, and what a bonus looks at. Amounts
//! are not known here, so that nothing can be gained by them.

use super::{Facts, Scheme};
use crate::cards::Card;
use crate::cases::Case;
use crate::catalogue::Business;
use crate::period::Period;
use plumbline_contract::id::region_contains;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Whom a score is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "code")]
pub enum Subject {
    Dept(String),
    Officer(String),
    Item(String),
    /// With everything inside.
    Region(String),
}

impl Subject {
    #[must_use]
    pub fn code(&self) -> &str {
        match self {
            Self::Dept(code) | Self::Officer(code) | Self::Item(code) | Self::Region(code) => code,
        }
    }

    pub(super) fn is_officer(&self) -> bool {
        matches!(self, Self::Officer(_))
    }

    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }

    /// The regions that a region lies in, itself included: community, street, county.
    fn regions(code: &str) -> impl Iterator<Item = Self> {
        let prefixes = [6, 9].into_iter().filter(|length| *length < code.len());
        let above = prefixes.filter_map(|length| code.get(..length));
        above
            .chain([code])
            .filter(|code| !code.is_empty())
            .map(|code| Self::Region(code.to_owned()))
    }

    /// The subjects that a case counts for, officers apart.
    fn of_case(case: &Case) -> Vec<Self> {
        let mut subjects = vec![Self::Dept(case.dept.to_string())];
        subjects.extend(case.item.as_ref().map(|item| Self::Item(item.to_string())));
        subjects.extend(Self::regions(&case.region));
        subjects
    }

    /// The subjects that a card counts for; `item` is the one of its case where it names none.
    pub(super) fn of_card(card: &Card, item: Option<&str>) -> Vec<Self> {
        let mut subjects = vec![Self::Dept(card.dept.clone())];
        subjects.extend(card.officer.clone().map(Self::Officer));
        subjects.extend(item.map(|item| Self::Item(item.to_owned())));
        subjects.extend(Self::regions(&card.region));
        subjects
    }

    /// Whether the subject is, or lies in, a region.
    #[must_use]
    pub fn is_in(&self, region: &str) -> bool {
        !matches!(self, Self::Region(code) if !region_contains(region, code))
    }
}

/// Figures of one subject and month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) concluded: u32,
    pub(super) tasks: u32,
    pub(super) incomplete: u32,
    /// Cases of the public with a promised limit, and those done early.
    pub(super) promised: u32,
    pub(super) early: u32,
    /// Sums of both limits over cases of the public that have both.
    pub(super) statutory_days: i64,
    pub(super) promised_days: i64,
    pub(super) rated: u32,
    pub(super) satisfied: u32,
}

impl Totals {
    pub(super) fn exposure(&self, subject: &Subject) -> u32 {
        if subject.is_officer() { self.tasks } else { self.concluded }
    }
}

/// Lowest rating of somebody who was content, of 5 (基本满意).
const SATISFIED_MIN: i32 = 3;

#[derive(Debug, Default)]
pub(super) struct Exposures {
    totals: BTreeMap<Subject, BTreeMap<Period, Totals>>,
}

impl Exposures {
    pub(super) fn new(scheme: &Scheme, facts: &Facts<'_>) -> Self {
        let carded: BTreeSet<&str> =
            facts.cards.iter().filter(|card| card.counts()).map(|card| card.key.as_str()).collect();
        let mut all = Self::default();
        for case in facts.cases {
            // Complaints and orders are no work that makes a card weigh less.
            let concluded = case.concluded().filter(|_| case.business == Business::Case);
            if let Some(concluded) = concluded.filter(|at| at.day() <= facts.as_of) {
                let month = Period::month_of(concluded.day());
                let totals = of_case(scheme, case, carded.contains(&*case.no));
                for subject in Subject::of_case(case) {
                    all.at(subject, month).add(&totals);
                }
            }
            for task in case.tasks.iter().filter(|task| task.at.day() <= facts.as_of) {
                let officer = Subject::Officer(task.officer.to_string());
                all.at(officer, Period::month_of(task.at.day())).tasks += 1;
            }
        }
        all
    }

    fn at(&mut self, subject: Subject, month: Period) -> &mut Totals {
        self.totals.entry(subject).or_default().entry(month).or_default()
    }

    pub(super) fn of(&self, subject: &Subject, month: Period) -> Totals {
        let months = self.totals.get(subject);
        months.and_then(|months| months.get(&month)).copied().unwrap_or_default()
    }

    pub(super) fn subjects(&self, like: &Subject, period: Period) -> BTreeSet<Subject> {
        let of_kind = self.totals.iter().filter(|(subject, _)| subject.is_like(like));
        let months = period.months();
        let active = of_kind.filter(|(_, of)| months.iter().any(|month| of.contains_key(month)));
        active.map(|(subject, _)| subject.clone()).collect()
    }
}

pub(super) fn is_like(subject: &Subject, like: &Subject) -> bool {
    subject.is_like(like)
}

fn of_case(scheme: &Scheme, case: &Case, has_card: bool) -> Totals {
    let mut totals =
        Totals { concluded: 1, incomplete: case.incomplete.into(), ..Totals::default() };
    if !case.service {
        return totals;
    }
    if let (Some(used), Some(promised)) = (case.used, case.limit.promised) {
        totals.promised = 1;
        let most = i64::from(promised) * scheme.bonus.early_within.0;
        let is_early = case.decided.is_some() && i64::from(used) * 1000 <= most;
        totals.early = (is_early && !has_card).into();
    }
    if let (Some(statutory), Some(promised)) = (case.limit.statutory, case.limit.promised) {
        (totals.statutory_days, totals.promised_days) = (statutory.into(), promised.into());
    }
    totals.rated = case.rating.is_some().into();
    totals.satisfied = case.rating.is_some_and(|rating| rating >= SATISFIED_MIN).into();
    totals
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.concluded += other.concluded;
        self.incomplete += other.incomplete;
        self.promised += other.promised;
        self.early += other.early;
        self.statutory_days += other.statutory_days;
        self.promised_days += other.promised_days;
        self.rated += other.rated;
        self.satisfied += other.satisfied;
    }
}
