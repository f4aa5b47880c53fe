//! What the committee tells other streams.

use super::fact::Said;
use super::{Panel, score};
use crate::Params;
use crate::bids::publish::listed;
use plumbline_guest::Look;
use plumbline_guest::json::Writer;

/// Most experts of one process that are told of: the largest committees have some dozen members.
const EXPERTS_MAX: usize = 60;

/// One fact `draw` for the major, and one `joined` for the expert, for each draw.
pub(super) fn draws(panel: &Panel<'_>, look: &mut Look<'_>) {
    let Some(project) = panel.project else { return };
    let majors = panel.facts.iter().find_map(|entry| match &entry.fact {
        Said::Requested { majors } => Some(majors.as_slice()),
        _ => None,
    });
    // A request for one major says for which everybody was drawn.
    let only = majors.and_then(|majors| <&[String; 1]>::try_from(majors).ok()).map(|[only]| only);
    let drawn = panel.facts.iter().filter_map(|entry| match &entry.fact {
        Said::Drawn(draw) => Some((entry.seq, &**draw)),
        _ => None,
    });
    for (seq, draw) in drawn.take(EXPERTS_MAX) {
        let (at, expert) = (draw.at, &draw.expert);
        if expert.is_empty() || !(draw.role.is_empty() || draw.role == "expert") {
            continue;
        }
        let common = || {
            Writer::default()
                .text("ocid", &project.ocid)
                .text("region", &project.region)
                .int("at", at.0)
                .int("evidence", seq as i64)
        };
        let data = common()
            .text("party_ref", expert)
            .text("act", "drawn")
            .text("listed", &listed(expert, &project.region, at.day(), look))
            .text("alias", "");
        look.fact("joined", expert, data);
        let major =
            if draw.major.is_empty() { only.map_or("", String::as_str) } else { &draw.major };
        if !major.is_empty() {
            let data = common().text("major", major).text("expert_id", expert);
            look.fact("draw", major, data.int("pool", draw.pool.unwrap_or(0)));
        }
    }
}

/// One fact `panel` for each expert once the evaluation is over.
pub(super) fn scores(panel: &Panel<'_>, params: &Params, look: &mut Look<'_>) {
    let (Some(project), Some(finished)) = (panel.project, panel.finished) else { return };
    for (expert, report) in score::reports(panel, params).into_iter().take(EXPERTS_MAX) {
        let deviations: Vec<_> = report
            .deviations
            .iter()
            .map(|(bidder, sigma, points)| format!("{sigma}@{points}@{bidder}"))
            .collect();
        let seq = last_score(panel, |of| of == expert);
        let mut data = Writer::default()
            .text("party_ref", expert)
            .text("ocid", &project.ocid)
            .int("at", finished.0)
            .int("evidence", seq as i64)
            .int("rev", last_score(panel, |_| true) as i64)
            .int("bids", report.bids)
            .flag("copy", report.is_copy)
            .list("deviations", deviations.iter().map(String::as_str));
        if let Some(pace) = report.pace_s {
            data = data.int("pace_s", pace);
        }
        look.fact("panel", expert, data);
    }
}

/// Position of the last score of the experts that are meant.
fn last_score(panel: &Panel<'_>, is_meant: impl Fn(&str) -> bool) -> u64 {
    let scores = panel
        .facts
        .iter()
        .filter(|entry| matches!(&entry.fact, Said::Scored(score) if is_meant(&score.expert)));
    scores.map(|entry| entry.seq).max().unwrap_or(0)
}
