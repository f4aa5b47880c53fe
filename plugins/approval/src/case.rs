//! One case from receipt to delivery.

mod deadline;

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Event, Facts, Look, Rule, Stream, apply};

/// What an event of a case says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Fact {
    Accepted { item: Option<String> },
    Decided,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Cases;

/// A case as its rules see it.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    facts: &'a Facts<Fact>,
}

impl<'a> Case<'a> {
    pub(crate) fn accepted(&self) -> Option<&'a Entry<Fact>> {
        self.facts.iter().find(|entry| matches!(entry.fact, Fact::Accepted { .. }))
    }

    pub(crate) fn decided(&self) -> Option<&'a Entry<Fact>> {
        self.facts.iter().find(|entry| matches!(entry.fact, Fact::Decided))
    }
}

impl Stream for Cases {
    const NAME: &'static str = "case";
    type State = Facts<Fact>;
    type Params = Params;

    fn take(facts: &mut Facts<Fact>, event: &Event<'_>, _: &Params) {
        let fact = match event.kind {
            "approval.case.accepted" => Fact::Accepted { item: event.text("item_code") },
            "approval.case.decided" => Fact::Decided,
            _ => return,
        };
        facts.put(event, fact);
    }

    fn check(facts: &Facts<Fact>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Case<'_>, Params>] = &[("APPR-T03", deadline::statutory)];
        apply(rules, &params.off, &Case { facts }, params, look);
    }
}
