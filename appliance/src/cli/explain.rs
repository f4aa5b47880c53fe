//! `explain`: what happened to a case, what each rule saw in it, and what came of it.

use super::{Context, OK, Out};
use crate::alert::{Alert, as_alert};
use crate::app::App;
use crate::cli::show::{self, Words, moment, pad, pairs};
use crate::error::AppError;
use crate::explain::{Explanation, Happened, Looked, explain};
use crate::text;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Columns of a timeline's data that are shown.
const DATA_CHARS: usize = 160;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 监察对象，如办件编号 / Subject, for instance a case number
    key: String,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: &Arguments) -> Result<u8, AppError> {
    let app = context.open()?;
    app.settle()?;
    let explanation = explain(&app, &arguments.key)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&explanation);
        return Ok(OK);
    }
    print(&app, out, &explanation)?;
    Ok(OK)
}

fn print(app: &App, out: &mut Out<'_>, explanation: &Explanation) -> Result<(), AppError> {
    let until = moment(&explanation.until);
    out.say("explain.head", &[("key", &explanation.subject), ("until", &until)]);
    out.line("");
    out.say("explain.events", &[("count", &explanation.events.len().to_string())]);
    for event in &explanation.events {
        happened(out, event);
    }
    out.line("");
    out.say("explain.checks", &[]);
    if explanation.checks.is_empty() {
        out.say("explain.no-checks", &[]);
    }
    for check in &explanation.checks {
        looked(out, &explanation.subject, check);
    }
    if !explanation.rows.is_empty() {
        out.line("");
        out.say("table-row.explained", &[]);
    }
    for row in &explanation.rows {
        let of = if row.of == explanation.subject { "" } else { row.of.as_str() };
        super::table::used(out, "  ", of, &row.row);
    }
    out.line("");
    out.say("explain.alerts", &[("count", &explanation.alerts.len().to_string())]);
    let words = Words::of(app)?;
    for alert in &explanation.alerts {
        show::alert(out, &words, alert);
        derivation(app, out, alert)?;
    }
    Ok(())
}

fn happened(out: &mut Out<'_>, event: &Happened) {
    let data: serde_json::Value = serde_json::from_str(event.data.get()).unwrap_or_default();
    let mut data: String = pairs(&data).chars().take(DATA_CHARS + 1).collect();
    if data.chars().count() > DATA_CHARS {
        data.pop();
        data.push('…');
    }
    let title = title(&event.kind).filter(|_| out.lang == text::Lang::Zh);
    let title = title.unwrap_or(&event.kind);
    let version =
        if event.dataversion > 1 { format!(" v{}", event.dataversion) } else { String::new() };
    let actor = event.actor.as_deref().unwrap_or_default();
    let (seq, time) = (format!("#{}", event.seq), moment(&event.time));
    let line =
        format!("  {}{time}  {}{version}  {} {actor}", pad(&seq, 9), pad(title, 12), event.dept);
    out.line(format!("{}  {data}", line.trim_end()));
}

fn looked(out: &mut Out<'_>, subject: &str, check: &Looked) {
    let outcome = match check.outcome {
        "fires" => out.text("outcome.fires"),
        "quiet" => out.text("outcome.quiet"),
        "unknown" => out.text("outcome.unknown"),
        "exempt" => out.text("outcome.exempt"),
        _ => out.text("outcome.fault"),
    };
    let name = out.lang.pick(&check.rule_zh, &check.rule_en);
    let why = out.lang.pick(&check.zh, &check.en);
    let values = pairs(&check.values);
    // Some rules look at another entity of the case, for instance its officer in a month.
    let of = match check.key.as_str() {
        key if key == subject => String::new(),
        key => text::say(out.lang, "explain.key", &[("key", key)]),
    };
    let colon = if why.is_empty() { "" } else { out.lang.pick("：", ": ") };
    let values = if values.is_empty() { values } else { format!("  ({values})") };
    out.line(format!("  [{outcome}] {} {name}{of}{colon}{why}{values}", check.rule));
}

/// What it takes to derive an alert again: package, parameters, tables, events, leaf.
pub(super) fn derivation(app: &App, out: &mut Out<'_>, alert: &Alert) -> Result<(), AppError> {
    let bytes = app.with_ledger(|ledger| ledger.leaf(alert.leaf))?;
    let Some(leaf) = as_alert(alert.leaf, &bytes)? else { return Ok(()) };
    let versions = alert.tables.iter().map(|(name, version)| format!("{name} v{version}"));
    let tables = versions.collect::<Vec<_>>().join(" ");
    let events: Vec<_> = alert.evidence.iter().map(|seq| format!("#{seq}")).collect();
    let values = [
        ("plugin", format!("{} {}", alert.plugin, alert.plugin_version)),
        ("package", leaf.package.to_string()),
        ("params", leaf.params[..leaf.params.len().min(16)].to_owned()),
        ("tables", tables),
        ("events", events.join(" ")),
        ("leaf", alert.leaf.to_string()),
        ("issued", moment(&alert.issued_at)),
    ];
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    for key in ["derive.package", "derive.inputs", "derive.leaf"] {
        let line = text::say(out.lang, key, &values);
        out.line(format!("      {line}"));
    }
    Ok(())
}

/// The Chinese name of an event type that the catalogue of schemas knows.
fn title(kind: &str) -> Option<&'static str> {
    #[derive(Deserialize)]
    struct Index {
        events: Vec<Named>,
    }
    #[derive(Deserialize)]
    struct Named {
        #[serde(rename = "type")]
        kind: String,
        zh: String,
    }
    static TITLES: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    let titles = TITLES.get_or_init(|| {
        let text = include_str!("../../../sdk/contract/schema/index.json");
        let index: Index = serde_json::from_str(text).expect("the shipped index is well-formed");
        index.events.into_iter().map(|named| (named.kind, named.zh)).collect()
    });
    titles.get(kind).map(String::as_str)
}
