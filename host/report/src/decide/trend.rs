//! How figures move from month to month, against the month before and the same month a year ago.
//! From fewer cases than carry a comparison none is made.

use super::{Inputs, small_note};
use crate::cases::Timing;
use crate::exact::{Share, wilson};
use crate::period::Period;
use crate::sheet::{Cell, Column, Row, Sheet, Text};
use crate::statistics::SMALL_SAMPLE;
use std::collections::BTreeMap;

/// Months shown: those of the period and as many before as make a year and one.
const MONTHS: i32 = 13;
/// Fewest cases in both months for a comparison: 10 to 11 is no rise.
const COMPARE_MIN: i64 = 20;

#[derive(Clone, Copy, Debug, Default)]
struct Figures {
    received: i64,
    concluded: i64,
    limited: i64,
    overdue: i64,
    cards: i64,
}

/// The last thirteen months up to the end of the period.
#[must_use]
pub fn trends(inputs: &Inputs<'_>) -> Sheet {
    let mut months: BTreeMap<Period, Figures> = BTreeMap::new();
    let mut add = |at: Option<plumbline_contract::time::Local>, to: &dyn Fn(&mut Figures)| {
        if let Some(at) = at {
            to(months.entry(Period::month_of(at.day())).or_default());
        }
    };
    for case in inputs.cases {
        add(case.received.or(case.accepted), &|of| of.received += 1);
        let timing = case.timing();
        add(case.concluded(), &|of| {
            of.concluded += 1;
            of.limited += i64::from(timing != Timing::Unknown);
            of.overdue += i64::from(timing == Timing::Overdue);
        });
    }
    for card in inputs.cards.iter().filter(|card| card.counts()) {
        add(Some(card.issued), &|of| of.cards += 1);
    }
    let columns = vec![
        Column::new("month", "月份", "month"),
        Column::new("received", "收件", "received"),
        Column::new("before", "环比", "against the month before"),
        Column::new("year", "同比", "against a year ago"),
        Column::new("concluded", "办结", "concluded"),
        Column::new("overdue", "超期办结", "overdue"),
        Column::new("overdue_rate", "超期率", "overdue rate"),
        Column::new("overdue_interval", "超期率95%区间", "overdue rate, 95 %"),
        Column::new("cards", "黄红牌", "cards"),
    ];
    let title = Text::new("月度趋势", "Trends by month");
    let mut sheet = Sheet::new("trends", title, columns);
    let last = Period::month_of(inputs.period.days().1.min(inputs.as_of));
    let of = |month: Period| months.get(&month).copied().unwrap_or_default();
    for back in (0..MONTHS).rev() {
        let month = last.shifted(-back);
        let (now, before, year) = (of(month), of(month.shifted(-1)), of(month.shifted(-12)));
        let overdue = Share { part: now.overdue, whole: now.limited };
        let cells = vec![
            Cell::text(month.to_string()),
            Cell::Count(now.received),
            change(before.received, now.received),
            change(year.received, now.received),
            Cell::Count(now.concluded),
            Cell::Count(now.overdue),
            Cell::Share(overdue),
            wilson(overdue).map_or(Cell::Empty, Cell::Interval),
            Cell::Count(now.cards),
        ];
        let small_sample = now.concluded < SMALL_SAMPLE as i64;
        sheet.rows.push(Row { key: month.to_string(), cells, small_sample });
    }
    sheet.notes.push(Text::new(
        format!("任一月不足 {COMPARE_MIN} 件的，不算同比、环比。"),
        format!("No comparison where either month has fewer than {COMPARE_MIN}."),
    ));
    small_note(&mut sheet);
    sheet
}

fn change(before: i64, now: i64) -> Cell {
    if before < COMPARE_MIN || now < COMPARE_MIN {
        return Cell::Empty;
    }
    Cell::Share(Share { part: now - before, whole: before })
}
