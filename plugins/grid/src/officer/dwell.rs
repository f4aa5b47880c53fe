//! GRID-R05 停留过短: too little time for what is said to have been checked.

use super::{CARDS_MAX, Diary, Made, Record, month_name};
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Seconds that a checklist takes: its own figure, else by items; officers share it.
fn needed_s(made: &Made, params: &Params) -> i64 {
    let whole = made.min_dwell_s.unwrap_or(made.items * params.item_s);
    (whole / made.officers.max(1)).max(params.dwell_min_s)
}

/// GRID-R05: a record that took too little time, and records that follow one another without a way.
pub(super) fn hasty(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    if !diary.own().any(|(_, made)| made.site) {
        return look.exempt(|| {
            Why::new("没有入企检查", "no inspection on the premises").count("inspections", 0)
        });
    }
    let mut cards = 0;
    for (record, made) in diary.own().filter(|(_, made)| made.site) {
        let Some(dwell) = made.dwell_s(record) else {
            look.unknown("ended");
            continue;
        };
        let needed = needed_s(made, params);
        let why = || {
            Why::new(
                format!("{} 现场 {dwell} 秒，至少 {needed} 秒", record.insp_no),
                format!("{}: {dwell} s on site, {needed} s needed", record.insp_no),
            )
            .int("items", made.items)
            .int("officers", made.officers)
        };
        if dwell >= needed {
            look.quiet(|| why().int("dwell_s", dwell).int("needed_s", needed));
            continue;
        }
        cards += 1;
        if cards > CARDS_MAX {
            break;
        }
        let fire = Fire::new(Level::Yellow, made.ended.unwrap_or(record.started))
            .episode(&record.insp_no)
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence([record.seq])
            .text("zh", &format!("检查 {} 现场 {dwell} 秒，至少应 {needed} 秒", record.insp_no))
            .text("en", &format!("{} took {dwell} s, {needed} s are the least", record.insp_no));
        look.fire_because(fire, why);
    }
    chains(diary, params, look);
}

/// Records that begin as soon as the one before ended, elsewhere.
fn chains(diary: &Diary, params: &Params, look: &mut Look<'_>) {
    let records: Vec<_> = diary.own().filter(|(_, made)| made.site).collect();
    let mut months: BTreeMap<String, Vec<(&Record, &Made)>> = BTreeMap::new();
    for pair in records.windows(2) {
        let [(before, made_before), (record, made)] = pair else { continue };
        let Some(ended) = made_before.ended else { continue };
        let gap_ms = record.started.0 - ended.0;
        if before.object != record.object && (0..=params.chain_s * 1_000).contains(&gap_ms) {
            months.entry(month_name(record.started)).or_default().push((record, made));
        }
    }
    for (month, links) in months.into_iter().filter(|(_, links)| links.len() >= params.chain_n) {
        let (nth, made) = links[params.chain_n.max(1) - 1];
        let count = links.len();
        let fire = Fire::new(Level::Yellow, nth.started)
            .episode(format!("chain/{month}"))
            .subject(&diary.officer)
            .dept(&made.dept)
            .evidence(links.iter().map(|(record, _)| record.seq))
            .text(
                "zh",
                &format!("{count} 次在上一对象检查结束后 {} 秒内开始下一对象", params.chain_s),
            )
            .text("en", &format!("{count} records began within {} s of the last", params.chain_s));
        look.fire_because(fire, || {
            Why::new("相邻检查之间没有路途时间", "no time for the way between checks")
                .count("links", count)
                .count("chain_n", params.chain_n)
        });
    }
}
