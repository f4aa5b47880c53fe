//! The host's clock jumps back and forth. Log time of what is received never goes back, a jump that
//! is taken back raises nothing early, and what comes out in the end is what an even clock gives.

use plumbline::log_clock::HOLD_MS;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{MS_PER_MINUTE, Millis};
use plumbline_tests::outcome::{Outcome, alert_leaves, assert_replays, outcomes, verify_ledger};
use plumbline_tests::{TestHome, case, instant, plugins, to_event};
use std::collections::BTreeSet;
use std::path::Path;

/// The case that is accepted first is due on 2026-03-13.
const START: &str = "2026-02-09T10:00:00";
const DAY: i64 = 24 * 60;
const DAYS: i64 = 40;
const YEAR: i64 = 365 * DAY;
const HOLD: i64 = HOLD_MS / MS_PER_MINUTE;
/// Minutes between two looks at an even clock.
const LOOK: i64 = 8 * 60;

/// From a minute on, for so many minutes, the wall clock is off by so many minutes.
type Jump = (i64, i64, i64);

/// What one run under a clock gave.
#[derive(Debug, PartialEq)]
struct Run {
    outcomes: Vec<Outcome>,
    /// Minute at which the first case got its card.
    first_card: Option<i64>,
    leaves: usize,
}

fn off(minute: i64, jumps: &[Jump]) -> i64 {
    let now = |(from, length, _): &&Jump| (*from..from + length).contains(&minute);
    jumps.iter().find(now).map_or(0, |(_, _, off)| *off)
}

/// Forty days with a case on each of the first twenty and a tick at every look at the clock; around
/// a jump there is one every minute for a while.
fn run(template: &Path, jumps: &[Jump]) -> Run {
    let home = TestHome::copy_of(template);
    let even = (0..=DAYS * DAY).step_by(LOOK as usize);
    let around = |minute: i64| minute - 2..minute + 2 * HOLD;
    let jumped = jumps.iter().flat_map(|(from, length, _)| [*from, from + length]).flat_map(around);
    let looks: BTreeSet<i64> = even.chain(jumped).collect();
    let (mut first_card, mut last) = (None, Millis(0));
    for minute in looks {
        let running = minute * MS_PER_MINUTE;
        let wall = instant(START).0 + running + off(minute, jumps) * MS_PER_MINUTE;
        let time = home.app.log_time_at(Millis(wall), Millis(running));
        assert!(time >= last, "log time goes back");
        last = time;
        if minute % DAY == 0 && minute / DAY < 20 {
            let occurred = home.app.zone().rfc3339(Millis(instant(START).0 + running));
            let number = 1 + (minute / DAY) as usize;
            let lines = case(number, occurred.trim_end_matches("+08:00"), "");
            let events: Vec<_> = lines.iter().map(|line| to_event(line, time)).collect();
            home.app.append(&events).unwrap();
        }
        home.app.tick(time, false).unwrap();
        home.app.settle().unwrap();
        let is_first = |card: &Outcome| card.key == "C00001";
        if first_card.is_none() && outcomes(&home.app, "APPR-T03").iter().any(is_first) {
            first_card = Some(minute);
        }
    }
    let rows = home.app.store().read(EventSeq(0), usize::MAX).unwrap();
    assert!(rows.iter().map(|row| row.event.logged).is_sorted(), "the log goes back");
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
    let leaves = alert_leaves(&home.app).len();
    Run { outcomes: outcomes(&home.app, ""), first_card, leaves }
}

#[test]
fn a_clock_that_jumps_neither_loses_nor_doubles_a_card() {
    let Some(packages) = plugins() else { return };
    let template = TestHome::with_approval(&packages).close();
    let template = template.path().join("home");
    let even = run(&template, &[]);
    assert_eq!(even.first_card.map(|minute| minute / DAY), Some(32), "{even:#?}");
    let rows: [(&str, &[Jump]); 5] = [
        ("a year ahead, taken back", &[(3 * DAY, HOLD - 1, YEAR), (20 * DAY, 5, YEAR)]),
        ("a year behind, taken back", &[(3 * DAY, HOLD - 1, -YEAR), (32 * DAY, 5, -YEAR)]),
        (
            "to and fro",
            &[
                (9 * DAY, 2, YEAR),
                (9 * DAY + 3, 2, -YEAR),
                (9 * DAY + 6, 3, 30),
                (9 * DAY + 9, 2, -9),
            ],
        ),
        ("three hours behind for a day", &[(10 * DAY, DAY, -180)]),
        ("an hour ahead for a day", &[(10 * DAY, DAY, 60)]),
    ];
    for (name, jumps) in rows {
        assert_eq!(run(&template, jumps), even, "{name}");
    }
}

/// Who leaves the clock wrong for longer gets what the clock says, once: log time stands still when
/// it is set right, and everything that was raised can be derived again.
#[test]
fn a_wrong_clock_that_is_believed_doubles_nothing() {
    let Some(packages) = plugins() else { return };
    let template = TestHome::with_approval(&packages).close();
    let wrong = run(&template.path().join("home"), &[(3 * DAY, 3 * HOLD, 60 * DAY)]);
    assert_eq!(wrong.first_card, Some(3 * DAY + HOLD), "as soon as the jump is believed");
    let cards: Vec<_> = wrong.outcomes.iter().filter(|card| card.rule == "APPR-T03").collect();
    assert_eq!(cards.len(), 20, "{cards:#?}");
}

#[test]
fn a_home_that_is_opened_again_goes_on_from_its_log() {
    let home = TestHome::bare();
    let imported = TestHome::bare();
    imported.import("far.ndjson", &case(1, "2031-02-09T10:00:00", ""));
    home.receive("2030-02-09T10:00:00+08:00", &case(1, "2026-02-09T10:00:00", ""));
    let now = instant("2026-05-01T00:00:00+08:00");
    for (home, wanted) in
        [(home, "2030-02-09T10:00:00+08:00"), (imported, "2026-05-01T00:00:00+08:00")]
    {
        let path = home.app.home().dir().to_path_buf();
        let _kept = home.close();
        let app = plumbline::App::open(plumbline::Home::new(path)).unwrap();
        assert_eq!(app.log_time_at(now, Millis(0)), instant(wanted));
    }
}
