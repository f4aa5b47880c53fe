//! Settings per region, shadow runs, promotion, rollback, gaps that close: each takes effect at one
//! place of the log, and a replay derives the same.

use plumbline::alert::AlertState;
use plumbline::backing::{Backing, UNBACKED};
use plumbline::shadow::{self, Candidate};
use plumbline::{clock, deploy};
use plumbline_contract::event::{Rebuild, RebuildKeys};
use plumbline_kernel::{GAP_RULE, Mode};
use plumbline_tests::outcome::{assert_replays, outcomes, verify_ledger};
use plumbline_tests::{TestHome, case, event, instant, plugins, vendors};
use serde_json::{Map, Value, json};

const TOWN: &str = "370203004";
const RECEIVED: &str = "2026-02-09T10:00:05+08:00";

fn parameters(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

/// A case of the district and one of the town, both accepted on 2026-02-09 and never decided: by the
/// statute's 20 working days they are due on 2026-03-13.
fn two_cases() -> Vec<String> {
    let mut lines = case(1, "2026-02-09T10:00:00", "");
    let town = case(2, "2026-02-09T10:00:00", "");
    lines.extend(town.iter().map(|line| line.replace("\"370203\"", &format!("\"{TOWN}\""))));
    lines
}

/// (key, level, last lawful day) of what stands of a rule.
fn standing(home: &TestHome, rule: &str) -> Vec<(String, &'static str, String)> {
    let all = outcomes(&home.app, rule).into_iter().filter(|one| one.stands);
    all.map(|one| (one.key, one.level, one.due.unwrap_or_default())).collect()
}

fn card(key: &str, level: &'static str, due: &str) -> (String, &'static str, String) {
    (key.to_owned(), level, due.to_owned())
}

#[test]
fn a_nearer_setting_overrides_a_wider_one_value_by_value() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.app.tell_time(instant("2026-02-09T09:00:00+08:00"));
    let district = parameters(json!({ "default_wd": 15, "warn_wd": 3 }));
    deploy::set(&home.app, "approval", "370203", &district, None).unwrap();
    let town = parameters(json!({ "default_wd": 10 }));
    let set = deploy::set(&home.app, "approval", TOWN, &town, None).unwrap();

    let effective = set.effective(TOWN).unwrap();
    let said = |name: &str| {
        let said = &effective.parameters[name];
        (said.value.clone(), said.region.as_str())
    };
    assert_eq!(said("default_wd"), (json!(10), TOWN));
    assert_eq!(said("warn_wd"), (json!(3), "370203"));
    assert_eq!(effective.package.region, "");

    home.receive(RECEIVED, &two_cases());
    home.tick("2026-04-01T09:00:00+08:00");
    // 15 and 10 working days from 2026-02-10 on, with the make-up day 2026-02-14 and the festival.
    let found = standing(&home, "APPR-T03");
    assert_eq!(found[0].0, "C00001");
    assert!(found[1].2 < found[0].2, "{found:?}");
    let plain = TestHome::with_approval(&packages);
    plain.receive(RECEIVED, &two_cases());
    plain.tick("2026-04-01T09:00:00+08:00");
    let statute = standing(&plain, "APPR-T03");
    assert_eq!(statute, [card("C00001", "red", "2026-03-13"), card("C00002", "red", "2026-03-13")]);
    assert!(found[0].2 < statute[0].2, "{found:?}");
    assert_replays(&home.app);
}

