//! A made-up county's whole year through the real import, and how well the cards agree with what the
//! generator knows that it broke.

use super::wrong;
use crate::alert::AlertState;
use crate::app::App;
use crate::error::AppError;
use crate::import::{ImportReport, ImportRequest, import};
use plumbline_contract::alert::Level;
use plumbline_contract::time::parse_stamp;
use plumbline_county::report::{Card, Report, compare};
use plumbline_county::{Label, Made, Options, year};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// What came of one domain.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DomainReport {
    pub events: u64,
    pub notices: u64,
    pub yellows: u64,
    pub reds: u64,
}

/// What came of a year.
#[derive(Debug)]
pub struct YearReport {
    pub imported: ImportReport,
    /// By the plugin that raised the cards.
    pub domains: BTreeMap<String, DomainReport>,
    /// Rule by rule: found, missed, false.
    pub agreement: Report,
}

/// Writes the year's events into `file`.
///
/// # Errors
/// If the file cannot be written.
pub fn write(options: &Options, file: &Path) -> Result<Made, AppError> {
    let io = |error: std::io::Error| AppError::io(file, &error);
    let mut out = BufWriter::new(File::create(file).map_err(io)?);
    let made = year(options, &mut |line| out.write_all(line)).map_err(io)?;
    out.flush().map_err(io)?;
    Ok(made)
}

/// Imports the year's events, and compares the cards with the labels.
///
/// # Errors
/// If the home fails.
pub fn run(app: &App, made: &Made, file: &Path) -> Result<YearReport, AppError> {
    let request = ImportRequest { as_host: true, ..ImportRequest::new(file) };
    let imported = import(app, &request, &mut |_, _| {})?;
    let mut domains: BTreeMap<String, DomainReport> = BTreeMap::new();
    let mut rules = Vec::new();
    for manifest in app.manifests() {
        let domain = domains.entry(manifest.plugin.id.clone()).or_default();
        let seen = made.volumes.iter().filter(|(kind, _)| manifest.may_see(kind));
        domain.events = seen.map(|(_, count)| count).sum();
        rules.extend(manifest.rules.into_iter().map(|rule| rule.id));
    }
    let mut cards = Vec::new();
    for alert in app.alerts()? {
        if alert.state != AlertState::Open {
            continue;
        }
        if let Some(domain) = domains.get_mut(&alert.plugin) {
            match alert.level {
                Level::Notice => domain.notices += 1,
                Level::Yellow => domain.yellows += 1,
                Level::Red => domain.reds += 1,
            }
        }
        cards.push(Card {
            at: parse_stamp(&alert.at).ok_or_else(|| wrong(&alert.at))?.local,
            rule: alert.rule,
            subject: alert.key,
            episode: alert.id,
            level: alert.level,
        });
    }
    let rules: Vec<_> = rules.iter().map(String::as_str).collect();
    let agreement = compare(&labels_of(made, &rules), &cards, &rules);
    Ok(YearReport { imported, domains, agreement })
}

/// The labels of rules that are at work.
fn labels_of(made: &Made, rules: &[&str]) -> Vec<Label> {
    made.labels.iter().filter(|label| rules.contains(&label.rule.as_str())).cloned().collect()
}
