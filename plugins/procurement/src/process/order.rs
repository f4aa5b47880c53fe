//! PROC-P01 环节跳越/倒序: the 18 links by the process definition in the table `link18`.
//!
//! Which links are mandatory and when each may come stands in the table alone; here is only how
//! an event shows that a link took place.

use super::fact::Fact;
use super::view::{Process, Regime, not_a_tender};
use crate::clue::{Clue, Clues};
use crate::params::{Anchor, Link, Moment};
use crate::{Params, read};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::{Day, Level, Local, Look, Why};
use std::borrow::Cow;

/// Number of links of a process.
const LINKS: usize = 18;
/// Most rows of the table: each link for all kinds and for each kind.
const ROWS_MAX: u32 = 256;

/// When a link took place, first and last, and by which events.
#[derive(Clone, Copy, Debug)]
struct Seen {
    first: Local,
    last: Local,
    first_seq: u64,
    last_seq: u64,
    /// When the host knew of the first.
    logged: Local,
}

type Links = [Option<Seen>; LINKS + 1];

/// PROC-P01: one card a process that names every link out of order.
pub(super) fn broken(process: &Process<'_>, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let Some(regime) = process.regime() else {
        clues.missing("proc.project.registered", look);
        return clues.tell(look, Why::default);
    };
    if !process.is_tender() || regime == Regime::Asset {
        clues.exempt(look, || not_a_tender(process));
        return clues.tell(look, Why::default);
    }
    let (act, project) = process.registered.expect("the regime comes from the registration");
    let table = definition(act.day(), params, look);
    let rules = for_kind(&table, &project.kind);
    let links = links(process);
    for link in &rules {
        if link.mandatory {
            skipped(link, &links, params, &mut clues, look);
        }
        out_of_order(link, &links, process, params, &mut clues);
    }
    let seen = links.iter().flatten().count();
    clues.tell(look, || {
        Why::new(
            format!("18 个环节中已见 {seen} 个，必经环节无缺失，先后无误"),
            format!("{seen} of 18 links seen, no mandatory link is missing, all in order"),
        )
        .count("links_seen", seen)
    });
}

/// The rows in force on the day, else the definition that ships with the plugin.
fn definition<'a>(day: Day, params: &'a Params, look: &Look<'_>) -> Cow<'a, [Link]> {
    let rows = look.rows("link18", "", day, ROWS_MAX);
    let of_table: Vec<_> = rows
        .iter()
        .filter_map(|(_, row)| {
            let row = Object::parse(row);
            let mandatory = row.get("mandatory").and_then(Value::bool).unwrap_or(false);
            let number =
                row.get("link").and_then(|link| link.int().or_else(|| link.text()?.parse().ok()));
            let cell = |name| read::cell(&row, name);
            Link::new(
                number?,
                &cell("kind"),
                &cell("name"),
                mandatory,
                (&cell("earliest"), &cell("latest")),
            )
        })
        .collect();
    if of_table.is_empty() { Cow::Borrowed(&params.links) } else { Cow::Owned(of_table) }
}

/// A row for the kind stands in for the one for all kinds.
fn for_kind<'a>(table: &'a [Link], kind: &str) -> Vec<&'a Link> {
    let of = |number: usize| {
        let named = table.iter().find(|link| link.number == number && link.kind == kind);
        named.or(table.iter().find(|link| link.number == number && link.kind.is_empty()))
    };
    (1..=LINKS).filter_map(of).collect()
}

/// Of a second tender only what follows its own notice counts for the links after it.
fn links(process: &Process<'_>) -> Links {
    let mut links: Links = [None; LINKS + 1];
    let since = match process.rounds.as_slice() {
        [_, .., last] => last.published,
        _ => Local(i64::MIN),
    };
    let out = process.find(|act| match act.fact() {
        Fact::BidOut { bidder, lot } => Some((bidder, lot, act.at())),
        _ => None,
    });
    for act in &process.acts {
        let number = match act.fact() {
            Fact::Registered(_) => 1,
            Fact::Approval { .. } => 2,
            Fact::Notice(notice) if !notice.is_change => 3,
            Fact::Doc => 4,
            Fact::Prequal => 5,
            Fact::Clarified { .. } => 7,
            Fact::BondPaid { .. } => 9,
            Fact::Drawn => 10,
            // A bid that was refused for being late is no bid.
            Fact::Bid { bidder, lot, .. }
                if !out.iter().any(|(b, l, at)| *b == bidder && *l == lot && *at >= act.at()) =>
            {
                11
            }
            Fact::Opened { .. } => 12,
            Fact::EvaluationStarted => 13,
            Fact::EvaluationFinished { .. } => 14,
            Fact::Candidates { .. } => 15,
            Fact::Award { .. } => 16,
            Fact::Contract(_) => 17,
            Fact::Filed { .. } => 18,
            _ => continue,
        };
        if number > 3 && act.at() < since {
            continue;
        }
        put(&mut links, number, act.at(), act.seq(), act.entry.fact.logged);
    }
    // Who has a report has evaluated; a notice issues the documents and names the ceiling price.
    if links[13].is_none() {
        links[13] = links[14];
    }
    for round in &process.rounds {
        let seq = round.seqs.first().copied().unwrap_or(0);
        if let Some(from) = round.docs_from {
            put(&mut links, 6, from.start().max(round.published), seq, round.published);
        }
        if let Some(at) = round.control_price_at {
            put(&mut links, 8, at, seq, at);
        }
    }
    links
}

