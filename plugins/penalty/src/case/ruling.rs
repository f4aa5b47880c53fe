//! What a decided case tells the other streams: one fact `ruling` for peers, party, officer and
//! department, published anew when a correction changes it.

use super::certificate::DeptRow;
use super::fact::{Decision, Fact};
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::Look;
use plumbline_guest::json::Writer;

/// Longest text of factors in the name of a peer group, bytes; a key is 256 bytes at most.
const FACTORS_BYTES_MAX: usize = 120;
/// Factors that say how a case was handled, not what it was about.
const NOT_OF_THE_ACT: [&str; 1] = ["mitigation"];
/// A part of a whole in millionths.
const PPM: i64 = 1_000_000;

/// Nothing before the decision.
pub(crate) fn publish(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else { return };
    if case.case_no.is_empty() {
        return;
    }
    let said = decided.said;
    let officer = said.officers.iter().flatten().find(|officer| !officer.is_empty());
    let officer = officer.map_or("-", String::as_str);
    let (year, month, _) = decided.day().ymd();
    let corrected = case.has(|fact| matches!(fact, Fact::Corrected));
    let mut data = Writer::default()
        .text("case_no", case.case_no)
        .int("rev", revision(case))
        .text("officer", officer)
        .text("dept", case.dept())
        .int("year", i64::from(year))
        .text("month", &format!("{year:04}-{month:02}"))
        .int("decided", i64::from(decided.day().0))
        .int("at", decided.at().0)
        .text("kind", kind(said))
        .flag("corrected", corrected);
    if let Some(party) = case.party() {
        data = data.text("party", party);
    }
    if let Some(cause) = case.cause_code() {
        data = data.text("cause", cause);
    }
    if !said.unpunished.is_empty() {
        data = data.text("reason", &said.unpunished);
    }
    data = with_money(data, case, decided, look);
    data = with_act(data, case, decided);
    if let Some(in_time) = in_time(case, decided, params, look) {
        data = data.flag("in_time", in_time);
    }
    look.fact("ruling", case.case_no, data);
}

/// Rises with every event that may change the ruling.
fn revision(case: &Case<'_>) -> i64 {
    let said = case.facts.iter().filter(|entry| {
        matches!(
            entry.fact,
            Fact::Filed(_)
                | Fact::Decided(_)
                | Fact::Corrected
                | Fact::Extended(_)
                | Fact::Paused { .. }
                | Fact::Resumed { .. }
        )
    });
    said.map(|entry| entry.seq).max().map_or(0, |seq| i64::try_from(seq).unwrap_or(i64::MAX))
}

/// The gravest thing that the decision does, as statistics see it.
fn kind(said: &Decision) -> &'static str {
    match &said.items {
        None => "unknown",
        Some(items) if items.is_empty() => "none",
        Some(_) if said.has("fine") => "fine",
        Some(items) if items.iter().all(|item| item.kind == "warning") => "warning",
        Some(_) => "other",
    }
}

/// The fine, its part of the statutory maximum, and the group of equal cases. A decision about
/// several causes belongs to no group.
fn with_money(
    mut data: Writer,
    case: &Case<'_>,
    decided: Act<'_, Decision>,
    look: &Look<'_>,
) -> Writer {
    let said = decided.said;
    let Some(fine) = said.fine() else { return data };
    data = data.int("fine", fine);
    let Some(code) = case.cause_code() else { return data };
    let is_one =
        said.items.iter().flatten().all(|item| {
            item.cause.as_deref().is_none_or(|cause| cause.is_empty() || cause == code)
        });
    if !is_one || said.items.is_none() {
        return data;
    }
    let cause = case.cause(look);
    let max = cause.and_then(|cause| cause.fine.as_ref()).filter(|fine| fine.base.is_none());
    let max = max.and_then(|fine| fine.max).filter(|max| *max > 0);
    if let Some(max) = max {
        data = data.int("ratio", fine.saturating_mul(PPM) / max);
    }
    let dept = look.row::<DeptRow>(case.dept(), decided.day());
    let level = dept.and_then(|dept| dept.level.clone()).unwrap_or_default();
    let since = cause.map_or("", |cause| &cause.since);
    let scale = if max.is_some() { "ratio" } else { "fen" };
    // A new version of the cause begins a new group.
    let group = format!("{code}/{level}/{since}/{scale}/{}", factors(said));
    data.text("group", &group)
}

/// The factors of the act in a fixed order; a long list as its fingerprint.
fn factors(said: &Decision) -> String {
    let of_act = |(name, _): &&(String, String)| !NOT_OF_THE_ACT.contains(&&**name);
    let mut factors: Vec<_> =
        said.factors.iter().filter(of_act).map(|(name, value)| format!("{name}={value}")).collect();
    factors.sort_unstable();
    let text = factors.join(";");
    if text.len() <= FACTORS_BYTES_MAX { text } else { format!("#{:016x}", fingerprint(&text)) }
}

/// FNV-1a, 64 bits.
pub(crate) fn fingerprint(text: &str) -> u64 {
    const START: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    text.bytes().fold(START, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME))
}

/// Day, place and cause of the act, where all are known, so that two fines of one act are found.
fn with_act(data: Writer, case: &Case<'_>, decided: Act<'_, Decision>) -> Writer {
    let Some(filed) = case.filed else { return data };
    // What goes on, and a daily fine after an order to correct, is fined again lawfully.
    if filed.said.act.continuing || decided.said.daily {
        return data;
    }
    let place = filed.said.place.as_deref().or(filed.said.region.as_deref());
    match (filed.said.act.begin, place.filter(|place| !place.is_empty()), case.cause_code()) {
        (Some(day), Some(place), Some(cause)) => {
            data.text("act", &format!("{day}/{place}/{cause}"))
        }
        _ => data,
    }
}

/// Whether it was decided by the last lawful day, if that is known.
fn in_time(
    case: &Case<'_>,
    decided: Act<'_, Decision>,
    params: &Params,
    look: &Look<'_>,
) -> Option<bool> {
    let due = case.clock(params, look)?.due?;
    (!due.provisional).then_some(decided.day() <= due.day)
}
