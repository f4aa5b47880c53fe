//! One clue (线索): PEN-T02 立案迟延. It also tells the case when its act was found.

use crate::Params;
use crate::span::{is_late, of_wd};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Unit, Why, apply};

/// What an event says of a clue.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Found(Day),
    /// Working days.
    Extended(Option<i32>),
    /// The case that was opened.
    Filed(String),
    NotFiled,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Clues;

impl Stream for Clues {
    const NAME: &'static str = "clue";
    type State = Facts<Said>;
    type Params = Params;

    fn take(facts: &mut Facts<Said>, event: &Event<'_>, _: &Params) {
        let day = |name: &str| event.day(name).unwrap_or(event.time.day());
        let said = match event.kind {
            "penalty.clue.received" => Said::Found(day("discovered_at")),
            "penalty.clue.extended" => {
                Said::Extended(event.int("days_wd").and_then(|days| i32::try_from(days).ok()))
            }
            "penalty.case.filed" => Said::Filed(event.text("case_no").unwrap_or_default()),
            "penalty.case.not_filed" => Said::NotFiled,
            _ => return,
        };
        facts.put(event, said);
    }

    fn check(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Said>, Params>] = &[("PEN-T02", late)];
        apply(rules, &params.off, facts, params, look);
        tell(facts, look);
    }
}

fn found(facts: &Facts<Said>) -> Option<(Day, u64, &str)> {
    let days = facts.iter().filter_map(|entry| match entry.fact {
        Said::Found(day) => Some((day, entry.seq, &*entry.dept)),
        _ => None,
    });
    days.min()
}

/// Neither filed nor refused within the limit: yellow; red when twice the limit has passed.
fn late(facts: &Facts<Said>, params: &Params, look: &mut Look<'_>) {
    let Some((from, seq, dept)) = found(facts) else { return look.unknown("discovered_at") };
    let answer = facts.iter().find(|entry| matches!(entry.fact, Said::Filed(_) | Said::NotFiled));
    let done = answer.map(|answer| answer.time.day());
    let limit = params.limits.filing_wd;
    if done.is_some_and(|done| done <= from.plus(limit)) {
        return look.quiet(|| {
            Why::new("已按期决定是否立案", "decided on filing in time").flag("in_time", true)
        });
    }
    let plain = look.add(from, limit, Unit::WorkingDay, true);
    // An extension after the last day cures nothing.
    let granted = facts.iter().filter_map(|entry| match entry.fact {
        Said::Extended(days) if entry.time.day() <= plain.day => days,
        _ => None,
    });
    let ext = granted.fold(0_i32, |sum, days| sum.saturating_add(days.max(0)));
    let due = look.add(from, limit.saturating_add(ext), Unit::WorkingDay, true);
    if plain.provisional || due.provisional {
        return look.provisional();
    }
    let why =
        of_wd(("发现至立案", "from clue to filing"), from, (done, limit + ext), due.day, look);
    if !is_late(done, due.day, look) {
        return look.quiet(|| why);
    }
    let double =
        look.add(from, limit.saturating_mul(2).saturating_add(ext), Unit::WorkingDay, true);
    let is_red = !double.provisional && is_late(done, double.day, look);
    let fire = Fire::overdue(if is_red { Level::Red } else { Level::Yellow }, due.day)
        .dept(dept)
        .evidence([seq])
        .evidence(answer.map(|answer| answer.seq))
        .int("limit_wd", (limit + ext).into())
        .day("due", due.day);
    look.fire_because(fire, || Why::int(why, "red_after_wd", limit * 2 + ext));
}

/// The case counts as found with its first clue, not with its filing.
fn tell(facts: &Facts<Said>, look: &mut Look<'_>) {
    let Some((day, ..)) = found(facts) else { return };
    for entry in facts {
        let Said::Filed(case_no) = &entry.fact else { continue };
        if !case_no.is_empty() {
            let data = Writer::default().text("case_no", case_no).int("day", day.0.into());
            look.fact("discovery", case_no, data);
        }
    }
}
