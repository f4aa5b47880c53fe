//! An officer's habits of entry in one year: which case is the first with an unusual pattern.
//!
//! It raises nothing. It ranks what the stream `entry` reports and answers the case, which shows
//! the first case as a notice and the later ones as yellow (APPR-O01).

use crate::Params;
use crate::entry::Pattern;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};
use std::collections::BTreeMap;

/// Most patterns that are kept of one officer and year; the 201st is a repetition like the 200th.
const CLUES_MAX: usize = 200;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Clue {
    /// When the pattern came about; `None` once it was taken back.
    at: Option<Local>,
    rev: i64,
    first: bool,
    /// How often the answer changed.
    turn: i64,
}

/// The clues of an officer and year.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Habits {
    officer: String,
    year: i64,
    clues: BTreeMap<(String, Pattern), Clue>,
}

impl Habits {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        (self.officer, self.year) = (event.text("officer")?, event.int("year")?);
        let key = (event.text("case_no")?, Pattern::parse(&event.text("kind")?)?);
        let (at, rev) = (event.int("at").map(Local), event.int("rev")?);
        let is_full = self.clues.len() >= CLUES_MAX;
        match self.clues.get_mut(&key) {
            Some(known) if known.rev > rev => return None,
            Some(known) => (known.at, known.rev) = (at, rev),
            // A pattern beyond the limit is remembered in place of the latest one.
            None => {
                let latest = self.latest().filter(|_| is_full);
                if let Some(latest) = latest {
                    self.clues.remove(&latest);
                }
                self.clues.insert(key, Clue { at, rev, first: false, turn: 0 });
            }
        }
        self.rank();
        Some(())
    }

    fn latest(&self) -> Option<(String, Pattern)> {
        self.clues.iter().max_by_key(|(_, clue)| clue.at).map(|(key, _)| key.clone())
    }

    /// Marks the patterns of the earliest case.
    fn rank(&mut self) {
        let standing =
            self.clues.iter().filter_map(|((case_no, _), clue)| Some((clue.at?, case_no)));
        let Some(first) = standing.min().map(|(_, case_no)| case_no.clone()) else { return };
        for ((case_no, _), clue) in &mut self.clues {
            let is_first = *case_no == first;
            if clue.turn == 0 || clue.first != is_first {
                clue.first = is_first;
                clue.turn += 1;
            }
        }
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Officers;

impl Stream for Officers {
    const NAME: &'static str = "officer";
    type State = Habits;
    type Params = Params;

    fn take(habits: &mut Habits, event: &Event<'_>, _: &Params) {
        // A clue that lacks a field was not written by this plugin's `entry` and says nothing.
        habits.put(event).unwrap_or_default();
    }

    fn check(habits: &Habits, _: &Params, look: &mut Look<'_>) {
        let standing = habits.clues.iter().filter(|(_, clue)| clue.at.is_some());
        for ((case_no, pattern), clue) in standing {
            let turn = clue.turn * 2 + i64::from(clue.first);
            look.fact_of_turn(("rank", case_no), (pattern.as_str(), turn), || {
                Writer::default()
                    .text("case_no", case_no)
                    .text("kind", pattern.as_str())
                    .text("officer", &habits.officer)
                    .int("year", habits.year)
                    .flag("first", clue.first)
                    .int("turn", clue.turn)
            });
        }
    }
}
