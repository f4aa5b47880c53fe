//! PROC-C07 弃标/最高价弃: first candidates that give up, and who wins then.

use super::{Party, Waiver};
use crate::Params;
use crate::clue::{Clue, Clues};
use plumbline_guest::{Level, Look, Why};

/// PROC-C07: one card a waiver.
pub(super) fn suspicious(party: &Party, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let mut waivers: Vec<_> = party.waivers.iter().filter(|(_, waiver)| !waiver.excused).collect();
    waivers.sort_by_key(|(name, waiver)| (waiver.at, (*name).clone()));
    for (nth, (name, waiver)) in waivers.iter().enumerate() {
        let since = waiver.at.day().plus(-params.waiver_days);
        let within = |(_, other): &&(&String, &Waiver)| other.first && other.at.day() > since;
        let count = waivers[..=nth].iter().filter(within).count();
        let often = waiver.first && count >= params.waivers_min;
        let handed_on = waiver.first && waiver.linked;
        let dearer = waiver.lowest
            && !waiver.successor.is_empty()
            && waiver.gap_permille >= params.next_permille;
        let level = match (often || handed_on || dearer, waiver.first) {
            (true, _) => Level::Red,
            (false, true) => Level::Notice,
            // A low bid that is withdrawn without profit to the next is nobody's business.
            (false, false) => continue,
        };
        let (mut zh, mut en) = (format!("第 {count} 次放弃中标"), format!("waiver number {count}"));
        if handed_on {
            zh += &format!("，由有关联的 {} 中标", waiver.successor);
            en += &format!(", won by {}, to whom there are links", waiver.successor);
        }
        if dearer {
            zh += &format!("，接替者报价高 {}‰", waiver.gap_permille);
            en += &format!(", the next is {} per mille dearer", waiver.gap_permille);
        }
        let words = (format!("{name}：{zh}"), format!("{name}: {en}"));
        let clue = Clue::new(level, waiver.at, words)
            .episode(name.as_str())
            .evidence(waivers[..=nth].iter().map(|(_, waiver)| waiver.seq))
            .figure("waivers", count as i64);
        clues.put(clue);
    }
    clues.tell(look, || {
        let (all, min) = (party.waivers.len(), params.waivers_min);
        Why::new(
            format!("弃标 {all} 次，均已证明不可抗力或未使他人得利（{min} 次起红牌）"),
            format!("{all} waivers, excused or without profit to others (red from {min} on)"),
        )
        .count("waivers", all)
        .count("waivers_min", min)
    });
}
