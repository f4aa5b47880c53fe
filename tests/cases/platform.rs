//! Supervision of the supervisors end to end: what the host observes of sources, alerts and
//! settings, and what the plugin `conduct` makes of it.

use plumbline::alert::{Alert, AlertState};
use plumbline::card::{self, Outcome, Person, Stage, Step};
use plumbline::error::AppError;
use plumbline::home::Home;
use plumbline::import::{ImportReport, ImportRequest, import};
use plumbline::replay::replay;
use plumbline::watch::Watch;
use plumbline::{App, deploy};
use plumbline_contract::alert::Level;
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Millis, Zone};
use plumbline_kernel::health::ClockLook;
use plumbline_ledger::Ledger;
use plumbline_store::{SledStore, Store};
use plumbline_tests::{TestHome, case, event, instant, plugins};
use serde_json::{Map, Value, json};

/// Where the supervised department and its supervisor sit.
const UNIT: &str = "D-001";
const SUPERVISOR: &str = "D-900";

/// A home with approval and, unless it is left out, conduct.
fn home(with_conduct: bool) -> Option<TestHome> {
    let packages = plugins()?;
    let home = TestHome::with_approval(&packages);
    if with_conduct {
        home.enable(&packages, "conduct.wasm", &Map::new());
    }
    Some(home)
}

fn observed(app: &App, kind: &str) -> Vec<Event> {
    let rows = app.store().read(EventSeq(0), 10_000).unwrap();
    rows.iter()
        .map(|row| (*row.event).clone())
        .filter(|event| event.kind.starts_with(kind))
        .collect()
}

fn data(event: &Event) -> Value {
    serde_json::from_str(&event.data).unwrap()
}

fn of_rule(home: &TestHome, rule: &str) -> Vec<Alert> {
    home.alerts().into_iter().filter(|alert| alert.rule == rule).collect()
}

/// A case that nobody decides: the red card of its limit.
fn overdue(home: &TestHome, time: &str) -> Alert {
    let lines = case(1, "2026-03-02T09:00:00", "");
    home.receive("2026-03-02T09:00:00", &lines);
    home.app.tell_time(instant(time));
    home.tick(time);
    let mut alerts = of_rule(home, "APPR-T03");
    assert_eq!((alerts.len(), alerts[0].level), (1, Level::Red), "{alerts:?}");
    alerts.remove(0)
}

fn take(home: &TestHome, id: &str, step: Step, by: &str, dept: &str) -> Result<Alert, AppError> {
    let person = Person { by, dept, second: None, reason: "已核实，材料补齐。" };
    card::take(&home.app, id, step, person)
}

fn at(home: &TestHome, time: &str) {
    home.app.tell_time(instant(time));
    home.tick(time);
}

fn replays(home: &TestHome) {
    for replayed in replay(&home.app).unwrap() {
        assert!(replayed.difference.is_none(), "{replayed:?}");
    }
}

#[test]
fn a_record_that_came_again_with_other_content_is_a_red_card() {
    let Some(home) = home(true) else { return };
    let first = case(1, "2026-03-02T09:00:00", "");
    home.receive("2026-03-02T09:00:00", &first);
    let edited: Vec<_> = first.iter().map(|line| line.replace("o-1", "o-7")).collect();
    home.receive("2026-03-02T10:00:00", &edited);
    let events = observed(&home.app, "platform.record.changed");
    assert_eq!(events.len(), 2);
    let one = data(&events[1]);
    assert_eq!(one["fields"], json!(["officer", "actor"]), "{one}");
    assert_eq!((&one["case_no"], &one["corrected"]), (&json!("C00001"), &json!(false)));
    assert_ne!(one["hash_before"], one["hash_after"]);
    let red = of_rule(&home, "NET-D03");
    let cards: Vec<_> = red.iter().map(|alert| (alert.key.as_str(), alert.at.as_str())).collect();
    let at = "2026-03-02T10:00:00+08:00";
    assert_eq!(cards, [("C00001-received", at), ("C00001-accepted", at)]);
    // The same once more is the same observation.
    home.receive("2026-03-02T11:00:00", &edited);
    assert_eq!(observed(&home.app, "platform.record.changed").len(), 2);
    // An import observes as well.
    let first = case(2, "2026-03-03T09:00:00", "");
    assert_eq!(home.import("first.ndjson", &first).new, 2);
    let again: Vec<_> = first.iter().map(|line| line.replace("o-1", "o-8")).collect();
    assert_eq!(home.import("again.ndjson", &again).conflicting, 2);
    assert_eq!(observed(&home.app, "platform.record.changed").len(), 4);
    assert_eq!(of_rule(&home, "NET-D03").len(), 4);
    replays(&home);
}

