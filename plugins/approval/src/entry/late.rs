//! APPR-O01 事后补录: acts that were entered long after they happened, or in patterns that daily
//! work does not leave.

use super::{File, Line, Said, pattern};
use crate::{Params, excuse};
use plumbline_guest::{Entry, Fire, Level, Local, Look, Unit, Why};

/// The rule.
pub(crate) fn entered_late(file: &File, params: &Params, look: &mut Look<'_>) {
    one_card(file, params, look);
    pattern::cards(file, params, look);
}

/// One alert for all late lines of the case, at the level of the worst.
fn one_card(file: &File, params: &Params, look: &mut Look<'_>) {
    let late: Vec<_> = file
        .lines
        .iter()
        .filter_map(|line| Some((level(file, line, params, look)?, line)))
        .collect();
    let Some(worst) = late.iter().map(|(level, _)| *level).max() else {
        return look.quiet(|| in_time(file, params));
    };
    let longest = late.iter().map(|(_, line)| line.recorded.minutes_since(line.time)).max();
    let worst_lines = late.iter().filter(|(level, _)| *level == worst).map(|(_, line)| line);
    let first = worst_lines.min_by_key(|line| (line.recorded, line.fact.identity));
    let (Some(first), Some(longest)) = (first, longest) else { return };
    let (acts, limits) = (late.len(), &params.limits);
    let zh = format!("{acts} 个环节事后补录，最长迟 {longest} 分钟");
    let en = format!("{acts} acts entered late, up to {longest} minutes");
    let fire = Fire::new(worst, first.recorded)
        .dept(&first.dept)
        .evidence(late.iter().map(|(_, line)| line.seq))
        .int("acts", acts as i64)
        .int("minutes", longest)
        .int("limit_min", limits.backfill_min)
        .text("zh", &zh)
        .text("en", &en);
    look.fire_because(fire, || {
        let (min, red) = (limits.backfill_min, limits.backfill_red_wd);
        Why::new(
            format!("{zh}（限 {min} 分钟，满 {red} 个工作日为红牌）"),
            format!("{en} (limit {min} minutes, red from {red} working days on)"),
        )
        .int("backfill_red_wd", red)
    });
}

/// The longest delay of an act, which is within the limit or excused.
fn in_time(file: &File, params: &Params) -> Why {
    let judged = file.lines.iter().filter(|line| is_judged(&line.fact.said));
    let delays: Vec<_> = judged.map(|line| line.recorded.minutes_since(line.time)).collect();
    let (acts, min) = (delays.len(), params.limits.backfill_min);
    let longest = delays.into_iter().max().unwrap_or(0).max(0);
    let (zh, en) = if longest > min {
        ("已由停机、批准的迁移或更正谅解", "excused by an outage, a migration or a correction")
    } else {
        ("均及时录入", "all entered in time")
    };
    Why::new(
        format!("{acts} 个环节，最长迟 {longest} 分钟，限 {min} 分钟，{zh}"),
        format!("{acts} acts, up to {longest} minutes late, limit {min}, {en}"),
    )
    .count("acts", acts)
    .int("minutes", longest)
    .int("limit_min", min)
}

fn level(file: &File, line: &Entry<Line>, params: &Params, look: &Look<'_>) -> Option<Level> {
    if !is_judged(&line.fact.said) {
        return None;
    }
    // A line whose first version never came is known by its correction only.
    let (time, recorded) = *file.first.get(&line.fact.identity)?;
    let now = level_of(line, (line.time, line.recorded), params, look)?;
    let then = level_of(line, (time, recorded), params, look)?;
    let (batch, day) = (&line.fact.batch, line.recorded.day());
    let excused = excuse::is_approved_batch(look, batch, file.item(), day);
    (!excused).then(|| now.min(then))
}

fn is_judged(said: &Said) -> bool {
    matches!(said, Said::Received { .. } | Said::Accepted | Said::Step | Said::Decided)
}

fn level_of(
    line: &Entry<Line>,
    (time, recorded): (Local, Local),
    params: &Params,
    look: &Look<'_>,
) -> Option<Level> {
    let limits = &params.limits;
    let allowed_ms = limits.backfill_min * plumbline_guest::MS_PER_MINUTE;
    if recorded.0 - time.0 <= allowed_ms {
        return None;
    }
    let outages = excuse::outages(look, &line.source, recorded.day());
    if !outages.is_empty()
        && excuse::minutes_outside(&outages, time, recorded) <= limits.backfill_min
    {
        return None;
    }
    let (from, to) = (time.day(), recorded.day());
    let due = look.add(from, limits.backfill_red_wd, Unit::WorkingDay, false);
    let days = look.count(from, to, Unit::WorkingDay, &outages);
    let is_red = !due.provisional && days >= limits.backfill_red_wd;
    Some(if is_red { Level::Red } else { Level::Yellow })
}
