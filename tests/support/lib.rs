//! Homes, events and packages for the end-to-end tests. It tests nothing itself.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::missing_panics_doc)]

use plumbline::alert::Alert;
use plumbline::home::{Config, Home};
use plumbline::package::{self, Enabling};
use plumbline::{App, import, table};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder named by an environment variable that `cargo xtask test` sets; says so and gives `None`
/// where it is not set.
#[must_use]
pub fn folder(variable: &str) -> Option<PathBuf> {
    let path = std::env::var_os(variable).map(PathBuf::from);
    if path.is_none() {
        eprintln!("skipped: {variable} is not set; `cargo xtask test` sets it");
    }
    path
}

/// Our own plugins, built and signed.
#[must_use]
pub fn plugins() -> Option<PathBuf> {
    folder("PLUMBLINE_TEST_PLUGINS")
}

/// A home in a temporary directory.
#[derive(Debug)]
pub struct TestHome {
    pub dir: TempDir,
    pub app: App,
}

impl TestHome {
    /// A home with the national calendar and no plugin.
    #[must_use]
    pub fn bare() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Config {
            origin: "test.invalid/county".to_owned(),
            region: String::new(),
            zone: "Asia/Shanghai".to_owned(),
            listen: "127.0.0.1:0".to_owned(),
        };
        let app = App::create(Home::new(dir.path().join("home")), &config).unwrap();
        let calendar = plumbline_contract::CALENDAR_CSV.as_bytes();
        app.load_table("calendar", table::parse_csv("calendar", calendar).unwrap()).unwrap();
        Self { dir, app }
    }

    /// A home with the approval plugin enabled everywhere.
    #[must_use]
    pub fn with_approval(packages: &Path) -> Self {
        let home = Self::bare();
        home.enable(packages, "approval.wasm", &Map::new());
        home
    }

    /// Trusts the folder's key, installs one of its packages and enables it everywhere.
    pub fn enable(&self, packages: &Path, file: &str, parameters: &Map<String, Value>) {
        let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
        package::trust(&self.app, &vkey).unwrap();
        let verified = package::verify_file(&self.app, &packages.join(file)).unwrap();
        package::install(&self.app, &verified).unwrap();
        let package = verified.hash();
        let enabling = Enabling { package, region: "", parameters, from_start: true };
        package::enable(&self.app, &enabling).unwrap();
    }

    /// Imports lines.
    pub fn import(&self, name: &str, lines: &[String]) -> import::ImportReport {
        let path = self.dir.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        let request = import::ImportRequest { file: &path, map: None, until: None };
        import::import(&self.app, &request, &mut |_, _| {}).unwrap()
    }

    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        self.app.alerts().unwrap()
    }
}

/// One CloudEvent as a line. `time` is local, for instance `2026-03-02T09:00:00`.
#[must_use]
pub fn event(id: &str, kind: &str, time: &str, data: &Value) -> String {
    json!({
        "specversion": "1.0", "id": id, "source": "test/approval", "type": kind,
        "time": format!("{time}+08:00"), "recordedtime": format!("{time}+08:00"),
        "region": "370203", "dept": "D-001", "actor": "o-1", "data": data,
    })
    .to_string()
}

/// Received, accepted and, unless `decided` is empty, decided.
#[must_use]
pub fn case(number: usize, accepted: &str, decided: &str) -> Vec<String> {
    let case_no = format!("C{number:05}");
    let id = |what: &str| format!("{case_no}-{what}");
    let receipt = format!("R{number}");
    let mut lines = vec![
        event(
            &id("received"),
            "approval.case.received",
            accepted,
            &json!({ "case_no": case_no, "serial": number, "item_code": "XK001",
                "applicant_ref": "h:1", "applicant_kind": "person", "channel": "window" }),
        ),
        event(
            &id("accepted"),
            "approval.case.accepted",
            accepted,
            &json!({ "case_no": case_no, "receipt_no": receipt, "officer": "o-1" }),
        ),
    ];
    if !decided.is_empty() {
        let data = json!({ "case_no": case_no, "result": "grant", "officer": "o-1",
            "signer": "o-2", "doc_no": format!("D{number}") });
        lines.push(event(&id("decided"), "approval.case.decided", decided, &data));
    }
    lines
}
