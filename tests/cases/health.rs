//! Supervision of the supervision: a host that watches sources over days of an injected clock, and
//! a reconciliation that finds what somebody has changed.

use plumbline::act;
use plumbline::alert::AlertState;
use plumbline::reconcile::reconcile;
use plumbline::watch::{Report, Watch};
use plumbline_contract::alert::{AlertAct, Level};
use plumbline_contract::time::{Millis, Zone};
use plumbline_kernel::health::{COUNT_TYPE, ClockLook};
use plumbline_tests::outcome::{alert_leaves, outcomes};
use plumbline_tests::{TestHome, case, event, instant, plugins};
use serde_json::{Value, json};

const SOURCE: &str = "test/approval";
const MINUTE: i64 = 60_000;
/// Hours in which the office of these tests reports, at half past.
const OFFICE: [i64; 3] = [9, 10, 14];

/// A home that is watched, with a clock that goes as it is told.
struct Watched {
    home: TestHome,
    watch: Watch,
    now: Millis,
    /// What steady time is ahead of the clock.
    steady_ahead: i64,
    number: usize,
}

impl Watched {
    fn new(start: &str) -> Self {
        Self::of(TestHome::bare(), instant(start))
    }

    fn of(home: TestHome, now: Millis) -> Self {
        let watch = Watch::load(&home.app).unwrap();
        Self { home, watch, now, steady_ahead: 0, number: 0 }
    }

    fn look(&mut self) -> Report {
        let steady_ms = Some(self.now.0 + self.steady_ahead);
        self.watch.look(&self.home.app, ClockLook { wall: self.now, steady_ms }).unwrap()
    }

    /// Looks every five minutes until a moment: with longer pauses it would count as off.
    fn run_until(&mut self, until: &str) -> Report {
        let until = instant(until);
        while self.now < until {
            self.now = until.min(Millis(self.now.0 + 5 * MINUTE));
            self.look();
        }
        self.look()
    }

    fn restart(&mut self) {
        self.watch = Watch::load(&self.home.app).unwrap();
    }

    /// Some events, recorded two seconds before they are received.
    fn receive(&mut self, at: &str, kind: &str, data: &Value, count: usize) {
        let recorded = Zone::shanghai().rfc3339(Millis(instant(at).0 - 2000));
        self.receive_recorded(at, &recorded, kind, data, count);
    }

    fn receive_recorded(
        &mut self,
        at: &str,
        recorded: &str,
        kind: &str,
        data: &Value,
        count: usize,
    ) {
        self.number += count;
        let id = |number: usize| format!("e{}", self.number - number);
        let lines = (0..count).map(|number| event(&id(number), kind, &recorded[..19], data));
        self.home.receive(at, &lines.collect::<Vec<_>>());
    }

    /// A report of the office at a moment.
    fn report(&mut self, at: &str) {
        self.receive(at, "approval.case.accepted", &json!({}), 1);
    }

    /// Days of the office; the host looks at the end of them.
    fn office(&mut self, days: &[&str]) {
        for day in days {
            for hour in OFFICE {
                let at = format!("{day}T{hour:02}:30:00");
                self.receive(&at, "approval.case.accepted", &json!({}), 8);
                self.now = instant(&at);
            }
        }
        self.look();
    }

    fn acts(&self, rule: &str) -> Vec<AlertAct> {
        let leaves = alert_leaves(&self.home.app);
        leaves.into_iter().filter(|(_, leaf)| leaf.rule == rule).map(|(_, leaf)| leaf.act).collect()
    }
}

/// Three weeks before Qingming 2026 (4 to 6 April).
const WEEKS: [&str; 15] = [
    "2026-03-12",
    "2026-03-13",
    "2026-03-16",
    "2026-03-17",
    "2026-03-18",
    "2026-03-19",
    "2026-03-20",
    "2026-03-23",
    "2026-03-24",
    "2026-03-25",
    "2026-03-26",
    "2026-03-27",
    "2026-03-30",
    "2026-03-31",
    "2026-04-01",
];

