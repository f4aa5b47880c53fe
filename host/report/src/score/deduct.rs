//! What cards cost: which are final and when, which repeat an earlier one, which went unanswered.

use super::exposure::{Subject, is_like};
use super::scheme::Silence;
use super::{Facts, Scheme};
use crate::cards::Card;
use crate::exact::{MILLI, Milli};
use crate::period::Period;
use plumbline_contract::alert::Level;
use plumbline_contract::time::Day;
use plumbline_contract::worktime::Unit;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Whether the points of a card are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    Final,
    Provisional,
}

/// One card of a score: what it cost, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Line {
    pub card: String,
    pub rule: String,
    pub key: String,
    pub level: Level,
    pub dimension: String,
    pub standing: Standing,
    /// The local day by which it counts: final since, or raised on.
    #[serde(serialize_with = "as_text")]
    pub day: Day,
    /// Points of its level.
    pub points: Milli,
    /// 1, or the factor of a repetition.
    pub factor: Milli,
    /// The earlier card that it repeats.
    pub repeats: Option<String>,
    /// Added because nobody answered it.
    pub unanswered: Milli,
    /// What it costs by itself, rounded; a dimension is rounded as a whole.
    pub cost: Milli,
}

fn as_text<S: serde::Serializer>(day: &Day, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(day)
}

impl Line {
    /// Deducted points in millionths: points · factor + unanswered.
    pub(super) fn micro(&self) -> i128 {
        i128::from(self.points.0) * i128::from(self.factor.0)
            + i128::from(self.unanswered.0) * i128::from(MILLI)
    }
}

/// All cards that count, priced.
#[derive(Debug, Default)]
pub(super) struct Deductions {
    lines: BTreeMap<Subject, Vec<Line>>,
    /// Months with a red card that stands, by the month of raising.
    red: BTreeMap<Subject, BTreeSet<Period>>,
}

/// A card with what is needed of it more than once.
struct Counted<'a> {
    card: &'a Card,
    item: Option<&'a str>,
    standing: Standing,
    day: Day,
    dimension: &'a str,
}

impl Deductions {
    pub(super) fn new(scheme: &Scheme, facts: &Facts<'_>) -> Self {
        let mut items: BTreeMap<&str, &str> = BTreeMap::new();
        for case in facts.cases {
            if let Some(item) = &case.item {
                items.entry(&case.no).or_insert(item);
            }
        }
        let mut all = Self::default();
        let mut counted: Vec<Counted<'_>> = Vec::new();
        for card in facts.cards.iter().filter(|card| card.withdrawn.is_none()) {
            let item = card.item.as_deref().or_else(|| items.get(card.key.as_str()).copied());
            let Some(dimension) = scheme.dimension(&card.rule) else { continue };
            let Some((standing, day)) = standing(scheme, facts, card) else { continue };
            if card.level == Level::Red {
                let month = Period::month_of(card.issued.day());
                for subject in Subject::of_card(card, item) {
                    all.red.entry(subject).or_default().insert(month);
                }
            }
            if scheme.cards.points(card.level) > Milli::ZERO {
                counted.push(Counted { card, item, standing, day, dimension });
            }
        }
        counted.sort_by(|one, other| {
            (one.card.at, &one.card.id).cmp(&(other.card.at, &other.card.id))
        });
        all.price(scheme, facts, &counted);
        all
    }

    /// Prices the cards in the order of their facts, so that the order of the list means nothing.
    fn price(&mut self, scheme: &Scheme, facts: &Facts<'_>, counted: &[Counted<'_>]) {
        let mut before: BTreeMap<(&str, &str, &str), Vec<&Counted<'_>>> = BTreeMap::new();
        for one in counted {
            let card = one.card;
            // The class of a key is its item; what has none is its own class.
            let class = (card.dept.as_str(), card.rule.as_str(), one.item.unwrap_or(&card.key));
            let earlier = before.entry(class).or_default();
            let repeats = earlier.iter().rev().find(|other| {
                let days = card.at.day().0 - other.card.at.day().0;
                days <= scheme.cards.repeat_days as i32 && other.standing <= one.standing
            });
            let repeats = repeats.map(|other| other.card.id.clone());
            earlier.push(one);
            let line = Line {
                card: card.id.clone(),
                rule: card.rule.clone(),
                key: card.key.clone(),
                level: card.level,
                dimension: one.dimension.to_owned(),
                standing: one.standing,
                day: one.day,
                points: scheme.cards.points(card.level),
                factor: if repeats.is_some() { scheme.cards.repeat_factor } else { Milli(MILLI) },
                repeats,
                unanswered: unanswered(scheme, facts, card),
                cost: Milli::ZERO,
            };
            for subject in Subject::of_card(card, one.item) {
                self.lines.entry(subject).or_default().push(line.clone());
            }
        }
    }

    /// The lines of a subject that count in a month, in the order of their facts.
    pub(super) fn lines(&self, subject: &Subject, month: Period) -> Vec<Line> {
        let lines = self.lines.get(subject).into_iter().flatten();
        lines.filter(|line| month.contains(line.day)).cloned().collect()
    }

    pub(super) fn has_red(&self, subject: &Subject, month: Period) -> bool {
        self.red.get(subject).is_some_and(|months| months.contains(&month))
    }

    pub(super) fn subjects(&self, like: &Subject, period: Period) -> BTreeSet<Subject> {
        let of_kind = self.lines.iter().filter(|(subject, _)| is_like(subject, like));
        let carded =
            of_kind.filter(|(_, lines)| lines.iter().any(|line| period.contains(line.day)));
        carded.map(|(subject, _)| subject.clone()).collect()
    }

    /// Every line once, as departments have them.
    pub(super) fn of_depts(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.lines.iter().flat_map(|(subject, lines)| {
            let dept = match subject {
                Subject::Dept(dept) => Some(dept.as_str()),
                _ => None,
            };
            lines.iter().filter_map(move |line| Some((dept?, line)))
        })
    }
}

/// Whether a card counts, and by which day. A suspicion counts only once it is upheld; an appeal
/// keeps a card open until it is decided.
pub(super) fn standing(scheme: &Scheme, facts: &Facts<'_>, card: &Card) -> Option<(Standing, Day)> {
    if let Some(upheld) = card.upheld {
        return Some((Standing::Final, upheld.day()));
    }
    if scheme.is_suspicion(&card.rule) {
        return None;
    }
    let issued = card.issued.day();
    if card.appealed.is_none() && scheme.appeal.silence == Silence::Final {
        let window = i32::try_from(scheme.appeal.window_wd).unwrap_or(i32::MAX);
        let last = facts.desk.add(issued, window, Unit::WorkingDay, false).day;
        if facts.as_of > last {
            return Some((Standing::Final, last.plus(1)));
        }
    }
    Some((Standing::Provisional, issued))
}

fn unanswered(scheme: &Scheme, facts: &Facts<'_>, card: &Card) -> Milli {
    if !facts.answers_recorded || card.level != Level::Yellow {
        return Milli::ZERO;
    }
    let days = i32::try_from(scheme.cards.ack_wd).unwrap_or(i32::MAX);
    let last = facts.desk.add(card.issued.day(), days, Unit::WorkingDay, false).day;
    let answered = card.explained.or(card.appealed).map_or(facts.as_of, |answer| answer.day());
    if answered > last { scheme.cards.unanswered_extra } else { Milli::ZERO }
}
