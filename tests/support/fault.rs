//! What the fault tests share: rounds and seeds, the work that is disturbed, and what must hold
//! afterwards.
//!
//! The work tells what its outside world would know: how many events were acknowledged, and under
//! which signed checkpoint cards were shown. Whatever happens to the process or its disk, that much
//! must be there again; the root of a checkpoint pins every card under it, byte by byte.

use crate::outcome::{Outcome, assert_replays, log, outcomes, states, verify_ledger};
use crate::random::Random;
use crate::{case, event, instant, to_event};
use plumbline::App;
use plumbline::import::{ImportRequest, import};
use plumbline_contract::event::TICK_TYPE;
use plumbline_contract::time::{MS_PER_MINUTE, Millis};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;

/// Source of all events of the tests.
const SOURCE: &str = "test/approval";
/// When the script of [`Work::Live`] is over: behind the last event.
const END: &str = "2026-05-06T18:00:00";
/// Ticks between deliveries, in deliveries.
const DELIVERIES_PER_TICK: usize = 5;

fn number(variable: &str, default: u64) -> u64 {
    std::env::var(variable).map_or(default, |text| text.parse().unwrap())
}

/// How many rounds a fault test makes: `PLUMBLINE_ROUNDS`, or what suits continuous integration.
#[must_use]
pub fn rounds(default: u64) -> u64 {
    number("PLUMBLINE_ROUNDS", default)
}

/// The seed of a fault test: `PLUMBLINE_SEED`, or always the same.
#[must_use]
pub fn seed(default: u64) -> u64 {
    number("PLUMBLINE_SEED", default)
}

/// A script of events in the order in which they happened; every seventh case is never decided,
/// every eleventh too late. About four events a case, over four months.
#[must_use]
pub fn lines(cases: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for number in 0..cases {
        let (day, hour) = (1 + number % 28, 9 + number % 8);
        let month = 1 + number * 2 / cases;
        let accepted = format!("2026-{month:02}-{day:02}T{hour:02}:00:00");
        let decided = match number {
            _ if number % 7 == 0 => String::new(),
            _ if number % 11 == 0 => format!("2026-{:02}-{day:02}T{hour:02}:30:00", month + 2),
            _ => format!("2026-{month:02}-{day:02}T{hour:02}:30:00"),
        };
        lines.extend(case(number, &accepted, &decided));
        let case_no = format!("C{number:05}");
        let step = json!({ "case_no": case_no, "step": "review", "officer": "o-1" });
        lines.push(event(&format!("{case_no}-step"), "approval.case.step", &accepted, &step));
    }
    lines.sort_by_key(|line| field(line, "time"));
    lines
}

fn field(line: &str, name: &str) -> String {
    let line: Value = serde_json::from_str(line).unwrap();
    line[name].as_str().unwrap().to_owned()
}

/// What an outside world was told before the fault.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Events of the sources that were acknowledged.
    pub acknowledged: u64,
    /// Size and root of the last checkpoint under which cards were shown.
    pub shown: Option<(u64, String)>,
}

impl Told {
    /// Takes in a line that the work has said; others are left alone.
    pub fn hear(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("acknowledged ") {
            self.acknowledged = count.parse().unwrap();
        } else if let Some((size, root)) =
            line.strip_prefix("shown ").and_then(|shown| shown.split_once(' '))
        {
            self.shown = Some((size.parse().unwrap(), root.to_owned()));
        }
    }
}

/// What the appliance is doing when it is disturbed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// It imports a file, in groups of so many events.
    Import { group: usize },
    /// It receives deliveries, drives them along, seals, and writes ticks.
    Live,
}

impl Work {
    /// Does what is left of the work, and says what it has told.
    pub fn run(self, app: &App, file: &Path, say: &mut dyn FnMut(String)) {
        match self {
            Self::Import { group } => {
                let request = ImportRequest { group_events: group, ..ImportRequest::new(file) };
                let mut watch = |_, _| {
                    say(format!("acknowledged {}", own(app).len()));
                    say(shown(app));
                };
                import(app, &request, &mut watch).unwrap();
            }
            Self::Live => live(app, file, say),
        }
        say(shown(app));
    }
}

/// Deliveries of 1 to 97 lines; the first that is not in the log as a whole is sent again. A tick
/// that was cut off is made up for, as the service does at its next look at the clock.
fn live(app: &App, file: &Path, say: &mut dyn FnMut(String)) {
    app.settle().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let (mut end, have) = (0, own(app).len());
    let settle = |say: &mut dyn FnMut(String)| {
        app.settle().unwrap();
        say(shown(app));
    };
    for delivery in 0.. {
        let batch: Vec<_> = lines.by_ref().take(1 + delivery * 31 % 97).collect();
        let Some(last) = batch.last() else { break };
        end += batch.len();
        let received = Millis(instant(&field(last, "time")).0 + MS_PER_MINUTE);
        if end > have {
            let events: Vec<_> = batch.iter().map(|line| to_event(line, received)).collect();
            app.append(&events).unwrap();
            say(format!("acknowledged {end}"));
            settle(say);
        }
        if end >= have && delivery % DELIVERIES_PER_TICK == 0 && last_tick(app) < received {
            app.tick(received, false).unwrap();
            settle(say);
        }
    }
    if last_tick(app) < instant(END) {
        app.tick(instant(END), false).unwrap();
    }
    settle(say);
}

