//! One report by a citizen or an employee: GRID-T04 举报处置超期.

use crate::Params;
use crate::period::{self, passed};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Why, apply};

/// What is said of a report.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Received { death: bool },
    Accepted,
    Transferred { receipt: bool },
    Handled { by_county: Option<bool> },
}

/// A word with the moment that its payload names; the envelope's time where it names none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Word {
    at: Local,
    said: Said,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Reports;

impl Stream for Reports {
    const NAME: &'static str = "report";
    type State = Facts<Word>;
    type Params = Params;

    fn take(facts: &mut Facts<Word>, event: &Event<'_>, _: &Params) {
        let said = match event.kind {
            "grid.report.received" => Said::Received {
                death: event.flag("death") == Some(true)
                    || event.text("kind").is_some_and(|kind| kind == "death"),
            },
            "grid.report.accepted" => Said::Accepted,
            "grid.report.transferred" => Said::Transferred {
                receipt: event.text("receipt_no").is_some_and(|number| !number.is_empty()),
            },
            "grid.report.handled" => {
                Said::Handled { by_county: event.text("by_level").map(|level| level == "county") }
            }
            _ => return,
        };
        let at = event.stamp("at").unwrap_or(event.time);
        facts.put(event, Word { at, said });
    }

    fn check(facts: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Word>, Params>] = &[("GRID-T04", late)];
        apply(rules, &params.off, facts, params, look);
    }
}

/// The first word of a kind: when, and at which position.
fn first(facts: &Facts<Word>, wanted: fn(&Said) -> bool) -> Option<(Local, u64)> {
    let words = facts.iter().filter(|entry| wanted(&entry.fact.said));
    words.map(|entry| (entry.fact.at, entry.seq)).min()
}

/// GRID-T04: not accepted in time (yellow), not handled in time (red), and a report of a death that
/// was not checked by the county (red).
fn late(facts: &Facts<Word>, params: &Params, look: &mut Look<'_>) {
    let received = first(facts, |said| matches!(said, Said::Received { .. }));
    let Some((received, seq)) = received else { return look.unknown("grid.report.received") };
    let transferred = first(facts, |said| matches!(said, Said::Transferred { receipt: true }));
    let handled = first(facts, |said| matches!(said, Said::Handled { .. }));
    let accepted = first(facts, |said| matches!(said, Said::Accepted));
    let answered = [accepted, transferred, handled].into_iter().flatten().min();
    let from = received.day();
    let days = params.report_accept_wd;
    let Some(due) = period::working(from, days, look) else { return };
    let part = Part { episode: "accept", from, due, done: answered, seq, level: Level::Yellow };
    let (zh, en) =
        (format!("{days} 个工作日内未受理"), format!("not accepted in {days} working days"));
    part.judge((&zh, &en), look);
    if let Some((at, _)) = transferred {
        look.exempt(|| {
            let (zh, en) = ("已移送并有接收回执", "handed to another body against receipt");
            Why::new(zh, en).at("transferred_at", at)
        });
    } else {
        let days = params.report_handle_d;
        let due = from.plus(days);
        let part = Part { episode: "handle", from, due, done: handled, seq, level: Level::Red };
        part.judge((&format!("{days} 日内未办结"), &format!("not handled in {days} days")), look);
    }
    death(facts, look);
}

/// One of the limits of a report.
struct Part {
    episode: &'static str,
    from: Day,
    due: Day,
    done: Option<(Local, u64)>,
    seq: u64,
    level: Level,
}

impl Part {
    fn judge(self, (zh, en): (&str, &str), look: &mut Look<'_>) {
        let done = self.done.map(|(at, _)| at);
        let why = period::why(self.from, self.due, done, look);
        if !passed(self.due, done, look) {
            return look.quiet(|| why.text("limit", self.episode));
        }
        let fire = Fire::overdue(self.level, self.due)
            .episode(self.episode)
            .evidence([Some(self.seq), self.done.map(|(_, seq)| seq)].into_iter().flatten())
            .day("due", self.due)
            .text("zh", zh)
            .text("en", en);
        look.fire_because(fire, || why.text("limit", self.episode));
    }
}

/// A report that tells of a death is checked by the county itself.
fn death(facts: &Facts<Word>, look: &mut Look<'_>) {
    let is_death = |said: &Said| matches!(said, Said::Received { death: true });
    if !facts.iter().any(|entry| is_death(&entry.fact.said)) {
        return;
    }
    for entry in facts {
        let Said::Handled { by_county } = entry.fact.said else { continue };
        match by_county {
            None => look.unknown("by_level"),
            Some(true) => look.quiet(|| {
                Why::new("涉及死亡，已由县级核查", "a death, checked by the county")
                    .flag("by_county", true)
            }),
            Some(false) => {
                let fire = Fire::new(Level::Red, entry.fact.at)
                    .episode("death")
                    .evidence([entry.seq])
                    .day("due", entry.fact.at.day())
                    .text("zh", "涉及死亡的举报未由县级核查")
                    .text("en", "a report of a death was not checked by the county");
                return look.fire_because(fire, || {
                    ("办结核查层级低于县级", "the level that checked it is below the county")
                });
            }
        }
    }
}
