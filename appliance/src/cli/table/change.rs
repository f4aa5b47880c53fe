//! What a file would change, and what loading it did, in words and as JSON.

use crate::app::App;
use crate::cli::out::Out;
use crate::cli::show::{pairs, plain};
use crate::clock;
use crate::error::AppError;
use crate::table::diff::{Change, Diff};
use crate::table::prepare::{Prepared, waiting};
use plumbline_contract::id::TableVersion;
use serde_json::{Value, json};

/// Rows shown of each kind; a program gets all of them.
const ROWS_SHOWN: usize = 20;
/// Dates shown.
const DAYS_SHOWN: usize = 8;
/// Digits shown of a digest where the whole of it is not asked for.
const DIGEST_SHOWN: usize = 16;

/// What files would change. Rows are listed one by one `in_full`, else only counted.
pub(super) fn show(
    out: &mut Out<'_>,
    app: &App,
    prepared: &[Prepared],
    in_full: bool,
) -> Result<(), AppError> {
    let waiting = waiting(app)?;
    let today = app.zone().local(clock::now()).day().to_string();
    for item in prepared {
        if out.json {
            // What `load` did is the object that programs wait for.
            if in_full {
                out.object(&object(item, &waiting, &today));
            }
            continue;
        }
        summary(out, item, &today);
        if in_full {
            rows(out, &item.diff);
            out.line(format!("  sha256 {}", item.sha256));
        }
    }
    let keys: u64 = waiting.values().sum();
    let changes = prepared.iter().any(|item| !item.is_same());
    if !out.json && changes {
        out.say("table-diff.waiting", &[("count", &keys.to_string())]);
    }
    Ok(())
}

fn object(
    item: &Prepared,
    waiting: &std::collections::BTreeMap<String, u64>,
    today: &str,
) -> Value {
    json!({
        "table": item.spec.name, "file": item.path.display().to_string(),
        "version_in_force": item.before.as_ref().map(|version| version.loaded.version),
        "same": item.is_same(), "sha256": item.sha256, "file_sha256": item.file_sha256,
        "rows": item.checked.rows.len(), "encoding": item.checked.encoding,
        "diff": item.diff, "days": item.diff.days(), "retroactive": is_retroactive(&item.diff, today),
        "waiting": waiting,
    })
}

/// Whether a row that changes is in force on a day that is over.
fn is_retroactive(diff: &Diff, today: &str) -> bool {
    let first = diff.days().into_iter().next();
    first.is_some_and(|day| day.is_none_or(|day| day.as_str() < today))
}

fn summary(out: &mut Out<'_>, item: &Prepared, today: &str) {
    let diff = &item.diff;
    let number = |count: usize| count.to_string();
    let before = item.before.as_ref().map(|version| version.loaded.version.to_string());
    let values = [
        ("table", item.spec.name.clone()),
        ("title", out.lang.pick(&item.spec.zh, &item.spec.en).to_owned()),
        ("version", before.unwrap_or_else(|| "–".to_owned())),
        ("added", number(diff.added.len())),
        ("removed", number(diff.removed.len())),
        ("changed", number(diff.changed.len())),
        ("unchanged", number(diff.unchanged)),
    ];
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    out.say(if item.is_same() { "table-diff.same" } else { "table-diff.sum" }, &values);
    let days = diff.days();
    if !days.is_empty() {
        let ever = out.text("table-diff.ever");
        let more = if days.len() > DAYS_SHOWN { " …" } else { "" };
        let shown = days.iter().take(DAYS_SHOWN);
        let shown: Vec<_> = shown.map(|day| day.clone().unwrap_or_else(|| ever.clone())).collect();
        out.say("table-diff.days", &[("days", &format!("{}{more}", shown.join(" ")))]);
    }
    if is_retroactive(diff, today) && item.before.is_some() {
        out.say("table-diff.retroactive", &[("today", today)]);
    }
}

fn rows(out: &mut Out<'_>, diff: &Diff) {
    for (sign, rows) in [('+', &diff.added), ('-', &diff.removed)] {
        for row in rows.iter().take(ROWS_SHOWN) {
            out.line(format!("  {sign} {}  {}", row.key, pairs(&row.row)));
        }
        more(out, rows.len());
    }
    for change in diff.changed.iter().take(ROWS_SHOWN) {
        out.line(format!("  ~ {}{}", change.key, fields(change)));
    }
    more(out, diff.changed.len());
}

fn fields(change: &Change) -> String {
    let from = change.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
    let field = |field: &crate::table::diff::FieldChange| {
        let text = |value: &Value| match value {
            Value::Null => "–".to_owned(),
            Value::Array(_) | Value::Object(_) => value.to_string(),
            value => plain(value),
        };
        format!("  {}: {} → {}", field.field, text(&field.before), text(&field.after))
    };
    let fields: String = change.fields.iter().map(field).collect();
    format!("{from}{fields}")
}

fn more(out: &mut Out<'_>, count: usize) {
    if count > ROWS_SHOWN {
        out.say("table-diff.more", &[("count", &(count - ROWS_SHOWN).to_string())]);
    }
}

/// What a check found out about one file.
pub(super) fn checked(out: &mut Out<'_>, item: &Prepared) {
    let problems = &item.checked.problems;
    if out.json {
        return out.object(&json!({
            "table": item.spec.name, "file": item.path.display().to_string(),
            "encoding": item.checked.encoding, "rows": item.checked.rows.len(),
            "errors": problems.errors, "warnings": problems.warnings, "sha256": item.sha256,
            "file_sha256": item.file_sha256,
        }));
    }
    let values = [
        ("table", item.spec.name.clone()),
        ("file", item.path.display().to_string()),
        ("encoding", item.checked.encoding.to_owned()),
        ("rows", item.checked.rows.len().to_string()),
        ("errors", problems.errors.to_string()),
        ("warnings", problems.warnings.to_string()),
        ("sha256", item.sha256[..DIGEST_SHOWN].to_owned()),
    ];
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    out.say(if problems.errors > 0 { "table-file.bad" } else { "table-file.good" }, &values);
}

/// What loading one file did.
pub(super) fn loaded(
    out: &mut Out<'_>,
    name: &str,
    version: TableVersion,
    rows: usize,
    fresh: bool,
) {
    if out.json {
        return out.object(&json!({
            "table": name, "version": version, "rows": rows, "changed": fresh,
        }));
    }
    let (version, rows) = (version.to_string(), rows.to_string());
    let values = [("table", name), ("version", version.as_str()), ("rows", rows.as_str())];
    out.say(if fresh { "table.imported" } else { "table.same" }, &values);
}
