//! Every parser that meets foreign bytes, as a target that takes any bytes, and good inputs of each.
//! This is the one list of them: the seeded runner of `tests/cases/fuzz.rs` and the targets of
//! `tests/fuzz` both go by it.
//!
//! A target panics only if the parser does, or if what it gave out is unsound. How inputs are made
//! and how long to try is the caller's business.
#![allow(clippy::unwrap_used, clippy::missing_panics_doc)]

#[cfg(feature = "appliance")]
mod appliance;
mod event;
mod ledger;
mod video;

/// A parser under test.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    pub name: &'static str,
    /// Whether it took the bytes.
    pub run: fn(&[u8]) -> bool,
    pub seeds: fn() -> Vec<Vec<u8>>,
}

/// Parsers of the rooms.
pub const ROOMS: &[Target] = &[
    Target { name: "event", run: event::one, seeds: event::lines },
    Target { name: "batch", run: event::batch, seeds: event::batches },
    Target { name: "lines", run: event::many, seeds: event::batches },
    Target { name: "ndjson", run: event::ndjson, seeds: event::batches },
    Target { name: "json", run: event::json, seeds: event::batches },
    Target { name: "csv", run: event::csv, seeds: event::rows },
    Target { name: "xes", run: event::xes, seeds: event::logs },
    Target { name: "ocds", run: event::ocds, seeds: event::processes },
    Target { name: "gzip", run: event::gzip, seeds: event::zipped },
    Target { name: "mapping", run: event::mapping, seeds: event::mappings },
    Target { name: "manifest", run: ledger::manifest, seeds: ledger::manifests },
    Target { name: "package", run: ledger::package, seeds: ledger::packages },
    Target { name: "note", run: ledger::note, seeds: ledger::notes },
    Target { name: "checkpoint", run: ledger::checkpoint, seeds: ledger::notes },
    Target { name: "proof", run: ledger::proof, seeds: ledger::proofs },
    Target { name: "keys", run: ledger::keys, seeds: ledger::key_texts },
    Target { name: "catalogue", run: event::catalogue, seeds: event::catalogues },
    Target { name: "nal", run: video::nal, seeds: video::streams },
    Target { name: "annexb", run: video::annexb, seeds: video::streams },
    Target { name: "mp4", run: video::mp4, seeds: video::containers },
    Target { name: "picture", run: video::picture, seeds: video::streams },
];

/// Parsers inside of the appliance.
#[cfg(feature = "appliance")]
pub const APPLIANCE: &[Target] = &[
    Target { name: "table", run: appliance::table, seeds: appliance::tables },
    Target { name: "workbook", run: appliance::table, seeds: appliance::workbooks },
    Target { name: "sheet", run: appliance::sheet, seeds: appliance::sheets },
    Target { name: "profile", run: appliance::profile, seeds: appliance::profiles },
    Target { name: "template", run: appliance::template, seeds: appliance::templates },
    Target { name: "backup", run: appliance::backup, seeds: appliance::backups },
    Target { name: "archive", run: appliance::archive, seeds: appliance::archives },
    Target { name: "frames", run: appliance::frames, seeds: appliance::all_frames },
];
#[cfg(not(feature = "appliance"))]
const APPLIANCE: &[Target] = &[];

/// All of them.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    ROOMS.iter().chain(APPLIANCE)
}

/// Gives bytes to the parser of that name.
pub fn run(name: &str, bytes: &[u8]) -> bool {
    let target = targets().find(|target| target.name == name);
    (target.unwrap_or_else(|| panic!("no parser is called {name}")).run)(bytes)
}

fn text_of(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
