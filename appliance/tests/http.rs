//! The HTTP service over the loopback: what each address answers, and what it refuses.
//!
//! Tests that need a plugin take it from the folder `PLUMBLINE_TEST_PLUGINS`; without it they say
//! that they skip.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "http/cameras.rs"]
mod cameras;
#[path = "http/disk.rs"]
mod disk;
#[path = "http/footage.rs"]
mod footage;
#[path = "http/host.rs"]
mod host;
#[path = "http/plugin.rs"]
mod plugin;
#[path = "http/reading.rs"]
mod reading;
#[path = "http/receiving.rs"]
mod receiving;
#[path = "http/serving.rs"]
mod serving;
#[path = "http/shadows.rs"]
mod shadows;
#[path = "http/stage.rs"]
mod stage;

/// An event of a case, one line of JSON. `more` are further attributes with a leading comma.
fn event(id: &str, kind: &str, time: &str, case: &str, more: &str) -> String {
    format!(
        r#"{{"specversion":"1.0","id":"{id}","source":"/370203/hall","type":"{kind}","time":"{time}","recordedtime":"{time}","region":"370203","dept":"D-SCJG"{more},"data":{{"case_no":"{case}","officer":"o-1","receipt_no":"SL-1"}}}}"#
    )
}

/// The acceptance of a case on a Monday whose statutory limit of 20 working days was 13 March.
fn accepted(id: &str, case: &str) -> String {
    event(id, "approval.case.accepted", "2026-02-09T10:00:00+08:00", case, "")
}
