//! Complaints, promises, openness, and the supervision of the supervisors: what lower platforms
//! report of sources, alerts, settings and counts.

mod ordinary;
mod story;

use crate::line::Office;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;

/// The connectors.
const PETITIONS: &str = "qingyuan-xfts";
const OPENNESS: &str = "qingyuan-zwgk";
const PLATFORM: &str = "qingyuan-jcpt";

/// See the module.
#[derive(Debug)]
pub(crate) struct Conduct {
    rng: Rng,
    petitions: Office,
    openness: Office,
    platform: Office,
    /// Departments that complaints are about.
    depts: Vec<String>,
    nth: usize,
}

impl Domain for Conduct {
    const NAME: &'static str = "conduct";

    fn new(town: &mut Town, rng: Rng) -> Self {
        Self {
            rng,
            petitions: town.office(PETITIONS, "XFJ"),
            openness: town.office(OPENNESS, "ZFB"),
            platform: town.office(PLATFORM, "JJW"),
            depts: town
                .people
                .depts
                .iter()
                // Who supervises closes the alerts of others.
                .filter(|dept| dept.short != "JJW")
                .map(|dept| dept.code.clone())
                .collect(),
            nth: 0,
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        self.ordinary(town, day);
    }

    fn fill(&self, _: &Town, _: &mut Tables) {}
}
