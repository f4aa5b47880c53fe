//! GRID-R01 复制粘贴记录: texts that were copied, and checks ticked off in a row.

use super::{Diary, Made, Record, month_name};
use crate::Params;
use plumbline_guest::{Fire, Level, Local, Look, MS_PER_DAY, Why};
use std::collections::BTreeMap;

/// What is found in one month.
#[derive(Default)]
struct Month<'a> {
    level: Option<Level>,
    at: Option<Local>,
    dept: &'a str,
    worst: usize,
    evidence: Vec<u64>,
}

/// GRID-R01: one card a month for copied texts, one for checklists that were ticked off.
pub(super) fn copied(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    let copies = copies(diary);
    let months = by_month(&copies, params);
    let mut cards = 0;
    for (month, found) in &months {
        let (Some(level), Some(at)) = (found.level, found.at) else { continue };
        cards += 1;
        let fire = Fire::new(level, at)
            .episode(format!("text/{month}"))
            .subject(&diary.officer)
            .dept(found.dept)
            .evidence(found.evidence.iter().copied())
            .text(
                "zh",
                &format!("{} 日内 {} 条记录与其他对象的记录雷同", params.repeat_d, found.worst),
            )
            .text("en", &format!("{} copied records in {} days", found.worst, params.repeat_d));
        look.fire_because(fire, || {
            let (yellow, red) = (params.copy_yellow, params.copy_red);
            Why::new(
                format!("去除模板、名称和数字后雷同，{yellow} 条黄牌，{red} 条红牌"),
                format!("alike without templates, names and numbers; {yellow} yellow, {red} red"),
            )
            .count("copies", found.worst)
            .count("copy_red", red)
        });
    }
    cards += ticked_off(diary, params, look);
    if cards == 0 {
        look.quiet(|| in_order(diary, copies.len(), params));
    }
}

/// Compares the text of a record with those of all others: each record knows the earliest one within
/// the window that it copies, whatever the order of arrival.
pub(super) fn compare(others: &mut [Record], record: &mut Record, params: &Params) {
    if !is_long(record, params) {
        return;
    }
    for other in others.iter_mut().filter(|other| is_long(other, params)) {
        let is_later = (record.started, record.seq) > (other.started, other.seq);
        let (later, earlier) =
            if is_later { (&mut *record, &*other) } else { (&mut *other, &*record) };
        let source = (earlier.started, earlier.seq);
        if later.copy_of.is_none_or(|known| source < known) && is_copy(later, earlier, params) {
            later.copy_of = Some(source);
        }
    }
}

/// Looks anew for those that pointed at a record that is gone.
pub(super) fn forget(records: &mut [Record], seq: u64, params: &Params) {
    for index in 0..records.len() {
        if records[index].copy_of.is_none_or(|(_, source)| source != seq) {
            continue;
        }
        let record = &records[index];
        let mut earlier = records[..index].iter().filter(|other| is_long(other, params));
        let source = earlier.find(|other| is_copy(record, other, params));
        let source = source.map(|source| (source.started, source.seq));
        records[index].copy_of = source;
    }
}

fn is_long(record: &Record, params: &Params) -> bool {
    record.sketch.is_some_and(|sketch| sketch.chars >= params.text_min_chars)
}

fn is_copy(record: &Record, earlier: &Record, params: &Params) -> bool {
    let window = i64::from(params.repeat_d) * MS_PER_DAY;
    record.object != earlier.object
        && record.started.0 - earlier.started.0 <= window
        && record
            .sketch
            .zip(earlier.sketch)
            .is_some_and(|(one, other)| one.is_like(&other, params.text_bits, params.jaccard_pct))
}

/// Records whose text is that of an earlier record about another object.
fn copies(diary: &Diary) -> Vec<(&Record, &Made, u64)> {
    let copies = diary.own().filter_map(|(record, made)| Some((record, made, record.copy_of?.1)));
    copies.collect()
}

/// Counts copies within the window that ends with each, and takes the worst of a month.
fn by_month<'a>(
    copies: &[(&'a Record, &'a Made, u64)],
    params: &Params,
) -> BTreeMap<String, Month<'a>> {
    let window = i64::from(params.repeat_d) * MS_PER_DAY;
    let mut months: BTreeMap<String, Month<'a>> = BTreeMap::new();
    for (index, (record, made, _)) in copies.iter().enumerate() {
        let is_recent =
            |(other, _, _): &&(&Record, &Made, u64)| record.started.0 - other.started.0 <= window;
        let recent = copies[..=index].iter().rev().take_while(is_recent);
        let recent: Vec<_> = recent.flat_map(|(copy, _, source)| [copy.seq, *source]).collect();
        let count = recent.len() / 2;
        if count < params.copy_yellow {
            continue;
        }
        let month = months.entry(month_name(record.started)).or_default();
        let level = if count >= params.copy_red { Level::Red } else { Level::Yellow };
        month.level = month.level.max(Some(level));
        month.at.get_or_insert(record.started);
        month.dept = &made.dept;
        if count > month.worst {
            (month.worst, month.evidence) = (count, recent);
        }
    }
    for month in months.values_mut() {
        month.evidence.sort_unstable();
        month.evidence.dedup();
    }
    months
}

/// Whether copied texts are a card of a month, for other rules.
pub(super) fn has_copies(diary: &Diary, month: &str, params: &Params) -> bool {
    by_month(&copies(diary), params).contains_key(month)
}

/// Records in a row in which everything passed, in less time than one takes.
fn ticked_off(diary: &Diary, params: &Params, look: &mut Look<'_>) -> usize {
    let records: Vec<_> = diary.own().filter(|(_, made)| made.site && made.items > 0).collect();
    let mut months: BTreeMap<String, (Local, &Made, Vec<u64>, i64)> = BTreeMap::new();
    for run in records.windows(params.pass_run.max(1)) {
        let seconds: Option<i64> = run.iter().map(|(record, made)| made.dwell_s(record)).sum();
        let Some(seconds) = seconds.filter(|seconds| *seconds < params.pass_run_s) else {
            continue;
        };
        if !run.iter().all(|(_, made)| made.all_pass) {
            continue;
        }
        let Some((last, made)) = run.last() else { continue };
        let seqs = run.iter().map(|(record, _)| record.seq).collect();
        months.entry(month_name(last.started)).or_insert((last.started, made, seqs, seconds));
    }
    let cards = months.len();
    for (month, (at, made, seqs, seconds)) in months {
        let count = params.pass_run;
        let fire = Fire::new(Level::Yellow, at)
            .episode(format!("run/{month}"))
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence(seqs)
            .text("zh", &format!("连续 {count} 条记录全部合格，现场合计仅 {seconds} 秒"))
            .text("en", &format!("{count} records in a row all passed in {seconds} s together"));
        look.fire_because(fire, || {
            Why::new("全部合格且合计时长过短", "all passed in too little time")
                .int("seconds", seconds)
                .int("pass_run_s", params.pass_run_s)
        });
    }
    cards
}

fn in_order(diary: &Diary, copies: usize, params: &Params) -> Why {
    let texts = diary.own().filter_map(|(record, _)| record.sketch);
    let long = texts.filter(|sketch| sketch.chars >= params.text_min_chars).count();
    Why::new(
        format!("可比对的记录 {long} 条，雷同 {copies} 条，{} 条起黄牌", params.copy_yellow),
        format!("{long} texts to compare, {copies} copied, yellow from {}", params.copy_yellow),
    )
    .count("texts", long)
    .count("copies", copies)
    .int("min_chars", params.text_min_chars)
}
