//! What is punished and how: causes, bands of discretion, thresholds.

use super::DEPTS;
use crate::table::Tables;
use crate::town::Town;

/// A kind of illegal act; every department has one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    /// A person's small fault, fined on the spot.
    Small,
    /// A firm's fault.
    Firm,
    /// A person's fault.
    Person,
    /// A firm's grave fault: a hearing is offered, the case is discussed.
    Grave,
    /// A firm's small fault, fined on the spot nearly alike, so that who differs stands out.
    Even,
    /// The same, but so rare that it is compared with nobody.
    Odd,
    /// A fault that is spared the first time.
    Spared,
    /// As [`Cause::Firm`], for cases of stories only: a small group is compared with nobody.
    Tale,
}

pub(super) const ALL: [Cause; 8] = [
    Cause::Small,
    Cause::Firm,
    Cause::Person,
    Cause::Grave,
    Cause::Even,
    Cause::Odd,
    Cause::Spared,
    Cause::Tale,
];

impl Cause {
    pub(super) fn code(self, desk: usize) -> String {
        format!("AY{}{:02}", DEPTS[desk], self as usize)
    }

    fn name(self) -> &'static str {
        match self {
            Self::Small => "轻微违法行为（当场处罚）",
            Self::Firm => "未按规定经营",
            Self::Person => "个人违反管理规定",
            Self::Grave => "严重违反安全管理规定",
            Self::Even => "未按规定公示信息",
            Self::Odd => "未按规定悬挂标识",
            Self::Spared => "首次轻微违反登记规定",
            Self::Tale => "未按规定保存记录",
        }
    }

    pub(super) fn is_org(self) -> bool {
        !matches!(self, Self::Small | Self::Person)
    }

    /// Smallest and largest fine by law, fen.
    fn statutory(self) -> (i64, i64) {
        match self {
            Self::Small => (5_000, 20_000),
            Self::Even | Self::Odd => (100_000, 300_000),
            Self::Person => (50_000, 500_000),
            Self::Grave => (10_000_000, 50_000_000),
            Self::Firm | Self::Spared | Self::Tale => (500_000, 5_000_000),
        }
    }

    /// Fines of ordinary cases lie so close that none stands out, fen.
    pub(super) fn usual(self) -> (i64, i64) {
        match self {
            Self::Small => (8_000, 8_800),
            Self::Person => (200_000, 220_000),
            Self::Grave => (20_000_000, 22_000_000),
            Self::Firm | Self::Spared | Self::Tale => (2_000_000, 2_200_000),
            Self::Even | Self::Odd => (200_000, 205_000),
        }
    }

    /// Light, ordinary and heavy band, fen.
    fn bands(self) -> [(&'static str, i64, i64); 3] {
        let (min, max) = self.statutory();
        let part = (max - min) / 10;
        [
            ("light", min, min + 2 * part),
            ("ordinary", min + 2 * part, min + 7 * part),
            ("heavy", min + 7 * part, max),
        ]
    }
}

/// The tables of the domain.
pub(super) fn fill(town: &Town, tables: &mut Tables) {
    for (desk, short) in DEPTS.iter().enumerate() {
        let dept = &town.people.dept(short).code;
        for cause in ALL {
            rows_of(cause, desk, dept, tables);
        }
        for (kind, amount) in [("person", "1000000"), ("org", "10000000")] {
            tables.row(
                "hearing_threshold",
                &[
                    ("dept", dept.as_str()),
                    ("party_kind", kind),
                    ("amount", amount),
                    ("region", ""),
                    ("effective_from", "2024-01-01"),
                ],
            );
        }
    }
    for (kind, fine_max) in [("person", "20000"), ("org", "300000")] {
        tables.row(
            "simple_procedure",
            &[
                ("dept", ""),
                ("party_kind", kind),
                ("fine_max", fine_max),
                ("cash_max", "10000"),
                ("one_officer", "否"),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
    tables.row(
        "process_def",
        &[
            ("domain", "penalty"),
            ("code", "general"),
            ("ver", "general"),
            ("nodes", r#"[{"id":"filed","mandatory":true},{"id":"decided","mandatory":true}]"#),
            ("edges", ""),
            ("clock", r#"{"limit_cal":90,"ext_cal":30,"pause_kinds":["hearing","announcement","testing","inspection","quarantine","appraisal","suspension"]}"#),
            ("effective_from", "2024-01-01"),
        ],
    );
}

fn rows_of(cause: Cause, desk: usize, dept: &str, tables: &mut Tables) {
    let code = cause.code(desk);
    let (min, max) = cause.statutory();
    tables.row(
        "cause",
        &[
            ("cause_code", code.as_str()),
            ("name", cause.name()),
            ("dept", dept),
            ("statutory", &format!(r#"[{{"kind":"fine","min":{min},"max":{max}}}]"#)),
            ("criminal_threshold", if cause == Cause::Small { "" } else { "500000000" }),
            ("major_flag", if cause == Cause::Grave { "是" } else { "否" }),
            ("effective_from", "2024-01-01"),
        ],
    );
    for (band, min, max) in cause.bands() {
        let factors = match band {
            "light" => r#"[{"factor":"mitigation","value":true}]"#,
            "heavy" => r#"[{"factor":"repeat","value":true}]"#,
            _ => "",
        };
        tables.row(
            "discretion_band",
            &[
                ("cause_code", code.as_str()),
                ("band", band),
                ("kind", "fine"),
                ("factors", factors),
                ("min", &min.to_string()),
                ("max", &max.to_string()),
                ("dept", ""),
                ("effective_from", "2024-01-01"),
            ],
        );
    }
}
