//! The window for corrections: a draft of a bulletin or an assessment goes to the departments, and
//! nothing is final before they have had their working days. A draft is put on record with the last
//! day of its window; a final paper that comes earlier needs a reason, which is put on record too.

use super::content::Content;
use super::template::Kind;
use crate::app::App;
use crate::error::{AppError, Kind as Wrong};
use crate::{act, clock, history};
use plumbline_contract::time::Day;
use plumbline_ledger::sha256_hex;
use plumbline_report::period::Period;
use serde_json::{Value, json};

/// The kind of leaves that are such acts.
const LEAF: &str = "bulletin_draft";

/// Puts a draft on record; `until` is the last day on which corrections may be asked for. Returns the
/// leaf.
///
/// # Errors
/// If the ledger fails.
pub fn put_out(
    app: &App,
    content: &Content,
    until: Day,
    files: &[(Vec<u8>, &'static str)],
) -> Result<Option<u64>, AppError> {
    let files: Vec<_> = files
        .iter()
        .map(|(bytes, form)| json!({ "sha256": sha256_hex(bytes), "form": form }))
        .collect();
    let told = json!({
        "kind": content.kind.as_str(), "subject": content.subject, "region": content.region,
        "dated": content.day.to_string(), "until": until.to_string(), "files": files,
    });
    let from = app.with_ledger(|ledger| ledger.size());
    app.record(&[act::leaf(LEAF, clock::now(), app.zone(), told)])?;
    history::first_act(app, from, LEAF)
}

/// Whether the window of a paper over a period is over. Its first draft counts: what is drafted again
/// after corrections begins no new window, and what was drafted before the period was over is none.
///
/// # Errors
/// If there is no draft on record, its window lasts until today or longer, or the ledger cannot be
/// read.
pub fn check(app: &App, kind: Kind, period: Period, region: &str) -> Result<(), AppError> {
    let today = app.zone().local(app.log_time()).day();
    let (subject, end) = (period.to_string(), period.days().1);
    let until = history::leaves(app, 0)?.into_iter().find_map(|(_, act)| {
        let is_same = act["leaf"] == LEAF
            && act["kind"] == kind.as_str()
            && act["subject"] == subject.as_str()
            && act["region"] == region;
        let dated = day(&act["dated"]).filter(|dated| is_same && *dated > end);
        dated.and_then(|_| day(&act["until"]))
    });
    match until {
        Some(until) if today > until => Ok(()),
        Some(until) => {
            Err(AppError::new(Wrong::Refused, "bulletin-window", format!("{subject}, {until}")))
        }
        None => Err(AppError::new(Wrong::Refused, "bulletin-no-draft", subject)),
    }
}

fn day(value: &Value) -> Option<Day> {
    value.as_str().and_then(Day::parse)
}