#[test]
fn a_key_of_two_regions_is_one_key() {
    let Some(packages) = plugins() else { return };
    // Every second event of each case comes from the town.
    let lines: Vec<_> = (1..30)
        .flat_map(|number| case(number, "2026-02-09T10:00:00", "2026-03-20T10:00:00"))
        .enumerate()
        .map(|(at, line)| match at % 2 {
            0 => line,
            _ => line.replace("\"370203\"", &format!("\"{TOWN}\"")),
        })
        .collect();
    let run = |settings: &[(&str, Value)]| {
        let home = TestHome::with_approval(&packages);
        for (region, values) in settings {
            deploy::set(&home.app, "approval", region, &parameters(values.clone()), None).unwrap();
        }
        assert_eq!(home.import("cases.ndjson", &lines).rejected, 0);
        home.app.tick(instant("2026-04-01T09:00:00+08:00"), true).unwrap();
        home.app.settle().unwrap();
        assert_replays(&home.app);
        outcomes(&home.app, "")
    };
    let plain = run(&[]);
    assert!(plain.iter().any(|card| card.rule == "APPR-T03"), "{plain:#?}");
    // A parameter that matters to none of these cards makes the town a variant of its own.
    assert_eq!(run(&[(TOWN, json!({ "rating_wd": 6 }))]), plain);
}

#[test]
fn a_leaf_names_the_region_of_its_input_however_the_log_is_cut() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let mut lines = case(1, "2026-02-09T10:00:00", "2026-03-02T10:00:00");
    let decided = lines.split_off(2);
    home.receive(RECEIVED, &lines);
    home.tick("2026-03-16T09:00:00+08:00");
    assert_eq!(standing(&home, "APPR-T03").len(), 1);
    // The decision comes late and from the town; it withdraws the card. Then the district again.
    let from_town = decided[0].replace("\"370203\"", &format!("\"{TOWN}\""));
    home.receive("2026-03-16T10:00:00+08:00", &[from_town]);
    let again = event(
        "C00001-step",
        "approval.case.step_done",
        "2026-02-20T10:00:00",
        &json!({ "case_no": "C00001", "step": "review", "officer": "o-1" }),
    );
    home.receive("2026-03-16T10:00:01+08:00", &[again]);
    assert_eq!(standing(&home, "APPR-T03"), []);
    assert_replays(&home.app);
}

#[test]
fn a_change_holds_at_once_also_for_open_keys_and_going_back_is_one_command() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.receive(RECEIVED, &two_cases());
    home.tick("2026-03-10T09:00:00+08:00");
    assert_eq!(standing(&home, "APPR-T03"), []);
    home.app.tell_time(instant("2026-03-10T10:00:00+08:00"));
    let shorter = parameters(json!({ "default_wd": 10 }));
    deploy::set(&home.app, "approval", TOWN, &shorter, None).unwrap();
    home.app.settle().unwrap();
    let town = standing(&home, "APPR-T03");
    assert_eq!(town.len(), 1);
    assert_eq!((town[0].0.as_str(), town[0].1), ("C00002", "red"));
    assert_replays(&home.app);

    deploy::rollback(&home.app, "approval", &UNBACKED).unwrap();
    home.app.settle().unwrap();
    assert_eq!(standing(&home, "APPR-T03"), []);
    let withdrawn = home.alerts().into_iter().find(|alert| alert.rule == "APPR-T03").unwrap();
    assert_eq!(withdrawn.state, AlertState::Withdrawn);
    assert_eq!(withdrawn.reason.as_deref(), Some("rules_changed"));
    let error = deploy::rollback(&home.app, "approval", &UNBACKED).unwrap_err();
    assert_eq!(error.message, "no-former");
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
}

#[test]
fn a_region_that_is_off_is_not_looked_at_and_is_made_good_when_it_comes_on() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.app.tell_time(instant("2026-02-09T09:00:00+08:00"));
    deploy::set(&home.app, "approval", TOWN, &Map::new(), Some(false)).unwrap();
    home.receive(RECEIVED, &two_cases());
    home.tick("2026-03-16T09:00:00+08:00");
    assert_eq!(standing(&home, "APPR-T03"), [card("C00001", "red", "2026-03-13")]);
    home.app.tell_time(instant("2026-03-16T10:00:00+08:00"));
    let on = deploy::unset(&home.app, "approval", TOWN, &Backing::default()).unwrap();
    let keys = RebuildKeys::Region(TOWN.to_owned());
    let reason = "history".to_owned();
    home.app.ask_rebuild(&Rebuild { deployment: on.id, keys, reason }).unwrap();
    home.app.settle().unwrap();
    let both = [card("C00001", "red", "2026-03-13"), card("C00002", "red", "2026-03-13")];
    assert_eq!(standing(&home, "APPR-T03"), both);
    let late = home.alerts().into_iter().find(|one| one.rule == "APPR-T03" && one.key == "C00002");
    assert!(late.unwrap().late, "it should have come two days before");
    assert_replays(&home.app);
}

