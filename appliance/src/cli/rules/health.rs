//! `rules health`: does every rule do its work? And the host's own rules for `rules list`.

use crate::app::{App, HOST_SOURCE};
use crate::cli::show::{level, pad};
use crate::cli::{Context, FOUND, OK, Out};
use crate::clock;
use crate::error::AppError;
use crate::host_alert::{self, HostRule};
use crate::text;
use crate::watch::{RuleLine, Watch};
use plumbline_kernel::health::ClockLook;
use serde_json::json;

const VERSION: &str = env!("CARGO_PKG_VERSION");

pub(super) fn run(context: &mut Context<'_, '_>, app: &App) -> Result<u8, AppError> {
    let rules = lines(app)?;
    let out = &mut *context.out;
    let mut deployment = None;
    for line in &rules {
        if out.json {
            out.object(&line.json(app.zone()));
            continue;
        }
        if deployment.replace(line.deployment) != Some(line.deployment) {
            heading(out, app, line);
        }
        print(out, line);
    }
    if rules.is_empty() {
        out.note("health.no-rules", &[]);
    }
    let odd = rules.iter().any(|line| line.suspicion.is_some());
    Ok(if odd { FOUND } else { OK })
}

/// How each rule does.
pub(super) fn lines(app: &App) -> Result<Vec<RuleLine>, AppError> {
    let look = ClockLook { wall: clock::now(), steady_ms: None };
    Ok(Watch::load(app)?.examine(app, look)?.rules)
}

/// How a rule does, in a few words.
pub(super) fn in_short(out: &Out<'_>, line: &RuleLine) -> String {
    let (keys, raised) = (line.counters.keys.to_string(), line.counters.raised.to_string());
    let judged = out.text(&judged(line));
    let values = [("judged", judged.as_str()), ("keys", &keys), ("raised", &raised)];
    text::say(out.lang, "rules.health", &values)
}

fn judged(line: &RuleLine) -> String {
    match line.suspicion {
        Some(suspicion) => format!("health.{}", suspicion.code()),
        None if line.counters.off => "health.off".to_owned(),
        None => "health.fine".to_owned(),
    }
}

fn heading(out: &mut Out<'_>, app: &App, line: &RuleLine) {
    let nothing = out.text("health.nothing");
    let last = line.last_run.map_or(nothing, |at| app.zone().local(at).to_string());
    let (deployment, fuel) = (line.deployment.to_string(), line.counters.fuel.to_string());
    let values = [
        ("deployment", deployment.as_str()),
        ("plugin", &line.plugin),
        ("last", &last),
        ("fuel", &fuel),
    ];
    out.say("health.rule-head", &values);
}

fn print(out: &mut Out<'_>, line: &RuleLine) {
    let counters = &line.counters;
    let judged = pad(&out.text(&judged(line)), 14);
    let values = [
        ("id", format!("  {}", pad(&counters.rule, 12))),
        ("judged", judged),
        ("keys", counters.keys.to_string()),
        ("raised", counters.raised.to_string()),
        ("percent", counters.percent().to_string()),
        ("withdrawn", counters.withdrawn.to_string()),
        ("faults", counters.faults.to_string()),
    ];
    let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
    out.say("health.rule", &values);
}

/// The rules of the host, in the form of those of a plugin.
pub(super) fn list(out: &mut Out<'_>) {
    host(out);
    host_alert::RULES.iter().for_each(|rule| host_rule(out, rule));
}

/// Shows one rule of the host; false if it has none of this id.
pub(super) fn show(out: &mut Out<'_>, id: &str) -> bool {
    let Some(rule) = host_alert::RULES.iter().find(|rule| rule.id == id) else { return false };
    host(out);
    host_rule(out, rule);
    if !out.json {
        out.line(format!("  {}", out.text(&format!("host.{id}"))));
    }
    true
}

fn host(out: &mut Out<'_>) {
    if !out.json {
        out.say("health.host-rules", &[("version", VERSION)]);
    }
}

fn host_rule(out: &mut Out<'_>, rule: &HostRule) {
    let entry = |key: String| {
        text::find(&key).map(|entry| (entry.zh.as_str(), entry.en.as_str())).unwrap_or_default()
    };
    let (name_zh, name_en) = entry(format!("host.{}-name", rule.id));
    let (text_zh, text_en) = entry(format!("host.{}", rule.id));
    if out.json {
        return out.object(&json!({
            "rule": rule.id, "plugin": HOST_SOURCE, "version": VERSION,
            "deployment": host_alert::HOST_DEPLOYMENT, "region": "", "name_zh": name_zh,
            "name_en": name_en, "levels": rule.levels, "law": [], "text_zh": text_zh,
            "text_en": text_en, "off": false, "parameters": {},
        }));
    }
    let levels: Vec<_> = rule.levels.iter().map(|one| level(out, *one)).collect();
    let name = out.lang.pick(name_zh, name_en);
    out.line(format!("  {}{}{}", pad(rule.id, 12), pad(name, 32), levels.join("/")));
}
