//! The lean reader and writer of JSON against serde_json.
#![allow(clippy::unwrap_used)]

use plumbline_contract::json::{Object, Value, Writer, find};
use proptest::prelude::*;
use serde_json::Value as Tree;

/// What the lean reader makes of a value, as a tree.
fn tree(value: Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(flag) => Tree::Bool(flag),
        Value::Number(_) => match value.int() {
            Some(int) => Tree::from(int),
            None => Tree::from(value.float().unwrap()),
        },
        Value::Text { .. } => Tree::String(value.text().unwrap().into_owned()),
        Value::Array(_) => Tree::Array(value.items().map(tree).collect()),
        Value::Object(_) => {
            let object = value.object();
            let fields = object.fields().iter().map(|(name, value)| {
                // The reader leaves names as they are written.
                let name: String = serde_json::from_str(&format!("\"{name}\"")).unwrap();
                (name, tree(*value))
            });
            Tree::Object(fields.collect())
        }
    }
}

fn any_tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![
        Just(Tree::Null),
        any::<bool>().prop_map(Tree::from),
        any::<i64>().prop_map(Tree::from),
        prop::num::f64::NORMAL.prop_map(Tree::from),
        any::<String>().prop_map(Tree::from),
        "[\\\\\"/\u{8}\u{c}\n\r\t {}\\[\\]:,年😀]{0,8}".prop_map(Tree::from),
    ];
    leaf.prop_recursive(5, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Tree::from),
            any_object(inner).prop_map(Tree::Object),
        ]
    })
}

fn any_object(
    value: impl Strategy<Value = Tree>,
) -> impl Strategy<Value = serde_json::Map<String, Tree>> {
    let name = prop_oneof!["[a-z_]{0,6}", any::<String>()];
    prop::collection::btree_map(name, value, 0..6).prop_map(|map| map.into_iter().collect())
}

