//! From events to records: what counts, whatever the order of arrival.

use crate::support::{at, day, event, tables};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::Zone;
use plumbline_report::cases::{Case, CaseBook, MARKS_MAX, Timing};
use plumbline_report::catalogue::{Catalogue, Closing, LimitUnit, Power};
use std::sync::Arc;

fn book(events: &[Event], as_of: &str) -> CaseBook {
    let mut book = CaseBook::new(Arc::new(Catalogue::shipped()), Zone::shanghai(), at(as_of));
    for (seq, event) in (0..).zip(events) {
        book.take(EventSeq(seq), event);
    }
    book
}

fn records(events: &[Event], as_of: &str) -> Vec<Case> {
    book(events, as_of).records(&tables()).unwrap()
}

fn only(events: &[Event], as_of: &str) -> Case {
    let mut all = records(events, as_of);
    assert_eq!(all.len(), 1);
    all.remove(0)
}

const RECEIVED: &str = r#"{"case_no":"c","serial":1,"item_code":"I1","applicant_ref":"x","applicant_kind":"org","channel":"online"}"#;

/// Received Friday 27 February under the old version of the item, accepted Monday 2 March.
fn approval() -> Vec<Event> {
    vec![
        event("1", "approval.case.received", "2026-02-27 09:00", RECEIVED),
        event(
            "2",
            "approval.case.accepted",
            "2026-03-02 09:00",
            r#"{"case_no":"c","receipt_no":"r","officer":"O1"}"#,
        ),
        event(
            "3",
            "approval.case.step_done",
            "2026-03-04 10:00",
            r#"{"case_no":"c","step":"review","officer":"O1","role":"x","started_at":"2026-03-03T09:00:00+08:00"}"#,
        ),
        event(
            "4",
            "approval.case.paused",
            "2026-03-05 10:00",
            r#"{"case_no":"c","kind":"expert_review","notice_no":"n"}"#,
        ),
        event(
            "5",
            "approval.case.resumed",
            "2026-03-10 10:00",
            r#"{"case_no":"c","kind":"expert_review"}"#,
        ),
        event(
            "6",
            "approval.case.decided",
            "2026-03-18 10:00",
            r#"{"case_no":"c","result":"grant","officer":"O2","signer":"O3","doc_no":"d"}"#,
        ),
        event(
            "7",
            "approval.case.delivered",
            "2026-03-19 10:00",
            r#"{"case_no":"c","mode":"post"}"#,
        ),
    ]
}

#[test]
fn an_approval_from_receipt_to_delivery() {
    let case = only(&approval(), "2026-04-01 00:00");
    assert_eq!(
        (&*case.kind, case.power, case.closing),
        ("approval", Some(Power::Licence), Some(Closing::Granted))
    );
    assert_eq!(
        (case.received, case.accepted),
        (Some(at("2026-02-27 09:00")), Some(at("2026-03-02 09:00")))
    );
    assert_eq!((case.online, case.by_person, case.incomplete), (Some(true), Some(false), false));
    // The version of the day of acceptance: 10 working days, not 15. 12 days less a stop of 3.
    assert_eq!((case.limit.promised, case.limit.statutory), (Some(10), Some(20)));
    assert_eq!((case.used, case.timing()), (Some(9), Timing::Early));
    assert_eq!(case.due.unwrap().to_string(), "2026-03-19");
    assert_eq!(case.steps.len(), 1);
    assert_eq!(case.steps[0].from, Some(at("2026-03-03 09:00")));
    let officers: Vec<_> = case.tasks.iter().map(|task| &*task.officer).collect();
    assert_eq!(officers, ["O1", "O1", "O2", "O3"]);
}

#[test]
fn any_order_of_arrival_gives_the_same_record() {
    let expected = only(&approval(), "2026-04-01 00:00");
    for turn in 1..approval().len() {
        let mut events = approval();
        events.rotate_left(turn);
        events.swap(0, turn / 2);
        assert_eq!(only(&events, "2026-04-01 00:00"), expected, "{turn}");
    }
}

#[test]
fn a_correction_replaces_and_a_repeat_changes_nothing() {
    let mut events = approval();
    events.push(events[5].clone());
    let mut corrected = events[5].clone();
    corrected.dataversion = 2;
    corrected.time.0 += 86_400_000 * 2;
    events.insert(0, corrected);
    let case = only(&events, "2026-04-01 00:00");
    assert_eq!((case.decided, case.used), (Some(at("2026-03-20 10:00")), Some(11)));
    assert_eq!(case.timing(), Timing::Overdue);
}