#[test]
fn what_came_while_a_region_was_off_counts_before_its_keys_are_looked_at() {
    let Some(packages) = plugins() else { return };
    for everywhere in [false, true] {
        let region = if everywhere { "" } else { TOWN };
        let home = TestHome::with_approval(&packages);
        let mut lines = case(2, "2026-02-09T10:00:00", "2026-02-20T10:00:00");
        for line in &mut lines {
            *line = line.replace("\"370203\"", &format!("\"{TOWN}\""));
        }
        let decided = lines.split_off(2);
        home.receive(RECEIVED, &lines);
        home.app.tell_time(instant("2026-02-10T10:00:00+08:00"));
        deploy::set(&home.app, "approval", region, &Map::new(), Some(false)).unwrap();
        home.receive("2026-02-20T10:00:05+08:00", &decided);
        home.tick("2026-03-16T09:00:00+08:00");
        home.app.tell_time(instant("2026-03-16T10:00:00+08:00"));
        deploy::set(&home.app, "approval", region, &Map::new(), Some(true)).unwrap();
        home.app.settle().unwrap();
        home.tick("2026-03-17T09:00:00+08:00");
        let late = outcomes(&home.app, "APPR-T03");
        assert_eq!(late, [], "{region}: it was decided in time");
        assert_replays(&home.app);
    }
}

#[test]
fn a_shadow_run_writes_nothing_and_its_promotion_brings_what_it_showed() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    home.receive(RECEIVED, &two_cases());
    home.tick("2026-03-10T09:00:00+08:00");
    home.app.tell_time(instant("2026-03-10T10:00:00+08:00"));
    let before = home.app.with_ledger(|ledger| ledger.size());
    let shorter = parameters(json!({ "default_wd": 10 }));
    let candidate =
        Candidate { plugin: "approval", region: TOWN, package: None, parameters: &shorter };

    let tried = shadow::run(&home.app, &candidate).unwrap();
    assert_eq!(home.app.with_ledger(|ledger| ledger.size()), before, "nothing was written");
    let reds: Vec<_> =
        tried.comparison.gained.iter().filter(|change| change.rule == "APPR-T03").collect();
    assert_eq!(
        (reds.len(), reds[0].subject.as_str(), reds[0].region.as_str()),
        (1, "C00002", TOWN)
    );
    assert!(tried.present.as_ref().unwrap().fuel > 0 && tried.candidate.fuel > 0);

    let running = shadow::start(&home.app, &candidate, true).unwrap();
    let only_act = home.app.with_ledger(|ledger| ledger.size());
    home.app.settle().unwrap();
    assert_eq!(home.app.with_ledger(|ledger| ledger.size()), only_act);
    let report = shadow::report(&home.app, running.id).unwrap();
    assert_eq!(report.comparison, tried.comparison, "the same by both ways");

    let (live, promised, sha256) =
        shadow::promote(&home.app, running.id, (false, false), &UNBACKED).unwrap();
    assert_eq!(promised.comparison, tried.comparison);
    home.app.settle().unwrap();
    assert_eq!(live.mode, Mode::Live);
    let red = standing(&home, "APPR-T03");
    assert_eq!((red.len(), red[0].0.as_str()), (1, "C00002"));
    let acts = home.app.with_ledger(|ledger| {
        let leaves = ledger.leaves(0..ledger.size()).unwrap();
        leaves.map(|leaf| String::from_utf8(leaf.unwrap()).unwrap()).collect::<Vec<_>>()
    });
    let named = |act: &&String| act.contains("\"leaf\":\"promote\"") && act.contains(&sha256);
    assert_eq!(acts.iter().filter(named).count(), 1);
    assert!(home.app.store().states(running.id, None, 1).unwrap().is_empty(), "it left nothing");
    assert!(home.app.deployments().iter().all(|one| one.mode == Mode::Live));
    // What it showed is what came: against the new state the same candidate changes nothing.
    let again = shadow::run(&home.app, &candidate).unwrap();
    assert!(again.comparison.is_empty(), "{:?}", again.comparison);
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
}