#[test]
fn nothing_is_observed_that_nobody_takes() {
    let Some(home) = home(false) else { return };
    overdue(&home, "2026-06-01T09:00:00");
    let edited = case(1, "2026-03-02T09:00:00", "")
        .iter()
        .map(|it| it.replace("o-1", "o-7"))
        .collect::<Vec<_>>();
    home.receive("2026-03-02T10:00:00", &edited);
    assert_eq!(observed(&home.app, "platform."), []);
}

#[test]
fn an_unanswered_card_is_passed_on_and_an_answered_one_is_not() {
    let Some(home) = home(true) else { return };
    let card = overdue(&home, "2026-06-01T09:00:00");
    let raised = observed(&home.app, "platform.alert.raised");
    let about = data(raised.iter().find(|event| data(event)["alert"] == json!(card.id)).unwrap());
    assert_eq!((&about["rule"], &about["dept"]), (&json!("APPR-T03"), &json!(UNIT)), "{about}");
    // A red one is to be answered within one working day.
    at(&home, "2026-06-02T23:50:00");
    assert_eq!(of_rule(&home, "NET-A01"), []);
    at(&home, "2026-06-03T00:10:00");
    let ignored = of_rule(&home, "NET-A01");
    assert_eq!(ignored.len(), 1, "{ignored:?}");
    assert_eq!(
        (ignored[0].level, ignored[0].values["rule"].as_str()),
        (Level::Red, Some("APPR-T03"))
    );
    // It is about supervision: it is not observed itself.
    assert!(
        observed(&home.app, "platform.alert.")
            .iter()
            .all(|it| data(it)["alert"] != json!(ignored[0].id))
    );
    replays(&home);
}

#[test]
fn a_card_goes_its_way_from_the_answer_to_the_end() {
    let Some(home) = home(true) else { return };
    let card = overdue(&home, "2026-06-01T09:00:00");
    let id = card.id.as_str();
    let refused = |step, by: &str, dept: &str| take(&home, id, step, by, dept).unwrap_err().message;
    assert_eq!(refused(Step::Answer, "u-2", SUPERVISOR), "card-side", "only the unit answers");
    assert_eq!(refused(Step::Appeal, "u-2", UNIT), "card-step", "first the answer");
    at(&home, "2026-06-01T15:00:00");
    let answered = take(&home, id, Step::Answer, "u-2", UNIT).unwrap();
    assert_eq!((answered.handling.stage, answered.state), (Stage::Answered, AlertState::Open));
    take(&home, id, Step::Appeal, "u-2", UNIT).unwrap();
    assert_eq!(refused(Step::Close(Outcome::Upheld), "s-1", SUPERVISOR), "card-step");
    assert_eq!(
        refused(Step::Decide(Outcome::Rejected), "u-2", SUPERVISOR),
        "card-own",
        "the same person"
    );
    assert_eq!(refused(Step::Decide(Outcome::Rejected), "u-9", UNIT), "card-own", "the same unit");
    let decided = take(&home, id, Step::Decide(Outcome::Upheld), "s-1", SUPERVISOR).unwrap();
    assert_eq!(decided.handling.outcome, Some(Outcome::Upheld));
    assert_eq!(refused(Step::Close(Outcome::Rejected), "s-1", SUPERVISOR), "card-step");
    let closed = take(&home, id, Step::Close(Outcome::Upheld), "s-1", SUPERVISOR).unwrap();
    assert_eq!((closed.handling.stage, closed.handling.acts.len()), (Stage::Closed, 4));
    assert_eq!(refused(Step::Answer, "u-2", UNIT), "card-step", "it is over");
    // What people did survives a restart, and the log tells the plugins of it.
    let kinds: Vec<_> =
        observed(&home.app, "platform.alert.").into_iter().map(|it| it.kind).collect();
    assert_eq!(&kinds[kinds.len() - 2..], ["platform.alert.answered", "platform.alert.closed"]);
    at(&home, "2026-06-03T00:10:00");
    assert_eq!(of_rule(&home, "NET-A01"), [], "it was answered in time");
    assert_eq!(of_rule(&home, "NET-A02"), []);
    let attempts = home.app.with_ledger(|ledger| {
        let leaves = ledger.leaves(0..ledger.size()).unwrap();
        leaves
            .filter(|leaf| leaf.as_ref().unwrap().windows(12).any(|it| it == b"card-refused"))
            .count()
    });
    assert_eq!(attempts, 2);
    replays(&home);
    let closed = home.close();
    let again = TestHome::copy_of(&closed.path().join("home"));
    let card = again.app.alert(id).unwrap().unwrap();
    assert_eq!(
        (card.handling.stage, card.handling.outcome),
        (Stage::Closed, Some(Outcome::Upheld))
    );
}

