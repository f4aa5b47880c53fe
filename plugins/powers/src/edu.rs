//! Education fees (教育收费): one school in one term. The rules stand in `charge` (EDU-F01) and
//! `balance` (EDU-F02).

mod balance;
mod charge;

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Local, Look, Rule, Stream, apply};
use std::collections::BTreeMap;

/// Lines of one school and term that are kept: sixty classes with fifty fees each, within 256 KiB.
const LINES_MAX: usize = 3_000;

/// One line of a school's books, kept small because there are many.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Line {
    version: u32,
    seq: u64,
    time: Local,
    code: String,
    what: What,
}

/// What a line says. `None` is not reported.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
enum What {
    Published { kind: String, price: Option<i64>, term_end: Option<Day> },
    Charged(Charge),
    Refunded(i64),
    Spent(i64),
    Ended,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Charge {
    kind: String,
    is_compulsory: Option<bool>,
    student_cnt: Option<i64>,
    /// Fen.
    amount: Option<i64>,
    has_receipt: Option<bool>,
    notice_given: Option<bool>,
    /// A service that parents may refuse and have agreed to in writing.
    is_agreed: bool,
}

/// A school in a term.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct School {
    /// By identity of the event.
    lines: BTreeMap<u64, Line>,
}

impl School {
    /// In the order in which they happened.
    fn lines(&self) -> Vec<&Line> {
        let mut lines: Vec<_> = self.lines.iter().collect();
        lines.sort_by_key(|(identity, line)| (line.time, **identity));
        lines.into_iter().map(|(_, line)| line).collect()
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Schools;

impl Stream for Schools {
    const NAME: &'static str = "school";
    type State = School;
    type Params = Params;

    fn take(school: &mut School, event: &Event<'_>, _: &Params) {
        let known = school.lines.get(&event.identity).map(|line| line.version);
        let is_new = known.is_none() && school.lines.len() < LINES_MAX;
        if !is_new && known.is_none_or(|known| known >= event.version) {
            return;
        }
        let Some(what) = read(event) else { return };
        let line = Line {
            version: event.version,
            seq: event.seq,
            time: event.time,
            code: event.text("code").unwrap_or_default(),
            what,
        };
        school.lines.insert(event.identity, line);
    }

    fn check(school: &School, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Vec<&Line>, Params>] =
            &[("EDU-F01", charge::unlawful), ("EDU-F02", balance::left)];
        apply(rules, &params.off, &school.lines(), params, look);
    }
}

fn read(event: &Event<'_>) -> Option<What> {
    let text = |name| event.text(name).unwrap_or_default();
    let flag = |name| {
        let value = event.get(name)?;
        value.bool().or(value.is_empty().then_some(false))
    };
    let amount = || event.int("amount").unwrap_or(0);
    Some(match event.kind {
        "edu.fee.published" => What::Published {
            kind: text("kind"),
            price: event.int("price"),
            term_end: event.day("term_end"),
        },
        "edu.fee.charged" => What::Charged(Charge {
            kind: text("kind"),
            is_compulsory: event.text("stage").map(|stage| stage == "compulsory"),
            student_cnt: event.int("student_cnt"),
            amount: event.int("amount"),
            has_receipt: event.text("receipt_no").map(|no| !no.trim().is_empty()),
            notice_given: flag("notice_given"),
            is_agreed: flag("voluntary") == Some(true) && flag("consent") == Some(true),
        }),
        "edu.fee.refunded" => What::Refunded(amount()),
        "edu.fee.spent" => What::Spent(amount()),
        "edu.term.ended" => What::Ended,
        _ => return None,
    })
}