#[test]
fn a_source_falls_silent_after_a_holiday_and_comes_back() {
    let home = with_health(TestHome::bare(), "reconcile_at = \"off\"");
    let mut watched = Watched::of(home, instant("2026-03-12T08:00:00"));
    watched.office(&WEEKS);
    watched.office(&["2026-04-02", "2026-04-03"]);
    // Qingming, with the weekend in it.
    let report = watched.run_until("2026-04-07T09:00:00");
    assert_eq!(report.sources[0].state(), "regular");
    assert_eq!(watched.acts("HOST-S01"), []);
    let report = watched.run_until("2026-04-07T15:00:00");
    assert_eq!(report.sources[0].state(), "silent");
    let alerts = watched.home.alerts();
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let alert = &alerts[0];
    assert_eq!((alert.rule.as_str(), alert.key.as_str()), ("HOST-S01", SOURCE));
    assert_eq!((alert.level, alert.at.as_str()), (Level::Yellow, "2026-04-03T14:30:00+08:00"));
    assert_eq!((alert.region.as_str(), alert.dept.as_str()), ("370203", "D-001"));
    assert_eq!(
        (alert.plugin.as_str(), alert.values["missed"].as_str()),
        ("plumbline", Some("3 h"))
    );
    assert_eq!(alert.tables["calendar"], 1);
    // It stands: neither another day nor a restart raises it again.
    watched.run_until("2026-04-08T16:00:00");
    watched.restart();
    watched.run_until("2026-04-08T18:00:00");
    assert_eq!(watched.acts("HOST-S01"), [AlertAct::Raised]);
    watched.report("2026-04-08T18:01:00");
    let report = watched.run_until("2026-04-08T18:05:00");
    assert_eq!((report.leaves, report.open["HOST-S01"]), (0, 0));
    assert_eq!(watched.acts("HOST-S01"), [AlertAct::Raised, AlertAct::Closed]);
    let alert = &watched.home.alerts()[0];
    assert_eq!(alert.state, AlertState::Closed);
    assert_eq!(alert.reason.as_deref(), Some("condition_over"));
    // The next silence is another alert.
    watched.run_until("2026-04-09T15:00:00");
    assert_eq!(outcomes(&watched.home.app, "HOST-S01").len(), 2);
}

#[test]
fn a_host_that_was_off_raises_nothing_and_what_it_learned_is_built_anew() {
    let mut watched = Watched::new("2026-03-12T08:00:00");
    watched.office(&WEEKS);
    watched.run_until("2026-04-01T18:00:00");
    // Two days without power; the log of these days stays empty.
    watched.restart();
    watched.now = instant("2026-04-03T10:20:00");
    watched.steady_ahead = 77;
    let report = watched.look();
    assert_eq!(report.sources[0].health.silence.missed, 0);
    assert_eq!(watched.acts("HOST-S01"), []);
    let learned = report.sources[0].health.rhythm.clone();
    for (name, _) in watched.home.app.store().meta_scan("watch/source/").unwrap() {
        watched.home.app.store().drop_meta(&name).unwrap();
    }
    watched.home.app.store().drop_meta("watch/host").unwrap();
    watched.restart();
    let report = watched.look();
    assert_eq!(report.sources[0].health.rhythm, learned);
    assert_eq!(report.sources[0].events, 15 * 3 * 8);
    // A row that cannot be read is no obstacle either.
    watched.home.app.store().put_meta("watch/host", b"{").unwrap();
    watched.restart();
    assert_eq!(watched.look().sources[0].events, 15 * 3 * 8);
}

#[test]
fn a_drop_is_noticed_the_next_day_and_closed_after_a_full_one() {
    let mut watched = Watched::new("2026-03-12T08:00:00");
    watched.office(&WEEKS);
    watched.run_until("2026-04-02T09:30:00");
    watched.report("2026-04-02T09:30:00");
    watched.report("2026-04-02T14:30:00");
    watched.run_until("2026-04-03T00:10:00");
    let drop = &outcomes(&watched.home.app, "HOST-S02")[0];
    assert_eq!((drop.level, drop.at.as_str()), ("notice", "2026-04-02T00:00:00+08:00"));
    watched.office(&["2026-04-03"]);
    watched.run_until("2026-04-04T00:10:00");
    assert_eq!(watched.acts("HOST-S02"), [AlertAct::Raised, AlertAct::Closed]);
}