fn item(key: &str, no: &str, time: &str) -> String {
    let id = format!("{key}-{no}");
    event(&id, "hostile.item", time, &json!({ "key": key, "no": no }))
}

#[test]
fn a_gap_is_replayed_once_its_cause_is_mended_and_its_card_closes_itself() {
    let Some(vendors) = vendors() else { return };
    let home = TestHome::bare();
    let how = |how: &str| parameters(json!({ "how": [how] }));
    home.enable(&vendors, "hostile.wasm", &how("trap"));
    let items = ["honest", "b", "c"].map(|no| item("evil-1", no, "2026-02-09T11:00:00"));
    home.receive("2026-02-09T11:00:05+08:00", &items);
    let gaps = |home: &TestHome| outcomes(&home.app, GAP_RULE).into_iter().filter(|g| g.stands);
    assert_eq!(gaps(&home).count(), 2);
    let numbers = |home: &TestHome| {
        let cards = outcomes(&home.app, "HSTL-01").into_iter().filter(|card| card.stands);
        cards.map(|card| card.episode).collect::<Vec<_>>()
    };
    assert_eq!(numbers(&home), ["honest"]);

    home.app.tell_time(instant("2026-02-09T12:00:00+08:00"));
    // Another failure in its place: the gap stays what it is, and no second card comes.
    deploy::set(&home.app, "hostile", "", &how("loop"), None).unwrap();
    home.app.settle().unwrap();
    assert_eq!(gaps(&home).count(), 2);
    let id = deploy::live_of(&home.app, "hostile").unwrap().id;
    assert_eq!(home.app.store().gaps(id).unwrap().len(), 2);

    // Looking away mends nothing: the card of the gap stands.
    deploy::set(&home.app, "hostile", "", &Map::new(), Some(false)).unwrap();
    home.app.settle().unwrap();
    assert_eq!(gaps(&home).count(), 2);

    deploy::set(&home.app, "hostile", "", &how("not"), Some(true)).unwrap();
    home.app.settle().unwrap();
    assert_eq!(gaps(&home).count(), 0);
    assert_eq!(home.app.store().gaps(id).unwrap(), []);
    assert_eq!(numbers(&home), ["b", "c", "honest"]);
    let closed: Vec<_> = home.alerts().into_iter().filter(|alert| alert.rule == GAP_RULE).collect();
    assert!(closed.iter().all(|alert| alert.state == AlertState::Closed), "{closed:#?}");
    assert_eq!(closed[0].reason.as_deref(), Some("gap_replayed"));
    assert_replays(&home.app);
    verify_ledger(&home.app).unwrap();
}

#[test]
fn a_change_takes_effect_in_less_than_a_second() {
    let Some(packages) = plugins() else { return };
    let home = TestHome::with_approval(&packages);
    let lines: Vec<_> =
        (1..2000).flat_map(|number| case(number, "2026-02-09T10:00:00", "")).collect();
    home.receive(RECEIVED, &lines);
    home.app.tell_time(instant("2026-02-10T10:00:00+08:00"));
    let began = clock::running();
    let warn = parameters(json!({ "warn_wd": 2 }));
    deploy::set(&home.app, "approval", "", &warn, None).unwrap();
    home.app.settle().unwrap();
    let took = clock::running().0 - began.0;
    // The bound is generous: it is there to catch a change that costs a fold of the whole log.
    assert!(took < 60_000, "{took} ms for 2,000 open cases");
    assert_replays(&home.app);
}
