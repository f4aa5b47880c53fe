//! Public-resource trading: tenders from the registration to the last payment, land, bans.

mod story;
mod story_more;
mod tender;

use crate::line::Office;
use crate::people::{Dept, uscc};
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;

/// The connector of the trading platform.
const SOURCE: &str = "qingyuan-ggzy";
/// Projects registered on a usual working day.
const PROJECTS: f64 = 2.6;
const BUYERS: [&str; 10] = ["ZJJ", "JTY", "SLJ", "NYJ", "WJJ", "JTJ", "CGJ", "HBJ", "WLJ", "ZRZ"];
const EXPERTS: usize = 240;
/// Majors that stories draw from, after the others.
const MAJORS: usize = 8;
const MAJOR_SIZE: usize = 41;
/// A ban that holds all year, and one that ended with March.
const BANNED: usize = 0;
const UNBANNED: usize = 1;

/// See the module.
#[derive(Debug)]
pub(crate) struct Trades {
    rng: Rng,
    office: Office,
    buyers: Vec<Dept>,
    firms: Vec<String>,
    /// Places of the experts, shuffled anew each time all have been drawn.
    deck: Vec<usize>,
    tenders: usize,
    /// Majors that stories have drawn from.
    majors: usize,
}

impl Domain for Trades {
    const NAME: &'static str = "procurement";

    fn new(town: &mut Town, rng: Rng) -> Self {
        Self {
            rng,
            office: town.office(SOURCE, "JYZ"),
            buyers: BUYERS.iter().map(|short| town.people.dept(short).clone()).collect(),
            firms: (0..600).map(|nth| uscc("91", 40_000 + nth)).collect(),
            deck: Vec::new(),
            tenders: 0,
            majors: 0,
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories().into_iter().chain(story_more::stories()).collect()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        if !town.clock.is_working(day) {
            return;
        }
        for _ in 0..town.many(&mut self.rng, PROJECTS, day) {
            let tender = self.tender(day);
            self.run(town, &tender);
        }
    }

    fn fill(&self, _: &Town, tables: &mut Tables) {
        for nth in 0..EXPERTS + MAJORS * MAJOR_SIZE {
            tables.row(
                "expert",
                &[
                    ("expert_id", expert(nth).as_str()),
                    ("majors", &major(nth)),
                    ("employer_h", &format!("h:emp-{nth:04}")),
                    ("status", "active"),
                ],
            );
        }
        for (nth, firm) in self.firms.iter().enumerate() {
            tables.row(
                "party",
                &[
                    ("uscc", firm.as_str()),
                    ("name_h", &format!("h:name-{nth:04}")),
                    ("legal_rep_h", &format!("h:rep-{nth:04}")),
                    ("address_h", &format!("h:addr-{nth:04}")),
                    ("phone_h", &format!("h:tel-{nth:04}")),
                    ("est_date", "2012-05-01"),
                    ("staff", "60"),
                ],
            );
        }
        for (place, to) in [(BANNED, "2026-06-30"), (UNBANNED, "2025-03-31")] {
            tables.row(
                "sanction_list",
                &[
                    ("subject", self.firms[place].as_str()),
                    ("kind", "bidder"),
                    ("authority", "清源县财政局"),
                    ("basis", "政府采购法第七十七条"),
                    ("effective_from", "2024-07-01"),
                    ("effective_to", to),
                ],
            );
        }
    }
}

fn expert(nth: usize) -> String {
    format!("ZJ-{nth:04}")
}

/// Four majors of equal size, and those of the stories.
fn major(nth: usize) -> String {
    match nth.checked_sub(EXPERTS) {
        Some(nth) => format!("N{}", nth / MAJOR_SIZE + 1),
        None => format!("M{}", nth % 4 + 1),
    }
}
