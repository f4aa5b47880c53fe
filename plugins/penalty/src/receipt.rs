//! One receipt: tells a case that its receipt was used in another case first (PEN-F01).

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Look, Stream};
use std::collections::BTreeSet;

/// Most uses of one number that are kept: a number that many cases share is a placeholder.
const USES_MAX: usize = 200;

/// What is kept of a receipt: its number and the case of each use.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Uses {
    number: String,
    cases: Facts<String>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Receipts;

impl Stream for Receipts {
    const NAME: &'static str = "receipt";
    type State = Uses;
    type Params = Params;

    fn take(uses: &mut Uses, event: &Event<'_>, _: &Params) {
        let (Some(number), Some(case_no)) = (event.text("receipt_no"), event.text("case_no"))
        else {
            return;
        };
        if uses.cases.len() < USES_MAX {
            uses.cases.put(event, case_no);
            uses.number = number;
        }
    }

    fn check(uses: &Uses, _: &Params, look: &mut Look<'_>) {
        let Some(first) = uses.cases.iter().next().map(|entry| &entry.fact) else { return };
        let cases: BTreeSet<&String> = uses.cases.iter().map(|entry| &entry.fact).collect();
        if cases.len() < 2 {
            return;
        }
        for case_no in cases {
            // To the case that used it first it says that it is the first.
            let first = if case_no == first { "" } else { first };
            let data = Writer::default()
                .text("case_no", case_no)
                .text("receipt", &uses.number)
                .text("first", first);
            look.fact("reused", case_no, data);
        }
    }
}
