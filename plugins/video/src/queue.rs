//! The queue tickets of a hall on one day: VID-Q02 等候/服务超时. Tells the hall when nine of ten
//! waited too long, and seats when people waited while a window that could serve them did not, and
//! when a ticket was called to them.

use crate::Params;
use crate::hours::minute_in;
use crate::minutes::{clock, span_texts};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::{BTreeMap, BTreeSet};

/// Tickets of a day that are kept: a large hall has some two thousand.
const TICKETS_MAX: usize = 4_000;
/// Tickets whose wait makes a share, and how many of ten must have waited too long.
const SHARE_OF: usize = 10;
/// Cards of a day: a hall with more has one matter, and it is known.
const CARDS_MAX: usize = 200;
/// Minutes after which an event is late.
const LATE_MIN: i64 = 2;
const SECONDS_PER_MINUTE: i64 = 60;

/// Minutes of the day; the window that called, and the group that was asked for.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Ticket {
    taken: Option<u16>,
    called: Option<u16>,
    done: Option<u16>,
    wait_s: Option<i64>,
    group: String,
    window: String,
    seqs: [u64; 3],
}

/// A hall's tickets.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Tickets {
    hall: String,
    day: Option<Day>,
    /// Events that came late or corrected another: what was told before may come true again.
    rev: i64,
    by_number: BTreeMap<String, Ticket>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Queues;

impl Stream for Queues {
    const NAME: &'static str = "queue";
    type State = Tickets;
    type Params = Params;

    fn take(state: &mut Tickets, event: &Event<'_>, _: &Params) {
        let Some(number) = event.text("queue_no").filter(|number| !number.is_empty()) else {
            return;
        };
        if state.day.is_none() {
            state.hall = event.text("hall").unwrap_or_default();
            state.day = Some(event.time.day());
        }
        if !state.by_number.contains_key(&number) && state.by_number.len() >= TICKETS_MAX {
            return;
        }
        let ticket = state.by_number.entry(number).or_default();
        let minute = Some(minute_in(event.stamp("at").unwrap_or(event.time), event.time.day()));
        let is_late = event.logged.minutes_since(event.time) > LATE_MIN || event.version > 1;
        state.rev += i64::from(is_late);
        let window = || {
            let code = event.text("window_id").filter(|code| !code.is_empty());
            code.or_else(|| event.text("window")).unwrap_or_default()
        };
        match event.kind {
            "queue.ticket.taken" => {
                ticket.taken = minute;
                ticket.group = event.text("window").unwrap_or_default();
                ticket.seqs[0] = event.seq;
            }
            "queue.ticket.called" => {
                ticket.called = minute;
                ticket.wait_s = event.int("wait_s").or(ticket.wait_s);
                ticket.window = window();
                ticket.seqs[1] = event.seq;
            }
            _ => {
                ticket.done = minute;
                ticket.seqs[2] = event.seq;
            }
        }
    }

    fn check(state: &Tickets, params: &Params, look: &mut Look<'_>) {
        let Some(day) = state.day else { return };
        let rules: &[Rule<(&Tickets, Day), Params>] = &[("VID-Q02", slow)];
        apply(rules, &params.off, &(state, day), params, look);
        tell_waits(state, day, params, look);
        if params.is_discipline() {
            tell_windows(state, day, params, look);
        }
    }
}

impl Ticket {
    /// Minutes of waiting of a ticket that was answered.
    fn wait(&self) -> Option<i64> {
        let called = self.called?;
        let told = self.wait_s.map(|seconds| seconds / SECONDS_PER_MINUTE);
        told.or_else(|| Some(i64::from(called) - i64::from(self.taken?)))
    }

    fn service(&self) -> Option<i64> {
        Some(i64::from(self.done?) - i64::from(self.called?)).filter(|minutes| *minutes >= 0)
    }
}

/// VID-Q02: a ticket that waited, or was served, too long. One that was never called was abandoned;
/// one that was never closed says nothing of the service.
fn slow(of: &(&Tickets, Day), params: &Params, look: &mut Look<'_>) {
    let (state, day) = *of;
    let mut services: Vec<_> = state.by_number.values().filter_map(Ticket::service).collect();
    services.sort_unstable();
    let median = (services.len() >= params.service_n).then(|| services[services.len() / 2].max(1));
    let mut cards = 0;
    for (number, ticket) in &state.by_number {
        let wait = ticket.wait().filter(|wait| *wait > params.ticket_wait_min);
        let over = |minutes: &i64| median.is_some_and(|m| *minutes > m * params.service_factor);
        let service = ticket.service().filter(over);
        let Some(minutes) = wait.or(service) else { continue };
        cards += 1;
        if cards > CARDS_MAX {
            return;
        }
        let (zh, en) = if wait.is_some() { ("等候", "waited") } else { ("办理", "was served") };
        let at = if wait.is_some() { ticket.called } else { ticket.done };
        let fire = Fire::new(Level::Notice, day.start().plus_minutes(at.unwrap_or(0).into()))
            .subject(&state.hall)
            .episode(number)
            .evidence(ticket.seqs.into_iter().filter(|seq| *seq > 0))
            .text("number", number)
            .text("zh", zh)
            .text("en", en)
            .int("minutes", minutes);
        look.fire_because(fire, || {
            Why::new(
                format!(
                    "等候限 {} 分钟，办理限中位数的 {} 倍",
                    params.ticket_wait_min, params.service_factor
                ),
                format!(
                    "{} minutes of waiting allowed, {} times the median of service",
                    params.ticket_wait_min, params.service_factor
                ),
            )
            .int("median_min", median.unwrap_or(-1))
            .int("wait_limit_min", params.ticket_wait_min)
        });
    }
    if cards == 0 {
        look.quiet(|| {
            let tickets = state.by_number.len();
            Why::new(
                format!("{tickets} 个排队号均未超时"),
                format!("none of {tickets} tickets too slow"),
            )
            .count("tickets", tickets)
            .int("wait_limit_min", params.ticket_wait_min)
        });
    }
}

