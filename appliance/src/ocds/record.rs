//! Red flags on record: the whole report is kept in the home under its SHA-256, and an act in the
//! ledger says who put it there, of what it was made and which processes it flags. Later data may
//! change every flag; what was seen that day can still be shown.

use super::Surveyed;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, clock, history};
use plumbline_ledger::sha256_hex;
use plumbline_ocds::{Findings, Group};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use std::fs;

/// The kind of leaves that are such acts.
const LEAF: &str = "ocds_flags";
/// Bytes of a leaf that the list of flagged processes may take. A leaf has 65,535 at most, and the
/// figures of all indicators stand beside the list.
const LISTED_BYTES_MAX: usize = 40_000;

/// A report on record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recorded {
    pub leaf: u64,
    pub done_at: String,
    pub by: String,
    /// The source that was looked at; all if none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub processes: u64,
    pub flagged: u64,
    pub sha256: String,
}

/// What a report was made of and who answers for it.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The settings file as it was read; `None` for the defaults.
    pub settings: Option<&'a str>,
    pub source: Option<&'a str>,
    pub by: &'a str,
}

/// Keeps a report and its settings, and seals their hashes.
///
/// # Errors
/// If nobody is named, the files cannot be kept, or the ledger fails.
pub fn record(app: &App, surveyed: &Surveyed, ground: Ground<'_>) -> Result<Recorded, AppError> {
    let by = ground.by.trim();
    if by.is_empty() {
        return Err(AppError::new(Kind::Usage, "ocds-by", "--by"));
    }
    let findings = &surveyed.findings;
    let bytes = json!(findings).to_string().into_bytes();
    let sha256 = sha256_hex(&bytes);
    app.home().keep_paper(&sha256, "json", &bytes)?;
    let (listed, left_out) = flagged(findings);
    let mut particulars = json!({
        "by": by, "events": surveyed.until.0, "processes": findings.processes,
        "currency": findings.currency, "indicators": indicators(findings),
        "warnings": findings.warnings, "flagged": flagged_count(findings),
        "flagged_processes": listed, "left_out": left_out,
        "report": { "sha256": sha256, "form": "json", "bytes": bytes.len() },
    });
    if let Some(source) = ground.source {
        particulars["source"] = json!(source);
    }
    if let Some(text) = ground.settings {
        let sha256 = sha256_hex(text.as_bytes());
        app.home().keep_paper(&sha256, "toml", text.as_bytes())?;
        particulars["settings_sha256"] = json!(sha256);
    }
    let from = app.with_ledger(|ledger| ledger.size());
    app.record(&[act::leaf(LEAF, clock::now(), app.zone(), particulars)])?;
    let newest = leaves(app, from)?.into_iter().find(|(known, _)| known.sha256 == sha256);
    let missing = || AppError::new(Kind::Integrity, "ledger-damaged", LEAF);
    newest.map(|(recorded, _)| recorded).ok_or_else(missing)
}

fn flagged_count(findings: &Findings) -> usize {
    findings.flags.get(&Group::Ocid).map_or(0, std::collections::BTreeMap::len)
}

/// Flagged processes with their indicators, as many as a leaf holds, and how many more there are.
fn flagged(findings: &Findings) -> (Map<String, Value>, usize) {
    let (mut listed, mut bytes) = (Map::new(), 0);
    let mut left_out = 0;
    for (ocid, values) in findings.flags.get(&Group::Ocid).into_iter().flatten() {
        let codes = json!(values.keys().collect::<Vec<_>>());
        bytes += json!(ocid).to_string().len() + codes.to_string().len() + 2;
        if bytes > LISTED_BYTES_MAX {
            left_out += 1;
        } else {
            listed.insert(ocid.clone(), codes);
        }
    }
    (listed, left_out)
}

/// The figures of each indicator that looked at anything.
fn indicators(findings: &Findings) -> Value {
    json!(findings.distributions)
}

/// All reports on record, oldest first.
///
/// # Errors
/// If the ledger cannot be read.
pub fn reports(app: &App) -> Result<Vec<Recorded>, AppError> {
    Ok(leaves(app, 0)?.into_iter().map(|(recorded, _)| recorded).collect())
}

fn leaves(app: &App, from: u64) -> Result<Vec<(Recorded, Value)>, AppError> {
    let acts = history::leaves(app, from)?.into_iter().filter(|(_, act)| act["leaf"] == LEAF);
    Ok(acts.map(|(leaf, act)| (read(leaf, &act), act)).collect())
}

fn read(leaf: u64, act: &Value) -> Recorded {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    Recorded {
        leaf,
        done_at: text(&act["done_at"]),
        by: text(&act["by"]),
        source: act["source"].as_str().map(str::to_owned),
        processes: act["processes"].as_u64().unwrap_or_default(),
        flagged: act["flagged"].as_u64().unwrap_or_default(),
        sha256: text(&act["report"]["sha256"]),
    }
}

/// The reports on record that flag a process, with the indicators: by the leaf, and by the kept
/// report where the leaf could not name all.
///
/// # Errors
/// If the ledger cannot be read, or a kept report is not the one that the ledger names.
pub fn about(app: &App, ocid: &str) -> Result<Vec<(Recorded, Vec<String>)>, AppError> {
    let mut found = Vec::new();
    for (recorded, act) in leaves(app, 0)? {
        let mut codes = codes(&act["flagged_processes"][ocid]);
        if codes.is_empty() && act["left_out"].as_u64().unwrap_or_default() > 0 {
            let kept = kept(app, &recorded)?;
            codes.extend(
                kept["OCID"][ocid].as_object().into_iter().flatten().map(|it| it.0.clone()),
            );
        }
        if !codes.is_empty() {
            found.push((recorded, codes.into_iter().collect()));
        }
    }
    Ok(found)
}

fn codes(value: &Value) -> BTreeSet<String> {
    let codes = value.as_array().into_iter().flatten();
    codes.filter_map(|code| code.as_str().map(str::to_owned)).collect()
}

fn kept(app: &App, recorded: &Recorded) -> Result<Value, AppError> {
    let path = app.home().paper(&recorded.sha256, "json");
    let bytes = fs::read(&path).map_err(|error| AppError::io(&path, &error))?;
    let wrong = || AppError::new(Kind::Integrity, "ocds-report", path.display());
    if sha256_hex(&bytes) != recorded.sha256 {
        return Err(wrong());
    }
    serde_json::from_slice(&bytes).map_err(|_| wrong())
}
