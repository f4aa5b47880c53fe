//! Every number that an administrator may set says in which direction it lets more pass, or is
//! listed here with the reason why neither is clear: rule NET-A03 knows no parameter by name.

use plumbline_contract::manifest::{Manifest, ParameterKind};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

/// Plugin, parameter, why.
const WITHOUT_DIRECTION: [(&str, &str, &str); 9] = [
    (
        "conduct",
        "title_bits",
        "more makes one complaint of two (CPL-R01), and finds more that came again (CPL-R02)",
    ),
    (
        "penalty",
        "announce_cal",
        "a later end of the announcement moves the day of service, and what hangs on it",
    ),
    ("penalty", "appeal_max_cal", "0 switches it off, so that a smaller number may be either"),
    ("penalty", "income_months", "more months make another usual level, higher or lower"),
    (
        "penalty",
        "pay_cal",
        "a longer time lets the party pay later, and makes an earlier surcharge wrong",
    ),
    ("penalty", "peer_months", "more peers make another median"),
    (
        "penalty",
        "remedy_months",
        "a longer time lets the office wait, and makes an earlier application wrong",
    ),
    ("penalty", "send_max_cal", "0 switches it off, so that a smaller number may be either"),
    (
        "video",
        "still_before_min",
        "a longer time finds more motion before, and asks for a longer one",
    ),
];

#[test]
fn every_number_says_in_which_direction_it_is_looser() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let mut without = BTreeSet::new();
    let mut numbers = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path().join("manifest.toml");
        let manifest = Manifest::from_toml(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for parameter in &manifest.parameters {
            let is_number = parameter.kind == ParameterKind::Integer;
            numbers += usize::from(is_number);
            if is_number && parameter.looser.is_none() {
                without.insert((manifest.plugin.id.clone(), parameter.name.clone()));
            }
        }
    }
    let listed: BTreeSet<_> = WITHOUT_DIRECTION
        .iter()
        .map(|(plugin, name, why)| {
            assert!(!why.is_empty());
            ((*plugin).to_owned(), (*name).to_owned())
        })
        .collect();
    assert_eq!(without, listed, "a number has neither a direction nor a reason, or both");
    assert!(numbers > 300, "{numbers} numbers were looked at");
}
