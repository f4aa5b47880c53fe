//! One alert that was upheld: GRID-Q01 闭环/问责.

use crate::Params;
use crate::period::{self, passed};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply};

/// What is said of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Upheld { red: bool },
    Lodged,
    Decided { revoked: bool },
    Opened,
}

/// A word with the moment that its payload names.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Word {
    at: Local,
    said: Said,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Accounts;

impl Stream for Accounts {
    const NAME: &'static str = "account";
    type State = Facts<Word>;
    type Params = Params;

    fn take(facts: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let is = |name, value| event.text(name).is_some_and(|text: String| text == value);
        let said = match event.kind {
            "grid.alert.upheld" => Said::Upheld { red: is("level", "red") },
            "grid.alert.appealed" if is("phase", "decided") => {
                Said::Decided { revoked: is("result", "revoked") }
            }
            "grid.alert.appealed" => Said::Lodged,
            "grid.accountability.opened" => Said::Opened,
            _ => return,
        };
        let at = event.stamp("at").unwrap_or(event.time);
        facts.put(event, Word { at, said });
    }

    fn check(facts: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("GRID-Q01", unfinished)];
        apply(rules, &params.off, facts, params, look);
    }
}

/// GRID-Q01: nobody was held to account for a red card that was upheld. An appeal that is lodged in
/// time stops the clock; the decision on it starts a new one.
fn unfinished(facts: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let first = |wanted: fn(Said) -> bool, from: Local| {
        let words = facts.iter().filter(|e| wanted(e.fact.said) && e.fact.at >= from);
        words.map(|entry| (entry.fact.at, entry.seq)).min()
    };
    let start = Local(i64::MIN);
    let upheld = first(|said| matches!(said, Said::Upheld { red: true }), start);
    let Some((mut from, seq)) = upheld else {
        return look
            .quiet(|| Why::new("没有核实成立的红牌", "no red card was upheld").count("upheld", 0));
    };
    if first(|said| said == Said::Decided { revoked: true }, start).is_some() {
        return look.exempt(|| Why::new("申诉后已撤销", "revoked on appeal").flag("revoked", true));
    }
    let opened = first(|said| said == Said::Opened, start);
    let done = opened.map(|(at, _)| at);
    loop {
        let Some(due) = period::working(from.day(), params.account_wd, look) else { return };
        let lodged = first(|said| said == Said::Lodged, from).map(|(at, _)| at);
        if let Some(lodged) = lodged.filter(|at| at.day() <= due) {
            let decided = first(|said| matches!(said, Said::Decided { .. }), lodged);
            let Some((decided, _)) = decided else {
                return look.exempt(|| {
                    Why::new("申诉未决", "an appeal is pending").at("lodged_at", lodged)
                });
            };
            // Later by a moment, so that the same appeal is not met again.
            from = decided.max(Local(lodged.0 + 1));
            continue;
        }
        let why = period::why(from.day(), due, done, look);
        if !passed(due, done, look) {
            return look.quiet(|| why);
        }
        let fire = Fire::overdue(Level::Yellow, due)
            .evidence([Some(seq), opened.map(|(_, seq)| seq)].into_iter().flatten())
            .int("limit_wd", params.account_wd.into())
            .day("due", due);
        return look.fire_because(fire, || why);
    }
}
