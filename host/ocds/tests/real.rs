//! Real processes of ten publishers, from the folder that `PLUMBLINE_DATA` names: they are not ours
//! to ship. They come through the import, as in the appliance.

use crate::flagged;
use plumbline_contract::time::{Millis, Zone};
use plumbline_ingest::{Mapping, Mode, Options, Source};
use plumbline_ocds::{Findings, Group, Indicator, PROCESS_TYPE, Settings, Survey};
use std::path::PathBuf;
use std::sync::Arc;

/// The findings, how many processes there were, and how many were refused.
fn real(settings: &str) -> Option<(Findings, usize)> {
    let folder = std::env::var_os("PLUMBLINE_DATA")?;
    let path = PathBuf::from(folder).join("ocds/processes.jsonl.gz");
    path.exists().then(|| {
        let zone = Zone::shanghai();
        let options = Options {
            mapping: Some(Arc::new(Mapping::ocds("370203", &zone).unwrap())),
            zone,
            received: Millis(1_800_000_000_000),
            mode: Mode::Import,
            secret: None,
            batch_max: 100,
            rights: plumbline_ingest::Rights::default(),
        };
        let mut survey = Survey::new(Settings::parse(settings).unwrap());
        let mut refused = 0;
        for batch in Source::open(&path, options).unwrap() {
            let batch = batch.unwrap();
            refused += batch.rejects.len();
            let processes = batch.events.iter().filter(|event| event.kind == PROCESS_TYPE);
            processes.for_each(|event| survey.add_payload(&event.data));
        }
        (survey.finish(), refused)
    })
}

#[test]
fn every_real_process_is_read() {
    let Some((findings, refused)) = real("") else {
        return eprintln!("skipped: PLUMBLINE_DATA names no folder with ocds/processes.jsonl.gz");
    };
    assert_eq!((findings.processes, refused), (169, 0));
    let count = |indicator| {
        let flags = flagged(&findings, Group::Ocid, indicator);
        flags.split(' ').filter(|flag| !flag.is_empty()).count()
    };
    // As a second program counted that reads the releases themselves.
    assert_eq!(count(Indicator::R003), 37);
    assert_eq!(count(Indicator::R018), 2);
    // No bidder of this sample has an id, so that nothing can be said of any.
    assert_eq!(count(Indicator::R030), 0);
    assert!(!findings.flags.contains_key(&Group::Tenderer));
}
