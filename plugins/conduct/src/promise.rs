//! One promise made face to face: CPL-R03 面对面承诺未兑现.

use crate::Params;
use crate::term::Term;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Level, Look, Rule, Stream, Why, apply};

/// What is said of a promise.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Made { due: Option<Day>, third_party: bool },
    Changed { due: Option<Day>, agreed: Option<bool> },
    ConditionMet { due: Option<Day> },
    Done,
    Withdrawn { by_citizen: Option<bool> },
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Promises;

impl Stream for Promises {
    const NAME: &'static str = "promise";
    type State = Facts<Word>;
    type Params = Params;

    fn take(words: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let word = match event.kind {
            "promise.made" => Word::Made {
                due: event.day("due"),
                third_party: event.text("third_party").is_some_and(|party| !party.is_empty()),
            },
            "promise.changed" => {
                Word::Changed { due: event.day("due"), agreed: event.flag("agreed") }
            }
            "promise.condition_met" => Word::ConditionMet { due: event.day("due") },
            "promise.done" => Word::Done,
            "promise.withdrawn" => {
                Word::Withdrawn { by_citizen: event.text("by").map(|by| by == "citizen") }
            }
            _ => return,
        };
        words.put(event, word);
    }

    fn check(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("CPL-R03", broken)];
        apply(rules, &params.off, words, params, look);
    }
}

/// CPL-R03: not kept by its day.
fn broken(words: &Facts<Word>, _: &Params, look: &mut Look<'_>) {
    let made = words.iter().find_map(|entry| match entry.fact {
        Word::Made { due, third_party } => Some((entry, due, third_party)),
        _ => None,
    });
    let Some((made, due, third_party)) = made else { return look.unknown("promise.made") };
    let Some(mut due) = due else { return look.unknown("due") };
    // A change moves the day if the citizen agreed and the old day had not gone by.
    for entry in words.iter() {
        match entry.fact {
            Word::Changed { due: Some(new), agreed } if entry.time.day() <= due => match agreed {
                Some(true) => due = new,
                Some(false) => {}
                None => return look.unknown("agreed"),
            },
            _ => {}
        }
    }
    if third_party {
        let met = words.iter().find_map(|entry| match entry.fact {
            Word::ConditionMet { due } => Some((entry.time.day(), due)),
            _ => None,
        });
        match met {
            Some((day, None)) if day <= due => {}
            Some((_, Some(new))) => due = new,
            _ => {
                return look.exempt(|| {
                    Why::new(
                        "取决于第三方，条件未按期成就",
                        "depends on a third party who was not ready in time",
                    )
                    .flag("third_party", true)
                    .day("last_day", due)
                });
            }
        }
    }
    let dropped = words.iter().find(|entry| {
        matches!(entry.fact, Word::Withdrawn { by_citizen: Some(true) }) && entry.time.day() <= due
    });
    if let Some(dropped) = dropped {
        return look.exempt(|| {
            Why::new("群众已撤回", "the citizen took it back")
                .day("withdrawn_on", dropped.time.day())
        });
    }
    if words.iter().any(|entry| matches!(entry.fact, Word::Withdrawn { by_citizen: None })) {
        return look.unknown("by");
    }
    let term = Term::named(look, made.time.day(), due);
    let done = words.iter().find(|entry| matches!(entry.fact, Word::Done));
    let done_at = done.map(|entry| entry.time);
    let is_late = term.passed(done_at, look);
    let why = term.why(("兑现承诺", "to keep the promise"), done_at, look);
    if !is_late {
        return look.quiet(|| why);
    }
    let fire = term
        .overdue(Level::Yellow)
        .dept(&made.dept)
        .evidence([Some(made.seq), done.map(|entry| entry.seq)].into_iter().flatten());
    look.fire_because(fire, || why);
}