#[test]
fn a_count_that_differs_is_an_alert_until_the_missing_records_come() {
    let mut watched = Watched::new("2026-04-01T08:00:00");
    watched.office(&["2026-04-01"]);
    watched.run_until("2026-04-01T19:00:00");
    let state = |day: &str, count: u64| json!({ "day": day, "count": count });
    watched.receive("2026-04-01T19:00:00", COUNT_TYPE, &state("2026-04-01", 25), 1);
    watched.run_until("2026-04-01T19:56:00");
    assert_eq!(watched.acts("HOST-S03"), [], "records may still be on their way");
    watched.run_until("2026-04-01T20:04:00");
    let alert = &watched.home.alerts()[0];
    assert_eq!((alert.rule.as_str(), alert.level), ("HOST-S03", Level::Yellow));
    assert_eq!((&alert.values["declared"], &alert.values["received"]), (&json!("25"), &json!(24)));
    // Another day is another alert.
    watched.receive("2026-04-01T20:05:00", COUNT_TYPE, &state("2026-03-31", 1), 1);
    watched.run_until("2026-04-01T21:10:00");
    assert_eq!(outcomes(&watched.home.app, "HOST-S03").len(), 2);
    watched.report("2026-04-01T21:11:00");
    watched.run_until("2026-04-01T21:15:00");
    let standing = outcomes(&watched.home.app, "HOST-S03");
    let standing: Vec<_> = standing.iter().map(|one| (one.at.as_str(), one.stands)).collect();
    let expected = [("2026-04-01T00:00:00+08:00", false), ("2026-03-31T00:00:00+08:00", true)];
    assert_eq!(standing, expected);
}

#[test]
fn a_source_clock_is_noticed_gets_worse_and_is_set_right() {
    let mut watched = Watched::new("2026-04-01T08:00:00");
    let report = |watched: &mut Watched, at: &str, ahead_ms: i64| {
        let zone = Zone::shanghai();
        let recorded = zone.rfc3339(Millis(instant(at).0 + ahead_ms));
        watched.receive_recorded(at, &recorded, "approval.case.accepted", &json!({}), 300);
        watched.now = instant(at);
        watched.look();
    };
    report(&mut watched, "2026-04-01T09:00:00", 90_000);
    report(&mut watched, "2026-04-01T09:04:00", 660_000);
    report(&mut watched, "2026-04-01T09:08:00", -5_000);
    use AlertAct::{Closed, Escalated, Raised};
    assert_eq!(watched.acts("HOST-S04"), [Raised, Escalated, Closed]);
}

#[test]
fn a_clock_that_jumps_is_an_alert_for_a_day() {
    let mut watched = Watched::new("2026-04-01T08:00:00");
    watched.run_until("2026-04-01T09:00:00");
    assert_eq!(watched.acts("HOST-C01"), []);
    // Back by two hours, while steady time goes on.
    watched.now = instant("2026-04-01T07:04:00");
    watched.steady_ahead = 120 * MINUTE;
    watched.look();
    let alert = &watched.home.alerts()[0];
    assert_eq!((&alert.values["kind"], &alert.values["seconds"]), (&json!("back"), &json!(7200)));
    watched.run_until("2026-04-02T07:00:00");
    assert_eq!(watched.acts("HOST-C01"), [AlertAct::Raised]);
    watched.run_until("2026-04-02T07:10:00");
    assert_eq!(watched.acts("HOST-C01"), [AlertAct::Raised, AlertAct::Closed]);
    // The log was written by a clock that was ahead.
    watched.report("2026-04-02T10:00:00");
    watched.run_until("2026-04-02T07:20:00");
    assert_eq!(watched.home.alerts().last().unwrap().values["kind"], "behind-log");
}