/// Stretches in which nine of ten tickets in a row had waited too long.
fn tell_waits(state: &Tickets, day: Day, params: &Params, look: &mut Look<'_>) {
    let waits =
        state.by_number.values().filter_map(|ticket| Some((ticket.called?, ticket.wait()?)));
    let mut waits: Vec<_> = waits.collect();
    waits.sort_unstable();
    let mut spans: Vec<(u16, u16)> = Vec::new();
    for ten in waits.windows(SHARE_OF) {
        let long = ten.iter().filter(|(_, wait)| *wait > params.crowd_wait_min).count();
        // The 90th percentile is beyond the limit when at least two of ten are.
        if long < 2 {
            continue;
        }
        let (from, to) = (ten[0].0, ten[SHARE_OF - 1].0.max(ten[0].0 + 1));
        match spans.last_mut() {
            Some(last) if from <= last.1 => last.1 = to,
            _ => spans.push((from, to)),
        }
    }
    let texts = span_texts(&spans);
    let texts = texts.iter().map(String::as_str);
    let data = Writer::default()
        .text("hall", &state.hall)
        .text("date", &day.to_string())
        .int("rev", state.rev)
        .list("spans", texts);
    look.fact("wait", &state.hall, data);
}

/// To each window: when tickets were called to it, and when it served nobody while people waited
/// whom it could have served. What it can serve is what it has served on this day.
fn tell_windows(state: &Tickets, day: Day, params: &Params, look: &mut Look<'_>) {
    let mut windows: BTreeMap<&str, (BTreeSet<&str>, Vec<&Ticket>)> = BTreeMap::new();
    for ticket in state.by_number.values().filter(|ticket| ticket.called.is_some()) {
        let window = windows.entry(&ticket.window).or_default();
        window.0.insert(&ticket.group);
        window.1.push(ticket);
    }
    let last = state.by_number.values().flat_map(|t| [t.taken, t.called, t.done]).flatten().max();
    let Some(now) = last else { return };
    for (name, (groups, served)) in windows {
        let mut idle: Vec<(u16, u16)> = Vec::new();
        let first = served.iter().filter_map(|ticket| ticket.called).min().unwrap_or(now);
        for minute in first..=now {
            // A ticket that was called and not closed is still being served.
            let is_busy = served.iter().any(|ticket| {
                ticket.called.is_some_and(|at| at <= minute)
                    && ticket.done.is_none_or(|at| minute < at)
            });
            if is_busy || !is_pressed(state, &groups, minute, params) {
                continue;
            }
            match idle.last_mut() {
                Some(last) if last.1 == minute => last.1 += 1,
                _ => idle.push((minute, minute + 1)),
            }
        }
        let mut called: Vec<_> = served.iter().filter_map(|ticket| ticket.called).collect();
        called.sort_unstable();
        idle.retain(|(from, to)| i64::from(to - from) >= params.idle_min);
        let data = Writer::default()
            .text("seat", name)
            .text("date", &day.to_string())
            .int("rev", state.rev)
            .list("idle", span_texts(&idle).iter().map(String::as_str))
            .list(
                "called",
                called.iter().map(|at| clock(*at)).collect::<Vec<_>>().iter().map(String::as_str),
            );
        look.fact("window", name, data);
    }
}

/// Whether enough people waited, or one for long enough, for what the window serves.
fn is_pressed(state: &Tickets, groups: &BTreeSet<&str>, minute: u16, params: &Params) -> bool {
    let waiting = state.by_number.values().filter(|ticket| {
        groups.contains(ticket.group.as_str())
            && ticket.taken.is_some_and(|at| at <= minute)
            && ticket.called.is_none_or(|at| minute < at)
    });
    let mut count = 0;
    for ticket in waiting {
        count += 1;
        let since = ticket.taken.unwrap_or(minute);
        if count >= params.queue_n || i64::from(minute - since) > params.queue_wait_min {
            return true;
        }
    }
    false
}
