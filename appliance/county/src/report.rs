//! How well a run of the rules agrees with the labels: precision and recall, rule by rule.
//!
//! It compares; what ran, and how, is not its business.

use crate::label::{Kind, Label};
use plumbline_contract::alert::Level;
use plumbline_contract::time::{Local, MS_PER_DAY};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// A card that comes up to so many days from a decoy's day on the same key is held against it; keys
/// such as a department's register have other cards too.
const DECOY_DAYS: i64 = 20;
/// Most labels and cards that are listed one by one for each rule.
const LISTED_MAX: usize = 20;

/// An alert that stands at the end of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    pub rule: String,
    /// The alert's subject.
    pub subject: String,
    pub episode: String,
    pub level: Level,
    pub at: Local,
}

/// What became of one rule's labels and cards.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Score {
    /// Violations with a card.
    pub matched: usize,
    /// Violations without a card.
    pub missed: usize,
    /// Matched, but at another level than the label says.
    pub level_differs: usize,
    /// Decoys in all.
    pub decoys: usize,
    /// Cards on decoys.
    pub on_decoys: usize,
    /// Cards that no label speaks of.
    pub others: usize,
    /// Some of what was missed, raised on a decoy or not labelled, in words.
    pub findings: Vec<String>,
}

impl Score {
    /// Share of the cards that are right; 1 where there are none.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.matched, self.matched + self.on_decoys + self.others)
    }

    /// Share of the violations that were found; 1 where there are none.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.matched, self.matched + self.missed)
    }

    /// Nothing missed, nothing raised that ought not to be, every level as the label says.
    #[must_use]
    pub fn is_clean(&self) -> bool {
        self.missed + self.on_decoys + self.others + self.level_differs == 0
    }

    fn list(&mut self, what: String) {
        if self.findings.len() < LISTED_MAX {
            self.findings.push(what);
        }
    }
}

fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Scores by rule, for printing as a table or as JSON.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    pub rules: BTreeMap<String, Score>,
}

/// Compares the cards of a run with the labels, for the rules of `rules`; of an empty list, for all.
/// Each violation takes the nearest card of its rule and key; what is left is held against decoys
/// of the same key, then counted as other.
#[must_use]
pub fn compare(labels: &[Label], cards: &[Card], rules: &[&str]) -> Report {
    let mut report = Report::default();
    let wanted = |rule: &str| rules.is_empty() || rules.contains(&rule);
    let mut left: BTreeMap<(&str, &str), Vec<&Card>> = BTreeMap::new();
    for card in cards.iter().filter(|card| wanted(&card.rule)) {
        left.entry((&card.rule, &card.subject)).or_default().push(card);
    }
    for kind in [Kind::Violation, Kind::Decoy] {
        for label in labels.iter().filter(|label| label.kind == kind && wanted(&label.rule)) {
            let score = report.rules.entry(label.rule.clone()).or_default();
            let cards = left.entry((&label.rule, &label.key)).or_default();
            judge(label, cards, score);
        }
    }
    for ((rule, subject), cards) in left {
        for card in cards {
            let score = report.rules.entry(rule.to_owned()).or_default();
            score.others += 1;
            let (level, at, episode) = (card.level.as_str(), card.at, &card.episode);
            score.list(format!("not labelled: {subject} {episode} {level} at {at}"));
        }
    }
    report
}

fn judge(label: &Label, cards: &mut Vec<&Card>, score: &mut Score) {
    let far = |card: &Card| (card.at.0 - label.when.0).abs();
    let nearest = (0..cards.len()).min_by_key(|index| far(cards[*index]));
    let Label { key, en, when, .. } = label;
    match (label.kind, nearest) {
        (Kind::Violation, Some(index)) => {
            let card = cards.remove(index);
            score.matched += 1;
            if label.level.is_some_and(|level| level != card.level) {
                score.level_differs += 1;
                score
                    .list(format!("{}, not as labelled: {key}, {en}, {when}", card.level.as_str()));
            }
        }
        (Kind::Violation, None) => {
            score.missed += 1;
            score.list(format!("missed: {key}, {en}, {when}"));
        }
        (Kind::Decoy, nearest) => {
            score.decoys += 1;
            let close = |index: &usize| far(cards[*index]) <= DECOY_DAYS * MS_PER_DAY;
            if let Some(index) = nearest.filter(close) {
                let card = cards.remove(index);
                score.on_decoys += 1;
                score.list(format!(
                    "on a decoy: {key}, {en}, {} at {}",
                    card.level.as_str(),
                    card.at
                ));
            }
        }
    }
}

impl fmt::Display for Report {
    /// A table: one line for each rule, then what went wrong.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<10} {:>7} {:>6} {:>6} {:>6} {:>8} {:>6} {:>9} {:>6}",
            "rule",
            "matched",
            "missed",
            "level",
            "decoys",
            "on decoy",
            "other",
            "precision",
            "recall"
        )?;
        for (rule, score) in &self.rules {
            let Score { matched, missed, level_differs, decoys, on_decoys, others, .. } = score;
            let (precision, recall) = (score.precision(), score.recall());
            writeln!(
                f,
                "{rule:<10} {matched:>7} {missed:>6} {level_differs:>6} {decoys:>6} {on_decoys:>8} \
                 {others:>6} {precision:>9.3} {recall:>6.3}"
            )?;
        }
        for (rule, score) in &self.rules {
            for finding in &score.findings {
                writeln!(f, "{rule}: {finding}")?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(kind: Kind, key: &str, when: i64) -> Label {
        Label {
            rule: "R".to_owned(),
            kind,
            key: key.to_owned(),
            region: String::new(),
            dept: String::new(),
            zh: String::new(),
            en: String::new(),
            level: Some(Level::Yellow),
            when: Local(when * MS_PER_DAY),
            events: (String::new(), String::new()),
        }
    }

    fn card(subject: &str, at: i64, level: Level) -> Card {
        let (rule, subject) = ("R".to_owned(), subject.to_owned());
        Card { rule, subject, episode: String::new(), level, at: Local(at * MS_PER_DAY) }
    }

    #[test]
    fn cards_are_held_against_labels() {
        let labels = [
            label(Kind::Violation, "a", 100),
            label(Kind::Violation, "a", 200),
            label(Kind::Violation, "b", 100),
            label(Kind::Decoy, "c", 100),
            label(Kind::Decoy, "a", 300),
        ];
        let cards = [
            card("a", 201, Level::Red),
            card("a", 99, Level::Yellow),
            card("c", 90, Level::Yellow),
            card("a", 340, Level::Yellow),
        ];
        let report = compare(&labels, &cards, &[]);
        let score = &report.rules["R"];
        assert_eq!((score.matched, score.missed, score.level_differs), (2, 1, 1));
        assert_eq!((score.decoys, score.on_decoys, score.others), (2, 1, 1));
        assert!((score.precision() - 0.5).abs() < 1e-9 && score.recall() > 0.66);
        assert!(!score.is_clean() && report.to_string().contains("missed: b"));
        assert!(compare(&labels, &cards, &["S"]).rules.is_empty());
    }
}
