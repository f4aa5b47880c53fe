//! One card: its law, the parameters and the table rows that were in force, its evidence, the
//! history of its leaves, and how to verify it.

use super::{Happened, Looked, checks, happened, log_time};
use crate::alert::{Alert, as_alert};
use crate::app::App;
use crate::driver::Loader;
use crate::error::{AppError, Kind};
use crate::text;
use plumbline_contract::alert::{AlertAct, AlertLeaf, Level};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::manifest::{Manifest, Parameter};
use plumbline_contract::table::{TableSet, Tables};
use plumbline_contract::time::{Day, parse_stamp};
use plumbline_store::{KeyId, Row};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Texts of the events that are looked up as keys of tables: the fields of some dozen events.
const NAMES_MAX: usize = 200;
/// Longest such text, in bytes: what names a row is short.
const NAME_BYTES_MAX: usize = 64;
/// Rows shown of one table.
const ROWS_MAX: usize = 8;
/// Events of the subject, besides the evidence, whose fields name rows.
const EVENTS_MAX: usize = 200;
/// Table of the articles of law, which are shown by themselves.
const LAW_TABLE: &str = "law_ref";

/// A card explained.
#[derive(Clone, Debug, Serialize)]
pub struct AlertExplanation {
    pub alert: Alert,
    pub rule_zh: String,
    pub rule_en: String,
    /// The card's sentence.
    pub text_zh: String,
    pub text_en: String,
    pub stream: String,
    pub stream_key: String,
    pub episode: String,
    pub laws: Vec<Citation>,
    pub parameters: InForce,
    pub tables: Vec<TableInForce>,
    /// The events that prove it.
    pub evidence: Vec<Happened>,
    /// All leaves of the alert in the order of the ledger.
    pub history: Vec<Leaf>,
    /// What the rule says of the key now, with the state of its clock.
    pub checks: Vec<Looked>,
    /// Command lines with which anybody can check it.
    pub verify: Vec<String>,
}

/// An article of law, as the table of laws had it on the day of the fact.
#[derive(Clone, Debug, Serialize)]
pub struct Citation {
    pub id: String,
    /// The row; nothing if the table does not have it.
    pub row: Option<Value>,
}

/// The parameters that were in force when the newest leaf was made.
#[derive(Clone, Debug, Serialize)]
pub struct InForce {
    pub sha256: String,
    /// Whether the home knows the values behind the digest.
    pub known: bool,
    /// Those that matter to the rule: `name`, `name_zh`, `name_en`, `unit`, `value`, `default`.
    pub values: Vec<Value>,
}

/// A table that the plugin could read, and the rows of it that the events name.
#[derive(Clone, Debug, Serialize)]
pub struct TableInForce {
    pub table: String,
    pub version: u32,
    pub rows: Vec<TableRow>,
}

/// A row by its key.
#[derive(Clone, Debug, Serialize)]
pub struct TableRow {
    pub key: String,
    pub row: Value,
}

/// One leaf of the alert.
#[derive(Clone, Debug, Serialize)]
pub struct Leaf {
    pub leaf: u64,
    pub act: AlertAct,
    pub level: Level,
    pub due: Option<String>,
    pub at: String,
    pub issued_at: String,
    pub reason: Option<String>,
    pub plugin_version: String,
    pub params: String,
}

