//! GRID-P01 检查结果公开: results that the public may read.

use super::{Kind, Object};
use crate::Params;
use crate::period::{self, passed};
use crate::sketch;
use plumbline_guest::{Fire, Level, Look, Why};

/// GRID-P01: the result of a check was not published in time after it was formed: after the
/// laboratory has reported, where it waits for one.
pub(super) fn unpublished(object: &Object, params: &Params, look: &mut Look<'_>) {
    let mut count = 0;
    for visit in object.visits.iter().filter(|visit| visit.kind != Kind::Patrol) {
        let day = visit.started.day();
        let Some(domain) = visit.domain.clone().or_else(|| object.domain(day)) else {
            look.unknown("domain");
            continue;
        };
        if !params.publish_domains.contains(&domain) {
            continue;
        }
        count += 1;
        let outcome = object.outcomes.get(&sketch::hash(&visit.insp_no));
        let lab = outcome.and_then(|outcome| outcome.lab);
        if visit.lab_pending && lab.is_none() {
            look.quiet(|| {
                Why::new("检验报告未出，结果尚未形成", "the laboratory has not reported yet")
                    .text("insp_no", &visit.insp_no)
            });
            continue;
        }
        let published = outcome.and_then(|outcome| outcome.published);
        let done = published.map(|mark| mark.at);
        let from = lab.map_or(day, |lab| lab.at.day());
        // Working days are calendar days at most: what was published by then needs no calendar.
        let is_soon = done.is_some_and(|done| done.day() <= from.plus(params.publish_wd));
        if is_soon && !look.is_tracing() {
            continue;
        }
        let Some(due) = period::working(from, params.publish_wd, look) else { continue };
        let why = period::why(from, due, done, look).text("insp_no", &visit.insp_no);
        if !passed(due, done, look) {
            look.quiet(|| why);
            continue;
        }
        let fire = Fire::overdue(Level::Notice, due)
            .episode(&visit.insp_no)
            .dept(&visit.dept)
            .evidence([Some(visit.seq), published.map(|mark| mark.seq)].into_iter().flatten())
            .text("number", &visit.insp_no)
            .int("limit_wd", params.publish_wd.into())
            .day("due", due);
        look.fire_because(fire, || why);
    }
    if count == 0 {
        look.quiet(|| {
            let domains = params.publish_domains.iter().map(String::as_str);
            Why::new("没有须公开结果的检查", "no check whose result must be published")
                .texts("domains", domains)
        });
    }
}