#[test]
fn a_night_without_reconciliation_is_an_alert() {
    let mut watched = Watched::new("2026-04-01T08:00:00");
    watched.run_until("2026-04-02T14:20:00");
    assert_eq!(watched.acts("HOST-V02"), []);
    watched.run_until("2026-04-02T14:40:00");
    assert_eq!(watched.home.alerts()[0].values["kind"], "overdue");
    let done = reconcile(&watched.home.app, watched.now).unwrap();
    assert!(done.is_sound() && done.deployments.is_empty());
    watched.look();
    assert_eq!(watched.acts("HOST-V02"), [AlertAct::Raised, AlertAct::Closed]);
}

#[test]
fn the_reconciliation_finds_what_was_smuggled_in_and_says_when_it_is_gone() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.import("cases.ndjson", &case(1, "2026-03-02T09:00:00", ""));
    home.tick("2026-06-01T09:00:00");
    let at = instant("2026-06-01T10:00:00");
    let look = |watch: &mut Watch, minutes: i64| {
        let wall = Millis(at.0 + minutes * MINUTE);
        watch.look(&home.app, ClockLook { wall, steady_ms: None }).unwrap()
    };
    let mut watch = Watch::load(&home.app).unwrap();
    let done = reconcile(&home.app, at).unwrap();
    assert!(done.is_sound() && done.deployments[0].same > 0, "{done:?}");
    assert_eq!(look(&mut watch, 0).open["HOST-V01"], 0);
    // A leaf of the approval plugin that nothing in the log accounts for.
    let (_, mut forged) =
        alert_leaves(&home.app).into_iter().find(|(_, leaf)| leaf.deployment.0 == 1).unwrap();
    forged.key = "C00009".to_owned();
    home.app.record(&[serde_json::to_vec(&forged).unwrap()]).unwrap();
    let done = reconcile(&home.app, Millis(at.0 + MINUTE)).unwrap();
    assert!(!done.is_sound() && done.deployments[0].leaf.is_some(), "{done:?}");
    let report = look(&mut watch, 2);
    assert_eq!((report.leaves, report.open["HOST-V01"]), (1, 1));
    let red = outcomes(&home.app, "HOST-V01");
    assert_eq!((red[0].level, red[0].stands), ("red", true));
    assert_eq!(look(&mut watch, 3).leaves, 0);
    // The host's own alerts and acts are no part of what is derived.
    let act = act::leaf("note", at, home.app.zone(), json!({}));
    home.app.record(&[act]).unwrap();
    let again = reconcile(&home.app, Millis(at.0 + 4 * MINUTE)).unwrap();
    assert_eq!(again.deployments, done.deployments);
}

#[test]
fn rules_that_never_fire_are_reported_from_the_states_and_the_ledger() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let home = with_health(home, "rule_never_keys = 10\nrule_often_keys = 10");
    let cases: Vec<_> =
        (0..12).flat_map(|number| case(number, "2026-03-02T09:00:00", "")).collect();
    home.import("cases.ndjson", &cases);
    home.tick("2026-06-01T09:00:00");
    let mut watch = Watch::load(&home.app).unwrap();
    let now = ClockLook { wall: instant("2026-06-01T10:00:00"), steady_ms: None };
    let report = watch.look(&home.app, now).unwrap();
    let judged = |id: &str| {
        let line = report.rules.iter().find(|line| line.counters.rule == id).unwrap();
        (line.counters.keys >= 12, line.counters.raised, line.suspicion.map(|one| one.code()))
    };
    // Every case is overdue, none was decided by somebody without authority.
    assert_eq!(judged("APPR-T01"), (true, 12, Some("fires-often")));
    assert_eq!(judged("APPR-P01"), (true, 0, Some("never-fires")));
    assert!(report.open["HOST-R01"] >= 2);
    assert!(outcomes(&home.app, "HOST-R01").iter().all(|one| one.level == "notice"));
}

/// The same home with a section `[health]` in its configuration.
fn with_health(home: TestHome, settings: &str) -> TestHome {
    let closed = home.close();
    let folder = closed.path().join("home");
    let config = folder.join("config.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n[health]\n{settings}\n")).unwrap();
    TestHome::copy_of(&folder)
}
