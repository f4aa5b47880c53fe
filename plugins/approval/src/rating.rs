//! Ratings of one case. It raises nothing; it tells the stream `complaint` of bad ratings and of
//! how they were handled (APPR-C01).

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Look, Stream};

/// What is said about the service of a case.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Given {
        identity: u64,
        score: i64,
        can_answer: bool,
    },
    /// The office dealt with the rating or closed a complaint about the case.
    Handled,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Ratings {
    case_no: String,
    words: Facts<Word>,
    corrections: i64,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct CaseRatings;

impl Stream for CaseRatings {
    const NAME: &'static str = "rating";
    type State = Ratings;
    type Params = Params;

    fn take(ratings: &mut Ratings, event: &Event<'_>, _: &Params) {
        ratings.case_no = event.text("case_no").unwrap_or_default();
        ratings.corrections += i64::from(event.version > 1);
        let word = match event.kind {
            "approval.rating.given" => {
                let Some(score) = event.int("score") else { return };
                let (identity, can_answer) = (event.identity, can_answer(event));
                Word::Given { identity, score, can_answer }
            }
            _ => Word::Handled,
        };
        ratings.words.put(event, word);
    }

    fn check(ratings: &Ratings, params: &Params, look: &mut Look<'_>) {
        for entry in &ratings.words {
            let Word::Given { identity, score, can_answer } = entry.fact else { continue };
            let is_bad = score <= params.limits.rating_bad;
            // A good rating is told only where it may have been a bad one before.
            if !is_bad && ratings.corrections == 0 {
                continue;
            }
            let handled = ratings
                .words
                .iter()
                .find(|word| matches!(word.fact, Word::Handled) && entry.time <= word.time);
            let data = Writer::default()
                .text("complaint_no", &format!("{}#{identity:016x}", ratings.case_no))
                .text("case_no", &ratings.case_no)
                .text("dept", &entry.dept)
                .int("given", entry.time.0)
                .int("score", score)
                .flag("open", is_bad && can_answer)
                .int("rev", ratings.corrections + i64::from(handled.is_some()));
            let data = match handled {
                Some(handled) => data.int("handled", handled.time.0),
                None => data,
            };
            look.fact("rating", &ratings.case_no, data);
        }
    }
}

/// Whether there is anybody to answer: a person who names himself or leaves a contact. Who says
/// nothing of it can be answered.
pub(crate) fn can_answer(event: &Event<'_>) -> bool {
    event.flag("real_name") != Some(false) || event.flag("contact") == Some(true)
}
