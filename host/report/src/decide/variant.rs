//! Which ways cases take: the order of their steps, by item.

use super::{Inputs, hours, small_note};
use crate::exact::{Share, quantile};
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use crate::statistics::SMALL_SAMPLE;
use std::collections::BTreeMap;

/// Variants of one item that are shown.
const VARIANTS_MAX: usize = 5;
/// Steps of a variant that are named; what comes behind is one more variant with an ellipsis.
const STEPS_MAX: usize = 20;

/// Concluded cases by item and order of steps, the most frequent first.
#[must_use]
pub fn variants(inputs: &Inputs<'_>) -> Sheet {
    let mut ways: BTreeMap<&str, BTreeMap<String, Vec<i64>>> = BTreeMap::new();
    for case in inputs.cases.iter().filter(|case| inputs.period.holds(case.concluded())) {
        let (Some(item), Some(end)) = (case.item.as_deref(), case.concluded()) else { continue };
        if case.steps.is_empty() {
            continue;
        }
        let desk = (inputs.desk)(&case.region, &case.dept);
        let start = case.received.or(case.accepted).unwrap_or(end);
        let seconds = desk.worktime(start, end, &case.stops);
        ways.entry(item).or_default().entry(way(case)).or_default().push(seconds);
    }
    let columns = vec![
        Column::new("item", "事项", "item"),
        Column::new("name", "名称", "name"),
        Column::new("steps", "流程", "steps"),
        Column::new("count", "件数", "cases"),
        Column::new("share", "占比", "share"),
        Column::new("median", "中位工时", "median hours"),
        Column::new("variants", "变体数", "variants"),
    ];
    let title = Text::new(
        format!("流程变体（{}）", inputs.period),
        format!("Process variants ({})", inputs.period),
    );
    let mut sheet = Sheet::new("variants", title, columns);
    for (item, ways) in ways {
        let whole: usize = ways.values().map(Vec::len).sum();
        let count = ways.len();
        let mut ways: Vec<_> = ways.into_iter().collect();
        ways.sort_by(|one, other| {
            other.1.len().cmp(&one.1.len()).then_with(|| one.0.cmp(&other.0))
        });
        for (steps, mut times) in ways.into_iter().take(VARIANTS_MAX) {
            times.sort_unstable();
            let median = quantile(&times, 500).map_or(Cell::Empty, |s| Cell::Number(hours(s)));
            let cells = vec![
                Cell::text(item),
                Cell::text(inputs.directory.item(item)),
                Cell::text(&steps),
                Cell::count(times.len()),
                Cell::Share(Share::new(times.len(), whole)),
                median,
                Cell::count(count),
            ];
            let small_sample = whole < SMALL_SAMPLE;
            sheet.rows.push(Row { key: format!("{item}/{steps}"), cells, small_sample });
        }
    }
    small_note(&mut sheet);
    sheet
}

fn way(case: &crate::cases::Case) -> String {
    let mut names: Vec<&str> = case.steps.iter().take(STEPS_MAX).map(|step| &*step.name).collect();
    if case.steps.len() > STEPS_MAX {
        names.push("…");
    }
    names.join(" → ")
}
