//! Supervision of the supervisors end to end, continued: who signed a loosening, and the counts of
//! two levels.

use plumbline::alert::Alert;
use plumbline::backing::{Backing, Signature, UNBACKED};
use plumbline::deploy::{self, Enabling};
use plumbline::platform::ledger::{Brought, Side, take_file};
use plumbline::shadow::{self, Candidate};
use plumbline::watch::Watch;
use plumbline::{AppError, history};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_kernel::health::ClockLook;
use plumbline_tests::outcome::assert_replays;
use plumbline_tests::{TestHome, case, event, instant, plugins};
use serde_json::{Map, Value, json};
use std::fs;

fn of_rule(home: &TestHome, rule: &str) -> Vec<Alert> {
    home.alerts().into_iter().filter(|alert| alert.rule == rule).collect()
}

fn observed(home: &TestHome, kind: &str) -> Vec<(Event, Value)> {
    let rows = home.app.store().read(EventSeq(0), 10_000).unwrap();
    let events = rows.into_iter().map(|row| row.event).filter(|event| event.kind == kind);
    events.map(|event| ((*event).clone(), serde_json::from_str(&event.data).unwrap())).collect()
}

/// A home in which the notices of APPR-T01 have just risen.
fn risen() -> Option<TestHome> {
    let packages = plugins()?;
    let home = TestHome::with_approval(&packages);
    home.enable(&packages, "conduct.wasm", &Map::new());
    let lines: Vec<_> =
        (1..=14).flat_map(|number| case(number, "2026-03-02T09:00:00", "")).collect();
    home.receive("2026-03-02T09:00:00", &lines);
    home.app.tell_time(instant("2026-06-01T09:00:00"));
    home.tick("2026-06-01T09:00:00");
    assert_eq!(of_rule(&home, "APPR-T01").len(), 14);
    home.app.tell_time(instant("2026-06-02T10:00:00"));
    Some(home)
}

fn signature(by: &str, role: &str) -> Signature {
    Signature { by: by.to_owned(), role: (!role.is_empty()).then(|| role.to_owned()) }
}

#[test]
fn a_loosening_signed_by_two_officers_in_two_roles_is_no_notice() {
    let off = json!({ "off": ["APPR-T01"] });
    // The rest is examples of the plugin; here, what the host tells it.
    let rows: [(&[(&str, &str)], usize); 3] = [
        (&[], 1),
        (&[("王五", "系统管理员"), ("赵六", "")], 1),
        (&[("王五", "系统管理员"), ("赵六", "监督科长")], 0),
    ];
    for (signed, notices) in rows {
        let Some(home) = risen() else { return };
        let backing = Backing {
            signed: signed.iter().map(|(by, role)| signature(by, role)).collect(),
            ..Backing::default()
        };
        let asked = (off.as_object().unwrap(), None);
        deploy::set_backed(&home.app, "approval", "", asked, &backing).unwrap();
        home.app.settle().unwrap();
        let told = &observed(&home, "platform.setting.changed")[0].1;
        let names = |at: usize| -> Vec<&str> {
            let all = signed.iter().map(|pair| if at == 0 { pair.0 } else { pair.1 });
            all.filter(|text| !text.is_empty()).collect()
        };
        assert_eq!((&told["by"], &told["roles"]), (&json!(names(0)), &json!(names(1))), "{told}");
        assert_eq!(of_rule(&home, "NET-A03").len(), notices, "{signed:?}");
        assert_replays(&home.app);
    }
}

/// The ways to change a rule other than a setting. Each loosens APPR-T01.
#[derive(Clone, Copy, Debug)]
enum Way {
    Promotion,
    Rollback,
    Enabling,
}

fn loosen(home: &TestHome, way: Way, backing: &Backing) -> Result<(), AppError> {
    let app = &home.app;
    let parameters = json!({ "off": ["APPR-T01"] });
    let off = parameters.as_object().unwrap();
    match way {
        Way::Promotion => {
            let (plugin, region) = ("approval", "");
            let candidate = Candidate { plugin, region, package: None, parameters: off };
            let running = shadow::start(app, &candidate, true)?;
            app.settle()?;
            let promoted = shadow::promote(app, running.id, (false, false), backing);
            if promoted.is_err() {
                shadow::end(app, running.id)?;
            }
            promoted.map(drop)
        }
        Way::Rollback => {
            let stricter = json!({ "warn_wd": 4 });
            deploy::set(app, "approval", "", stricter.as_object().unwrap(), None)?;
            app.settle()?;
            deploy::rollback(app, "approval", backing).map(drop)
        }
        Way::Enabling => {
            let package = *deploy::live_of(app, "approval")?.packages().first().unwrap();
            let enabling = Enabling { backing, ..Enabling::new(package, "", off) };
            deploy::enable(app, &enabling).map(drop)
        }
    }
}

#[test]
fn whatever_loosens_a_rule_can_be_signed() {
    let blank = Backing { signed: vec![signature(" ", "")], ..Backing::default() };
    let signed = Backing {
        ground: Some("〔2026〕5号".into()),
        law: None,
        signed: vec![signature("王五", "系统管理员"), signature("赵六", "监督科长")],
    };
    for way in [Way::Promotion, Way::Rollback, Way::Enabling] {
        for (backing, notices) in [(&UNBACKED, 1), (&signed, 0)] {
            let Some(home) = risen() else { return };
            let refused = loosen(&home, way, &blank).unwrap_err();
            assert_eq!(refused.message, "signature", "{way:?}");
            loosen(&home, way, backing).unwrap();
            home.app.settle().unwrap();
            let act = history::history(&home.app, "approval").unwrap().pop().unwrap();
            let told = |name: &str| act.told.get(name).cloned().unwrap_or_default();
            if notices == 0 {
                assert_eq!(told("signed"), json!(signed.signed), "{way:?}");
                assert_eq!(told("ground"), json!({ "": "〔2026〕5号" }), "{way:?}");
            }
            assert_eq!(of_rule(&home, "NET-A03").len(), notices, "{way:?}");
            assert_replays(&home.app);
        }
    }
}

