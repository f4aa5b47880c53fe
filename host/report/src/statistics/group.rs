//! What the rows of a statistic stand for, and to which rows a case or a card belongs.

use super::{Judged, View};
use crate::cases::Case;
use crate::catalogue::Power;

/// What a row stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Group {
    /// A region and everything inside.
    Region,
    /// Streets and townships: nine digits.
    Town,
    /// Villages and communities: twelve digits.
    Village,
    Dept,
    Item,
    Kind,
    Power,
    Rule,
    Step,
    Officer,
}

impl Group {
    pub(super) fn zh(self) -> &'static str {
        match self {
            Self::Region | Self::Town | Self::Village => "区划",
            Self::Dept => "部门",
            Self::Item => "事项",
            Self::Kind => "业务",
            Self::Power => "权力类型",
            Self::Rule => "规则",
            Self::Step => "环节",
            Self::Officer => "人员",
        }
    }

    pub(super) fn en(self) -> &'static str {
        match self {
            Self::Region | Self::Town | Self::Village => "region",
            Self::Dept => "department",
            Self::Item => "item",
            Self::Kind => "business",
            Self::Power => "kind of power",
            Self::Rule => "rule",
            Self::Step => "step",
            Self::Officer => "officer",
        }
    }

    /// Rows that stand whether or not there is anything in them.
    pub(super) fn always(self) -> impl Iterator<Item = String> {
        let powers = if self == Self::Power { &Power::ALL[..] } else { &[] };
        powers.iter().map(|(_, code, ..)| (*code).to_owned())
    }

    fn of_region(self, region: &str) -> Vec<String> {
        let own = |text: &str| text.to_owned();
        match self {
            Self::Town => region.get(..9).map(own).into_iter().collect(),
            Self::Village => region.get(..12).map(own).into_iter().collect(),
            _ => {
                let above = [6, 9].into_iter().filter(|length| *length < region.len());
                above.filter_map(|length| region.get(..length)).chain([region]).map(own).collect()
            }
        }
    }

    pub(super) fn of_case(self, case: &Case, view: &View) -> Vec<String> {
        let mut keys: Vec<String> = match self {
            Self::Region | Self::Town | Self::Village => return self.of_region(&case.region),
            Self::Dept => vec![case.dept.to_string()],
            Self::Item => case.item.iter().map(ToString::to_string).collect(),
            Self::Kind => vec![case.kind.to_string()],
            Self::Power => case.power.iter().map(|power| power.code().to_owned()).collect(),
            Self::Rule => Vec::new(),
            Self::Step => {
                let steps = case.steps.iter().filter(|step| view.holds(Some(step.to)));
                steps.map(|step| step.name.to_string()).collect()
            }
            Self::Officer => {
                let tasks = case.tasks.iter().filter(|task| view.holds(Some(task.at)));
                tasks.map(|task| task.officer.to_string()).collect()
            }
        };
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    pub(super) fn of_card(self, judged: &Judged<'_>) -> Vec<String> {
        let (card, case) = (judged.card, judged.case);
        let one = |name: Option<&str>| name.map(str::to_owned).into_iter().collect();
        match self {
            Self::Region | Self::Town | Self::Village => self.of_region(&card.region),
            Self::Dept => vec![card.dept.clone()],
            Self::Item => one(card.item.as_deref().or(case.and_then(|case| case.item.as_deref()))),
            Self::Kind => one(case.map(|case| &*case.kind)),
            Self::Power => one(case.and_then(|case| case.power).map(Power::code)),
            Self::Rule => vec![card.rule.clone()],
            Self::Step => one(card.step.as_deref()),
            Self::Officer => one(card.officer.as_deref()),
        }
    }
}

pub(super) fn power_place(code: &str) -> usize {
    Power::ALL.iter().position(|(_, of, ..)| *of == code).unwrap_or(usize::MAX)
}
