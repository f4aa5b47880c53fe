//! One case (办件) from receipt to delivery.
//!
//! `fact` is what events say, `view` what rules see, `answer` and `clock` the two computations that
//! several rules share; every other module holds rules, one function each.

mod answer;
mod authority;
mod clock;
mod correction;
mod deadline;
mod defect;
mod explain;
mod extension;
mod fact;
mod fee;
mod hearing;
mod history;
mod item;
mod limit;
mod pause;
mod procedure;
mod result;
mod table;
mod view;

pub use limit::CaseParams;

use crate::Params;
use fact::Fact;
use plumbline_guest::{Event, Facts, Look, Rule, Stream, apply};
use view::Case;

/// The stream.
#[derive(Debug)]
pub(crate) struct Cases;

impl Stream for Cases {
    const NAME: &'static str = "case";
    type State = Facts<Fact>;
    type Params = Params;

    fn take(facts: &mut Facts<Fact>, event: &Event<'_>, _: &Params) {
        if let Some(fact) = Fact::read(event) {
            facts.put(event, fact);
        }
    }

    fn check(facts: &Facts<Fact>, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Case<'_>, Params>; 14] = [
            ("APPR-T01", deadline::near),
            ("APPR-T02", deadline::promised),
            ("APPR-T03", deadline::statutory),
            ("APPR-T04", deadline::unanswered),
            ("APPR-T05", correction::repeated),
            ("APPR-T06", pause::unlawful),
            ("APPR-T07", extension::improper),
            ("APPR-T08", deadline::undelivered),
            ("APPR-P01", procedure::skipped),
            ("APPR-P02", procedure::same_person),
            ("APPR-P03", authority::lacking),
            ("APPR-P06", hearing::missing),
            ("APPR-F01", fee::over_tariff),
            ("APPR-R01", result::abnormal),
        ];
        let case = Case::new(facts, look);
        if history::is_migrated(&case, look) {
            let none = rules.map(|(id, _)| (id, history::exempt as fn(&_, &_, &mut Look<'_>)));
            return apply(&none, &params.off, &case, params, look);
        }
        apply(&rules, &params.off, &case, params, look);
    }
}