#[test]
fn what_happens_later_is_not_looked_at() {
    let case = only(&approval(), "2026-03-09 12:00");
    assert!(case.is_open());
    // 5 working days less those of the stop that is open: 6 and 9 March.
    assert_eq!((case.used, case.closing), (Some(3), None));
    assert!(records(&approval(), "2026-02-01 00:00").is_empty());
}

/// A month's report stays what it was, whatever is recorded or corrected afterwards.
#[test]
fn what_was_recorded_later_was_not_known() {
    let (then, later) = ("2026-03-31 23:59", Zone::shanghai().instant(at("2026-04-02 09:00")));
    let expected = only(&approval(), then);
    assert_eq!(expected.decided.map(|at| at.day()), Some(day("2026-03-18")));
    let decided = approval().remove(5);
    assert_eq!(decided.kind, "approval.case.decided");
    // Another day in March, and one behind the day as of which is asked.
    for moved in ["2026-03-25 10:00", "2026-04-01 10:00"] {
        let mut corrected = decided.clone();
        corrected.dataversion = 2;
        corrected.time = Zone::shanghai().instant(at(moved));
        (corrected.corrected, corrected.logged) = (Some(later), later);
        let mut events = approval();
        events.push(corrected.clone());
        assert_eq!(only(&events, then), expected, "{moved}");
        let now = only(&events, "2026-04-30 00:00");
        assert_eq!(now.decided, Some(at(moved)), "known by then");
        // What was known in time and lies in the future is not done yet.
        corrected.logged = Zone::shanghai().instant(at("2026-03-30 09:00"));
        *events.last_mut().unwrap() = corrected;
        let is_done = only(&events, then).decided.is_some();
        assert_eq!(is_done, moved < then, "{moved}");
    }
    let mut late = approval();
    late[5].logged = later;
    assert_eq!(only(&late, then).decided, None, "a fact that came in late");
    assert_eq!(book(&late, then).figures().known, late.len() as u64 - 1);
}

