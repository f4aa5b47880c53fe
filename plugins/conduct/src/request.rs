//! One request for information: OPN-T02 依申请公开超期.

use crate::Params;
use crate::term::Term;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Entry, Event, Facts, Level, Local, Look, Rule, Span, Stream, Unit, Why, apply,
};

/// Why the clock stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Stop {
    Fee,
    ThirdParty(String),
    Clarification,
}

/// What is said of a request.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Received,
    Stopped(Stop),
    Resumed(Stop),
    Extended { days: Option<i32>, told: Option<bool> },
    Ended,
}

impl Word {
    fn of(event: &Event<'_>) -> Option<Self> {
        let party = || Stop::ThirdParty(event.text("party").unwrap_or_default());
        Some(match event.kind.strip_prefix("openness.request.")? {
            "received" => Self::Received,
            "clarification_requested" => Self::Stopped(Stop::Clarification),
            "clarification_supplied" => Self::Resumed(Stop::Clarification),
            "fee_notified" => Self::Stopped(Stop::Fee),
            "fee_paid" => Self::Resumed(Stop::Fee),
            "third_party_asked" => Self::Stopped(party()),
            "third_party_replied" => Self::Resumed(party()),
            "extended" => Self::Extended {
                days: event.int("days_wd").and_then(|days| i32::try_from(days).ok()),
                told: event.flag("told"),
            },
            "answered" | "withdrawn" => Self::Ended,
            _ => return None,
        })
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Requests;

impl Stream for Requests {
    const NAME: &'static str = "request";
    type State = Facts<Word>;
    type Params = Params;

    fn take(words: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        if let Some(word) = Word::of(event) {
            words.put(event, word);
        }
    }

    fn check(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("OPN-T02", unanswered)];
        apply(rules, &params.off, words, params, look);
    }
}

/// OPN-T02: not answered in time, lawful stops and one lawful extension taken out.
fn unanswered(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let received = words.iter().find(|entry| matches!(entry.fact, Word::Received));
    let Some(received) = received else { return look.unknown("openness.request.received") };
    let ended = words.iter().find(|entry| matches!(entry.fact, Word::Ended));
    let done = ended.map(|entry| entry.time);
    let Some(clarity) = Term::new(look, received.time.day(), params.clarify_wd, Unit::WorkingDay)
    else {
        return look.provisional();
    };
    let start = start(words, received, clarity.due);
    let pauses = pauses(words, start);
    let Some(base) = Term::paused(look, start.day(), params.answer_wd, &pauses) else {
        return still(&pauses, look);
    };
    let extension = extension(words, base.due, params);
    let limit = params.answer_wd.saturating_add(extension);
    let Some(term) = Term::paused(look, start.day(), limit, &pauses) else {
        return still(&pauses, look);
    };
    let is_late = term.passed(done, look);
    let paused = pauses.len();
    let why = term.why(("答复申请", "to answer the request"), done, look);
    let why = why.int("extension_wd", extension).count("pauses", paused);
    if !is_late {
        return look.quiet(|| why);
    }
    let fire = term
        .overdue(Level::Red)
        .dept(&received.dept)
        .evidence([Some(received.seq), ended.map(|entry| entry.seq)].into_iter().flatten());
    look.fire_because(fire, || why);
}

/// Without a last day: either a stop is open, or the calendar ends.
fn still(pauses: &[Span], look: &mut Look<'_>) {
    if pauses.iter().any(|pause| pause.end.0 == i64::MAX) {
        return look.exempt(|| Why::new("停表中", "the clock stands").count("stops", pauses.len()));
    }
    look.provisional();
}

/// When the clock starts: at the receipt, or anew when what was asked for in time was made clear.
fn start(words: &Facts<Word>, received: &Entry<Word>, last_day: Day) -> Local {
    let mut entries = words.iter();
    let is_asked = entries.any(|entry| {
        matches!(entry.fact, Word::Stopped(Stop::Clarification)) && entry.time.day() <= last_day
    });
    let mut after = entries.filter(|_| is_asked);
    let supplied = after.find(|entry| matches!(entry.fact, Word::Resumed(Stop::Clarification)));
    supplied.map_or(received.time, |supplied| supplied.time)
}

/// Stops after the start; an open one lasts.
fn pauses(words: &Facts<Word>, start: Local) -> Vec<Span> {
    let mut pauses = Vec::new();
    for entry in words.iter().filter(|entry| entry.time >= start) {
        let Word::Stopped(stop) = &entry.fact else { continue };
        let end = words.iter().find(|other| {
            other.time >= entry.time && matches!(&other.fact, Word::Resumed(of) if of == stop)
        });
        let end = end.map_or(Local(i64::MAX), |end| end.time);
        pauses.push(Span { begin: entry.time, end });
    }
    pauses
}

/// The first extension, if it was granted in time and the applicant was not left untold.
fn extension(words: &Facts<Word>, due: Day, params: &Params) -> i32 {
    let granted = words.iter().find_map(|entry| match entry.fact {
        // Of unknown length it is as long as it may be.
        Word::Extended { days, told } => {
            Some((entry.time.day(), days.unwrap_or(params.answer_ext_wd), told))
        }
        _ => None,
    });
    match granted {
        Some((day, days, told)) if day <= due && told != Some(false) => {
            days.clamp(0, params.answer_ext_wd)
        }
        _ => 0,
    }
}
