//! One procurement process (交易项目) by its `ocid`: periods, order of the 18 links, competition,
//! bonds and the life of the contract.
//!
//! `fact` is what events say, `view` what rules see; every other module holds rules. What bids have
//! in common is the business of the stream `bids`, the committee that of `panel`.

mod bond;
mod challenge;
mod competition;
mod contract;
mod fact;
mod notice;
mod order;
mod publicity;
mod publish;
mod view;

use crate::Params;
use fact::Said;
use plumbline_guest::{Event, Facts, Look, Rule, Stream, apply};
use view::Process;

/// Most bulk facts (documents obtained, bids, bonds, draws) that are kept of one process: some
/// 150 bytes each keep the state below its limit, and no county tender has so many.
const BULK_MAX: usize = 1_200;

/// The stream.
#[derive(Debug)]
pub(crate) struct Processes;

impl Stream for Processes {
    const NAME: &'static str = "process";
    type State = Facts<Said>;
    type Params = Params;

    fn take(facts: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let Some(said) = Said::read(event) else { return };
        if said.fact.is_bulk() && facts.len() >= BULK_MAX && event.version == 1 {
            return;
        }
        facts.put(event, said);
    }

    fn check(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Process<'_>, Params>; 9] = [
            ("PROC-T01", notice::short),
            ("PROC-T02", notice::late_clarification),
            ("PROC-T03", publicity::late),
            ("PROC-T04", challenge::unanswered),
            ("PROC-P01", order::broken),
            ("PROC-P03", competition::too_few),
            ("PROC-P04", competition::improper_method),
            ("PROC-P05", bond::irregular),
            ("PROC-A01", contract::amended),
        ];
        let process = Process::new(facts);
        apply(&rules, &params.off, &process, params, look);
        publish::purchases(&process, params, look);
        publish::land(&process, look);
    }
}
