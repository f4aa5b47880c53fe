//! FUND-Q01 沉淀/绩效: a project is far behind its plan.

use super::{Project, Said};
use crate::Params;
use plumbline_guest::{Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// One notice for each year, at the first report that is too far behind. A report carries the plan
/// as it stood, lawful revisions included.
pub(super) fn missed(project: &Project, params: &Params, look: &mut Look<'_>) {
    let reports = project.iter().filter_map(|entry| match entry.fact {
        Said::Progress { done, planned: Some(planned) } => Some((entry, done, planned)),
        _ => None,
    });
    let (mut years, mut count, mut worst) = (BTreeMap::new(), 0, 0);
    for (entry, done, planned) in reports {
        count += 1;
        worst = worst.max(planned - done);
        if planned - done > params.target_pts * 10 {
            years.entry(entry.time.day().ymd().0).or_insert((entry, done, planned));
        }
    }
    if count == 0 {
        return look.unknown("planned_ratio");
    }
    if years.is_empty() {
        return look.quiet(|| {
            let (worst, points) = (worst / 10, params.target_pts);
            Why::new(
                format!("{count} 次报告，最多落后 {worst} 个百分点，允许 {points}"),
                format!("{count} reports, at most {worst} points behind, {points} allowed"),
            )
            .int("behind_pts", worst)
            .int("target_pts", points)
        });
    }
    for (year, (entry, done, planned)) in years {
        let fire = Fire::new(Level::Notice, entry.time)
            .episode(year.to_string())
            .dept(&entry.dept)
            .evidence([entry.seq])
            .int("planned_pct", planned / 10)
            .int("done_pct", done / 10);
        look.fire_because(fire, || {
            let points = params.target_pts;
            Why::new(
                format!("落后超过 {points} 个百分点"),
                format!("more than {points} points behind"),
            )
            .int("target_pts", points)
        });
    }
}