fn put(links: &mut Links, number: usize, at: Local, seq: u64, logged: Local) {
    match &mut links[number] {
        Some(seen) => {
            if at < seen.first {
                (seen.first, seen.first_seq) = (at, seq);
            }
            if at > seen.last {
                (seen.last, seen.last_seq) = (at, seq);
            }
        }
        empty => {
            *empty = Some(Seen { first: at, last: at, first_seq: seq, last_seq: seq, logged });
        }
    }
}

/// A mandatory link is missing although the process is two links beyond it.
fn skipped(link: &Link, links: &Links, params: &Params, clues: &mut Clues, look: &mut Look<'_>) {
    if links[link.number].is_some() {
        return;
    }
    let beyond = links.iter().enumerate().skip(link.number + 2);
    let Some((number, seen)) = beyond.filter_map(|(n, seen)| Some((n, (*seen)?))).next() else {
        return;
    };
    // Sources report out of order.
    if !look.reached(seen.logged.plus_minutes(params.grace_min)) {
        return;
    }
    let words = (
        format!("缺少第 {} 环节“{}”而已进行到第 {number} 环节", link.number, link.name),
        format!("link {} is missing although link {number} took place", link.number),
    );
    let clue = Clue::new(Level::Red, seen.first, words)
        .evidence([seen.first_seq])
        .figure("missing_link", link.number as i64);
    clues.put(clue);
}

fn out_of_order(
    link: &Link,
    links: &Links,
    process: &Process<'_>,
    params: &Params,
    clues: &mut Clues,
) {
    let Some(seen) = links[link.number] else { return };
    let tolerance = params.clock_tolerance_min;
    for anchor in &link.earliest {
        let Some((bound, seq)) = moment(anchor, links, process) else { continue };
        if seen.first.plus_minutes(tolerance) < bound {
            let order = ("早于", "before");
            clues.put(clue(link, order, (seen.first, seen.first_seq), anchor, (bound, seq)));
        }
    }
    for anchor in &link.latest {
        let Some((bound, seq)) = moment(anchor, links, process) else { continue };
        if seen.last > bound.plus_minutes(tolerance) {
            let order = ("晚于", "after");
            clues.put(clue(link, order, (seen.last, seen.last_seq), anchor, (bound, seq)));
        }
    }
}

fn clue(
    link: &Link,
    (zh, en): (&str, &str),
    (at, seq): (Local, u64),
    anchor: &Anchor,
    (bound, other): (Local, u64),
) -> Clue {
    let words = (
        format!("第 {} 环节“{}”{at} {zh}{}（{bound}）", link.number, link.name, anchor.zh()),
        format!("link {} at {at} is {en} {} ({bound})", link.number, anchor.en()),
    );
    Clue::new(Level::Red, at, words).evidence([seq, other]).figure("link", link.number as i64)
}

/// The moment that a bound names, and the event that shows it. Of several lots the earliest end of
/// publication bounds, so that no lot waits for another.
fn moment(anchor: &Anchor, links: &Links, process: &Process<'_>) -> Option<(Local, u64)> {
    let round = process.last_round();
    let (at, seq) = match anchor.moment {
        Moment::Link(number) => links[number].map(|seen| (seen.first, seen.first_seq))?,
        Moment::Deadline => {
            let round = round?;
            (round.deadline?, round.seqs.last().copied().unwrap_or(0))
        }
        Moment::PublicityEnd => process
            .find(|act| match act.fact() {
                Fact::Candidates { until, .. } => Some(((*until)?, act.seq())),
                _ => None,
            })
            .into_iter()
            .min()?,
    };
    Some((at.plus_minutes(anchor.offset_min), seq))
}