#[test]
fn a_changed_law_exempts_and_the_direction_of_a_number_is_told() {
    let Some(home) = risen() else { return };
    let set = |value: i64, law: Option<&str>| {
        let parameters = json!({ "warn_wd": value });
        let backing = Backing { law: law.map(str::to_owned), ..Backing::default() };
        let asked = (parameters.as_object().unwrap(), None);
        deploy::set_backed(&home.app, "approval", "", asked, &backing).unwrap();
        home.app.settle().unwrap();
        let all = observed(&home, "platform.setting.changed");
        (all.last().unwrap().1.clone(), of_rule(&home, "NET-A03").len())
    };
    let (told, notices) = set(4, None);
    assert_eq!((&told["looser"], notices), (&json!("down"), 0), "an earlier notice is stricter");
    let (told, notices) = set(3, Some("许可法42"));
    assert_eq!((&told["law_ref"], notices), (&json!("许可法42"), 0), "{told}");
    let (told, notices) = set(2, None);
    assert_eq!((told["law_ref"].is_null(), notices), (true, 1), "{told}");
    let blank = Backing { signed: vec![signature(" ", "")], ..Backing::default() };
    let asked = (&Map::new(), Some(false));
    let refused = deploy::set_backed(&home.app, "approval", "", asked, &blank).unwrap_err();
    assert_eq!(refused.message, "signature");
}

/// A home that is watched and has records of March.
fn counted() -> Option<(TestHome, Watch)> {
    let packages = plugins()?;
    let home = TestHome::bare();
    home.enable(&packages, "conduct.wasm", &Map::new());
    for number in 0..200 {
        record(&home, number, "2026-03-17T10:00:00");
    }
    let watch = Watch::load(&home.app).unwrap();
    Some((home, watch))
}

fn record(home: &TestHome, number: usize, received: &str) {
    let id = format!("e{number}");
    let line =
        event(&id, "approval.case.accepted", "2026-03-17T09:59:00", &json!({ "case_no": id }));
    home.receive(received, std::slice::from_ref(&line));
}

fn look(home: &TestHome, watch: &mut Watch, at: &str) {
    home.app.tell_time(instant(at));
    watch.look(&home.app, ClockLook { wall: instant(at), steady_ms: None }).unwrap();
    home.app.settle().unwrap();
    home.tick(at);
}

#[test]
fn the_host_counts_its_side_and_takes_the_other_from_a_file() {
    let Some((home, mut watch)) = counted() else { return };
    const KIND: &str = "platform.ledger.count";
    look(&home, &mut watch, "2026-04-01T00:04:00");
    assert_eq!(observed(&home, KIND), [], "the day is not complete");
    look(&home, &mut watch, "2026-04-01T00:05:00");
    look(&home, &mut watch, "2026-04-01T00:06:00");
    let own = observed(&home, KIND);
    assert_eq!(own.len(), 1);
    let expected = json!({ "month": "2026-03", "dept": "D-001", "lower": 200, "at_cutoff": 0 });
    assert_eq!((&own[0].1, own[0].0.dept.as_str()), (&expected, "D-001"));
    assert_eq!(of_rule(&home, "NET-R01"), [], "one level alone");
    let file = home.dir.path().join("city.csv");
    let brought = Brought { platform: "市平台", side: Side::Upper, by: "王五" };
    home.app.tell_time(instant("2026-04-02T09:00:00"));
    fs::write(&file, "month,dept,records\n2026-03,D-001,x\n").unwrap();
    let refused = take_file(&home.app, &file, brought).unwrap_err();
    assert_eq!(refused.message, "ledger-counts");
    assert_eq!(observed(&home, KIND).len(), 1, "nothing of it was taken");
    fs::write(&file, "month,dept,records\n2026-03,D-001,204\n").unwrap();
    assert_eq!(take_file(&home.app, &file, brought).unwrap(), 1);
    home.app.settle().unwrap();
    let cards = of_rule(&home, "NET-R01");
    assert_eq!(cards.len(), 1);
    assert_eq!((&cards[0].values["lower"], &cards[0].values["upper"]), (&json!(200), &json!(204)));
    let act = home.app.with_ledger(|ledger| {
        let leaves = ledger.leaves(0..ledger.size()).unwrap();
        let mut acts = leaves.map(|leaf| serde_json::from_slice::<Value>(&leaf.unwrap()).unwrap());
        acts.find(|act| act["leaf"] == "ledger-counts").unwrap()
    });
    assert_eq!((&act["platform"], &act["by"]), (&json!("市平台"), &json!("王五")));
    // Lines that come late are counted the next day, by a watch that was started anew.
    for number in 200..204 {
        record(&home, number, "2026-04-02T10:00:00");
    }
    let mut watch = Watch::load(&home.app).unwrap();
    look(&home, &mut watch, "2026-04-03T00:05:00");
    assert_eq!(observed(&home, KIND).last().unwrap().1["lower"], 204);
    let open = of_rule(&home, "NET-R01");
    assert!(open.iter().all(|card| card.state != plumbline::alert::AlertState::Open), "{open:?}");
    assert_replays(&home.app);
}
