//! PRJ-F01 超概算: contracts and changes together above the approved total of that day.

use super::Act;
use crate::Params;
use plumbline_guest::{Entry, Facts, Fire, Level, Look, Why};

/// The worst moment so far.
#[derive(Clone, Copy, Debug)]
struct Excess {
    sum: i64,
    total: i64,
    level: Level,
}

/// Yellow above the total, red further above. An adjustment counts from its own day on: one that
/// comes afterwards does not undo what was spent without it.
pub(crate) fn exceeded(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let mut first: Option<&Entry<Act>> = None;
    let mut worst: Option<Excess> = None;
    let mut evidence = Vec::new();
    let (mut sum, mut unknown) = (0_i64, None);
    let mut latest = None;
    for entry in acts {
        let amount = match &entry.fact {
            Act::Signed { amount, .. } => amount,
            Act::Changed(change) => &change.amount,
            _ => continue,
        };
        evidence.push(entry.seq);
        let Some(amount) = amount else {
            unknown = Some("amount");
            continue;
        };
        sum = sum.saturating_add(*amount);
        let Some(total) = approved_total(acts, entry) else {
            unknown = Some("approved_total");
            continue;
        };
        latest = Some(total);
        let Some(level) = level_of(sum, total, params) else { continue };
        first.get_or_insert(entry);
        if worst.is_none_or(|worst| worst.level < level || worst.sum < sum) {
            let level = worst.map_or(level, |worst| worst.level.max(level));
            worst = Some(Excess { sum, total, level });
        }
    }
    if let Some((first, Excess { sum, total, level })) = first.zip(worst) {
        let fire = Fire::new(level, first.time)
            .dept(&first.dept)
            .evidence(evidence)
            .int("sum", sum)
            .int("total", total)
            .int("over", sum.saturating_sub(total));
        return look.fire_because(fire, || {
            let pct = params.project.over_red_pct;
            Why::new(
                format!("合计最高 {sum} 分，批准概算 {total} 分，超出 {pct}% 红牌"),
                format!("at most {sum} fen, approved {total} fen, red above {pct} % more"),
            )
            .int("red_pct", pct)
        });
    }
    if let Some(field) = unknown {
        return look.unknown(field);
    }
    look.quiet(|| {
        let why = Why::new(
            format!("合同与变更合计 {sum} 分，未超批准概算"),
            format!("contracts and changes sum up to {sum} fen, within the approved total"),
        )
        .int("sum", sum);
        latest.into_iter().fold(why, |why, total| why.int("total", total))
    });
}

/// What was approved by the end of that day.
fn approved_total(acts: &Facts<Act>, entry: &Entry<Act>) -> Option<i64> {
    let day = entry.time.day();
    let by_then = acts.iter().take_while(|act| act.time.day() <= day);
    let totals = by_then.filter_map(|act| match &act.fact {
        Act::Approved(approval) => approval.total,
        Act::Adjusted { total, is_approved: true } => *total,
        _ => None,
    });
    // Money that was committed before any approval is held against the first one.
    let first = || {
        acts.iter().find_map(|act| match &act.fact {
            Act::Approved(approval) => approval.total,
            _ => None,
        })
    };
    totals.last().or_else(first)
}

fn level_of(sum: i64, total: i64, params: &Params) -> Option<Level> {
    if sum <= total {
        return None;
    }
    let over = i128::from(sum) - i128::from(total);
    let is_red = over * 100 > i128::from(total) * i128::from(params.project.over_red_pct);
    Some(if is_red { Level::Red } else { Level::Yellow })
}
