//! When a closed complaint was closed falsely: it came again soon, without new facts, or the person
//! rated it badly.

use super::Word;
use crate::Params;
use crate::told::Told;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Facts, Local};
use std::collections::BTreeMap;

/// A later complaint that is the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(super) struct Again {
    pub(super) at: Local,
    pub(super) seq: u64,
    pub(super) by: String,
    pub(super) new_facts: Option<bool>,
}

/// A closing that was false.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(super) struct Close {
    done: Local,
    done_seq: u64,
    /// When it showed, by which event.
    at: Local,
    seq: u64,
    /// The later complaint; empty if it was reopened or rated badly.
    by: String,
    /// The bad score, if that is how it showed.
    score: Option<i64>,
    /// Whether nobody said if there are new facts, so that it cannot be judged.
    is_unknown: bool,
}

/// The earliest false closing of each department and month, by `department/month`.
pub(super) fn false_closes(
    words: &Facts<Word>,
    again: &Told<Again>,
    params: &Params,
) -> BTreeMap<String, Close> {
    let mut closes: BTreeMap<String, Close> = BTreeMap::new();
    let dones: Vec<_> = words.iter().filter(|entry| matches!(entry.fact, Word::Done)).collect();
    for (index, done) in dones.iter().enumerate() {
        let next = dones.get(index + 1).map(|next| next.time);
        let shown = signs(words, again, params, done, next)
            .into_iter()
            .min_by_key(|close| (close.is_unknown, close.at, close.seq));
        let Some(shown) = shown else { continue };
        let (year, month, _) = done.time.day().ymd();
        let place = format!("{}/{year:04}-{month:02}", done.dept);
        match closes.get(&place) {
            Some(known) if (known.is_unknown, known.at) <= (shown.is_unknown, shown.at) => {}
            _ => {
                closes.insert(place, shown);
            }
        }
    }
    closes
}

/// Everything that shows one closing to be false.
fn signs(
    words: &Facts<Word>,
    again: &Told<Again>,
    params: &Params,
    done: &Entry<Word>,
    next: Option<Local>,
) -> Vec<Close> {
    let last_day = done.time.day().plus(params.false_close_d);
    let is_of_this = |at: Local| at > done.time && next.is_none_or(|next| at <= next);
    let close = |at: Local, seq: u64, by: &str, score: Option<i64>, is_unknown: bool| Close {
        done: done.time,
        done_seq: done.seq,
        at,
        seq,
        by: by.to_owned(),
        score,
        is_unknown,
    };
    let mut signs = Vec::new();
    for entry in words.iter().filter(|entry| is_of_this(entry.time)) {
        match &entry.fact {
            Word::Reopened { new_facts }
                if entry.time.day() <= last_day && *new_facts != Some(true) =>
            {
                signs.push(close(entry.time, entry.seq, "", None, new_facts.is_none()));
            }
            Word::Rated(Some(score)) if *score <= params.rating_bad => {
                signs.push(close(entry.time, entry.seq, "", Some(*score), false));
            }
            _ => {}
        }
    }
    let came = again.holding().map(|(_, again)| again);
    for again in came.filter(|again| is_of_this(again.at) && again.at.day() <= last_day) {
        if again.new_facts != Some(true) {
            let is_unknown = again.new_facts.is_none();
            signs.push(close(again.at, again.seq, &again.by, None, is_unknown));
        }
    }
    signs
}

/// What the department's month is told; without `at` it is taken back.
pub(super) fn fact(place: &str, complaint_no: &str, close: Option<&Close>, turn: i64) -> Writer {
    let (dept, month) = place.rsplit_once('/').unwrap_or((place, ""));
    let head = Writer::default().text("dept", dept).text("month", month);
    let head = head.text("complaint_no", complaint_no).int("turn", turn);
    let Some(close) = close else { return head };
    let head = head
        .int("done", close.done.0)
        .int("done_seq", close.done_seq as i64)
        .int("at", close.at.0)
        .int("seq", close.seq as i64)
        .text("by", &close.by)
        .flag("unknown", close.is_unknown);
    match close.score {
        Some(score) => head.int("score", score),
        None => head,
    }
}
