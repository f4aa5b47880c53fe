//! Supervision by grids: objects and duties, inspections, patrols, hazards, reports, alarms.

mod ordinary;
mod story;
mod story_more;
mod visit;

use crate::line::Office;
use crate::people::ENFORCERS_FROM;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;
use std::collections::BTreeMap;

/// The connector of the grid platform.
const SOURCE: &str = "qingyuan-wgjg";
/// Departments that inspect, with their domains.
const INSPECTORS: [(&str, &str); 3] = [("SCJ", "food"), ("YJJ", "safety"), ("HBJ", "environment")];
/// Teams of two in each department.
const TEAMS: usize = 8;
/// Objects at full size.
const OBJECTS: f64 = 6600.0;
/// Inspections of one firm in a year by one department.
const CAP: i64 = 6;

/// An object with its place in millionths of a degree.
#[derive(Clone, Debug)]
struct Object {
    code: String,
    /// Place of its department among [`INSPECTORS`].
    desk: usize,
    lat: i64,
    lon: i64,
    grid: String,
}

/// Who inspects together, and for whom.
#[derive(Clone, Debug)]
struct Team {
    office: Office,
    domain: String,
    officers: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Grids {
    rng: Rng,
    objects: Vec<Object>,
    teams: Vec<Vec<Team>>,
    /// Teams that take part in stories only.
    spare: Vec<Team>,
    office: Office,
    /// Inspections so far, by team and day, and by team.
    busy: BTreeMap<(Day, usize, usize), i64>,
    made: BTreeMap<(usize, usize), usize>,
    next_object: usize,
    next_spare: usize,
    nth: usize,
}

impl Domain for Grids {
    const NAME: &'static str = "grid";

    fn new(town: &mut Town, mut rng: Rng) -> Self {
        let count = ((OBJECTS * town.scale) as usize).max(60);
        let villages = &town.people.villages;
        let objects = (0..count).map(|nth| {
            let village = nth % villages.len();
            Object {
                code: format!("DX{nth:06}"),
                desk: nth % INSPECTORS.len(),
                lat: 36_150_000 + (village as i64 % 12) * 12_000 + rng.range(0, 9_000),
                lon: 120_200_000 + (village as i64 / 12) * 15_000 + rng.range(0, 9_000),
                grid: format!("{}01", villages[village]),
            }
        });
        let objects = objects.collect();
        let team = |short: &str, domain: &str, first: usize| Team {
            office: town.office(SOURCE, short),
            domain: domain.to_owned(),
            officers: town.people.dept(short).officers[first..first + 2].to_vec(),
        };
        let teams = INSPECTORS.iter().map(|(short, domain)| {
            (0..TEAMS).map(|nth| team(short, domain, ENFORCERS_FROM + nth * 2)).collect()
        });
        let spare = town
            .people
            .depts
            .iter()
            .flat_map(|dept| [40, 42].map(|first| team(dept.short, dept.short, first)));
        Self {
            objects,
            teams: teams.collect(),
            spare: spare.collect(),
            office: town.office(SOURCE, "YJJ"),
            busy: BTreeMap::new(),
            made: BTreeMap::new(),
            next_object: 0,
            next_spare: 0,
            nth: 0,
            rng,
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
        for (nth, village) in town.people.villages.iter().enumerate() {
            tables.row(
                "grid",
                &[
                    ("grid_id", format!("{village}01").as_str()),
                    ("name", "网格"),
                    ("officers", &worker(nth)),
                    ("domains", "food;safety;environment"),
                    ("effective_from", "2024-01-01"),
                ],
            );
            tables.row(
                "officer",
                &[
                    ("officer_id", worker(nth).as_str()),
                    ("dept", &self.office.dept),
                    ("roles", "grid_worker"),
                    ("status", "active"),
                    ("cert_nos", ""),
                ],
            );
        }
        for dept in &town.people.depts {
            tables.row(
                "annual_cap",
                &[
                    ("dept", dept.code.as_str()),
                    ("object_class", ""),
                    ("cap", &CAP.to_string()),
                    ("effective_from", "2024-01-01"),
                ],
            );
        }
        tables.row(
            "checklist",
            &[
                ("code", "JC01"),
                ("ver", "1"),
                ("items", r#"[{"id":"I1","text":"证照公示"},{"id":"I2","text":"场所卫生"}]"#),
                ("template_sentences", "符合要求。"),
                ("min_dwell", "300"),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
}

/// The grid worker of a village.
fn worker(nth: usize) -> String {
    format!("WG{nth:04}")
}
