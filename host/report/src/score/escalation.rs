//! What the cards of a department propose: a supervision notice, a talk, an advice. Proposals only;
//! a person issues them.

use super::scheme::Grade;
use super::{Scorer, Standing, Subject};
use crate::period::Period;
use plumbline_contract::alert::Level;
use serde::Serialize;
use std::collections::BTreeMap;

/// What is proposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Instrument {
    /// 督办通知
    Order,
    /// 约谈
    Talk,
    /// 监察建议、行政执法监督意见书
    Advice,
}

/// One proposal and the cards that it rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Proposal {
    pub dept: String,
    pub instrument: Instrument,
    /// `yellow-rule`, `red` or `grade`.
    pub ground: &'static str,
    pub cards: Vec<String>,
}

/// What the final cards of a month, and red ones of the quarter up to it, propose.
#[must_use]
pub fn proposals(scorer: &Scorer<'_>, month: Period) -> Vec<Proposal> {
    let escalation = &scorer.scheme.escalation;
    let quarter = quarter_up_to(month);
    let mut yellow: BTreeMap<(&str, &str), Vec<String>> = BTreeMap::new();
    let mut red: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut red_of_quarter: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (dept, line) in scorer.deductions.of_depts() {
        let (card, in_month) = (line.card.clone(), month.contains(line.day));
        match line.level {
            _ if line.standing != Standing::Final => {}
            Level::Yellow if in_month => yellow.entry((dept, &line.rule)).or_default().push(card),
            Level::Red if quarter.iter().any(|month| month.contains(line.day)) => {
                if in_month {
                    red.entry(dept).or_default().push(card.clone());
                }
                red_of_quarter.entry(dept).or_default().push(card);
            }
            _ => {}
        }
    }
    let mut all = Vec::new();
    let mut propose = |dept: &str, instrument, ground, most: u32, cards: Vec<String>| {
        if most > 0 && cards.len() >= most as usize {
            all.push(Proposal { dept: dept.to_owned(), instrument, ground, cards });
        }
    };
    for ((dept, _), cards) in yellow {
        propose(dept, Instrument::Order, "yellow-rule", escalation.order_yellow, cards);
    }
    for (dept, cards) in red {
        propose(dept, Instrument::Order, "red", escalation.order_red, cards);
    }
    for (dept, cards) in red_of_quarter {
        propose(dept, Instrument::Talk, "red", escalation.talk_red, cards.clone());
        propose(dept, Instrument::Advice, "red", escalation.advice_red, cards);
    }
    for subject in scorer.subjects(&Subject::Dept(String::new()), month) {
        let score = scorer.score(&subject, month);
        if score.grade == Grade::Fail {
            let cards = score.lines.iter().filter(|line| line.standing == Standing::Final);
            let cards = cards.map(|line| line.card.clone()).collect();
            propose(subject.code(), Instrument::Advice, "grade", 1, cards);
        }
    }
    all.sort_by(|one, other| {
        (&one.dept, one.instrument, one.ground, &one.cards).cmp(&(
            &other.dept,
            other.instrument,
            other.ground,
            &other.cards,
        ))
    });
    all
}

/// The months of the quarter that a month lies in, up to it.
fn quarter_up_to(month: Period) -> Vec<Period> {
    let back = match month {
        Period::Month { month, .. } => (month - 1) % 3,
        _ => 0,
    };
    (0..=back as i32).map(|back| month.shifted(-back)).collect()
}