/// Lines that a host has written elsewhere.
fn import_as_host(home: &TestHome, lines: &[String], as_host: bool) -> ImportReport {
    let path = home.dir.path().join(format!("host-{as_host}.ndjson"));
    std::fs::write(&path, lines.join("\n")).unwrap();
    let request = ImportRequest { as_host, ..ImportRequest::new(&path) };
    import(&home.app, &request, &mut |_, _| {}).unwrap()
}

#[test]
fn a_closing_by_the_supervised_department_is_forged_or_a_red_card() {
    let Some(home) = home(true) else { return };
    let raised = json!({ "alert": "a1", "rule": "X-1", "level": "yellow", "dept": UNIT });
    let closed = json!({ "alert": "a1", "by": "u-2", "by_dept": UNIT, "reason_hash": "r" });
    let lines = [
        event("h1", "platform.alert.raised", "2026-03-02T09:00:00", &raised),
        event("h2", "platform.alert.closed", "2026-03-03T09:00:00", &closed),
    ];
    let report = import_as_host(&home, &lines, false);
    assert_eq!((report.new, report.rejected), (0, 2));
    assert_eq!(report.first_rejects[0].code.as_str(), "platform_type");
    assert_eq!(observed(&home.app, "platform."), []);
    // A file that says it is a host's is taken, and the ledger keeps that it was.
    let leaves = home.app.with_ledger(|ledger| ledger.size());
    assert_eq!(import_as_host(&home, &lines, true).new, 2);
    let act = home.app.with_ledger(|ledger| ledger.leaf(leaves).unwrap());
    let act: Value = serde_json::from_slice(&act).unwrap();
    assert_eq!(
        (&act["leaf"], &act["file"]),
        (&json!("import-as-host"), &json!("host-true.ndjson"))
    );
    let red = of_rule(&home, "NET-A02");
    assert_eq!((red.len(), red[0].level.as_str()), (1, "red"));
    replays(&home);
}