#[test]
fn stops_count_as_the_law_lets_them() {
    // (stop, resumed or not) -> days used by the decision on 18 March, of 12.
    let pause = |data: &str| event("4", "approval.case.paused", "2026-03-05 10:00", data);
    let rows = [
        (r#"{"case_no":"c","kind":"expert_review","notice_no":""}"#, true, 12),
        (r#"{"case_no":"c","kind":"hearing","notice_no":"n"}"#, true, 12),
        (r#"{"case_no":"c","kind":"expert_review","notice_no":"n"}"#, true, 9),
        // Never resumed: no longer than the five days that it may last.
        (r#"{"case_no":"c","kind":"expert_review","notice_no":"n"}"#, false, 7),
    ];
    for (data, resumed, used) in rows {
        let mut events = approval();
        events[3] = pause(data);
        if !resumed {
            events.remove(4);
        }
        assert_eq!(only(&events, "2026-04-01 00:00").used, Some(used), "{data}");
    }
}

#[test]
fn endings_other_than_a_decision() {
    // (event, data) -> closing, concluded
    let rows = [
        ("approval.case.rejected", r#"{"case_no":"c","officer":"O1"}"#, Closing::Rejected, false),
        ("approval.case.withdrawn", r#"{"case_no":"c","reason":"x"}"#, Closing::Withdrawn, true),
        (
            "approval.case.terminated",
            r#"{"case_no":"c","reason":"other"}"#,
            Closing::Terminated,
            true,
        ),
        ("approval.case.terminated", r#"{"case_no":"c","reason":"void"}"#, Closing::Void, true),
        (
            "approval.case.decided",
            r#"{"case_no":"c","result":"refuse","officer":"O1","signer":"O2"}"#,
            Closing::Refused,
            true,
        ),
        (
            "approval.case.decided",
            r#"{"case_no":"c","result":"partial","officer":"O1","signer":"O2"}"#,
            Closing::Granted,
            true,
        ),
    ];
    for (kind, data, closing, concluded) in rows {
        let events = [approval()[0].clone(), event("9", kind, "2026-03-03 10:00", data)];
        let case = only(&events, "2026-04-01 00:00");
        assert_eq!(
            (case.closing, case.concluded().is_some()),
            (Some(closing), concluded),
            "{data}"
        );
    }
}

#[test]
fn other_kinds_have_their_own_keys_and_limits() {
    let events = [
        event("1", "penalty.case.filed", "2026-01-05 09:00", r#"{"case_no":"p","cause_code":"X"}"#),
        event("2", "penalty.case.extended", "2026-03-20 09:00", r#"{"case_no":"p","days":60}"#),
        event(
            "3",
            "approval.complaint.filed",
            "2026-03-02 09:00",
            r#"{"complaint_no":"t","kind":"k"}"#,
        ),
        event(
            "4",
            "approval.complaint.closed",
            "2026-03-20 09:00",
            r#"{"complaint_no":"t","result":"r"}"#,
        ),
        event(
            "5",
            "grid.inspection.done",
            "2026-03-20 09:00",
            r#"{"insp_no":"i","officers":["O1","O2"]}"#,
        ),
        event("6", "unknown.kind", "2026-03-20 09:00", r#"{"case_no":"u"}"#),
        event("7", "penalty.case.filed", "2026-01-05 09:00", r#"{"cause_code":"X"}"#),
    ];
    let all = records(&events, "2026-04-01 00:00");
    let kinds: Vec<_> = all.iter().map(|case| &*case.kind).collect();
    assert_eq!(kinds, ["complaint", "penalty", "inspection"]);
    let penalty = &all[1];
    assert_eq!((penalty.limit.unit, penalty.limit.own()), (LimitUnit::Calendar, Some(120)));
    // 5 January and 120 days.
    assert_eq!(penalty.due.unwrap().to_string(), "2026-05-06");
    assert_eq!((all[0].used, all[0].timing()), (Some(14), Timing::Early));
    assert_eq!((all[2].tasks.len(), all[2].concluded().is_some()), (2, true));
    let figures = book(&events, "2026-12-31 00:00").figures();
    assert_eq!((figures.taken, figures.without_key), (5, 1));
}

#[test]
fn a_payload_that_was_archived_is_told_and_is_no_case_without_number() {
    let mut events = vec![
        event("1", "penalty.case.filed", "2026-01-05 09:00", r#"{"case_no":"p"}"#),
        event("2", "penalty.case.filed", "2026-01-06 09:00", r#"{"case_no":"q"}"#),
    ];
    events[1].data.clear();
    let book = book(&events, "2026-12-31 00:00");
    let figures = book.figures();
    assert_eq!((figures.taken, figures.without_key, figures.archived), (1, 0, 1));
    let days: Vec<_> = book.archived().iter().map(|(day, n)| (day.to_string(), *n)).collect();
    assert_eq!(days, [("2026-01-06".to_owned(), 1)]);
}

/// `due` is the last lawful day, whatever it is counted in.
#[test]
fn the_day_decides_what_is_late() {
    let rows = [
        // Ten working days from Monday 2 March end with Monday 16 March.
        ("approval", "2026-03-02", "2026-03-13", Timing::Early),
        ("approval", "2026-03-02", "2026-03-16", Timing::OnDay),
        ("approval", "2026-03-02", "2026-03-17", Timing::Overdue),
        // A Saturday after a Friday limit, though no working day has passed between them.
        ("approval", "2026-03-06", "2026-03-20", Timing::OnDay),
        ("approval", "2026-03-06", "2026-03-21", Timing::Overdue),
        // Ninety days from 5 January end in the holidays of April and roll to the 7th.
        ("penalty", "2026-01-05", "2026-04-07", Timing::OnDay),
        ("penalty", "2026-01-05", "2026-04-08", Timing::Overdue),
    ];
    for (kind, begun, decided, timing) in rows {
        let events = if kind == "penalty" {
            vec![
                event("1", "penalty.case.filed", &format!("{begun} 09:00"), r#"{"case_no":"c"}"#),
                event(
                    "2",
                    "penalty.decision.made",
                    &format!("{decided} 09:00"),
                    r#"{"case_no":"c"}"#,
                ),
            ]
        } else {
            let mut events = approval();
            events.drain(2..5);
            let zone = Zone::shanghai();
            events[1].time = zone.instant(at(&format!("{begun} 09:00")));
            events[2].time = zone.instant(at(&format!("{decided} 09:00")));
            events.truncate(3);
            events
        };
        assert_eq!(only(&events, "2026-05-01 00:00").timing(), timing, "{kind} {begun} {decided}");
    }
}

#[test]
fn numbers_of_several_fields_foreign_departments_and_outcomes_that_do_not_count() {
    let events = [
        event(
            "1",
            "levy.assessed",
            "2026-03-02 09:00",
            r#"{"taxpayer":"t","code":"c","period":"2026-03","due_to":"2026-03-20"}"#,
        ),
        event(
            "2",
            "levy.paid",
            "2026-03-23 09:00",
            r#"{"taxpayer":"t","code":"c","period":"2026-03"}"#,
        ),
        event(
            "3",
            "supervision.order.issued",
            "2026-03-02 09:00",
            r#"{"order_no":"o","to_dept":"D9","due":"2026-03-06"}"#,
        ),
        event(
            "4",
            "supervision.order.replied",
            "2026-03-04 09:00",
            r#"{"order_no":"o","kind":"interim"}"#,
        ),
        event(
            "5",
            "grid.hazard.found",
            "2026-03-02 09:00",
            r#"{"haz_no":"h","level":"general","due":"2026-03-06"}"#,
        ),
        event(
            "6",
            "grid.hazard.reviewed",
            "2026-03-04 09:00",
            r#"{"haz_no":"h","result":"fail","reviewer":"O1"}"#,
        ),
        event(
            "7",
            "grid.hazard.reviewed",
            "2026-03-06 09:00",
            r#"{"haz_no":"h","result":"pass","reviewer":"O1"}"#,
        ),
    ];
    let all = records(&events, "2026-04-01 00:00");
    let of = |kind: &str| all.iter().find(|case| &*case.kind == kind).unwrap();
    assert_eq!((&*of("levy").no, of("levy").timing()), ("t/c/2026-03", Timing::Overdue));
    let order = of("order");
    assert_eq!((&*order.dept, order.is_open(), order.steps.len()), ("D9", true, 1));
    assert_eq!(order.due.unwrap().to_string(), "2026-03-06");
    let hazard = of("hazard");
    assert_eq!(
        (hazard.timing(), hazard.steps.len()),
        (Timing::OnDay, 1),
        "a failed look is a step"
    );
}

#[test]
fn a_flood_of_repeats_stays_bounded() {
    let step = |n: usize| {
        let data = r#"{"case_no":"c","step":"s","officer":"O1","role":"x","started_at":"2026-03-03T09:00:00+08:00"}"#;
        event(&n.to_string(), "approval.case.step_done", "2026-03-04 10:00", data)
    };
    let events: Vec<_> = (0..MARKS_MAX + 10).map(step).collect();
    assert_eq!(book(&events, "2026-12-31 00:00").figures().left_out, 10);
}

#[test]
fn catalogues_are_checked() {
    let kind = |id: &str, event: &str| {
        format!(
            "[[kind]]\nid = \"{id}\"\nzh = \"x\"\nen = \"x\"\nkey = \"k\"\nevent = [{{ type = \"{event}\", act = \"accepted\" }}]\n"
        )
    };
    let rows = [
        (kind("a", "e") + &kind("a", "f"), "kind of case `a` occurs twice"),
        (kind("a", "e") + &kind("b", "e"), "event type `e` occurs twice"),
        (kind("a", "e").replace("accepted", "acepted"), "unknown variant `acepted`"),
        ("amount = 1".to_owned(), "unknown field `amount`"),
        (
            kind("a", "e").replace("key =", "cards = [\"approval\"]\nkey ="),
            "`approval` is no plugin/stream",
        ),
    ];
    for (text, expected) in rows {
        let error = Catalogue::parse(&text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

/// What the catalogue says of events that have a schema must be in the schema.
#[test]
fn the_shipped_catalogue_names_fields_that_the_schemas_have() {
    let schemas =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/contract/schema");
    let catalogue = Catalogue::shipped();
    let mut checked = 0;
    for kind in catalogue.kinds() {
        for event in &kind.events {
            let path = schemas.join(format!("{}.schema.json", event.name));
            let Ok(text) = std::fs::read_to_string(path) else { continue };
            let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
            let fields = kind.key.split('+').map(str::to_owned).collect::<Vec<_>>();
            let fields = fields
                .iter()
                .chain(&event.due)
                .chain(&event.dept)
                .chain(&event.officers)
                .chain(&event.number)
                .chain(&event.outcome);
            let fields = fields.chain(event.label.iter().filter(|label| !label.starts_with('=')));
            for field in fields {
                assert!(schema["properties"].get(field).is_some(), "{}: no {field}", event.name);
            }
            checked += 1;
        }
    }
    assert!(checked >= 15, "{checked}");
}

/// Cards are about cases by the streams of the shipped plugins.
#[test]
fn the_shipped_catalogue_names_streams_that_the_plugins_have() {
    let plugins = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    let catalogue = Catalogue::shipped();
    let mut checked = 0;
    for place in catalogue.kinds().iter().flat_map(|kind| &kind.cards) {
        let (plugin, stream) = place.split_once('/').unwrap();
        let text = std::fs::read_to_string(plugins.join(plugin).join("manifest.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        assert_eq!(manifest["plugin"]["id"].as_str(), Some(plugin));
        let streams = manifest["stream"].as_array().unwrap();
        assert!(streams.iter().any(|of| of["name"].as_str() == Some(stream)), "{place}");
        checked += 1;
    }
    assert!(checked >= 20, "{checked}");
}
