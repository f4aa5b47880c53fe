//! Manifests and parameters that are right, and each way in which they can be wrong.
#![allow(clippy::unwrap_used)]

use plumbline_contract::alert::Level;
use plumbline_contract::manifest::{
    KeyPart, KeyTemplate, Looser, MANIFEST_BYTES_MAX, Manifest, ManifestError, OFF_PARAMETER,
    kind_matches,
};
use serde_json::{Map, Value, json};

const WHOLE: &str = include_str!("data/manifest/whole.toml");

fn whole() -> Manifest {
    Manifest::from_toml(WHOLE).unwrap()
}

/// The error of the whole manifest with one passage replaced.
fn broken(passage: &str, by: &str) -> ManifestError {
    assert!(WHOLE.contains(passage), "the manifest has no `{passage}`");
    Manifest::from_toml(&WHOLE.replacen(passage, by, 1)).unwrap_err()
}

#[test]
fn a_whole_manifest_is_read() {
    let manifest = whole();
    assert_eq!(manifest.plugin.release, 3);
    assert_eq!(manifest.highest_level(), Some(Level::Red));
    assert!(manifest.may_read("item") && !manifest.may_read("officer"));
    assert!(manifest.may_see("approval.case.closed") && manifest.may_see("approval.case.*"));
    assert!(!manifest.may_see("approval.item.published") && !manifest.may_see("approval.*"));
    assert_eq!(manifest.rule("P02").unwrap().stream, "officer_month");
    assert!(manifest.rule("P03").is_none());
    let data = |name: &str, each| KeyPart::Data { name: name.into(), each };
    assert_eq!(manifest.streams[0].key.0, [data("case_no", false)]);
    let looser =
        |name: &str| manifest.parameters.iter().find(|it| it.name == name).and_then(|it| it.looser);
    assert_eq!((looser("warn_days"), looser("strict")), (Some(Looser::Down), None));
    let parts = [KeyPart::Dept, data("officers", true), KeyPart::Year, KeyPart::Month];
    assert_eq!(manifest.streams[1].key.0, parts);
}

#[test]
fn each_defect_has_its_message() {
    for (passage, by, message) in [
        ("id = \"approval-demo\"", "id = \"\"", "`plugin.id` is empty or malformed: ``"),
        (
            "id = \"approval-demo\"",
            "id = \"Approval\"",
            "`plugin.id` is empty or malformed: `Approval`",
        ),
        ("\"approval-demo\"", "\"审批\"", "`plugin.id` is empty or malformed: `审批`"),
        ("\"1.2.0\"", "\"1.2 beta\"", "`plugin.version` is empty or malformed: `1.2 beta`"),
        ("\"1.2.0\"", "\"\"", "`plugin.version` is empty or malformed: ``"),
        ("\"0.1\"", "\"7.0\"", "built for contract 7.0, this host speaks 0.1"),
        ("name = \"officer_month\"", "name = \"case\"", "stream `case` occurs twice"),
        ("id = \"P02\"", "id = \"T02\"", "rule `T02` occurs twice"),
        ("name = \"strict\"", "name = \"warn_days\"", "parameter `warn_days` occurs twice"),
        (
            "[\"approval.case.accepted\"]",
            "[\"grid.task.done\"]",
            "stream `officer_month` takes `grid.task.done`, which no capability covers",
        ),
        (
            "[\"approval.case.accepted\"]",
            "[\"approval.*\"]",
            "stream `officer_month` takes `approval.*`, which no capability covers",
        ),
        (
            "stream = \"officer_month\"",
            "stream = \"officer\"",
            "rule `P02` names stream `officer`, which does not exist",
        ),
        (
            "highest = \"red\"",
            "highest = \"yellow\"",
            "rule `T02` has a level above what the manifest asks for",
        ),
        (
            "default = 1",
            "default = 11",
            "the default of parameter `warn_days` is invalid: \
             11 is above the maximum of 10 working days",
        ),
        (
            "default = 1",
            "default = -1",
            "the default of parameter `warn_days` is invalid: \
             -1 is below the minimum of 0 working days",
        ),
        (
            "default = false",
            "default = 0",
            "the default of parameter `strict` is invalid: `0` is not of kind boolean",
        ),
        (
            "default = []",
            "default = [1]",
            "the default of parameter `exempt` is invalid: `[1]` is not of kind list",
        ),
        (
            "text_en = \"{officer}\"",
            "text_en = \"{officer}\"\nground = \"law\"",
            "rule `P02` names `law` as its ground, which is no text parameter",
        ),
        (
            "text_en = \"{officer}\"",
            "text_en = \"{officer}\"\nground = \"strict\"",
            "rule `P02` names `strict` as its ground, which is no text parameter",
        ),
        (
            "kind = \"boolean\"",
            "kind = \"boolean\"\nlooser = \"up\"",
            "`parameter.looser` is empty or malformed: `strict`",
        ),
        ("name = \"strict\"", "name = \"off\"", "`parameter.name` is empty or malformed: `off`"),
    ] {
        assert_eq!(broken(passage, by).to_string(), message);
    }
}

