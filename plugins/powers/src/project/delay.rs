//! PRJ-T01 拖期: reports that show how far the works are behind the plan in force.

use super::{Act, PCT_PLACES};
use crate::Params;
use plumbline_guest::{Entry, Facts, Fire, Level, Look, Why};

/// One card for each project, at the worst lag that a report has shown.
pub(crate) fn behind(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let limits = &params.project;
    let unit = 10_i64.pow(PCT_PLACES);
    let mut worst: Option<(&Entry<Act>, i64, i64)> = None;
    let mut first: Option<&Entry<Act>> = None;
    let (mut plan_ver, mut stopped) = ("", false);
    let (mut reports, mut excused, mut unknown) = (0, 0, None);
    for entry in acts {
        match &entry.fact {
            Act::Planned { plan_ver: new, is_approved: true } => plan_ver = new,
            Act::Stopped { has_basis: true } => stopped = true,
            Act::Resumed => stopped = false,
            Act::Progress { plan, real, plan_ver: measured } => {
                reports += 1;
                // A report by a plan that was changed with approval says nothing.
                if stopped || (!plan_ver.is_empty() && measured != plan_ver) {
                    excused += 1;
                    continue;
                }
                let (Some(plan), Some(real)) = (plan, real) else {
                    unknown = Some(if plan.is_none() { "plan_pct" } else { "real_pct" });
                    continue;
                };
                let lag = plan.saturating_sub(*real);
                if lag > limits.lag_yellow_pts.saturating_mul(unit) {
                    first.get_or_insert(entry);
                }
                if worst.is_none_or(|(_, plan, real)| lag > plan - real) {
                    worst = Some((entry, *plan, *real));
                }
            }
            _ => {}
        }
    }
    let shown = |parts: i64| format!("{}.{}", parts / unit, parts % unit / (unit / 10));
    let why = || {
        let why = Why::default()
            .count("reports", reports)
            .count("excused", excused)
            .int("yellow_pts", limits.lag_yellow_pts)
            .int("red_pts", limits.lag_red_pts);
        match worst {
            Some((_, plan, real)) => why.and(
                Why::new(
                    format!("最大偏差：计划 {}%，实际 {}%", shown(plan), shown(real)),
                    format!("largest lag: planned {} %, done {} %", shown(plan), shown(real)),
                )
                .int("plan_milli", plan)
                .int("real_milli", real),
            ),
            None => why.and(Why::new("没有可比的进度报告", "no report to compare")),
        }
    };
    if let Some((first, (entry, plan, real))) = first.zip(worst) {
        let is_red = plan - real > limits.lag_red_pts.saturating_mul(unit);
        let fire = Fire::new(if is_red { Level::Red } else { Level::Yellow }, first.time)
            .dept(&first.dept)
            .evidence([first.seq, entry.seq])
            .text("plan_pct", &shown(plan))
            .text("real_pct", &shown(real));
        return look.fire_because(fire, why);
    }
    match unknown {
        Some(field) => look.unknown(field),
        None if excused > 0 && excused == reports => look.exempt(why),
        None => look.quiet(why),
    }
}
