//! Which open cases will fall due in the next working days, and what their like did before. It
//! counts what is known; it does not say that a case will be late.

use super::{Inputs, small_note};
use crate::cases::{Case, Timing};
use crate::exact::{Share, wilson};
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use crate::statistics::SMALL_SAMPLE;
use plumbline_contract::worktime::Unit;
use std::collections::BTreeMap;

/// Most cases that are listed; a county has a few hundred that fall due in a week.
const ROWS_MAX: usize = 5_000;

/// Open cases whose last lawful day lies within `ahead_wd` working days, or has passed, by that day.
#[must_use]
pub fn forecast(inputs: &Inputs<'_>, ahead_wd: u32) -> Sheet {
    let history = history(inputs);
    let days = i32::try_from(ahead_wd).unwrap_or(i32::MAX);
    let mut due: Vec<(&Case, plumbline_contract::time::Day, i32)> = Vec::new();
    for case in inputs.cases.iter().filter(|case| case.is_open()) {
        let Some(last) = case.due else { continue };
        // A clock that stands brings nothing near.
        let stands = case.stops.iter().any(|stop| stop.end.day() >= inputs.as_of);
        let desk = (inputs.desk)(&case.region, &case.dept);
        let horizon = desk.add(inputs.as_of, days, Unit::WorkingDay, false).day;
        if !stands && last <= horizon {
            let left = desk.count(inputs.as_of, last, Unit::WorkingDay, &[]);
            due.push((case, last, left));
        }
    }
    due.sort_by(|one, other| {
        (one.1, &one.0.kind, &one.0.no).cmp(&(other.1, &other.0.kind, &other.0.no))
    });
    let left_out = due.len().saturating_sub(ROWS_MAX);
    let columns = vec![
        Column::new("case", "编号", "case"),
        Column::new("dept", "部门", "department"),
        Column::new("item", "事项", "item"),
        Column::new("due", "最后期限", "last lawful day"),
        Column::new("left", "剩余工作日", "working days left"),
        Column::new("like", "同类超期率", "its like: overdue"),
        Column::new("like_interval", "同类超期率95%区间", "its like: overdue, 95 %"),
        Column::new("mark", "说明", "remark"),
    ];
    let title = Text::new(
        format!("到期预测（{}起 {ahead_wd} 个工作日）", inputs.as_of),
        format!("Falling due ({ahead_wd} working days from {})", inputs.as_of),
    );
    let mut sheet = Sheet::new("forecast", title, columns);
    for (case, last, left) in due.into_iter().take(ROWS_MAX) {
        let like = case.item.as_deref().and_then(|item| history.get(item)).copied();
        let like = like.unwrap_or_default();
        let item = case.item.as_deref().unwrap_or_default();
        let cells = vec![
            Cell::text(&*case.no),
            Cell::text(inputs.directory.dept(&case.dept)),
            Cell::text(inputs.directory.item(item)),
            Cell::text(last.to_string()),
            Cell::Count(left.into()),
            Cell::Share(like),
            wilson(like).map_or(Cell::Empty, Cell::Interval),
            mark(case, last < inputs.as_of),
        ];
        let small_sample = like.whole < SMALL_SAMPLE as i64;
        sheet.rows.push(Row { key: case.no.to_string(), cells, small_sample });
    }
    sheet.notes.push(Text::new(
        "同类超期率为本期该事项有时限的办结件中超期的比例，仅供安排力量，不是对该件的判断。",
        "The rate of its like is that of concluded cases of the item in the period; it helps to plan and \
         says nothing of the case.",
    ));
    if left_out > 0 {
        sheet.notes.push(Text::new(
            format!("另有 {left_out} 件未列。"),
            format!("{left_out} more are not listed."),
        ));
    }
    small_note(&mut sheet);
    sheet
}

fn mark(case: &Case, is_over: bool) -> Cell {
    match (is_over, case.provisional) {
        (true, _) => Cell::Words(Text::new("已超期", "overdue")),
        (false, true) => {
            Cell::Words(Text::new("暂定：放假安排未公布", "provisional: holidays not announced"))
        }
        (false, false) => Cell::Empty,
    }
}

/// By item: overdue among the concluded cases of the period that had a limit.
fn history<'a>(inputs: &Inputs<'a>) -> BTreeMap<&'a str, Share> {
    let mut history: BTreeMap<&str, Share> = BTreeMap::new();
    for case in inputs.cases.iter().filter(|case| inputs.period.holds(case.concluded())) {
        let (Some(item), timing) = (case.item.as_deref(), case.timing()) else { continue };
        if timing != Timing::Unknown {
            let share = history.entry(item).or_default();
            share.whole += 1;
            share.part += i64::from(timing == Timing::Overdue);
        }
    }
    history
}
