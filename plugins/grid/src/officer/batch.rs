//! GRID-R06 节奏异常: records that are uploaded all at once, at the month's end or by night.

use super::{Diary, Made, Record, month_end, month_name, text};
use crate::Params;
use crate::period::daily_timer;
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Days at the end of a month that count as its end.
const LAST_DAYS: i32 = 2;
/// The hour before which it is night.
const NIGHT_MINUTE: i64 = 6 * 60;

/// GRID-R06: looked at once the month and its stragglers are in.
pub(super) fn uploaded(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    let mut months: BTreeMap<u32, Vec<(&Record, &Made)>> = BTreeMap::new();
    for (record, made) in diary.own() {
        // A village without signal cannot upload when it wants to.
        if !made.offline {
            months.entry(record.started.day().ymd().1).or_default().push((record, made));
        }
    }
    if months.is_empty() {
        return look.quiet(|| {
            Why::new("没有联网记录的检查", "no record made with signal").count("records", 0)
        });
    }
    for (month, records) in months {
        let end = month_end(diary.year, month);
        if records.len() < params.batch_min || !look.reached(daily_timer(end.plus(2))) {
            look.quiet(|| {
                Why::new("样本不足或月份未结束", "too few records, or the month is not over")
                    .count("records", records.len())
                    .count("batch_min", params.batch_min)
            });
            continue;
        }
        judge(diary, end, &records, params, look);
    }
}

fn judge(
    diary: &Diary,
    end: Day,
    records: &[(&Record, &Made)],
    params: &Params,
    look: &mut Look<'_>,
) {
    let first = end.plus(1 - LAST_DAYS);
    let is_late = |made: &Made| made.uploaded.day() >= first;
    let is_night = |made: &Made| made.uploaded.minute_of_day() < NIGHT_MINUTE;
    let count = |is: &dyn Fn(&Made) -> bool| records.iter().filter(|(_, made)| is(made)).count();
    let (late, night) = (count(&is_late), count(&is_night));
    let worst = late.max(night);
    let why = || {
        Why::new(
            format!("{} 条中月末 {late} 条、夜间 {night} 条", records.len()),
            format!("{late} of {} at the month's end, {night} by night", records.len()),
        )
        .count("late", late)
        .count("night", night)
        .count("batch_pct", params.batch_pct)
    };
    if worst * 100 < params.batch_pct * records.len() {
        return look.quiet(|| why().count("records", records.len()));
    }
    let month = month_name(end.start());
    let copied = text::has_copies(diary, &month, params);
    let level = if copied { Level::Red } else { Level::Notice };
    let fire = Fire::new(level, end.plus(1).start())
        .episode(&month)
        .subject(&diary.officer)
        .dept(&records[0].1.dept)
        .evidence(records.iter().map(|(record, _)| record.seq))
        .text("month", &month)
        .int("batch", worst as i64)
        .int("records", records.len() as i64);
    look.fire_because(fire, why);
}
