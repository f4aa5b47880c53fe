//! The bids of one process, lot by lot and pair by pair: what bidders have in common.
//!
//! Nothing is said before the opening: until then nobody may know who bids. Whether bidders keep
//! meeting over the years is the business of `market`.

mod account;
mod fact;
mod machine;
mod people;
mod price;
pub(crate) mod publish;
mod text;
mod view;

use crate::Params;
use fact::Said;
use plumbline_guest::{Event, Facts, Look, Rule, Stream, apply};
use view::Opened;

/// Most bids of one process that are compared. With their marks and a sample of unit prices they
/// take some 130 KiB of the state; a county tender with more has many lots, and the rest is told.
const BIDS_MAX: usize = 100;
/// Most other facts: documents obtained and bonds, some 140 bytes each.
const OTHERS_MAX: usize = 400;

/// The stream.
#[derive(Debug)]
pub(crate) struct LotBids;

impl Stream for LotBids {
    const NAME: &'static str = "bids";
    type State = Facts<Said>;
    type Params = Params;

    fn take(facts: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let is_bid = event.kind == "proc.bid.submitted";
        let is_bulk = is_bid || matches!(event.kind, "proc.doc.obtained" | "proc.bond.paid");
        if is_bulk && event.version == 1 {
            let of_sort = |said: &Said| if is_bid { said.is_bid() } else { said.is_other_bulk() };
            let count = facts.iter().filter(|entry| of_sort(&entry.fact)).count();
            if count >= if is_bid { BIDS_MAX } else { OTHERS_MAX } {
                return;
            }
        }
        if let Some(said) = Said::read(event) {
            facts.put(event, said);
        }
    }

    fn check(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Opened<'_>, Params>; 5] = [
            ("PROC-C01", machine::same),
            ("PROC-C02", price::regular),
            ("PROC-C03", text::identical),
            ("PROC-C04", people::shared),
            ("PROC-C05", account::common),
        ];
        let opened = Opened::new(facts, look);
        apply(&rules, &params.off, &opened, params, look);
        publish::agency(facts, params, look);
        publish::results(&opened, params, look);
    }
}