fn last_tick(app: &App) -> Millis {
    let tick = app.store().by_subject(TICK_TYPE, 1).unwrap().pop();
    tick.map_or(Millis(0), |seq| app.store().get(seq).unwrap().unwrap().logged)
}

fn shown(app: &App) -> String {
    app.with_ledger(|ledger| {
        let checkpoint = ledger.checkpoint();
        format!("shown {} {}", checkpoint.size(), checkpoint.root())
    })
}

/// Ids of the sources' events in the order of the log.
fn own(app: &App) -> Vec<String> {
    let own = log(app).into_iter().filter(|(source, ..)| source == SOURCE);
    own.map(|(_, id, _)| id).collect()
}

/// What the work comes to, without positions in the log.
#[derive(Debug, PartialEq)]
struct End {
    alerts: Vec<Outcome>,
    /// Body of every event, facts included, without what depends on when it was taken in.
    events: BTreeSet<String>,
    /// Keys and wakes; a state names positions in the log.
    keys: BTreeSet<(u16, String, String, Option<i64>)>,
}

/// The undisturbed run that others are compared with.
#[derive(Debug)]
pub struct Wanted {
    ids: Vec<String>,
    end: End,
    log: Vec<(String, String, u32)>,
    states: std::collections::BTreeMap<(u16, plumbline_store::KeyId), (Vec<u8>, Option<i64>)>,
}

impl Wanted {
    /// Does the work in an undisturbed home.
    #[must_use]
    pub fn of(work: Work, app: &App, file: &Path, say: &mut dyn FnMut(String)) -> Self {
        work.run(app, file, say);
        let text = std::fs::read_to_string(file).unwrap();
        let lines: Vec<_> = text.lines().map(str::to_owned).collect();
        let end = end(app);
        let cards = end.alerts.iter().filter(|alert| alert.rule == "APPR-T03").count();
        assert!(cards * 8 > lines.len() / 4, "the script brings cards: {cards}");
        let ids = lines.iter().map(|line| field(line, "id")).collect();
        Self { ids, end, log: log(app), states: states(app) }
    }

    /// What must hold right after a fault: everything acknowledged is in the log, unchanged, and
    /// every card that was shown is in the ledger, byte by byte.
    pub fn check_kept(&self, app: &App, told: &Told, what: &str) {
        let loss = self.find_loss(app, told);
        assert!(loss.is_none(), "{what}: {loss:?}");
    }

    /// What of that which the outside world was told is no longer there.
    #[must_use]
    pub fn find_loss(&self, app: &App, told: &Told) -> Option<String> {
        let own = own(app);
        let (found, acknowledged) = (own.len() as u64, told.acknowledged);
        if found < acknowledged {
            return Some(format!("{found} events of {acknowledged} acknowledged"));
        }
        if own != self.ids[..own.len()] {
            return Some("the log holds something else than was sent".to_owned());
        }
        if let Some((size, root)) = &told.shown {
            let found =
                app.with_ledger(|ledger| ledger.root_at(*size).map(|root| root.to_string()));
            if found.as_ref().ok() != Some(root) {
                return Some(format!("cards under {size} leaves: {found:?} instead of {root}"));
            }
        }
        verify_ledger(app).err().map(|damage| damage.to_string())
    }

    /// What must hold once the work is done after all: nothing tells of the fault.
    pub fn check_end(&self, app: &App, what: &str) {
        self.check_cards(app, what);
        let found = end(app);
        let other: Vec<_> = found.events.symmetric_difference(&self.end.events).collect();
        assert!(other.is_empty(), "{what}: other events: {other:#?}");
        let other: Vec<_> = found.keys.symmetric_difference(&self.end.keys).collect();
        assert!(other.is_empty(), "{what}: other keys or wakes: {other:#?}");
        if log(app) == self.log {
            assert!(states(app) == self.states, "{what}: other states");
        }
    }

    /// The same where events came in other groups: the facts that plugins tell each other on the
    /// way may differ then, but no card and no event of a source.
    pub fn check_cards(&self, app: &App, what: &str) {
        assert_eq!(outcomes(app, ""), self.end.alerts, "{what}");
        assert_eq!(own(app), self.ids, "{what}: other events");
        assert_replays(app);
        verify_ledger(app).unwrap_or_else(|damage| panic!("{what}: {damage}"));
    }
}

fn end(app: &App) -> End {
    let rows = app.store().read(plumbline_contract::id::EventSeq(0), usize::MAX).unwrap();
    let rows: Vec<_> = rows.into_iter().filter(|row| !row.event.is_host()).collect();
    let body = |row: &plumbline_store::Row| {
        let event = &row.event;
        let own = if event.source == SOURCE { event.recorded.0 } else { 0 };
        format!("{} {} {} {own} {}", event.source, event.id, event.dataversion, event.data)
    };
    let events: BTreeSet<_> = rows.iter().map(body).collect();
    assert_eq!(events.len(), rows.len(), "an event is in the log twice");
    let keys = states(app).into_iter();
    let keys = keys.map(|((id, key), (_, wake))| (id, key.stream, key.key, wake)).collect();
    End { alerts: outcomes(app, ""), events, keys }
}

/// Which of the two kinds of work a round disturbs.
pub fn any_work(random: &mut Random, group: usize) -> Work {
    if random.below(2) == 0 { Work::Import { group } } else { Work::Live }
}
