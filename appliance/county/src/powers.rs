//! Other powers: coercion, levies, reconsideration, fees of schools, major projects.

mod ordinary;
mod story;
mod story_more;

use crate::approval::FISCAL_ACCOUNT;
use crate::line::Office;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;

/// The connectors.
const COERCION: &str = "qingyuan-qzcs";
const LEVY: &str = "qingyuan-zsxt";
const REVIEW: &str = "qingyuan-xzfy";
const SCHOOL: &str = "qingyuan-jysf";
const PROJECT: &str = "qingyuan-zdxm";
/// Departments that seize.
const SEIZERS: [&str; 6] = ["SCJ", "CGJ", "NYJ", "YJJ", "HBJ", "JTY"];
/// A levy that was cancelled at the end of June.
const CANCELLED: &str = "ZS90";
/// Codes, rates per mille and names of the levies.
const LEVIES: [(&str, i64, &str); 4] = [
    ("ZS01", 30, "城市维护建设费"),
    ("ZS02", 20, "水资源费"),
    ("ZS03", 15, "残疾人就业保障金"),
    (CANCELLED, 10, "已停征的管理费"),
];

/// See the module.
#[derive(Debug)]
pub(crate) struct Powers {
    rng: Rng,
    seizers: Vec<(Office, Vec<String>)>,
    tax: Office,
    justice: Office,
    education: Office,
    works: Office,
    /// Running number of cases of all kinds.
    nth: usize,
    /// Whose decisions are reviewed.
    respondents: Vec<String>,
}

impl Domain for Powers {
    const NAME: &'static str = "powers";

    fn new(town: &mut Town, rng: Rng) -> Self {
        let seizer = |short: &&str| {
            let officers = &town.people.dept(short).officers;
            let officers = officers[crate::people::ENFORCERS_FROM..].to_vec();
            (town.office(COERCION, short), officers)
        };
        Self {
            rng,
            seizers: SEIZERS.iter().map(seizer).collect(),
            tax: town.office(LEVY, "SWJ"),
            justice: town.office(REVIEW, "SFJ"),
            education: town.office(SCHOOL, "JTJ"),
            works: town.office(PROJECT, "FGJ"),
            nth: 0,
            respondents: town.people.depts[..16].iter().map(|dept| dept.code.clone()).collect(),
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories().into_iter().chain(story_more::stories()).collect()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        self.ordinary(town, day);
    }

    fn fill(&self, _: &Town, tables: &mut Tables) {
        for (code, _, name) in LEVIES {
            tables.row(
                "tariff",
                &[
                    ("fee_code", code),
                    ("name", name),
                    ("unit", "元"),
                    ("price", "1"),
                    ("cap", ""),
                    ("basis", "省政府令第301号"),
                    ("payee_accounts", FISCAL_ACCOUNT),
                    ("effective_from", "2024-01-01"),
                    ("effective_to", if code == CANCELLED { "2025-06-30" } else { "" }),
                ],
            );
        }
        tables.row(
            "waiver",
            &[
                ("waiver_code", "JM01"),
                ("name", "小微企业减征"),
                ("approver_rank", "section_chief"),
                ("limit", "5000000"),
                ("basis", "财税〔2024〕5号"),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
}

/// What a story says of a measure.
#[derive(Clone, Debug)]
struct Seizure {
    /// Calendar days until it is decided upon.
    days: i32,
    /// Days by which it was extended on day 28.
    extended: Option<i64>,
    /// Hours from the measure to the approval; negative where it was approved before.
    approved_h: i64,
    urgent: bool,
    officers: usize,
    item_no: String,
    partial: bool,
}

impl Default for Seizure {
    fn default() -> Self {
        Self {
            days: 20,
            extended: None,
            approved_h: -2,
            urgent: false,
            officers: 2,
            item_no: String::new(),
            partial: false,
        }
    }
}

/// What a story says of an undertaking.
#[derive(Clone, Debug)]
struct Works {
    permit_before: bool,
    emergency: bool,
    over_pct: i64,
    adjusted: bool,
    real_pct: i64,
    plan_changed: bool,
    changes: Vec<i64>,
    /// Months from completion to settlement; 0 leaves it running.
    settled_months: i32,
}

impl Default for Works {
    fn default() -> Self {
        Self {
            permit_before: true,
            emergency: false,
            over_pct: 0,
            adjusted: false,
            real_pct: 48,
            plan_changed: false,
            changes: vec![1],
            settled_months: 0,
        }
    }
}
