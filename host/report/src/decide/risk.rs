//! Which items and departments carry a risk: the share of concluded cases with a card, ranked by the
//! lower bound of its interval, so that two bad cases of three do not lead the list.

use super::{Inputs, small_note};
use crate::cases::Case;
use crate::exact::{Share, wilson};
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use crate::statistics::SMALL_SAMPLE;
use plumbline_contract::alert::Level;
use std::collections::{BTreeMap, BTreeSet};

/// What is ranked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    Item,
    Dept,
}

/// Rows of the sheet.
const ROWS_MAX: usize = 50;

/// The ranking of a period.
#[must_use]
pub fn risks(inputs: &Inputs<'_>, by: By) -> Sheet {
    let standing = inputs.cards.iter().filter(|card| card.counts());
    let mut carded: BTreeMap<&str, Level> = BTreeMap::new();
    for card in standing {
        let level = carded.entry(&card.key).or_insert(card.level);
        *level = (*level).max(card.level);
    }
    let mut rows: BTreeMap<&str, (usize, BTreeSet<&str>, usize)> = BTreeMap::new();
    for case in inputs.cases.iter().filter(|case| inputs.period.holds(case.concluded())) {
        let Some(key) = key(case, by) else { continue };
        let (all, with, red) = rows.entry(key).or_default();
        *all += 1;
        if let Some(level) = carded.get(&*case.no) {
            with.insert(&case.no);
            *red += usize::from(*level == Level::Red);
        }
    }
    let mut ranked: Vec<_> = rows
        .into_iter()
        .map(|(key, (all, with, red))| (key, Share::new(with.len(), all), red))
        .collect();
    let low = |share: &Share| wilson(*share).map_or(0, |interval| interval.low);
    ranked.sort_by(|one, other| {
        let bound = low(&other.1).cmp(&low(&one.1));
        bound.then(other.1.whole.cmp(&one.1.whole)).then(one.0.cmp(other.0))
    });
    ranked.truncate(ROWS_MAX);
    let (id, zh, en) = match by {
        By::Item => ("risk_items", "事项", "items"),
        By::Dept => ("risk_depts", "部门", "departments"),
    };
    let columns = vec![
        Column::new("code", "编码", "code"),
        Column::new("name", "名称", "name"),
        Column::new("concluded", "办结", "concluded"),
        Column::new("carded", "有牌办件", "with a card"),
        Column::new("red", "有红牌办件", "with a red card"),
        Column::new("rate", "发牌率", "share with a card"),
        Column::new("interval", "95%区间", "95 %"),
    ];
    let title = Text::new(
        format!("{zh}风险排序（{}）", inputs.period),
        format!("Risk of {en} ({})", inputs.period),
    );
    let mut sheet = Sheet::new(id, title, columns);
    for (key, share, red) in ranked {
        let name = match by {
            By::Item => inputs.directory.item(key),
            By::Dept => inputs.directory.dept(key),
        };
        let cells = vec![
            Cell::text(key),
            Cell::text(name),
            Cell::Count(share.whole),
            Cell::Count(share.part),
            Cell::count(red),
            Cell::Share(share),
            wilson(share).map_or(Cell::Empty, Cell::Interval),
        ];
        let small_sample = share.whole < SMALL_SAMPLE as i64;
        sheet.rows.push(Row { key: key.to_owned(), cells, small_sample });
    }
    sheet.notes.push(Text::new(
        "按区间下限排序：件数少的不会因一两件而居前。牌是线索，不是结论。",
        "Ranked by the lower bound, so that few cases do not lead the list. A card is a clue, no verdict.",
    ));
    small_note(&mut sheet);
    sheet
}

fn key(case: &Case, by: By) -> Option<&str> {
    match by {
        By::Item => case.item.as_deref(),
        By::Dept => Some(&case.dept),
    }
}
