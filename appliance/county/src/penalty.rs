//! Administrative penalties: fines on the spot and cases from the clue to the archive.

mod case;
mod cause;
mod ordinary;
mod story;
mod story_more;

use crate::book::Register;
use crate::line::Office;
use crate::people::ENFORCERS_FROM;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;
use std::collections::BTreeMap;

/// The connector of the enforcement system.
const SOURCE: &str = "qingyuan-zfba";
/// Departments that punish.
const DEPTS: [&str; 12] =
    ["SCJ", "CGJ", "GAJ", "JTY", "HBJ", "YJJ", "WJJ", "NYJ", "WLJ", "ZRZ", "ZJJ", "SLJ"];
/// Teams of two in each department that take part in the daily traffic.
const TEAMS: usize = 6;
/// Teams that take part in stories only come after them.
const SPARE_TEAMS: usize = 4;

/// See the module.
#[derive(Debug)]
pub(crate) struct Penalties {
    rng: Rng,
    offices: Vec<Office>,
    /// Officers with certificates, department by department; two that follow each other are a team.
    officers: Vec<Vec<String>>,
    /// Who reviews, and who signs.
    reviewers: Vec<String>,
    signers: Vec<String>,
    registers: Vec<Register>,
    cases: usize,
    receipts: usize,
    /// Hours of the day that a team has spent on evidence, for days to come.
    busy: BTreeMap<(Day, usize, usize), i64>,
    /// How many cases of each cause each team has had.
    turns: BTreeMap<(usize, usize, usize), i64>,
    /// Departments that have had a story of an outlier.
    outliers: usize,
    /// Departments that have spared somebody.
    spared: usize,
    /// Departments that were set a target.
    quotas: usize,
}

impl Domain for Penalties {
    const NAME: &'static str = "penalty";

    fn new(town: &mut Town, rng: Rng) -> Self {
        let of = |short: &&str| town.people.dept(short).officers.clone();
        let all: Vec<_> = DEPTS.iter().map(of).collect();
        Self {
            rng,
            offices: DEPTS.iter().map(|short| town.office(SOURCE, short)).collect(),
            officers: all.iter().map(|all| all[ENFORCERS_FROM..].to_vec()).collect(),
            reviewers: all.iter().map(|all| all[1].clone()).collect(),
            signers: all.iter().map(|all| all[0].clone()).collect(),
            registers: DEPTS.iter().map(|_| town.book.register()).collect(),
            cases: 0,
            receipts: 0,
            busy: BTreeMap::new(),
            turns: BTreeMap::new(),
            outliers: 0,
            spared: 0,
            quotas: 0,
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories().into_iter().chain(story_more::stories()).collect()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        self.busy.retain(|(of, _, _), _| *of >= day);
        self.ordinary(town, day);
    }

    fn fill(&self, town: &Town, tables: &mut Tables) {
        cause::fill(town, tables);
    }
}
