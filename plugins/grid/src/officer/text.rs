//! GRID-R01 复制粘贴记录: texts that were copied, and checks ticked off in a row.

use super::{Diary, Made, Record, month_name};
use crate::Params;
use crate::sketch::Sketch;
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
    let copies = copies(diary, params);
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

/// Records whose text is that of an earlier record about another object.
fn copies<'a>(diary: &'a Diary, params: &Params) -> Vec<(&'a Record, &'a Made, u64)> {
    let is_long = |sketch: &&Sketch| sketch.chars >= params.text_min_chars;
    let window = i64::from(params.repeat_d) * MS_PER_DAY;
    let mut copies = Vec::new();
    for (index, record) in diary.records.iter().enumerate() {
        let Some(made) = &record.made else { continue };
        let Some(sketch) = record.sketch.as_ref().filter(is_long) else { continue };
        let earlier = diary.records[..index].iter().rev();
        let mut recent = earlier.take_while(|other| record.started.0 - other.started.0 <= window);
        let source = recent.find(|other| {
            other.object != record.object
                && other.sketch.as_ref().filter(is_long).is_some_and(|other| {
                    sketch.is_like(other, params.text_bits, params.jaccard_pct)
                })
        });
        if let Some(source) = source {
            copies.push((record, made, source.seq));
        }
    }
    copies
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

/// The level of copied texts in each month, for other rules.
pub(super) fn months_with_copies(diary: &Diary, params: &Params) -> Vec<String> {
    by_month(&copies(diary, params), params).into_keys().collect()
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
