//! What a scheme may say, and how every rule finds its one dimension.

use plumbline_report::exact::Milli;
use plumbline_report::score::{Scheme, SchemeError};
use std::path::Path;

#[test]
fn wrong_schemes_are_refused_with_the_entry() {
    // (changes, what the error says)
    let rows = [
        (
            "[dimension.timeliness]\nweight = 25",
            "the weights of the dimensions add up to 105, not to 100",
        ),
        ("[veto]\nrules = [\"APPR-X99\"]", "veto.rules: there is no rule `APPR-X99`"),
        ("[suspicion]\nrules = [\"ABC-*\"]", "suspicion.rules: there is no rule `ABC-*`"),
        (
            "[dimension.service]\nrules = [\"VDI-*\"]",
            "dimension.service.rules: there is no rule `VDI-*`",
        ),
        ("[cards]\nred = -3.0", "-3 is negative or too large"),
        ("[cards]\nyellow = -1", "-1 is negative or too large"),
        ("[cards]\nyellow = 0.1234", "0.1234 has more than three decimals"),
        ("[bonus]\nfines = 1", "unknown field `fines`"),
        ("[bonus]\nper_inspection = 0.1", "unknown field `per_inspection`"),
        ("[annual]\nmonths = 0.8", "the parts of [annual] add up to 1.1, not to 1"),
        ("[cards]\nrepeat_factor = 0.5", "cards.repeat_factor is less than 1"),
        ("[grades]\ngood = 99", "grades.good lies above excellent"),
        ("base = 90", "the weights of the dimensions add up to 100, not to 90"),
        ("[exposure]\nmin = 0", "exposure.min is zero"),
        ("[cards]\nred = \"3\"", "a number from 0 to 1000000"),
        ("red = = 3", "malformed scheme"),
    ];
    for (changes, expected) in rows {
        let error = Scheme::load(changes, []).unwrap_err().to_string();
        assert!(error.contains(expected), "{changes}: {error}");
    }
}

#[test]
fn a_region_changes_single_numbers_and_names_foreign_rules() {
    let changes =
        "id = \"city\"\n[cards]\nnotice = 1\nyellow = 5\nred = 10\n[veto]\nrules = [\"ACME-Z01\"]";
    let scheme = Scheme::load(changes, ["ACME-Z01"]).unwrap();
    assert_eq!((scheme.cards.yellow, scheme.cards.repeat_factor), (Milli(5000), Milli(1500)));
    assert!(matches!(Scheme::load(changes, []), Err(SchemeError::Rule { .. })));
}

#[test]
fn the_most_specific_prefix_wins() {
    let scheme = Scheme::shipped();
    let rows = [
        ("APPR-T03", "timeliness"),
        ("APPR-J01", "timeliness"),
        ("PEN-T01", "timeliness"),
        ("GRID-T02", "timeliness"),
        ("PRJ-T01", "timeliness"),
        ("APPR-P04", "procedure"),
        ("APPR-O01", "procedure"),
        ("PEN-P04", "procedure"),
        ("GRID-R01", "procedure"),
        ("PEN-D01", "legality"),
        ("CMP-T01", "legality"),
        ("REC-T01", "legality"),
        ("APPR-F02", "fees_funds"),
        ("FUND-P01", "fees_funds"),
        ("PEN-F01", "fees_funds"),
        ("LEV-T01", "fees_funds"),
        ("OPN-T02", "openness_data"),
        ("NET-D03", "openness_data"),
        ("VID-Q01", "service"),
        ("APPR-C01", "service"),
        ("CPL-T01", "integrity_complaints"),
        ("PROC-T01", "integrity_complaints"),
        ("PROC-P01", "integrity_complaints"),
    ];
    for (rule, dimension) in rows {
        assert_eq!(scheme.dimension(rule), Some(dimension), "{rule}");
    }
    assert_eq!(scheme.dimension("PEN-L02"), None, "a party's late appeal is not the office's");
    assert_eq!(scheme.dimension("HOST-G01"), None, "the host's own alerts are nobody's fault");
}

#[test]
fn every_rule_of_the_catalogue_and_of_every_plugin_has_a_dimension() {
    let scheme = Scheme::shipped();
    let ids = include_str!("../data/rule-ids.txt").lines().filter(|line| !line.starts_with('#'));
    let mut known: Vec<_> = ids.map(str::to_owned).collect();
    assert!(known.len() > 100);
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../plugins");
    for plugin in std::fs::read_dir(plugins).unwrap() {
        let text = std::fs::read_to_string(plugin.unwrap().path().join("manifest.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&text).unwrap();
        let rules = manifest["rule"].as_array().unwrap();
        known.extend(rules.iter().map(|rule| rule["id"].as_str().unwrap().to_owned()));
    }
    let is_missing = |rule: &&String| scheme.dimension(rule).is_none() && !scheme.is_unscored(rule);
    let missing: Vec<_> = known.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
