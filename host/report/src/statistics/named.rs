//! The statistics by the names that the offices know, each a list of measures and a way to group.

use super::Judged;
use super::group::Group;
use crate::cases::Case;
use crate::catalogue::{Business, Power};

/// One statistic.
#[derive(Debug)]
pub(super) struct Named {
    pub(super) id: &'static str,
    pub(super) zh: &'static str,
    pub(super) en: &'static str,
    pub(super) group: Group,
    pub(super) only: fn(&Case) -> bool,
    /// Cards without a case count too.
    pub(super) loose: bool,
    /// The most frequent first, and no more than a page.
    pub(super) hot: bool,
    pub(super) measures: &'static [&'static str],
    pub(super) notes: &'static [(&'static str, &'static str)],
}

impl Named {
    pub(super) fn takes(&self, judged: &Judged<'_>) -> bool {
        judged.case.map_or(self.loose, self.only)
    }
}

pub(super) fn find(id: &str) -> Option<&'static Named> {
    ALL.iter().find(|named| named.id == id)
}

const fn named(
    id: &'static str,
    zh: &'static str,
    en: &'static str,
    group: Group,
    measures: &'static [&'static str],
) -> Named {
    Named { id, zh, en, group, only: any, loose: true, hot: false, measures, notes: &[] }
}

fn any(_: &Case) -> bool {
    true
}

fn is_service(case: &Case) -> bool {
    case.service
}

fn is_kind(case: &Case, kind: &str) -> bool {
    &*case.kind == kind
}

const FLOW: (&str, &str) = (
    "办结率、提速率以本期受理数为分母，办结含前期受理的，故办结率可超过 100%。",
    "Rates are by cases accepted in the period; cases accepted earlier count as concluded, so that the \
     finish rate may exceed 100 %.",
);

const HANDLING: &[&str] = &[
    "received",
    "accepted",
    "rejected",
    "normal",
    "returned",
    "void",
    "concluded",
    "early",
    "on_day",
    "overdue",
    "finish_rate",
    "speed_rate",
    "legal_rate",
    "promise_rate",
    "on_time_rate",
    "on_time_interval",
    "open",
    "open_overdue",
];

