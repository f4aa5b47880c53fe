//! One supervision order: CPL-T02 督办逾期.

use crate::Params;
use crate::term::Term;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Unit, Why, apply,
};

/// What is said of an order.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Issued {
        to: Option<String>,
        due: Option<Day>,
        limit_wd: Option<i32>,
    },
    Interim,
    /// Replied in full, closed or taken back.
    Ended,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Orders;

impl Stream for Orders {
    const NAME: &'static str = "order";
    type State = Facts<Word>;
    type Params = Params;

    fn take(words: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let word = match event.kind {
            "supervision.order.issued" => Word::Issued {
                to: event.text("to_dept").filter(|dept| !dept.is_empty()),
                due: event.day("due"),
                limit_wd: event.int("limit_wd").and_then(|days| i32::try_from(days).ok()),
            },
            "supervision.order.replied" if event.text("kind").is_some_and(|k| k == "interim") => {
                Word::Interim
            }
            // A reply of unknown kind is a reply.
            "supervision.order.replied" => Word::Ended,
            "supervision.order.closed" | "supervision.order.withdrawn" => Word::Ended,
            _ => return,
        };
        words.put(event, word);
    }

    fn check(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("CPL-T02", overdue)];
        apply(rules, &params.off, words, params, look);
    }
}

/// CPL-T02: yellow after the last day, red after some working days more.
fn overdue(words: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let issued = words.iter().find_map(|entry| match &entry.fact {
        Word::Issued { to, due, limit_wd } => Some((entry, to, *due, *limit_wd)),
        _ => None,
    });
    let Some((issued, to, due, limit_wd)) = issued else {
        return look.unknown("supervision.order.issued");
    };
    let limit = limit_wd.filter(|days| *days > 0).unwrap_or(params.order_wd);
    let from = issued.time.day();
    let first = match due {
        Some(due) => Some(Term::named(look, from, due)),
        None => Term::new(look, from, limit, Unit::WorkingDay),
    };
    let Some(mut term) = first else { return look.provisional() };
    // One interim reply in time gives the same time anew, counted from that reply.
    let interim = words.iter().find(|entry| matches!(entry.fact, Word::Interim));
    if let Some(interim) = interim.filter(|interim| interim.time.day() <= term.due) {
        let again = Term::new(look, interim.time.day(), limit, Unit::WorkingDay);
        let Some(again) = again else { return look.provisional() };
        if again.due > term.due {
            term = again;
        }
    }
    let ended = words.iter().find(|entry| matches!(entry.fact, Word::Ended));
    let done = ended.map(|entry| entry.time);
    let is_late = term.passed(done, look);
    let why = term.why(("督办回复", "reply to the order"), done, look);
    if !is_late {
        return look.quiet(|| why.flag("interim", interim.is_some()));
    }
    let (level, red) = match red_level(&term, done, params, look) {
        Some(found) => found,
        None => return look.provisional(),
    };
    let fire = fire(&term, level, red)
        .dept(to.as_deref().unwrap_or(&issued.dept))
        .evidence([Some(issued.seq), ended.map(|entry| entry.seq)].into_iter().flatten());
    look.fire_because(fire, || {
        why.flag("interim", interim.is_some()).and(
            Why::new(
                format!("{red} 后仍未回复为红牌"),
                format!("red if there is no reply by {red}"),
            )
            .int("red_wd", params.order_red_wd),
        )
    });
}

fn fire(term: &Term, level: Level, red: Day) -> Fire {
    term.overdue(level).day("red_after", red)
}

/// The level, and the day after which it is red; none where the calendar is not known.
fn red_level(
    term: &Term,
    done: Option<Local>,
    params: &Params,
    look: &mut Look<'_>,
) -> Option<(Level, Day)> {
    let red = Term::new(look, term.due, params.order_red_wd, Unit::WorkingDay)?;
    let is_red = red.passed(done, look);
    Some((if is_red { Level::Red } else { Level::Yellow }, red.due))
}
