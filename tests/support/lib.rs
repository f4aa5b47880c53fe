//! Homes, events and packages for the end-to-end tests. It tests nothing itself.
#![allow(clippy::unwrap_used, clippy::print_stderr, clippy::missing_panics_doc)]

pub mod fault;
pub mod fuzz;
pub mod outcome;
pub mod power;
pub mod random;

use plumbline::alert::Alert;
use plumbline::deploy::{self, Enabling};
use plumbline::home::{Config, Home};
use plumbline::package;
use plumbline::watch::HealthConfig;
use plumbline::{App, import, table};
use plumbline_contract::event::Event;
use plumbline_contract::time::{Millis, Zone, parse_stamp};
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

/// The example vendors' plugins and the hostile one, built and signed.
#[must_use]
pub fn vendors() -> Option<PathBuf> {
    folder("PLUMBLINE_TEST_VENDORS")
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
            disk_reserve_mib: plumbline::disk::RESERVE_MIB,
            health: HealthConfig::default(),
        };
        let app = App::create(Home::new(dir.path().join("home")), &config).unwrap();
        // What is set up is set up before all that the tests tell of.
        app.tell_time(instant("2026-01-01T00:00:00+08:00"));
        let calendar = plumbline_contract::CALENDAR_CSV.as_bytes();
        let rows = table::parse_csv("calendar", calendar).unwrap();
        app.load_table("calendar", rows).unwrap();
        Self { dir, app }
    }

    /// Another home with the same content: the same keys, packages and compiled code.
    #[must_use]
    pub fn copy_of(closed: &Path) -> Self {
        let dir = tempfile::tempdir().unwrap();
        copy(closed, &dir.path().join("home"));
        let app = App::open(Home::new(dir.path().join("home"))).unwrap();
        Self { dir, app }
    }

    /// Closes the home; its folder lies at `home` in the directory.
    #[must_use]
    pub fn close(self) -> TempDir {
        self.dir
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
        self.enable_in("", packages, file, parameters);
    }

    /// As [`TestHome::enable`], in one region subtree.
    pub fn enable_in(
        &self,
        region: &str,
        packages: &Path,
        file: &str,
        parameters: &Map<String, Value>,
    ) {
        let vkey = std::fs::read_to_string(packages.join("development.vkey")).unwrap();
        package::trust(&self.app, &vkey).unwrap();
        let verified = package::verify_file(&self.app, &packages.join(file)).unwrap();
        package::install(&self.app, &verified).unwrap();
        let package = verified.hash();
        let enabling = Enabling::new(package, region, parameters);
        deploy::enable(&self.app, &enabling).unwrap();
    }

    /// Imports lines.
    pub fn import(&self, name: &str, lines: &[String]) -> import::ImportReport {
        let path = self.dir.path().join(name);
        std::fs::write(&path, lines.join("\n")).unwrap();
        let request = import::ImportRequest::new(&path);
        import::import(&self.app, &request, &mut |_, _| {}).unwrap()
    }

    /// Receives lines live, all at the same moment, and looks at them.
    pub fn receive(&self, received: &str, lines: &[String]) {
        let events: Vec<_> = lines.iter().map(|line| to_event(line, instant(received))).collect();
        self.app.append(&events).unwrap();
        self.app.settle().unwrap();
    }

    /// Puts a calendar into force at a moment: the national one with further lines.
    pub fn load_calendar(&self, time: &str, more: &[&str]) {
        let text =
            format!("{}\n{}\n", plumbline_contract::CALENDAR_CSV.trim_end(), more.join("\n"));
        let rows = table::parse_csv("calendar", text.as_bytes()).unwrap();
        let (_, is_new) = self.app.load_table_at("calendar", rows, instant(time)).unwrap();
        assert!(is_new);
        self.app.settle().unwrap();
    }

    /// Lets live time come to a moment.
    pub fn tick(&self, time: &str) {
        self.app.tick(instant(time), false).unwrap();
        self.app.settle().unwrap();
    }

    #[must_use]
    pub fn alerts(&self) -> Vec<Alert> {
        self.app.alerts().unwrap()
    }
}

/// Copies a folder with all that is in it.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

/// The instant of a local reading, for instance `2026-03-02T09:00:00`.
#[must_use]
pub fn instant(local: &str) -> Millis {
    Zone::shanghai().instant_of(parse_stamp(local).unwrap())
}

/// An event of [`event`] as it is received live.
#[must_use]
pub fn to_event(line: &str, received: Millis) -> Event {
    let line: Value = serde_json::from_str(line).unwrap();
    let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let time = |name: &str| line[name].as_str().map(instant);
    Event {
        id: text("id"),
        source: text("source"),
        kind: text("type"),
        subject: text("subject"),
        time: time("time").unwrap(),
        recorded: time("recordedtime").unwrap(),
        corrected: time("correctedtime"),
        logged: received,
        region: text("region"),
        dept: text("dept"),
        serial: None,
        actor: line["actor"].as_str().map(str::to_owned),
        dataversion: line["dataversion"].as_u64().unwrap_or(1) as u32,
        data: line["data"].to_string(),
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
