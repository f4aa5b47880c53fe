//! The life of a ban on one subject, and PROC-S02: a proposal to bar, never a ban.
//!
//! A ban begins by an authority's decision, holds from its first to its last day, ends early when
//! it is lifted, and rests while a court or authority has suspended it. An appeal alone does not
//! stop it. What holds when is told to the stream `party` as the fact `ban`.

use crate::clue::{Clue, Clues};
use crate::{Params, read};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Entry, Event, Facts, Level, Local, Look, Rule, Stream, Why, apply};

/// Most facts about one subject.
const FACTS_MAX: usize = 600;
/// Most periods that are told.
const SPANS_MAX: usize = 60;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Said {
    Imposed { no: String, from: Day, to: Day, authority: String, scope: String, cards: Vec<String> },
    Lifted { no: String, from: Day },
    Appealed { no: String },
    Suspended { no: String, from: Day, to: Day },
    Card { no: String, level: String, result: String, at: Local },
}

/// What is said of a subject.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Record {
    subject: String,
    said: Facts<Said>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Sanctions;

impl Stream for Sanctions {
    const NAME: &'static str = "sanction";
    type State = Record;
    type Params = Params;

    fn take(record: &mut Record, event: &Event<'_>, _: &Params) {
        let Some(said) = read_said(event) else { return };
        record.subject = read::text(event, "subject");
        if record.said.len() < FACTS_MAX || event.version > 1 {
            record.said.put(event, said);
        }
    }

    fn check(record: &Record, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Record, Params>; 1] = [("PROC-S02", proposal)];
        apply(&rules, &params.off, record, params, look);
        publish(record, look);
    }
}

fn read_said(event: &Event<'_>) -> Option<Said> {
    let no = read::text(event, "ban_no");
    Some(match event.kind {
        "proc.sanction.imposed" => Said::Imposed {
            no,
            from: event.day("from")?,
            to: event.day("to")?,
            authority: read::text(event, "authority"),
            scope: read::text(event, "scope_region"),
            cards: event.texts("cards").unwrap_or_default(),
        },
        "proc.sanction.lifted" => {
            Said::Lifted { no, from: event.day("from").unwrap_or(event.time.day()) }
        }
        "proc.sanction.appealed" => Said::Appealed { no },
        "proc.sanction.suspended" => Said::Suspended {
            no,
            from: event.day("from")?,
            to: event.day("to").unwrap_or(Day::MAX),
        },
        "proc.card.reviewed" => Said::Card {
            no: read::text(event, "card_no"),
            level: read::text(event, "level"),
            result: read::text(event, "result"),
            at: read::at(event, "at"),
        },
        _ => return None,
    })
}

/// A decision without a number is about any.
fn is_about(wanted: &str, no: &str) -> bool {
    wanted.is_empty() || no.is_empty() || wanted == no
}

/// Tells the periods in which bans hold, whenever they change.
fn publish(record: &Record, look: &mut Look<'_>) {
    let mut spans = Vec::new();
    let mut has_bans = false;
    for entry in &record.said {
        let Said::Imposed { no, from, to, authority, scope, .. } = &entry.fact else { continue };
        has_bans = true;
        let mut appealed = false;
        let mut holds = vec![(*from, *to)];
        for other in &record.said {
            match &other.fact {
                Said::Lifted { no: of, from: lifted }
                    if is_about(of, no) && other.time >= entry.time =>
                {
                    cut(&mut holds, *lifted, Day::MAX);
                }
                Said::Suspended { no: of, from, to } if is_about(of, no) => {
                    cut(&mut holds, *from, *to)
                }
                Said::Appealed { no: of } if is_about(of, no) && other.time >= entry.time => {
                    appealed = true;
                }
                _ => {}
            }
        }
        let state = if appealed { "appealed" } else { "" };
        let seq = entry.seq;
        spans.extend(
            holds
                .into_iter()
                .map(|(from, to)| format!("{}|{}|{state}|{seq}|{scope}|{authority}", from.0, to.0)),
        );
    }
    if !has_bans || record.subject.is_empty() {
        return;
    }
    let data = Writer::default()
        .text("party_ref", &record.subject)
        // What is true again after a correction is told again.
        .int("rev", record.said.iter().map(|entry| entry.seq).max().unwrap_or(0) as i64)
        .list("bans", spans.iter().map(String::as_str).take(SPANS_MAX));
    look.fact("ban", &record.subject, data);
}

