//! The approval plugin as it was built and signed before the tests; building it here would take
//! minutes.

use plumbline::deploy::{self, Enabling};
use plumbline::{App, package, table};
use serde_json::Map;
use std::path::PathBuf;

/// Folder with `approval.wasm` and the verifier key that signed it, set by `cargo xtask test`.
const VARIABLE: &str = "PLUMBLINE_TEST_PLUGINS";

/// The folder; without it the test says that it skips.
pub(crate) fn folder(test: &str) -> Option<PathBuf> {
    let folder = std::env::var_os(VARIABLE).map(PathBuf::from);
    if folder.is_none() {
        eprintln!("SKIPPED {test}: {VARIABLE} is not set; `cargo xtask test` sets it");
    }
    folder
}

/// Loads the calendar, then installs and enables the plugin everywhere.
pub(crate) fn enable(app: &App, folder: &PathBuf) {
    let calendar = table::parse_csv("calendar", plumbline_contract::CALENDAR_CSV.as_bytes());
    app.load_table("calendar", calendar.unwrap()).unwrap();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "vkey") {
            package::trust(app, &std::fs::read_to_string(path).unwrap()).unwrap();
        }
    }
    let verified = package::verify_file(app, &folder.join("approval.wasm")).unwrap();
    package::install(app, &verified).unwrap();
    let parameters = Map::new();
    deploy::enable(app, &Enabling::new(verified.hash(), "370203", &parameters)).unwrap();
}
