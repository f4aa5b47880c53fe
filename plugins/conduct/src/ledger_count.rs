//! What two levels count for one department and month: NET-R01 上下级账目不符.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Entry, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

const PER_MILLE: u64 = 1_000;

/// One comparison.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Counted {
    dept: String,
    month: String,
    /// What was counted; empty for all together.
    what: String,
    lower: Option<u64>,
    upper: Option<u64>,
    at_cutoff: u64,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Counts;

impl Stream for Counts {
    const NAME: &'static str = "ledger_count";
    type State = Facts<Counted>;
    type Params = Params;

    fn take(counts: &mut Facts<Counted>, event: &Event<'_>, _: &Params) {
        let number = |name| event.int(name).and_then(|count| u64::try_from(count).ok());
        let text = |name| event.text(name).unwrap_or_default();
        let counted = Counted {
            dept: text("dept"),
            month: text("month"),
            what: text("what"),
            lower: number("lower"),
            upper: number("upper"),
            at_cutoff: number("at_cutoff").unwrap_or_default(),
        };
        counts.put(event, counted);
    }

    fn check(counts: &Facts<Counted>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Counted>, Params>] = &[("NET-R01", differs)];
        apply(rules, &params.off, counts, params, look);
    }
}

/// NET-R01: of each thing counted the latest comparison made after the month was over.
fn differs(counts: &Facts<Counted>, params: &Params, look: &mut Look<'_>) {
    let mut latest: BTreeMap<&str, &Entry<Counted>> = BTreeMap::new();
    for entry in counts {
        let (year, month, _) = entry.time.day().ymd();
        if entry.fact.month < format!("{year:04}-{month:02}") {
            latest.insert(&entry.fact.what, entry);
        }
    }
    if latest.is_empty() {
        return look.quiet(|| {
            Why::new("当月未结束", "the month is not over").count("counts", counts.len())
        });
    }
    for entry in latest.values() {
        judge(entry, params, look);
    }
}

fn judge(entry: &Entry<Counted>, params: &Params, look: &mut Look<'_>) {
    let counted = &entry.fact;
    let Some(lower) = counted.lower else { return look.unknown("lower") };
    let Some(upper) = counted.upper else { return look.unknown("upper") };
    // Records at the cut-off may rightly stand in either month.
    let apart = lower.abs_diff(upper).saturating_sub(counted.at_cutoff);
    let limit = u64::try_from(params.count_permille).unwrap_or_default();
    let is_over = apart.saturating_mul(PER_MILLE) > lower.max(upper).saturating_mul(limit);
    let why = || {
        Why::new(
            format!("相差 {apart} 条（截止时段 {} 条不计），限 {limit}‰", counted.at_cutoff),
            format!("{apart} apart ({} at the cut-off left out), {limit} per mille allowed", counted.at_cutoff),
        )
        .int("apart", apart as i64)
        .int("limit_permille", limit as i64)
    };
    if !is_over {
        return look.quiet(|| why().int("lower", lower as i64).int("upper", upper as i64));
    }
    let fire = Fire::new(Level::Yellow, month_end(&counted.month).map_or(entry.time, Day::start))
        .episode(&counted.what)
        .dept(&counted.dept)
        .evidence([entry.seq])
        .text("dept", &counted.dept)
        .text("month", &counted.month)
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