#[test]
fn a_rule_asks_for_footage_only_if_it_says_so() {
    let asking = WHOLE.replacen(
        "text_en = \"{officer}\"",
        "text_en = \"{officer}\"\nfootage = true\nground = \"title\"",
        1,
    );
    let asking = Manifest::from_toml(&asking).unwrap();
    let rule = asking.rule("P02").unwrap();
    assert!(rule.footage && rule.ground.as_deref() == Some("title"));
    let silent = asking.rule("T02").unwrap();
    assert!(!silent.footage && silent.ground.is_none());
    let text = toml::to_string(&asking).unwrap();
    assert_eq!(text.matches("footage").count(), 1, "the default is not written");
    assert_eq!(Manifest::from_toml(&text).unwrap(), asking);
}

#[test]
fn a_name_that_is_empty_is_refused() {
    for (passage, by) in [
        ("name = \"officer_month\"", "name = \"\""),
        ("id = \"P02\"", "id = \"\""),
        ("name = \"strict\"", "name = \"\""),
    ] {
        let error = broken(passage, by);
        assert!(matches!(error, ManifestError::Twice { .. } | ManifestError::Field { .. }));
    }
}

#[test]
fn rules_need_the_right_to_raise() {
    let mut manifest = whole();
    manifest.capabilities.retain(|capability| {
        !matches!(capability.right, plumbline_contract::manifest::Right::Level { .. })
    });
    let text = toml::to_string(&manifest).unwrap();
    let error = Manifest::from_toml(&text).unwrap_err();
    assert_eq!(error, ManifestError::Level { rule: "T02".into() });
}

#[test]
fn text_that_is_no_manifest_is_refused() {
    let syntax = |text: &str| match Manifest::from_toml(text) {
        Err(ManifestError::Syntax(message)) => message,
        other => panic!("{text} gives {other:?}"),
    };
    assert!(syntax("").contains("plugin"));
    assert!(syntax("[plugin").contains("plugin"));
    for (passage, by, named) in [
        ("vendor =", "seller =", "seller"),
        ("[[parameter]]", "[[setting]]", "setting"),
        ("kind = \"boolean\"", "kind = \"float\"", "float"),
        ("levels = [\"notice\"]", "levels = [\"orange\"]", "orange"),
        ("kind = \"table\"", "kind = \"network\"", "network"),
        ("release = 3", "release = -1", "release"),
        ("[\"data.case_no\"]", "[]", "a key needs at least one part"),
        ("[\"data.case_no\"]", "[\"payload.case_no\"]", "`payload.case_no` is no key part"),
    ] {
        let message = syntax(&WHOLE.replacen(passage, by, 1));
        assert!(message.contains(named), "{by}: {message}");
    }
}

