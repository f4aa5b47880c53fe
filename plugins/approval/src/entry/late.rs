//! APPR-O01 事后补录: acts that were entered long after they happened, or in patterns that daily
//! work does not leave.

use super::{File, Line, Said, pattern};
use crate::{Params, excuse};
use plumbline_guest::{Entry, Fire, Level, Local, Look, Unit};

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
        return look.quiet(|| ("各环节均及时录入".into(), "every act was entered in time".into()));
    };
    let longest = late.iter().map(|(_, line)| line.recorded.minutes_since(line.time)).max();
    let worst_lines = late.iter().filter(|(level, _)| *level == worst).map(|(_, line)| line);
    let first = worst_lines.min_by_key(|line| (line.recorded, line.fact.identity));
    let (Some(first), Some(longest)) = (first, longest) else { return };
    look.fire(
        Fire::new(worst, first.recorded)
            .dept(&first.dept)
            .evidence(late.iter().map(|(_, line)| line.seq))
            .int("acts", late.len() as i64)
            .int("minutes", longest)
            .int("limit_min", params.limits.backfill_min)
            .text("zh", &format!("{} 个环节事后补录，最长迟 {longest} 分钟", late.len()))
            .text("en", &format!("{} acts entered late, up to {longest} minutes", late.len())),
    );
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