/// Explains a card by its id.
///
/// # Errors
/// If there is no such alert, or the store or the ledger fails.
pub fn explain_alert(app: &App, id: &str) -> Result<AlertExplanation, AppError> {
    let missing = || AppError::new(Kind::NotFound, "no-alert", id);
    let alert = app.alert(id)?.ok_or_else(missing)?;
    let leaves = leaves(app, &alert)?;
    let says = |leaf: &AlertLeaf| !matches!(leaf.act, AlertAct::Withdrawn | AlertAct::Closed);
    let shown = leaves.iter().rfind(|(_, leaf)| says(leaf)).map(|(_, leaf)| leaf.clone());
    let shown = shown.ok_or_else(missing)?;
    let manifests = app.manifests();
    let manifest = manifests.iter().find(|manifest| manifest.plugin.id == alert.plugin);
    let rule = manifest.and_then(|manifest| manifest.rule(&alert.rule));
    let evidence = rows(app, &alert)?;
    let on = alert.at.get(..10).and_then(Day::parse).unwrap_or(Day::MIN);
    let view = view(app, &shown)?;
    let sentence = |sentence: Option<&String>| {
        let value = |name: &str| alert.values.get(name).map(plain);
        sentence.map_or_else(|| alert.values.to_string(), |sentence| text::fill(sentence, value))
    };
    let names = names(app, &alert, &evidence)?;
    Ok(AlertExplanation {
        rule_zh: rule.map(|rule| rule.name_zh.clone()).unwrap_or_default(),
        rule_en: rule.map(|rule| rule.name_en.clone()).unwrap_or_default(),
        text_zh: sentence(rule.map(|rule| &rule.text_zh)),
        text_en: sentence(rule.map(|rule| &rule.text_en)),
        laws: laws(app, &alert, on)?,
        parameters: in_force(app, &shown, manifest)?,
        tables: tables(&alert, &view, &names, on),
        evidence: evidence.iter().map(|row| happened(app, row)).collect(),
        history: leaves.iter().map(|(index, leaf)| history(*index, leaf)).collect(),
        checks: now(app, &shown)?,
        verify: verify(&alert),
        stream: shown.stream,
        stream_key: shown.stream_key,
        episode: shown.episode,
        alert,
    })
}

/// All leaves of an alert with their positions.
fn leaves(app: &App, alert: &Alert) -> Result<Vec<(u64, AlertLeaf)>, AppError> {
    app.with_ledger(|ledger| {
        let mut found = Vec::new();
        let range = alert.first_leaf..alert.leaf + 1;
        for (index, bytes) in range.clone().zip(ledger.leaves(range)?) {
            let leaf = as_alert(index, &bytes?)?;
            found.extend(leaf.filter(|leaf| leaf.id == alert.id).map(|leaf| (index, leaf)));
        }
        Ok(found)
    })
}

fn history(leaf: u64, alert: &AlertLeaf) -> Leaf {
    Leaf {
        leaf,
        act: alert.act,
        level: alert.level,
        due: alert.due.clone(),
        at: alert.at.clone(),
        issued_at: alert.issued_at.clone(),
        reason: alert.reason.clone(),
        plugin_version: alert.plugin_version.clone(),
        params: alert.params.clone(),
    }
}

fn rows(app: &App, alert: &Alert) -> Result<Vec<Row>, AppError> {
    let mut rows = Vec::new();
    for seq in alert.evidence.iter().copied().map(EventSeq) {
        rows.extend(app.store().get(seq)?.map(|event| Row { seq, event: event.into() }));
    }
    Ok(rows)
}

/// The articles of law. They are the host's own table, in its present version.
fn laws(app: &App, alert: &Alert, on: Day) -> Result<Vec<Citation>, AppError> {
    let view = app.tables().view(app.store(), app.store().next_seq())?;
    let citation = |id: &String| {
        let row = view.lookup(LAW_TABLE, id, on).and_then(|row| serde_json::from_str(row).ok());
        Citation { id: id.clone(), row }
    };
    Ok(alert.law.iter().map(citation).collect())
}

/// The values behind the digest of a leaf: of the deployment as it is, or as it was before a change.
fn in_force(app: &App, leaf: &AlertLeaf, manifest: Option<&Manifest>) -> Result<InForce, AppError> {
    let mut values: Option<Map<String, Value>> = None;
    for (_, known) in app.settings().of(leaf.deployment) {
        // A package that can no longer be used says nothing of its parameters.
        let Ok(prepared) = app.prepare(known) else { continue };
        let variants = prepared.plan.variants();
        let of_leaf = variants.iter().find(|variant| variant.parameters_sha256 == leaf.params);
        let of_leaf = of_leaf.and_then(|variant| serde_json::from_str(&variant.parameters).ok());
        values = values.or(of_leaf);
    }
    let parameters = manifest.map_or(&[][..], |manifest| &manifest.parameters);
    let of_rule = parameters.iter().filter(|parameter| parameter.is_of(&leaf.rule));
    let in_words = |parameter: &Parameter| {
        let value = values.as_ref()?.get(&parameter.name)?;
        Some(json!({
            "name": parameter.name, "name_zh": parameter.name_zh, "name_en": parameter.name_en,
            "unit": parameter.unit, "value": value, "default": parameter.default,
        }))
    };
    let of_rule = of_rule.filter_map(in_words).collect();
    Ok(InForce { sha256: leaf.params.clone(), known: values.is_some(), values: of_rule })
}

