//! One piece of information that is to be made public: OPN-T01 主动公开超期.

use crate::Params;
use crate::term::Term;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Level, Local, Look, Rule, Stream, Unit, Why, apply,
};

/// What is said of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Formed { public: Option<bool>, on: Option<Day>, limit_wd: Option<i32> },
    Changed { on: Option<Day> },
    Published { on: Option<Day> },
    Withheld { has_basis: bool },
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Informations;

impl Stream for Informations {
    const NAME: &'static str = "information";
    type State = Facts<Word>;
    type Params = Params;

    fn take(words: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let signed = |other: &str| event.day("signed_on").or_else(|| event.day(other));
        let word = match event.kind {
            "openness.item.formed" => Word::Formed {
                public: event.flag("public"),
                on: signed("formed_on"),
                limit_wd: event.int("limit_wd").and_then(|days| i32::try_from(days).ok()),
            },
            "openness.item.changed" => Word::Changed { on: event.day("signed_on") },
            "openness.item.published" => Word::Published { on: event.day("published_on") },
            "openness.item.withheld" => Word::Withheld {
                has_basis: event.text("basis").is_none_or(|basis| !basis.is_empty()),
            },
            _ => return,
        };
        words.put(event, word);
    }

    fn check(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("OPN-T01", unpublished)];
        apply(rules, &params.off, words, params, look);
    }
}

/// OPN-T01: not public in time after it was formed, or after it was changed.
fn unpublished(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let formed = words.iter().find_map(|entry| match entry.fact {
        Word::Formed { public, on, limit_wd } => Some((entry, public, on, limit_wd)),
        _ => None,
    });
    let Some((formed, public, on, limit_wd)) = formed else {
        return look.unknown("openness.item.formed");
    };
    match public {
        None => return look.unknown("public"),
        Some(false) => {
            return look.exempt(|| {
                Why::new("不属于主动公开", "not to be made public by itself").flag("public", false)
            });
        }
        Some(true) => {}
    }
    let limit = limit_wd.filter(|days| *days > 0).unwrap_or(params.publish_wd);
    judge(words, formed, (on, String::new()), limit, look);
    for entry in words {
        if let Word::Changed { on } = entry.fact {
            let day = on.unwrap_or(entry.time.day());
            judge(words, entry, (Some(day), format!("changed/{day}")), limit, look);
        }
    }
}

fn judge(
    words: &Facts<Word>,
    opened: &Entry<Word>,
    (on, episode): (Option<Day>, String),
    limit: i32,
    look: &mut Look<'_>,
) {
    let from = on.unwrap_or(opened.time.day());
    let Some(term) = Term::new(look, from, limit, Unit::WorkingDay) else {
        return look.provisional();
    };
    let ends = words.iter().filter_map(|entry| match entry.fact {
        Word::Published { on } => Some((on.map_or(entry.time, Day::start), entry.seq)),
        Word::Withheld { has_basis: true } => Some((entry.time, entry.seq)),
        _ => None,
    });
    // What was public before a change says nothing about the change; the document itself may have
    // been public before it was signed.
    let is_change = !episode.is_empty();
    let done: Option<(Local, u64)> = ends.filter(|(at, _)| !is_change || at.day() >= from).min();
    let done_at = done.map(|(at, _)| at);
    let is_late = term.passed(done_at, look);
    let why = term.why(("主动公开", "to make public"), done_at, look);
    if !is_late {
        return look.quiet(|| why);
    }
    let fire = term
        .overdue(Level::Yellow)
        .episode(episode)
        .dept(&opened.dept)
        .evidence([Some(opened.seq), done.map(|(_, seq)| seq)].into_iter().flatten());
    look.fire_because(fire, || why);
}
