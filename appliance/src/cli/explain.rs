//! `explain`: what happened to a case, an event or a card, what each rule saw in it, and what came
//! of it. How the three read stands in the modules below.

mod card;
mod group;
mod occurrence;

use super::{Context, OK, Out};
use crate::alert::{Alert, as_alert};
use crate::app::App;
use crate::cli::show::{self, Words, moment, pad, pairs};
use crate::error::AppError;
use crate::explain::{self, Explanation, Happened};
use crate::text;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// Columns of a timeline's data that are shown.
const DATA_CHARS: usize = 160;

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
pub(super) struct Arguments {
    /// 监察对象，如办件编号 / Subject, for instance a case number
    key: Option<String>,
    /// 一条事件：日志位置，或 来源/编号 / An event: its position, or SOURCE/ID
    #[arg(long, value_name = "SEQ|SOURCE/ID")]
    event: Option<String>,
    /// 一条预警 / A card
    #[arg(long, value_name = "ID")]
    alert: Option<String>,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: &Arguments) -> Result<u8, AppError> {
    let app = context.open()?;
    app.settle()?;
    let out = &mut *context.out;
    match arguments {
        Arguments { event: Some(event), .. } => {
            let explanation = explain::explain_event(&app, event)?;
            tell(&app, out, &explanation, occurrence::print)?;
        }
        Arguments { alert: Some(alert), .. } => {
            let explanation = explain::explain_alert(&app, alert)?;
            tell(&app, out, &explanation, card::print)?;
        }
        Arguments { key, .. } => {
            let explanation = explain::explain(&app, key.as_deref().unwrap_or_default())?;
            tell(&app, out, &explanation, print)?;
        }
    }
    Ok(OK)
}

fn tell<T: Serialize>(
    app: &App,
    out: &mut Out<'_>,
    explanation: &T,
    print: fn(&App, &mut Out<'_>, &T) -> Result<(), AppError>,
) -> Result<(), AppError> {
    if out.json {
        out.object(explanation);
        return Ok(());
    }
    print(app, out, explanation)
}

fn print(app: &App, out: &mut Out<'_>, explanation: &Explanation) -> Result<(), AppError> {
    let until = moment(&explanation.until);
    out.say("explain.head", &[("key", &explanation.subject), ("until", &until)]);
    group::clock(out, &explanation.checks);
    out.line("");
    out.say("explain.events", &[("count", &explanation.events.len().to_string())]);
    for event in &explanation.events {
        happened(out, event);
    }
    out.line("");
    group::checks(out, &explanation.subject, &explanation.checks);
    if !explanation.rows.is_empty() {
        out.line("");
        out.say("table-row.explained", &[]);
    }
    for row in &explanation.rows {
        let of = if row.of == explanation.subject { "" } else { row.of.as_str() };
        super::table::used(out, "  ", of, &row.row);
    }
    out.line("");
    alerts(app, out, &explanation.alerts)
}

fn alerts(app: &App, out: &mut Out<'_>, alerts: &[Alert]) -> Result<(), AppError> {
    out.say("explain.alerts", &[("count", &alerts.len().to_string())]);
    let words = Words::of(app)?;
    for alert in alerts {
        show::alert(out, &words, alert);
        show::footage(out, alert);
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
