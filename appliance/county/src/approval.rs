//! Administrative approval: applications at windows and online, from the queue ticket to the rating.

mod case;
mod item;
mod ordinary;
mod story;
mod story_more;

use crate::book::Register;
use crate::line::Office;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use item::Item;
use plumbline_contract::time::{Day, Local};

/// The connector of the service platform.
const SOURCE: &str = "qingyuan-spfw";
const WINDOWS: usize = 40;
/// Where levies wait until they go to the treasury.
pub(crate) const FISCAL_ACCOUNT: &str = "h:fszh-0001";
/// A migration of paper records that was approved for the year.
const BATCH: &str = "QY-CL-2025-01";

/// Who does what in one department.
#[derive(Debug)]
struct Staff {
    acceptors: Vec<String>,
    reviewers: Vec<String>,
    inspectors: Vec<String>,
    signers: Vec<String>,
    /// Who takes part in stories only, so that their share of late cases says nothing of others.
    spare: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Approvals {
    rng: Rng,
    items: Vec<Item>,
    offices: Vec<Office>,
    staff: Vec<Staff>,
    registers: Vec<Register>,
    cases: usize,
    receipts: usize,
    complaints: usize,
    /// Begin and end of outages of the connector, with their tickets.
    outages: Vec<(Local, Local)>,
    /// Who has had a backlog of his own.
    backlogs: usize,
}

impl Domain for Approvals {
    const NAME: &'static str = "approval";

    fn new(town: &mut Town, rng: Rng) -> Self {
        let desks: Vec<_> = item::grantors().collect();
        let staff = |short: &&str| {
            let officers = &town.people.dept(short).officers;
            Staff {
                acceptors: officers[0..10].to_vec(),
                reviewers: officers[10..16].to_vec(),
                inspectors: officers[16..20].to_vec(),
                signers: officers[20..23].to_vec(),
                spare: officers[23..32].to_vec(),
            }
        };
        Self {
            rng,
            items: item::all(),
            offices: desks.iter().map(|short| town.office(SOURCE, short)).collect(),
            staff: desks.iter().map(staff).collect(),
            registers: desks.iter().map(|_| town.book.register()).collect(),
            cases: 0,
            receipts: 0,
            complaints: 0,
            outages: Vec::new(),
            backlogs: 0,
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories().into_iter().chain(story_more::stories()).collect()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        self.ordinary(town, day);
    }

    fn fill(&self, town: &Town, tables: &mut Tables) {
        let signers: Vec<_> = self.staff.iter().map(|staff| staff.signers.clone()).collect();
        item::fill(&self.items, &signers, town, tables);
        for (nth, (from, to)) in self.outages.iter().enumerate() {
            let (mut begin, mut end) = (String::new(), String::new());
            crate::line::push_time(&mut begin, *from);
            crate::line::push_time(&mut end, *to);
            tables.row(
                "outage",
                &[
                    ("source", SOURCE),
                    ("from_time", begin.as_str()),
                    ("to_time", &end),
                    ("ticket", &format!("TJ2025-{:02}", nth + 1)),
                ],
            );
        }
        for (account, kind) in
            [(item::ACCOUNT, "treasury"), (FISCAL_ACCOUNT, "fiscal special account")]
        {
            tables.row(
                "collection_account",
                &[
                    ("acct", account),
                    ("bank", "清源农商银行"),
                    ("kind", kind),
                    ("valid_from", "2024-01-01"),
                ],
            );
        }
        tables.row(
            "backfill_batch",
            &[
                ("batch", BATCH),
                ("basis", "清政办函〔2025〕3号"),
                ("valid_from", "2025-01-01"),
                ("valid_to", "2025-12-31"),
            ],
        );
    }
}
