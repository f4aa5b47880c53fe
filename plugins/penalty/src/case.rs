//! One case of penalty (案件) from filing to execution.
//!
//! `fact` is what events say, `view` what rules see, `clock` the computation that the time limit and
//! the assessment share; every other module holds rules, one function each. Rules that an
//! administrator has switched off cost nothing: a road log of another country runs through here
//! with three of them.

mod band;
mod barred;
mod certificate;
mod clock;
mod deadline;
mod execution;
mod fact;
mod hearing;
mod limit;
mod notice;
mod officer;
mod payment;
mod publication;
mod read;
mod record;
mod review;
mod ruling;
mod simple;
mod transfer;
mod view;

pub(crate) use ruling::fingerprint;

use crate::Params;
use certificate::Judged;
use fact::Fact;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Look, Rule, Stream, apply};
use view::Case;

/// The stream.
#[derive(Debug)]
pub(crate) struct Cases;

/// The rules of a case. Their order is that of the bits of `Params::case_rules`.
pub(crate) fn rules<'a>() -> [Rule<Case<'a>, Params>; 21] {
    [
        ("PEN-T01", deadline::undecided),
        ("PEN-T03", deadline::unserved),
        ("PEN-T04", deadline::preserved),
        ("PEN-T05", publication::late),
        ("PEN-P01", officer::uncertified),
        ("PEN-P02", officer::too_few),
        ("PEN-P04", notice::missing),
        ("PEN-P05", hearing::missing),
        ("PEN-P06", review::missing),
        ("PEN-P07", simple::beyond),
        ("PEN-P08", record::missing),
        ("PEN-D01", band::outside),
        ("PEN-D05", barred::too_late),
        ("PEN-F01", payment::astray),
        ("PEN-F02", execution::surcharged),
        ("PEN-F03", execution::unexecuted),
        ("PEN-X01", transfer::withheld),
        ("PEN-X02", transfer::elsewhere),
        ("PEN-L01", limit::sent_late),
        ("PEN-L02", limit::appealed_late),
        ("PEN-L03", limit::surcharged_early),
    ]
}

/// What is kept of a case.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Dossier {
    case_no: String,
    facts: Facts<Fact>,
    /// For the looks of one task.
    #[serde(skip)]
    judged: Judged,
}

impl Stream for Cases {
    const NAME: &'static str = "case";
    type State = Dossier;
    type Params = Params;

    fn take(dossier: &mut Dossier, event: &Event<'_>, _: &Params) {
        let Some(fact) = read::read(event) else { return };
        dossier.facts.put(event, fact);
        if dossier.case_no.is_empty() {
            dossier.case_no = event.text("case_no").unwrap_or_default();
        }
    }

    fn check(dossier: &Dossier, params: &Params, look: &mut Look<'_>) {
        let case = Case::new(&dossier.case_no, &dossier.facts, &dossier.judged);
        let rules = rules();
        if look.is_tracing() {
            apply(&rules, &params.off, &case, params, look);
        } else {
            let is_on = |nth: usize| params.case_rules & (1 << nth) != 0;
            for (_, rule) in rules.iter().enumerate().filter(|(nth, _)| is_on(*nth)) {
                apply(std::slice::from_ref(rule), &[], &case, params, look);
            }
        }
        if params.rulings {
            ruling::publish(&case, params, look);
        }
    }
}
