//! PROC-S01 禁入主体参与: taking part on a day on which a ban holds.

use super::{Ban, Party};
use crate::clue::{Clue, Clues};
use crate::{Params, read};
use plumbline_guest::{Level, Look, Why};

/// PROC-S01: one card a process; a link through a person or a shareholder is a notice.
pub(super) fn takes_part(party: &Party, _: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    for (name, act) in &party.acts {
        let (ocid, what) = name.rsplit_once('/').unwrap_or((name, ""));
        let holds = |ban: &&Ban| {
            let day = act.at.day();
            ban.from <= day && day <= ban.to && read::is_in(&act.region, &ban.scope)
        };
        let ban = party.bans.iter().chain(party.barred.values()).find(holds);
        let (level, zh, en) = match ban {
            Some(ban) => {
                let (appeal_zh, appeal_en) = if ban.appealed {
                    ("，申诉中未停止执行", ", under appeal but not suspended")
                } else {
                    ("", "")
                };
                (
                    Level::Red,
                    format!("限制期 {} 至 {}（{}）{appeal_zh}", ban.from, ban.to, ban.authority),
                    format!(
                        "barred from {} to {} by {}{appeal_en}",
                        ban.from, ban.to, ban.authority
                    ),
                )
            }
            None if !act.listed.is_empty() => (
                Level::Red,
                format!("当日在负面清单内（{}）", act.listed),
                format!("on the list of sanctions that day ({})", act.listed),
            ),
            None if !act.alias.is_empty() => {
                let through = if act.alias == "legal_rep" { "法定代表人" } else { "股东" };
                (
                    Level::Notice,
                    format!("其{through}在负面清单内"),
                    format!("its {} is on the list of sanctions", act.alias),
                )
            }
            None => continue,
        };
        let (act_zh, act_en) = word(what);
        let words = (
            format!("{} 在 {ocid} 中{act_zh}，{zh}", act.at.day()),
            format!("{act_en} in {ocid} on {}, {en}", act.at.day()),
        );
        let clue = Clue::new(level, act.at, words)
            .episode(ocid)
            .evidence([act.seq])
            .evidence(ban.map(|ban| ban.seq))
            .figure("acts", 1);
        clues.put(clue);
    }
    clues.tell(look, || {
        let (acts, bans) = (party.acts.len(), party.bans.len() + party.barred.len());
        Why::new(
            format!("参与 {acts} 次，限制期 {bans} 段，均不重合"),
            format!("took part {acts} times, barred for {bans} periods, none of them then"),
        )
        .count("acts", acts)
        .count("bans", bans)
    });
}

fn word(act: &str) -> (&'static str, &'static str) {
    match act.trim_end_matches("-last") {
        "doc" => ("获取文件", "obtained documents"),
        "bid" => ("投标", "bid"),
        "agency" => ("担任代理机构", "was the agency"),
        _ => ("被抽取为专家", "was drawn as expert"),
    }
}
