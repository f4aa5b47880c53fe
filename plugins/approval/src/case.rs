//! One case (办件) from receipt to delivery.

mod answer;
mod clock;
mod deadline;
mod explain;
mod fact;
mod item;
mod limit;
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
        let rules: &[Rule<Case<'_>, Params>] = &[
            ("APPR-T01", deadline::near),
            ("APPR-T02", deadline::promised),
            ("APPR-T03", deadline::statutory),
            ("APPR-T04", deadline::unanswered),
            ("APPR-T08", deadline::undelivered),
        ];
        apply(rules, &params.off, &Case::new(facts, look), params, look);
    }
}
