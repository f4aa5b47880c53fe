//! PROC-C08 专家倾向评分: an expert who leans to one bidder, copies, or does not read.

use super::{Panel, Party};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Level, Look, Why};
use std::collections::BTreeMap;

/// PROC-C08: one card a favoured bidder, one a panel for copies and haste.
pub(super) fn inclined(party: &Party, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let mut panels: Vec<_> = party.panels.iter().collect();
    panels.sort_by_key(|(ocid, panel)| (panel.at, (*ocid).clone()));
    leans(&panels, params, &mut clues);
    for (ocid, panel) in &panels {
        if panel.is_copy {
            let words = (
                format!("{ocid} 全部专家的主观评分完全相同"),
                format!("in {ocid} all experts gave the same points"),
            );
            let clue = Clue::new(Level::Yellow, panel.at, words)
                .episode(format!("copy/{ocid}"))
                .evidence([panel.seq])
                .figure("bids", panel.bids);
            clues.put(clue);
        }
        if let Some(pace) = panel.pace_s.filter(|pace| *pace < params.score_min_s) {
            let words = (
                format!("{ocid} 平均每份投标评审 {pace} 秒，少于 {} 秒", params.score_min_s),
                format!("in {ocid} {pace} seconds for each bid, fewer than {}", params.score_min_s),
            );
            let clue = Clue::new(Level::Yellow, panel.at, words)
                .episode(format!("haste/{ocid}"))
                .evidence([panel.seq])
                .figure("pace_s", pace);
            clues.put(clue);
        }
    }
    clues.tell(look, || {
        let (count, hits) = (panels.len(), params.panel_hits);
        Why::new(
            format!("评标 {count} 次，未见对同一投标人 {hits} 次偏离、雷同或过快评分"),
            format!("{count} panels, no bidder with {hits} deviations, no copies, no haste"),
        )
        .count("panels", count)
        .count("panel_hits", hits)
    });
}

/// Deviations to one side in enough of the latest panels with the same bidder. It is dated by the
/// panel that made it enough, whatever came later.
fn leans(panels: &[(&String, &Panel)], params: &Params, clues: &mut Clues) {
    let mut met: BTreeMap<&str, Vec<(&Panel, i64, i64)>> = BTreeMap::new();
    for (_, panel) in panels {
        for (bidder, sigma, points) in &panel.deviations {
            met.entry(bidder).or_default().push((panel, *sigma, *points));
        }
    }
    let limit = params.sigma * 1000;
    for (bidder, met) in met {
        for side in [1, -1] {
            let stands_out = |(_, sigma, _): &&(&Panel, i64, i64)| sigma * side > limit;
            let found = (0..met.len()).find(|nth| {
                let latest = &met[(nth + 1).saturating_sub(params.panels)..=*nth];
                latest.iter().filter(stands_out).count() >= params.panel_hits
            });
            let Some(nth) = found else { continue };
            let latest = &met[(nth + 1).saturating_sub(params.panels)..=nth];
            let hits: Vec<_> = latest.iter().filter(stands_out).collect();
            let points = hits.last().map_or(0, |(_, _, points)| *points);
            let (zh, en) = if side > 0 { ("偏高", "above") } else { ("偏低", "below") };
            let of_points = format!("{:.2}", points as f64 / 100.0);
            let words = (
                format!(
                    "对 {bidder} 的评分 {} 次明显{zh}，最近一次偏离 {of_points} 分",
                    hits.len()
                ),
                format!(
                    "scored {bidder} {} times far {en} the others, last by {of_points} points",
                    hits.len()
                ),
            );
            let clue = Clue::new(Level::Yellow, met[nth].0.at, words)
                .episode(format!("{bidder}/{}", if side > 0 { "high" } else { "low" }))
                .evidence(hits.iter().map(|(panel, ..)| panel.seq))
                .figure("hits", hits.len() as i64);
            clues.put(clue);
        }
    }
}
