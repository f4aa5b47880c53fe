//! Examples of rules as data: events in, alerts out. One file holds examples of one or several
//! rules; the same file runs natively (`cargo test`) and inside the engine (`plumbline plugin test`).
//!
//! ```toml
//! rule = "APPR-T02"
//!
//! [[example]]
//! name = "promised 7, decided on working day 8"
//! until = "2026-03-31T00:00"
//! fires = [{ level = "yellow", due = "2026-03-11" }]
//! [example.tables]
//! item = [{ item_code = "A1", promised_wd = 7, statutory_wd = 20 }]
//! [[example.events]]
//! type = "approval.case.accepted"
//! at = "2026-03-02T09:00"
//! data = { case_no = "C1", officer = "o1" }
//! ```
//!
//! `fires` lists all alerts of the rule that stand at the end, in any order; an empty list is a
//! must-not-fire example. Fields that an entry does not name are not compared.

mod run;

use plumbline_contract::alert::Level;
use plumbline_contract::table::Tables;
use plumbline_contract::task::{Task, Verdict};
use plumbline_contract::time::Zone;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::Arc;

pub use run::{Failure, run_file};

/// Something that runs tasks with given parameters and tables: the native harness or the engine.
pub trait Executor {
    /// # Errors
    /// A fault of the plugin, in words.
    fn supervise(
        &mut self,
        parameters: &str,
        tables: Arc<dyn Tables>,
        zone: &Zone,
        tasks: &[Task<'_>],
    ) -> Result<Vec<Verdict>, String>;
}

/// One file of examples.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleFile {
    /// The rule that the examples are about.
    pub rule: String,
    /// Tables that all examples of the file share.
    #[serde(default)]
    pub tables: BTreeMap<String, Vec<toml::Table>>,
    #[serde(rename = "example", default)]
    pub examples: Vec<Example>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: String,
    /// Log time at the end, local.
    pub until: String,
    pub fires: Vec<Expected>,
    #[serde(default)]
    pub params: toml::Table,
    /// Tables of this example; one of the same name replaces the shared one.
    #[serde(default)]
    pub tables: BTreeMap<String, Vec<toml::Table>>,
    #[serde(default)]
    pub events: Vec<ExampleEvent>,
}

/// An event in short form; what is left out has a plain default.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExampleEvent {
    #[serde(rename = "type")]
    pub kind: String,
    /// When it happened, local.
    pub at: String,
    /// When it was recorded; `at` if left out.
    pub recorded: Option<String>,
    pub corrected: Option<String>,
    pub id: Option<String>,
    pub version: Option<u32>,
    pub dept: Option<String>,
    pub region: Option<String>,
    pub actor: Option<String>,
    pub source: Option<String>,
    pub serial: Option<u64>,
    #[serde(default)]
    pub data: toml::Table,
}

/// An alert that must stand at the end.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expected {
    pub level: Level,
    pub key: Option<String>,
    pub due: Option<String>,
    /// Local.
    pub at: Option<String>,
    pub dept: Option<String>,
    pub episode: Option<String>,
}