/// The tables in the versions that the leaf names.
fn view(app: &App, leaf: &AlertLeaf) -> Result<TableSet, AppError> {
    let history = app.tables();
    let is_of_leaf = |table: &String, version: u32| leaf.tables.get(table) == Some(&version);
    let of_leaf =
        history.changes().iter().filter(|(_, table, version)| is_of_leaf(table, version.0));
    let last = of_leaf.map(|(seq, ..)| seq.next()).max().unwrap_or_default();
    history.view(app.store(), last)
}

/// Texts of the evidence and of the subject's events that may name a row: codes, officers, numbers.
fn names(app: &App, alert: &Alert, evidence: &[Row]) -> Result<BTreeSet<String>, AppError> {
    let mut names = BTreeSet::new();
    let mut take = |event: &Event| {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let fields = data.as_object().into_iter().flat_map(Map::values).filter_map(Value::as_str);
        let fields = fields.chain([event.dept.as_str()]);
        for text in fields.filter(|text| !text.is_empty() && text.len() <= NAME_BYTES_MAX) {
            if names.len() < NAMES_MAX {
                names.insert(text.to_owned());
            }
        }
    };
    evidence.iter().for_each(|row| take(&row.event));
    for seq in app.store().by_subject(&alert.key, EVENTS_MAX)? {
        app.store().get(seq)?.iter().for_each(&mut take);
    }
    Ok(names)
}

fn tables(
    alert: &Alert,
    view: &impl Tables,
    names: &BTreeSet<String>,
    on: Day,
) -> Vec<TableInForce> {
    let of_table = |(table, version): (&String, &u32)| {
        let mut rows: BTreeMap<&str, &str> = BTreeMap::new();
        for name in names {
            let room = ROWS_MAX.saturating_sub(rows.len());
            match view.lookup(table, name, on) {
                Some(row) if room > 0 => _ = rows.insert(name, row),
                _ => rows.extend(view.scan(table, &format!("{name}/"), on, room)),
            }
        }
        let row = |(key, row): (&str, &str)| TableRow {
            key: key.to_owned(),
            row: serde_json::from_str(row).unwrap_or_default(),
        };
        let rows = rows.into_iter().map(row).collect();
        TableInForce { table: table.clone(), version: *version, rows }
    };
    alert.tables.iter().map(of_table).collect()
}

/// What the rule says of the alert's key now.
fn now(app: &App, leaf: &AlertLeaf) -> Result<Vec<Looked>, AppError> {
    let issued = parse_stamp(&leaf.issued_at).map(|stamp| app.zone().instant_of(stamp));
    let now = log_time(app, &[])?.max(issued.unwrap_or_default());
    let id = KeyId { stream: leaf.stream.clone(), key: leaf.stream_key.clone() };
    let (mut all, _) = checks(app, now, &mut |plan| {
        if plan.deployment() == leaf.deployment { vec![id.clone()] } else { Vec::new() }
    })?;
    all.retain(|check| check.deployment == leaf.deployment.0);
    all.retain(|check| check.rule == leaf.rule || check.outcome == "remark");
    Ok(all)
}

fn verify(alert: &Alert) -> Vec<String> {
    vec![
        format!("plumbline ledger show {}", alert.leaf),
        format!("plumbline ledger prove {}", alert.leaf),
        "plumbline ledger verify".to_owned(),
        "plumbline replay".to_owned(),
    ]
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