#[test]
fn a_limit_that_is_loosened_after_a_rise_is_noticed() {
    let Some(home) = home(true) else { return };
    let lines: Vec<_> =
        (1..=14).flat_map(|number| case(number, "2026-03-02T09:00:00", "")).collect();
    home.receive("2026-03-02T09:00:00", &lines);
    at(&home, "2026-06-01T09:00:00");
    assert_eq!(of_rule(&home, "APPR-T01").len(), 14);
    home.app.tell_time(instant("2026-06-02T10:00:00"));
    let set = |parameters: Value| {
        let Value::Object(parameters) = parameters else { unreachable!() };
        deploy::set(&home.app, "approval", "", &parameters, None).unwrap();
        home.app.settle().unwrap();
    };
    set(json!({ "off": ["APPR-T01"] }));
    let changes: Vec<_> =
        observed(&home.app, "platform.setting.changed").iter().map(data).collect();
    assert_eq!(changes.len(), 1, "{changes:?}");
    assert_eq!(
        (&changes[0]["rule"], &changes[0]["change"]),
        (&json!("APPR-T01"), &json!("disabled"))
    );
    let noticed = of_rule(&home, "NET-A03");
    assert_eq!((noticed.len(), noticed[0].values["rule"].as_str()), (1, Some("APPR-T01")));
    // Switching it on again loosens nothing.
    set(json!({ "off": null }));
    assert_eq!(data(&observed(&home.app, "platform.setting.changed")[1])["change"], "enabled");
    assert_eq!(of_rule(&home, "NET-A03").len(), 1);
    replays(&home);
}

#[test]
fn what_was_sealed_and_not_observed_is_observed_at_the_next_start() {
    let Some(home) = home(true) else { return };
    overdue(&home, "2026-06-01T09:00:00");
    let before = observed(&home.app, "platform.alert.raised").len();
    assert!(before > 0);
    let leaves = plumbline_tests::outcome::alert_leaves(&home.app);
    let (_, mut leaf) = leaves.into_iter().find(|(_, it)| it.rule == "APPR-T03").unwrap();
    (leaf.id, leaf.key) = ("00000000000000aa".to_owned(), "C00077".to_owned());
    // The home is opened by the clock of whoever tests: for that, it must not be long ago.
    leaf.issued_at = "2099-06-01T09:00:00+08:00".to_owned();
    let leaf = [serde_json::to_vec(&leaf).unwrap()];
    // One more card, sealed by a host that lost power right then.
    let folder = home.close();
    let place = Home::new(folder.path().join("home"));
    SledStore::open(&place.store_dir()).unwrap().push_leaves(&leaf).unwrap();
    let mut ledger = Ledger::open(&place.ledger_dir(), place.ledger_key().unwrap()).unwrap();
    ledger.append(&leaf).unwrap();
    ledger.seal().unwrap();
    drop(ledger);
    let home = TestHome::copy_of(place.dir());
    let raised = observed(&home.app, "platform.alert.raised");
    assert_eq!(raised.len(), before + 1);
    assert_eq!(data(&raised[before])["subject"], "C00077");
    // It is observed once, however often the home is opened.
    let folder = home.close();
    let home = TestHome::copy_of(&folder.path().join("home"));
    assert_eq!(observed(&home.app, "platform.alert.raised").len(), before + 1);
}

/// A home that is watched, whose office reports every half hour.
struct Watched {
    home: TestHome,
    watch: Watch,
    number: usize,
}

impl Watched {
    fn new() -> Option<Self> {
        let packages = plugins()?;
        let home = TestHome::bare();
        home.enable(&packages, "conduct.wasm", &Map::new());
        let watch = Watch::load(&home.app).unwrap();
        Some(Self { home, watch, number: 0 })
    }

    /// The watch looks, and the plugins look at what it tells and at the time.
    fn look(&mut self, at: &str) {
        let wall = instant(at);
        self.watch.look(&self.home.app, ClockLook { wall, steady_ms: None }).unwrap();
        self.home.app.settle().unwrap();
        self.home.tick(at);
    }

    fn send(&mut self, at: &str, data: &Value) -> String {
        self.number += 1;
        // Recorded two seconds before it is received.
        let recorded = Zone::shanghai().rfc3339(Millis(instant(at).0 - 2000));
        let id = format!("e{}", self.number);
        let line = event(&id, "approval.case.accepted", &recorded[..19], data);
        self.home.receive(at, std::slice::from_ref(&line));
        line
    }