#[test]
fn a_manifest_that_is_too_large_is_not_read() {
    let large = format!("{WHOLE}#{}", "x".repeat(MANIFEST_BYTES_MAX));
    let error = Manifest::from_toml(&large).unwrap_err();
    assert_eq!(error, ManifestError::TooLarge { bytes: large.len() });
    let fits = format!("{WHOLE}#{}", "x".repeat(MANIFEST_BYTES_MAX - WHOLE.len() - 1));
    assert_eq!(Manifest::from_toml(&fits).unwrap(), whole());
}

#[test]
fn event_types_match_exactly_or_below_a_dot() {
    for (pattern, kind, matches) in [
        ("approval.case.accepted", "approval.case.accepted", true),
        ("approval.case.accepted", "approval.case.accepted2", false),
        ("approval.case.*", "approval.case.accepted", true),
        ("approval.*", "approval.case.accepted", true),
        ("approval.case.*", "approval.case", false),
        ("approval.case.*", "approval.cases.closed", false),
        ("approval*", "approval.case.accepted", false),
        ("*", "approval.case.accepted", false),
    ] {
        assert_eq!(kind_matches(pattern, kind), matches, "{pattern} and {kind}");
    }
}

#[test]
fn key_templates_are_read_and_shown() {
    let all = [
        "data.case_no",
        "data.officers[]",
        "dept",
        "region",
        "actor",
        "source",
        "subject",
        "year",
        "month",
        "day",
    ];
    let texts: Vec<String> = all.map(String::from).into();
    let template = KeyTemplate::try_from(texts.clone()).unwrap();
    assert_eq!(Vec::<String>::from(template), texts);
}

fn given(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn parameters_are_completed_with_their_defaults() {
    let manifest = whole();
    let full = manifest.parameters(&Map::new()).unwrap();
    let defaults = json!({ "warn_days": 1, "strict": false, "title": "督办", "exempt": [] });
    assert_eq!(Value::from(full), defaults);
    let some = given(json!({ "warn_days": 10, "exempt": ["D1", "D2"], "off": ["P02"] }));
    let full = manifest.parameters(&some).unwrap();
    let wanted = json!({
        "warn_days": 10, "strict": false, "title": "督办", "exempt": ["D1", "D2"], "off": ["P02"],
    });
    assert_eq!(Value::from(full), wanted);
    assert_eq!(OFF_PARAMETER, "off");
}

#[test]
fn parameters_that_do_not_fit_are_named() {
    let manifest = whole();
    for (value, message) in [
        (
            json!({ "warn_days": 11 }),
            "parameter `warn_days`: 11 is above the maximum of 10 working days",
        ),
        (
            json!({ "warn_days": -1 }),
            "parameter `warn_days`: -1 is below the minimum of 0 working days",
        ),
        (json!({ "warn_days": 1.0 }), "parameter `warn_days`: `1.0` is not of kind integer"),
        (json!({ "warn_days": "1" }), "parameter `warn_days`: `\"1\"` is not of kind integer"),
        (json!({ "warn_days": null }), "parameter `warn_days`: `null` is not of kind integer"),
        (
            json!({ "warn_days": u64::MAX }),
            "parameter `warn_days`: `18446744073709551615` is not of kind integer",
        ),
        (json!({ "strict": "yes" }), "parameter `strict`: `\"yes\"` is not of kind boolean"),
        (json!({ "title": 1 }), "parameter `title`: `1` is not of kind text"),
        (json!({ "exempt": "d1" }), "parameter `exempt`: `\"d1\"` is not of kind list"),
        (json!({ "exempt": ["d1", 2] }), "parameter `exempt`: `[\"d1\",2]` is not of kind list"),
        (json!({ "colour": 1 }), "parameter `colour`: the plugin has no such parameter"),
        (json!({ "off": "P02" }), "parameter `off`: must be a list of rule ids"),
        (json!({ "off": [1] }), "parameter `off`: must be a list of rule ids"),
        (json!({ "off": ["P03"] }), "parameter `off`: the plugin has no rule `P03`"),
    ] {
        let error = manifest.parameters(&given(value)).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}
