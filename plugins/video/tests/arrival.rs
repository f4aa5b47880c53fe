//! The final facts count, not the order of arrival: every example turns out the same when its events
//! arrive in reverse, but for positions that are later than all that are kept of a way.
#![allow(clippy::unwrap_used)]

use plumbline_contract::manifest::Manifest;
use plumbline_guest::example::run_file;
use plumbline_guest::native::NativeExecutor;
use plumbline_video::Video;

/// It needs more positions than are kept, so that in reverse the first ones come too late.
const TOO_LATE: &str = "what happened before the latest positions stays";

/// The same examples with the events of each in reverse; each keeps its identity.
fn reversed(text: &str) -> String {
    let mut file: toml::Table = toml::from_str(text).unwrap();
    let examples = file["example"].as_array_mut().unwrap();
    examples.retain(|example| example["name"].as_str() != Some(TOO_LATE));
    for example in examples {
        let events = example["events"].as_array_mut().unwrap();
        for (index, event) in events.iter_mut().enumerate() {
            let event = event.as_table_mut().unwrap();
            event.entry("id").or_insert_with(|| format!("e{index}").into());
        }
        events.reverse();
    }
    toml::to_string(&file).unwrap()
}

#[test]
fn examples_do_not_depend_on_the_order_of_arrival() {
    let manifest = Manifest::from_toml(include_str!("../manifest.toml")).unwrap();
    let mut executor = NativeExecutor::<Video>::default();
    let mut failures = Vec::new();
    let mut count = 0;
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/examples")).unwrap() {
        let text = reversed(&std::fs::read_to_string(file.unwrap().path()).unwrap());
        let (ran, failed) = run_file(&text, &manifest, &mut executor).unwrap();
        count += ran;
        failures.extend(failed.iter().map(ToString::to_string));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count > 0, "no example ran");
}
