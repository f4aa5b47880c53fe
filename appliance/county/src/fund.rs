//! Public money: funds and payments, projects, invoices, benefits, donations, the provident fund.

mod benefit;
mod money;
mod story;
mod story_more;

use crate::line::Office;
use crate::people::uscc;
use crate::rng::Rng;
use crate::story::Story;
use crate::table::Tables;
use crate::town::Town;
use crate::year::Domain;
use plumbline_contract::time::Day;

/// The connectors.
const FINANCE: &str = "qingyuan-czyth";
const BENEFITS: &str = "qingyuan-ykt";
const HOUSING: &str = "qingyuan-gjj";
/// Funds that pay all year.
const FUNDS: usize = 8;
/// Programmes: code, monthly standard in fen, what it excludes.
const PROGRAMMES: [(&str, &str, i64, &str); 3] = [
    ("DB", "农村最低生活保障", 62_000, "TK"),
    ("TK", "特困人员供养", 90_000, "DB"),
    ("GL", "高龄津贴", 10_000, ""),
];

/// See the module.
#[derive(Debug)]
pub(crate) struct Funds {
    rng: Rng,
    finance: Office,
    civil: Office,
    housing: Office,
    /// Where invoices are booked.
    villages: [Office; 2],
    nth: usize,
    /// Codes of funds that stories brought.
    more: Vec<String>,
    /// Registers of persons: register, person, flag.
    registers: Vec<(&'static str, String, &'static str)>,
    collective: Vec<String>,
    /// Firms and the days on which they were founded.
    firms: Vec<(String, Day)>,
    kin_peers: bool,
    kin_told: u32,
}

impl Domain for Funds {
    const NAME: &'static str = "fund";

    fn new(town: &mut Town, rng: Rng) -> Self {
        Self {
            rng,
            finance: town.office(FINANCE, "CZJ"),
            civil: town.office(BENEFITS, "MZJ"),
            housing: town.office(HOUSING, "GJJ"),
            villages: ["XZ1", "XZ2"].map(|short| town.office(FINANCE, short)),
            nth: 0,
            more: Vec::new(),
            registers: Vec::new(),
            collective: Vec::new(),
            firms: Vec::new(),
            kin_peers: false,
            kin_told: 0,
        }
    }

    fn stories() -> Vec<Story<Self>> {
        story::stories().into_iter().chain(story_more::stories()).collect()
    }

    fn day(&mut self, town: &mut Town, day: Day) {
        self.benefits(town, day);
        self.money(town, day);
    }

    fn fill(&self, _: &Town, tables: &mut Tables) {
        let own = (0..FUNDS).map(fund_code).chain(self.more.iter().cloned());
        for code in own {
            tables.row(
                "fund",
                &[
                    ("fund_code", code.as_str()),
                    ("name", "专项资金"),
                    ("level", "county"),
                    ("purpose_codes", "P1;P2"),
                    ("process", "ZFSP"),
                    ("publicity_days", "7"),
                    ("idle_days", "180"),
                    ("effective_from", "2024-01-01"),
                ],
            );
        }
        tables.row(
            "process_def",
            &[
                ("domain", "fund"),
                ("code", "ZFSP"),
                ("ver", "general"),
                ("nodes", r#"[{"id":"review","role":"finance","mandatory":true},{"id":"approve","role":"leader","mandatory":true}]"#),
                ("edges", ""),
                ("clock", ""),
                ("effective_from", "2024-01-01"),
            ],
        );
        for (prog, name, amount, exclusive) in PROGRAMMES {
            tables.row(
                "programme",
                &[
                    ("prog", prog),
                    ("category", "A"),
                    ("name", name),
                    ("amount", &amount.to_string()),
                    ("exclusive_with", exclusive),
                    ("disqualifiers", "payroll;vehicle;prison;employed"),
                    ("effective_from", "2024-01-01"),
                ],
            );
        }
        for (register, pid, flag) in &self.registers {
            tables.row(
                "person_register",
                &[
                    ("register", register),
                    ("pid", pid.as_str()),
                    ("flag", flag),
                    ("valid_from", "2024-06-01"),
                    ("valid_to", ""),
                ],
            );
        }
        for account in &self.collective {
            tables.row(
                "collective_account",
                &[
                    ("acct_h", account.as_str()),
                    ("relation", "养老机构集体账户"),
                    ("valid_from", "2024-01-01"),
                ],
            );
        }
        for (firm, founded) in &self.firms {
            tables.row(
                "party",
                &[
                    ("uscc", firm.as_str()),
                    ("name_h", &format!("h:name-{}", &firm[10..])),
                    ("legal_rep_h", &format!("h:rep-{}", &firm[10..])),
                    ("address_h", &format!("h:addr-{}", &firm[10..])),
                    ("phone_h", &format!("h:tel-{}", &firm[10..])),
                    ("est_date", &founded.to_string()),
                    ("staff", "12"),
                ],
            );
        }
    }
}

fn fund_code(nth: usize) -> String {
    format!("ZJ{:02}", nth + 1)
}

fn firm(nth: usize) -> String {
    uscc("91", 700_000 + nth)
}
