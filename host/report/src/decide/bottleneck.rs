//! How long steps take, in working hours: median and ninth decile, and their share of all the time.

use super::{Inputs, hours, small_note};
use crate::exact::{Share, quantile};
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use crate::statistics::SMALL_SAMPLE;
use std::collections::BTreeMap;

/// Rows of the sheet: the steps that take most of the time.
const ROWS_MAX: usize = 50;

/// Steps by item, those that took most working hours first. Stops that the clock counts are left out.
#[must_use]
pub fn bottlenecks(inputs: &Inputs<'_>) -> Sheet {
    let mut times: BTreeMap<(&str, &str), Vec<i64>> = BTreeMap::new();
    for case in inputs.cases {
        let Some(item) = case.item.as_deref() else { continue };
        let done = case.steps.iter().filter(|step| inputs.period.contains(step.to.day()));
        let mut desk = None;
        for step in done {
            let Some(from) = step.from else { continue };
            let desk = desk.get_or_insert_with(|| (inputs.desk)(&case.region, &case.dept));
            let seconds = desk.worktime(from, step.to, &case.stops);
            times.entry((item, &step.name)).or_default().push(seconds);
        }
    }
    let whole: i64 = times.values().flatten().sum();
    let mut rows: Vec<_> =
        times.into_iter().map(|(of, times)| (times.iter().sum(), of, times)).collect();
    rows.sort_by(|one: &(i64, _, _), other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
    rows.truncate(ROWS_MAX);
    let columns = vec![
        Column::new("item", "事项", "item"),
        Column::new("name", "名称", "name"),
        Column::new("step", "环节", "step"),
        Column::new("count", "件次", "cases"),
        Column::new("median", "中位工时", "median hours"),
        Column::new("p90", "九成工时", "90 % within, hours"),
        Column::new("share", "占全部工时", "share of all hours"),
    ];
    let title = Text::new(
        format!("环节瓶颈（工作小时，{}）", inputs.period),
        format!("Bottlenecks in working hours ({})", inputs.period),
    );
    let mut sheet = Sheet::new("bottlenecks", title, columns);
    for (sum, (item, step), mut times) in rows {
        times.sort_unstable();
        let hours_at =
            |share| quantile(&times, share).map_or(Cell::Empty, |s| Cell::Number(hours(s)));
        let cells = vec![
            Cell::text(item),
            Cell::text(inputs.directory.item(item)),
            Cell::text(step),
            Cell::count(times.len()),
            hours_at(500),
            hours_at(900),
            Cell::Share(Share { part: sum, whole }),
        ];
        let small_sample = times.len() < SMALL_SAMPLE;
        sheet.rows.push(Row { key: format!("{item}/{step}"), cells, small_sample });
    }
    sheet.notes.push(Text::new(
        "环节用时从其开始（未报开始的，从上一环节结束）算到完成，只计办公时间，依法停表除外。",
        "A step runs from its beginning (or the end of the one before) to its end; only office hours \
         count, lawful stops do not.",
    ));
    small_note(&mut sheet);
    sheet
}
