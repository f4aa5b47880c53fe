//! Two vendors' plugins, one in Rust and one in JavaScript, side by side in one home.

use plumbline_tests::outcome::{assert_replays, outcomes};
use plumbline_tests::{TestHome, event, vendors};
use serde_json::{Map, Value, json};

fn trip(id: &str, time: &str, approval_no: &str) -> String {
    let data = json!({ "plate": "鲁B0001", "km": 42, "approval_no": approval_no });
    event(id, "vendor.car.trip", time, &data)
}

fn refuelled(id: &str, time: &str) -> String {
    event(id, "vendor.car.refuelled", time, &json!({ "plate": "鲁B0001", "litres": 40 }))
}

#[test]
fn a_rust_and_a_javascript_plugin_work_side_by_side() {
    let Some(packages) = vendors() else { return };
    let home = TestHome::bare();
    home.enable(&packages, "official-car.wasm", &Map::new());
    let hours = Map::from_iter([("hours".to_owned(), Value::from(1))]);
    home.enable(&packages, "official-car-fuel.wasm", &hours);
    let report = home.import(
        "cars.ndjson",
        &[
            refuelled("f-1", "2026-03-13T10:00:00"),
            refuelled("f-2", "2026-03-13T10:40:00"),
            refuelled("f-3", "2026-03-13T12:00:00"),
            // A Sunday, the same with an approval, and a Saturday that was a make-up working day.
            trip("t-1", "2026-03-15T10:00:00", ""),
            trip("t-2", "2026-03-15T12:00:00", "A7"),
            trip("t-3", "2026-02-14T10:00:00", ""),
        ],
    );
    assert_eq!((report.new, report.rejected), (6, 0));
    let alerts = outcomes(&home.app, "");
    let found: Vec<_> = alerts
        .iter()
        .map(|alert| {
            let evidence: Vec<_> = alert.evidence.iter().map(String::as_str).collect();
            (alert.rule.as_str(), alert.level, alert.at.as_str(), evidence)
        })
        .collect();
    let (trip, fuel) = (["test/approval t-1"], ["test/approval f-1", "test/approval f-2"]);
    assert_eq!(
        found,
        [
            ("CAR-01", "yellow", "2026-03-15T10:00:00+08:00", trip.to_vec()),
            ("FUEL-01", "notice", "2026-03-13T10:40:00+08:00", fuel.to_vec()),
        ]
    );
    assert!(alerts.iter().all(|alert| alert.key == "鲁B0001" && alert.stands));
    assert_replays(&home.app);
}
