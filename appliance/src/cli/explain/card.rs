//! How an explained card reads: the card, how it was counted, by which parameters and rows, on which
//! events, with which leaves, and how to check it.

use super::{group, happened};
use crate::app::App;
use crate::cli::Out;
use crate::cli::show::{self, Words, moment, pairs, plain};
use crate::error::AppError;
use crate::explain::{AlertExplanation, InForce, Leaf, TableInForce};
use plumbline_contract::alert::AlertAct;
use serde_json::Value;

pub(super) fn print(
    app: &App,
    out: &mut Out<'_>,
    explanation: &AlertExplanation,
) -> Result<(), AppError> {
    show::alert(out, &Words::of(app)?, &explanation.alert);
    show::footage(out, &explanation.alert);
    let key = [("stream", explanation.stream.as_str()), ("key", &explanation.stream_key)];
    out.say("why.folded", &key);
    out.line("");
    group::clock(out, &explanation.checks);
    group::checks(out, &explanation.stream_key, &explanation.checks);
    out.line("");
    parameters(out, &explanation.parameters);
    out.line("");
    out.say("why.tables", &[]);
    explanation.tables.iter().for_each(|table| rows(out, table));
    out.line("");
    out.say("why.evidence", &[("count", &explanation.evidence.len().to_string())]);
    explanation.evidence.iter().for_each(|event| happened(out, event));
    out.line("");
    out.say("why.history", &[("count", &explanation.history.len().to_string())]);
    explanation.history.iter().for_each(|leaf| history(out, leaf));
    out.line("");
    out.say("why.verify", &[]);
    explanation.verify.iter().for_each(|command| out.line(format!("  {command}")));
    Ok(())
}

fn parameters(out: &mut Out<'_>, parameters: &InForce) {
    let sha256 = &parameters.sha256[..parameters.sha256.len().min(16)];
    out.say("why.parameters", &[("sha256", sha256)]);
    if !parameters.known {
        out.say("why.parameters-unknown", &[]);
    }
    for value in &parameters.values {
        let field = |name: &str| value.get(name).map(plain).unwrap_or_default();
        let name = out.lang.pick("name_zh", "name_en");
        let values = [
            ("name", field("name")),
            ("title", field(name)),
            ("value", field("value")),
            ("unit", field("unit")),
            ("default", field("default")),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out.say("why.parameter", &values);
    }
}

fn rows(out: &mut Out<'_>, table: &TableInForce) {
    let (name, version) = (table.table.as_str(), table.version.to_string());
    let count = table.rows.len().to_string();
    out.say("why.table", &[("table", name), ("version", &version), ("count", &count)]);
    for row in &table.rows {
        let shown: Value = row.row.clone();
        group::fold(out, "      ", &format!("{}  {}", row.key, pairs(&shown)));
    }
}

fn history(out: &mut Out<'_>, leaf: &Leaf) {
    let act = match leaf.act {
        AlertAct::Raised => out.text("why.raised"),
        AlertAct::Escalated => out.text("why.escalated"),
        AlertAct::Lowered => out.text("why.lowered"),
        AlertAct::Amended => out.text("why.amended"),
        AlertAct::Withdrawn => out.text("why.withdrawn"),
        AlertAct::Closed => out.text("why.closed"),
    };
    let (index, issued) = (leaf.leaf.to_string(), moment(&leaf.issued_at));
    let level = show::level(out, leaf.level);
    let reason = leaf.reason.as_deref().unwrap_or_default();
    let values = [
        ("leaf", index.as_str()),
        ("issued", &issued),
        ("act", &act),
        ("level", &level),
        ("due", leaf.due.as_deref().unwrap_or("-")),
        ("reason", reason),
    ];
    let line = crate::text::say(out.lang, "why.leaf", &values);
    out.line(line.trim_end());
}