pub(super) const ALL: &[Named] = &[
    Named {
        notes: &[FLOW],
        ..named(
            "overall",
            "综合情况统计",
            "Overall situation",
            Group::Region,
            &[
                "business_received",
                "business_accepted",
                "business_concluded",
                "business_finish_rate",
                "legal_rate",
                "promise_rate",
                "case_yellow",
                "case_red",
                "consult_received",
                "consult_answered",
                "consult_yellow",
                "consult_red",
                "complaint_received",
                "complaint_answered",
                "complaint_yellow",
                "complaint_red",
            ],
        )
    },
    Named {
        notes: &[FLOW],
        ..named(
            "efficiency",
            "行政效能监管统计",
            "Administrative efficiency",
            Group::Dept,
            HANDLING,
        )
    },
    named(
        "efficiency_cards",
        "行政效能发牌统计",
        "Cards on efficiency",
        Group::Dept,
        &[
            "case_notice",
            "case_yellow",
            "case_red",
            "case_yellow_withdrawn",
            "case_red_withdrawn",
            "consult_notice",
            "consult_yellow",
            "consult_red",
            "consult_yellow_withdrawn",
            "consult_red_withdrawn",
            "complaint_notice",
            "complaint_yellow",
            "complaint_red",
            "complaint_yellow_withdrawn",
            "complaint_red_withdrawn",
        ],
    ),
    Named {
        only: is_service,
        loose: false,
        notes: &[FLOW],
        ..named(
            "approval_business",
            "审批业务监管统计",
            "Approvals",
            Group::Dept,
            &[
                "received",
                "accepted",
                "rejected",
                "granted",
                "refused",
                "returned",
                "void",
                "concluded",
                "persons",
                "orgs",
                "online",
                "online_rate",
                "finish_rate",
                "legal_rate",
                "promise_rate",
                "delivered",
                "notice",
                "yellow",
                "red",
            ],
        )
    },
    Named {
        notes: &[FLOW],
        ..named(
            "all_business",
            "综合业务监管统计",
            "All business",
            Group::Kind,
            &[
                "received",
                "accepted",
                "concluded",
                "early",
                "on_day",
                "overdue",
                "finish_rate",
                "on_time_rate",
                "on_time_interval",
                "open",
                "open_overdue",
                "notice",
                "yellow",
                "red",
                "yellow_withdrawn",
                "red_withdrawn",
            ],
        )
    },
    named(
        "region_cards",
        "全域发牌统计",
        "Cards by region",
        Group::Region,
        &[
            "notice",
            "yellow",
            "red",
            "yellow_withdrawn",
            "red_withdrawn",
            "upheld",
            "unanswered",
            "late_cards",
        ],
    ),
    named(
        "rule_cards",
        "规则发牌统计",
        "Cards by rule",
        Group::Rule,
        &[
            "notice",
            "yellow",
            "red",
            "yellow_withdrawn",
            "red_withdrawn",
            "upheld",
            "unanswered",
            "late_cards",
        ],
    ),
    Named {
        notes: &[(
            "环节以牌所指明者为准；未指明环节的牌不在此表。",
            "A step is what the card names; cards that name none are not in this table.",
        )],
        ..named(
            "step_cards",
            "环节发牌统计",
            "Cards by step",
            Group::Step,
            &["stepped", "notice", "yellow", "red", "yellow_withdrawn", "red_withdrawn"],
        )
    },
    named(
        "powers",
        "行政权力办件分析",
        "Cases by kind of power",
        Group::Power,
        &["items", "received", "concluded"],
    ),
    Named {
        only: is_service,
        loose: false,
        hot: true,
        ..named(
            "hot_items",
            "高频事项",
            "Most frequent items",
            Group::Item,
            &[
                "received",
                "concluded",
                "online_rate",
                "on_time_rate",
                "on_time_interval",
                "yellow",
                "red",
            ],
        )
    },
    named(
        "application",
        "应用情况统计",
        "Use of the system",
        Group::Region,
        &["depts", "items_used", "received", "online", "online_rate", "concluded"],
    ),
    Named {
        notes: &[FLOW],
        ..named("items", "事项办件统计", "Cases by item", Group::Item, HANDLING)
    },
    named(
        "case_cards",
        "办件统计发牌情况",
        "Cases with cards",
        Group::Dept,
        &["concluded", "carded", "carded_rate", "carded_interval", "notice", "yellow", "red"],
    ),
    named("open", "待办统计", "Open cases", Group::Dept, &["open", "open_overdue", "open_stopped"]),
    Named {
        notes: &[FLOW],
        ..named(
            "departments",
            "部门办件统计",
            "Cases by department",
            Group::Dept,
            &[
                "received",
                "accepted",
                "rejected",
                "concluded",
                "finish_rate",
                "on_time_rate",
                "on_time_interval",
                "open",
                "yellow",
                "red",
            ],
        )
    },
    Named {
        notes: &[FLOW],
        ..named("towns", "乡镇（街道）办件统计", "Cases by township", Group::Town, HANDLING)
    },
    Named {
        notes: &[FLOW],
        ..named("villages", "村（社区）办件统计", "Cases by village", Group::Village, HANDLING)
    },
    Named {
        only: |case| case.business == Business::Joint,
        loose: false,
        ..named(
            "joint",
            "并联审批统计",
            "Joint approvals",
            Group::Dept,
            &[
                "accepted",
                "concluded",
                "early",
                "on_day",
                "overdue",
                "finish_rate",
                "open",
                "open_overdue",
                "yellow",
                "red",
            ],
        )
    },
    named(
        "ratings",
        "部门测评统计",
        "Ratings by department",
        Group::Dept,
        &["rated", "satisfied", "bad_rated", "satisfied_rate", "satisfied_interval"],
    ),
    Named {
        notes: &[(
            "只供本人和单位负责人，不公开排名。",
            "For the person and the head of the unit only; no public ranking.",
        )],
        ..named(
            "officers",
            "个人测评统计",
            "Cases by officer",
            Group::Officer,
            &[
                "handled",
                "concluded",
                "overdue",
                "on_time_rate",
                "on_time_interval",
                "yellow",
                "red",
            ],
        )
    },
    Named {
        only: |case| case.power.is_some_and(|power| power != Power::Penalty),
        loose: false,
        notes: &[FLOW],
        ..named(
            "not_penalty",
            "非处罚办件统计",
            "Cases other than penalties",
            Group::Dept,
            HANDLING,
        )
    },
    Named {
        only: |case| case.power == Some(Power::Penalty),
        loose: false,
        ..named(
            "penalty",
            "处罚案件统计",
            "Penalty cases",
            Group::Dept,
            &[
                "accepted",
                "concluded",
                "returned",
                "early",
                "on_day",
                "overdue",
                "open",
                "open_overdue",
                "published",
                "published_rate",
                "notice",
                "yellow",
                "red",
                "yellow_withdrawn",
                "red_withdrawn",
            ],
        )
    },
    Named {
        only: |case| case.business == Business::Complaint,
        loose: false,
        ..named(
            "complaints",
            "投诉统计",
            "Complaints",
            Group::Dept,
            &[
                "received",
                "concluded",
                "early",
                "on_day",
                "overdue",
                "on_time_rate",
                "on_time_interval",
                "open",
                "open_overdue",
                "notice",
                "yellow",
                "red",
            ],
        )
    },
    Named {
        only: |case| case.business == Business::Order,
        loose: false,
        ..named(
            "orders",
            "督办统计",
            "Supervision orders",
            Group::Dept,
            &[
                "received",
                "concluded",
                "on_day",
                "overdue",
                "open",
                "open_overdue",
                "yellow",
                "red",
            ],
        )
    },
    named(
        "published",
        "权力上网统计",
        "Publication of results",
        Group::Dept,
        &["concluded", "published", "published_rate"],
    ),
    named(
        "late_entries",
        "事后补录统计",
        "After-the-fact entries",
        Group::Dept,
        &["concluded", "late_entry", "late_entry_rate", "incomplete"],
    ),
    Named {
        only: |case| is_kind(case, "hazard") || is_kind(case, "report"),
        loose: false,
        notes: &[(
            "网格得分 = 处置率×30 + 按期处置率×20 + (1−返工率)×20 + (1−超期待处置率)×20 + (1−延期率)×10。",
            "Grid score = done x 30 + in time x 20 + (1 - reworked) x 20 + (1 - open and overdue) x 20 + \
             (1 - extended) x 10.",
        )],
        ..named(
            "grid",
            "网格处置统计",
            "Grid",
            Group::Region,
            &["grid_all", "grid_done", "open", "open_overdue", "grid_score"],
        )
    },
];
