//! What two levels count for one department and month: NET-R01 上下级账目不符.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

const PER_MILLE: u64 = 1_000;

/// Most things that are counted apart: a county reports fewer event types.
const WHATS_MAX: usize = 500;

/// What one level counted.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Side {
    /// When it was counted, and which event says so: of several the latest holds.
    order: (Local, u64, u32),
    seq: u64,
    count: u64,
    at_cutoff: u64,
}

/// Both levels; each may tell its side in an event of its own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Counted {
    lower: Option<Side>,
    upper: Option<Side>,
}

impl Counted {
    fn put(known: &mut Option<Side>, side: Option<Side>) {
        let Some(side) = side else { return };
        if known.as_ref().is_none_or(|known| known.order < side.order) {
            *known = Some(side);
        }
    }
}

/// The counts of a department and month that were made after the month was over.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Comparison {
    dept: String,
    month: String,
    /// By what was counted; empty for all together.
    latest: BTreeMap<String, Counted>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Counts;

impl Stream for Counts {
    const NAME: &'static str = "ledger_count";
    type State = Comparison;
    type Params = Params;

    fn take(comparison: &mut Comparison, event: &Event<'_>, _: &Params) {
        let number = |name| event.int(name).and_then(|count| u64::try_from(count).ok());
        let text = |name| event.text(name).unwrap_or_default();
        (comparison.dept, comparison.month) = (text("dept"), text("month"));
        let (year, month, _) = event.time.day().ymd();
        if comparison.month >= format!("{year:04}-{month:02}") {
            return;
        }
        let side = |name| {
            Some(Side {
                order: (event.time, event.identity, event.version),
                seq: event.seq,
                count: number(name)?,
                at_cutoff: number("at_cutoff").unwrap_or_default(),
            })
        };
        let what = text("what");
        if comparison.latest.len() >= WHATS_MAX && !comparison.latest.contains_key(&what) {
            return;
        }
        let known = comparison.latest.entry(what).or_default();
        Counted::put(&mut known.lower, side("lower"));
        Counted::put(&mut known.upper, side("upper"));
    }

    fn check(comparison: &Comparison, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Comparison, Params>] = &[("NET-R01", differs)];
        apply(rules, &params.off, comparison, params, look);
    }
}

/// NET-R01: of each thing counted the latest count of either level.
fn differs(comparison: &Comparison, params: &Params, look: &mut Look<'_>) {
    if comparison.latest.is_empty() {
        return look.quiet(|| {
            let month = &comparison.month;
            Why::new("当月结束后尚未比对", "not compared since the month was over")
                .text("of", month)
        });
    }
    for (what, counted) in &comparison.latest {
        judge(comparison, what, counted, params, look);
    }
}

fn judge(
    comparison: &Comparison,
    what: &str,
    counted: &Counted,
    params: &Params,
    look: &mut Look<'_>,
) {
    let Some(of_lower) = &counted.lower else { return look.unknown("lower") };
    let Some(of_upper) = &counted.upper else { return look.unknown("upper") };
    let (lower, upper) = (of_lower.count, of_upper.count);
    // Records at the cut-off may rightly stand in either month.
    let at_cutoff = of_lower.at_cutoff.max(of_upper.at_cutoff);
    let apart = lower.abs_diff(upper).saturating_sub(at_cutoff);
    let limit = u64::try_from(params.count_permille).unwrap_or_default();
    let is_over = apart.saturating_mul(PER_MILLE) > lower.max(upper).saturating_mul(limit);
    let why = || {
        Why::new(
            format!("相差 {apart} 条（截止时段 {at_cutoff} 条不计），限 {limit}‰"),
            format!(
                "{apart} apart ({at_cutoff} at the cut-off left out), {limit} per mille allowed"
            ),
        )
        .int("apart", apart as i64)
        .int("limit_permille", limit as i64)
    };
    if !is_over {
        return look.quiet(|| why().int("lower", lower as i64).int("upper", upper as i64));
    }
    let seqs = match of_lower.seq == of_upper.seq {
        true => vec![of_lower.seq],
        false => vec![of_lower.seq.min(of_upper.seq), of_lower.seq.max(of_upper.seq)],
    };
    let latest = of_lower.order.max(of_upper.order).0;
    let at = month_end(&comparison.month).map_or(latest, Day::start);
    let fire = Fire::new(Level::Yellow, at)
        .episode(what)
        .dept(&comparison.dept)
        .evidence(seqs)
        .text("dept", &comparison.dept)
        .text("month", &comparison.month)
        .int("lower", lower as i64)
        .int("upper", upper as i64);
    look.fire_because(fire, why);
}

/// The first day after a month.
fn month_end(month: &str) -> Option<Day> {
    let (year, month) = month.split_once('-')?;
    let (year, month): (i32, u32) = (year.parse().ok()?, month.parse().ok()?);
    match month {
        12 => Day::from_ymd(year + 1, 1, 1),
        _ => Day::from_ymd(year, month + 1, 1),
    }
}