/// The same text with every character of every string as an escape.
fn escaped(tree: &Tree) -> String {
    match tree {
        Tree::String(text) => {
            let units = text.encode_utf16().map(|unit| format!("\\u{unit:04X}"));
            format!("\"{}\"", units.collect::<String>())
        }
        Tree::Array(items) => {
            format!("[ {} ]", items.iter().map(escaped).collect::<Vec<_>>().join(" , "))
        }
        Tree::Object(map) => {
            let field = |(name, value): (&String, &Tree)| {
                format!("{}\n:\t{}", Tree::from(name.as_str()), escaped(value))
            };
            format!("{{\r\n{}}}", map.iter().map(field).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

#[test]
fn values_are_taken_as_what_they_are() {
    let text = r#" { "a" : 1 , "b":-0,"c":1.0,"d":1e2,"e":"","f":"x","g":[ ],"h":{ },
        "i":null,"j":true,"k":false,"l":9223372036854775808,"m":[0],"n":"\u0000" } "#;
    let object = Object::parse(text);
    assert_eq!(object.fields().len(), 14);
    let get = |name| object.get(name).unwrap();
    assert_eq!(get("a").int(), Some(1));
    assert_eq!(get("b").int(), Some(0));
    assert_eq!((get("c").int(), get("c").float()), (None, Some(1.0)));
    assert_eq!((get("d").int(), get("d").float()), (None, Some(100.0)));
    assert_eq!((get("l").int(), get("l").float()), (None, Some(9_223_372_036_854_775_808.0)));
    assert_eq!(get("f").text().as_deref(), Some("x"));
    assert_eq!(get("n").text().as_deref(), Some("\0"));
    assert_eq!((get("j").bool(), get("k").bool()), (Some(true), Some(false)));
    for empty in ["e", "g", "h", "i"] {
        assert!(get(empty).is_empty(), "{empty}");
    }
    for full in ["a", "b", "f", "j", "k", "m", "n"] {
        assert!(!get(full).is_empty(), "{full}");
    }
    // Asking for the wrong kind gives nothing.
    assert_eq!((get("f").int(), get("f").float(), get("f").bool()), (None, None, None));
    assert_eq!((get("a").text(), get("a").bool()), (None, None));
    assert_eq!(get("a").items().count() + get("a").object().fields().len(), 0);
    assert!(object.get("z").is_none());
}

#[test]
fn texts_are_unescaped() {
    for (written, wanted) in [
        (r#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r#""\u5e74\u5E74""#, "年年"),
        (r#""\ud83d\ude00!""#, "😀!"),
        (r#""a\\""#, "a\\"),
        // Halves of a pair stand for no character.
        (r#""\ud83d""#, "\u{fffd}"),
        (r#""\ud83dx""#, "\u{fffd}x"),
        (r#""\ude00""#, "\u{fffd}"),
        (r#""\ud83d\u0041""#, "\u{fffd}A"),
    ] {
        let text = format!("{{\"a\":{written}}}");
        assert_eq!(find(&text, "a").unwrap().text().unwrap(), wanted, "{written}");
    }
}

#[test]
fn text_that_is_no_json_gives_fewer_fields() {
    for (text, fields) in [
        ("", 0),
        ("{", 0),
        ("[1]", 0),
        ("{\"a\"", 0),
        ("{\"a\":", 0),
        ("{\"a\":}", 0),
        ("{\"a\":1", 1),
        ("{\"a\":1,", 1),
        ("{\"a\":1,\"b\":\"x", 1),
        ("{\"a\":1,\"b\":[1,2", 1),
        ("{\"a\":1,\"b\":tru}", 1),
        ("{\"a\":1 \"b\":2}", 1),
        ("{\"a\":1,b:2}", 1),
        ("{\"a\":\"\\", 0),
    ] {
        assert_eq!(Object::parse(text).fields().len(), fields, "{text}");
    }
}

#[test]
fn the_first_of_two_equal_names_counts() {
    let text = r#"{"a":1,"a":2}"#;
    assert_eq!(find(text, "a"), Object::parse(text).get("a"));
    assert_eq!(find(text, "a").unwrap().int(), Some(1));
}

proptest! {
    #[test]
    fn every_document_is_read_as_serde_json_reads_it(map in any_object(any_tree())) {
        let wanted = Tree::Object(map);
        let compact = serde_json::to_string(&wanted).unwrap();
        let pretty = serde_json::to_string_pretty(&wanted).unwrap();
        for text in [compact, pretty, escaped(&wanted)] {
            prop_assert_eq!(&tree(Value::Object(text.trim())), &wanted);
            let object = Object::parse(&text);
            for (name, value) in wanted.as_object().unwrap() {
                let is_plain = serde_json::to_string(name).unwrap().len() == name.len() + 2;
                let found = object.get(name);
                prop_assert_eq!(found, find(&text, name));
                prop_assert_eq!(found.map(tree), is_plain.then(|| value.clone()));
            }
        }
    }

    #[test]
    fn emptiness_is_that_of_serde_json(value in any_tree()) {
        let text = serde_json::to_string_pretty(&serde_json::json!({ "a": value })).unwrap();
        let wanted = match &value {
            Tree::Null => true,
            Tree::String(text) => text.is_empty(),
            Tree::Array(items) => items.is_empty(),
            Tree::Object(map) => map.is_empty(),
            _ => false,
        };
        prop_assert_eq!(find(&text, "a").unwrap().is_empty(), wanted);
    }

    #[test]
    fn no_text_panics(text in "[\\[\\]{}\",:\\\\ue0-9a年\\-. ]{0,40}") {
        let walk = Object::parse(&text);
        for (_, value) in walk.fields() {
            let _ = (value.text(), value.int(), value.float(), value.is_empty());
            let _ = (value.items().count(), value.object().fields().len());
        }
        let _ = find(&text, "a");
    }

    #[test]
    fn no_cut_document_panics(map in any_object(any_tree()), share in 0.0..1.0f64) {
        let text = serde_json::to_string(&map).unwrap();
        let mut at = (text.len() as f64 * share) as usize;
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        let whole = Object::parse(&text).fields().len();
        prop_assert!(Object::parse(&text[..at]).fields().len() <= whole);
    }

    #[test]
    fn what_is_written_serde_json_reads(
        name in any::<String>(),
        text in any::<String>(),
        int in any::<i64>(),
        flag in any::<bool>(),
        list in prop::collection::vec(any::<String>(), 0..5),
    ) {
        let written = Writer::default()
            .text(&format!("t{name}"), &text)
            .int("int", int)
            .flag("flag", flag)
            .list("list", list.iter().map(String::as_str))
            .finish();
        let wanted = serde_json::json!({
            format!("t{name}"): text, "int": int, "flag": flag, "list": list,
        });
        prop_assert_eq!(serde_json::from_str::<Tree>(&written).unwrap(), wanted);
        prop_assert_eq!(Writer::default().finish(), "{}");
    }
}
