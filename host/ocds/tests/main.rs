//! The indicators through their public face, on made processes: each one firing, quiet, and at its
//! edges; the statistical ones on data whose fences were worked out by hand.
#![allow(clippy::unwrap_used)]

mod corrections;
mod figure;
mod outlier;
mod quantile;
mod real;
mod single;
mod warning;

use plumbline_ocds::{Findings, Group, Indicator, Settings, Survey};
use serde_json::{Value, json};

/// A bid: status, tenderers, price in yuan (0 means none).
fn bid(status: &str, tenderers: &[&str], price: f64) -> Value {
    let mut bid = json!({ "status": status, "tenderers": tenderers });
    if price != 0.0 {
        bid["price"] = json!(price);
        bid["currency"] = json!("CNY");
    }
    bid
}

fn award(status: &str, suppliers: &[&str]) -> Value {
    json!({ "status": status, "suppliers": suppliers })
}

fn process(ocid: &str, bids: Value, awards: Value) -> Value {
    json!({ "ocid": ocid, "bids": bids, "awards": awards })
}

/// A process won by `W` at 100 whose second bidder `L` asks `second`.
fn race(ocid: &str, second: f64) -> Value {
    let bids = json!([bid("valid", &["W"], 100.0), bid("valid", &["L"], second)]);
    process(ocid, bids, json!([award("active", &["W"])]))
}

fn survey(settings: &str, processes: &[Value]) -> Findings {
    let mut survey = Survey::new(Settings::parse(settings).unwrap());
    processes.iter().for_each(|process| survey.add_payload(&process.to_string()));
    survey.finish()
}

/// The value of an indicator for the process `P` alone, under settings.
fn alone(settings: &str, indicator: Indicator, process: &Value) -> Option<f64> {
    survey(settings, std::slice::from_ref(process)).value(Group::Ocid, "P", indicator)
}

/// The flagged units of an indicator, as `unit=value`.
fn flagged(findings: &Findings, group: Group, indicator: Indicator) -> String {
    let rows = findings.rows().filter(|(g, _, code, _)| *g == group && *code == indicator);
    rows.map(|(_, unit, _, value)| format!("{unit}={value}")).collect::<Vec<_>>().join(" ")
}