    fn day(&mut self, day: &str, hours: std::ops::Range<u32>) {
        for hour in hours.filter(|hour| !(12..14).contains(hour)) {
            for minute in ["00", "30"] {
                let at = format!("{day}T{hour:02}:{minute}:00");
                self.send(&at, &json!({ "case_no": "C1", "receipt_no": "R1", "officer": "o-1" }));
                self.look(&at);
            }
        }
    }

    fn silences(&self) -> Vec<(Level, String)> {
        let alerts = of_rule(&self.home, "NET-S01");
        alerts.into_iter().map(|alert| (alert.level, alert.values["since"].to_string())).collect()
    }
}

#[test]
fn a_silent_source_is_a_card_until_it_is_back() {
    let Some(mut watched) = Watched::new() else { return };
    watched.day("2026-03-17", 9..17);
    watched.day("2026-03-18", 9..11);
    let count = |watched: &Watched, kind: &str| observed(&watched.home.app, kind).len();
    // Still since 10:30. Half an hour is usual, an hour of working time is allowed.
    for minute in (35..60).step_by(4) {
        watched.look(&format!("2026-03-18T10:{minute}:00"));
    }
    assert_eq!(count(&watched, "platform.source."), 1, "the day before");
    for minute in ["02", "06", "10", "14", "18", "22", "26", "29"] {
        watched.look(&format!("2026-03-18T11:{minute}:00"));
    }
    let silent = observed(&watched.home.app, "platform.source.silent");
    assert_eq!(silent.len(), 1);
    let told = data(&silent[0]);
    assert_eq!((&told["source"], &told["usual_s"]), (&json!("test/approval"), &json!(1800)));
    assert_eq!((silent[0].dept.as_str(), watched.silences()), (UNIT, vec![]));
    watched.look("2026-03-18T11:31:00");
    assert_eq!(watched.silences().len(), 1);
    assert_eq!(watched.silences()[0].0, Level::Notice);
    // A restart of the watch knows of it, and the report that ends it is told with the same words.
    watched.watch = Watch::load(&watched.home.app).unwrap();
    watched.send("2026-03-18T11:34:00", &json!({}));
    watched.look("2026-03-18T11:34:30");
    let back = observed(&watched.home.app, "platform.source.back");
    assert_eq!((back.len(), &data(&back[0])["since"]), (1, &told["since"]));
    for minute in (35..60).step_by(4) {
        watched.look(&format!("2026-03-18T11:{minute}:00"));
    }
    watched.home.tick("2026-03-20T18:00:00");
    assert_eq!(watched.silences().len(), 1);
    assert_eq!(watched.silences()[0].0, Level::Notice, "it is over and gets no worse");
    replays(&watched.home);
}

#[test]
fn the_quality_of_a_day_is_told_once_it_is_over() {
    let Some(mut watched) = Watched::new() else { return };
    for minute in 10..40 {
        let data = match minute % 10 {
            0 => json!({ "case_no": "C1" }),
            _ => json!({ "case_no": "C1", "receipt_no": "R1", "officer": "o-1" }),
        };
        watched.send(&format!("2026-03-17T09:{minute}:00"), &data);
    }
    watched.look("2026-03-17T09:41:00");
    watched.look("2026-03-18T00:04:00");
    assert_eq!(observed(&watched.home.app, "platform.source."), []);
    watched.look("2026-03-18T00:05:00");
    watched.look("2026-03-18T00:06:00");
    let days = observed(&watched.home.app, "platform.source.day");
    assert_eq!(days.len(), 1);
    let told = data(&days[0]);
    let expected = json!({ "source": "test/approval", "day": "2026-03-17", "events": 30, "missing": 3,
        "invalid": 0, "future": 0, "duplicates": 0, "faulty": 3, "drift_s": -2, "drift_samples": 30 });
    assert_eq!(told, expected);
    let cards = of_rule(&watched.home, "NET-D01");
    assert_eq!((cards.len(), cards[0].level), (1, Level::Yellow), "one in ten");
    replays(&watched.home);
}