/// Takes the days from `from` to `to` out of the periods; both are inclusive.
fn cut(holds: &mut Vec<(Day, Day)>, from: Day, to: Day) {
    let mut rest = Vec::new();
    for (begin, end) in holds.drain(..) {
        if to < begin || end < from {
            rest.push((begin, end));
            continue;
        }
        if begin < from {
            rest.push((begin, from.plus(-1)));
        }
        if to < end {
            rest.push((to.plus(1), end));
        }
    }
    *holds = rest;
}

/// A card that stands: its last conclusion is that it was upheld.
#[derive(Debug)]
struct Upheld<'a> {
    no: &'a str,
    level: &'a str,
    at: Local,
    seq: u64,
}

fn upheld(record: &Record) -> Vec<Upheld<'_>> {
    let mut last: Vec<(&str, &Entry<Said>)> = Vec::new();
    for entry in &record.said {
        let Said::Card { no, .. } = &entry.fact else { continue };
        last.retain(|(known, _)| known != no);
        last.push((no, entry));
    }
    let standing = last.into_iter().filter_map(|(_, entry)| match &entry.fact {
        Said::Card { no, level, result, at } if result == "upheld" => {
            Some(Upheld { no, level, at: *at, seq: entry.seq })
        }
        _ => None,
    });
    let mut cards: Vec<_> = standing.collect();
    cards.sort_by_key(|card| (card.at, card.seq));
    cards
}

/// PROC-S02: an upheld red card, or upheld yellow cards in a row, without a decision on them yet.
fn proposal(record: &Record, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let cards = upheld(record);
    let mut yellow: Vec<&Upheld<'_>> = Vec::new();
    for card in &cards {
        if card.level == "red" {
            propose(record, &[card], ("red", params.red_days), &mut clues);
            continue;
        }
        yellow.retain(|known| card.at.day().0 - known.at.day().0 <= params.card_days);
        yellow.push(card);
        if yellow.len() == params.yellow_cards {
            propose(record, &yellow, ("yellow", params.yellow_days), &mut clues);
            // Each card bears one proposal.
            yellow.clear();
        }
    }
    clues.tell(look, || {
        let (count, min) = (cards.len(), params.yellow_cards);
        Why::new(
            format!("维持的牌 {count} 张（黄牌满 {min} 张或红牌 1 张才建议），或已有决定"),
            format!(
                "{count} upheld cards (proposed from {min} yellow or one red on), or decided upon"
            ),
        )
        .count("upheld", count)
        .count("yellow_cards", min)
    });
}

fn propose(record: &Record, cards: &[&Upheld<'_>], (name, days): (&str, i64), clues: &mut Clues) {
    let Some(last) = cards.last() else { return };
    let is_decided = record.said.iter().any(|entry| match &entry.fact {
        Said::Imposed { cards: of, .. } => {
            cards.iter().any(|card| of.iter().any(|no| no == card.no))
        }
        _ => false,
    });
    if is_decided {
        return;
    }
    let (count, colour) = (cards.len(), if name == "red" { "红牌" } else { "黄牌" });
    let words = (
        format!(
            "{} 有 {count} 张{colour}经核查维持，建议有权机关研究限制 {days} 日；未经决定不得限制",
            record.subject
        ),
        format!(
            "{} has {count} upheld {name} cards, the authority may consider to bar it for {days} days; nothing holds without its decision",
            record.subject
        ),
    );
    let clue = Clue::new(Level::Notice, last.at, words)
        .episode(format!("{name}/{}", last.no))
        .evidence(cards.iter().map(|card| card.seq))
        .figure("cards", count as i64)
        .figure("days", days);
    clues.put(clue);
}
