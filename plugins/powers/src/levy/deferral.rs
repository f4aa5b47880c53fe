//! LEV-T01 缓缴超期: deferrals of one period that together are longer than the law allows.

use super::Act;
use crate::Params;
use plumbline_guest::{Facts, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// One yellow card for each period.
pub(crate) fn too_long(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let most = params.levy.delay_months;
    let mut months: BTreeMap<&str, i64> = BTreeMap::new();
    let mut seen = 0;
    for entry in acts {
        let Act::Delayed(deferral) = &entry.fact else { continue };
        seen += 1;
        let period = deferral.period.as_str();
        if deferral.by_province {
            look.exempt(|| {
                Why::new("省级税务机关依文件批准", "the province approved it by a document")
                    .text("period", period)
            });
            continue;
        }
        let Some(more) = deferral.months else {
            look.unknown("months");
            continue;
        };
        let sum = months.entry(period).or_default();
        let before = *sum;
        *sum += more;
        if before <= most && *sum > most {
            let fire = Fire::new(Level::Yellow, entry.time)
                .episode(period)
                .dept(&entry.dept)
                .evidence([entry.seq])
                .int("months", *sum)
                .int("limit_months", most)
                .text("period", period);
            let sum = *sum;
            look.fire_because(fire, || {
                let (zh, en) = (
                    format!("累计缓缴 {sum} 个月，限 {most} 个月"),
                    format!("deferred for {sum} months in all, {most} allowed"),
                );
                Why::new(zh, en).day("deferred_on", entry.time.day())
            });
        }
    }
    if months.values().all(|sum| *sum <= most) {
        let longest = months.values().max().copied().unwrap_or(0);
        look.quiet(|| {
            Why::new(
                format!("缓缴 {seen} 次，同一所属期累计最长 {longest} 个月，限 {most} 个月"),
                format!(
                    "{seen} deferrals, at most {longest} months for one period, {most} allowed"
                ),
            )
            .count("deferrals", seen)
            .int("longest_months", longest)
            .int("allowed_months", most)
        });
    }
}
