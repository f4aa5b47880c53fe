//! One receipt number: whether it was used for several payments. It raises nothing; it answers the
//! stream `fee` of the case concerned (APPR-F02).

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Look, Stream};
use std::collections::BTreeMap;

/// A payment that names the receipt.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Use {
    identity: u64,
    case_no: String,
    fee_code: String,
    /// Code printed beside the number (票据代码); numbers are unique within a code.
    code: String,
}

/// All payments of a receipt, and what was told of each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Receipt {
    receipt_no: String,
    uses: Facts<Use>,
    /// By payment: case number, whether it is a reuse, how often that changed.
    told: BTreeMap<u64, (String, bool, i64)>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Receipts;

impl Stream for Receipts {
    const NAME: &'static str = "receipt";
    type State = Receipt;
    type Params = Params;

    fn take(receipt: &mut Receipt, event: &Event<'_>, _: &Params) {
        let text = |name| event.text(name).unwrap_or_default();
        receipt.receipt_no = text("receipt_no").trim().to_owned();
        let used = Use {
            identity: event.identity,
            case_no: text("case_no"),
            fee_code: text("fee_code"),
            code: text("receipt_code"),
        };
        receipt.uses.put(event, used);
        for entry in &receipt.uses {
            let reused = is_reuse(&receipt.uses, entry);
            let case_no = entry.fact.case_no.clone();
            let told = receipt.told.entry(entry.fact.identity);
            let told = told.or_insert((case_no.clone(), false, 0));
            if told.1 != reused || told.0 != case_no {
                *told = (case_no, reused, told.2 + 1);
            }
        }
    }

    fn check(receipt: &Receipt, _: &Params, look: &mut Look<'_>) {
        let told = receipt.told.iter().filter(|(_, (_, _, turn))| *turn > 0);
        for (identity, (case_no, reused, turn)) in told {
            let data = Writer::default()
                .text("case_no", case_no)
                .text("receipt_no", &receipt.receipt_no)
                .text("fee", &identity.to_string())
                .flag("reused", *reused)
                .int("turn", *turn);
            look.fact("reused", case_no, data);
        }
    }
}

/// Whether the number had been used before for another case, or for another fee on another day.
/// Several fees of one case on one day are lines of one receipt, and the same fee twice on one day
/// is one payment reported twice.
fn is_reuse(uses: &Facts<Use>, entry: &Entry<Use>) -> bool {
    let used = &entry.fact;
    let earlier = uses.iter().take_while(|other| other.fact.identity != used.identity);
    let mut same_code = earlier.filter(|other| other.fact.code == used.code);
    same_code.any(|other| {
        let same_case = other.fact.case_no == used.case_no;
        !same_case || (other.fact.fee_code != used.fee_code && other.time.day() != entry.time.day())
    })
}
