//! One department in one year, by the decisions on its acts: REC-R01 高撤改率.
//!
//! The share of reversals is taken at the end of each month over the year so far, so that later
//! decisions neither thin out nor withdraw what was true then.

use crate::Params;
use crate::term::daily_timer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Decisions of one department and year that are kept: more than any county department has, and
/// 256 KiB hold them.
const DECISIONS_MAX: usize = 1_000;
/// Cards about causes of one department and year.
const CARDS_MAX: usize = 20;
/// Results of cases that were settled or taken back; they say nothing of the act.
const NO_JUDGEMENT: [&str; 2] = ["settled", "withdrawn"];

/// A decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Decided {
    result: Option<String>,
    cause: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Year {
    respondent: String,
    decided: Facts<Decided>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Respondents;

impl Stream for Respondents {
    const NAME: &'static str = "respondent";
    type State = Year;
    type Params = Params;

    fn take(year: &mut Year, event: &Event<'_>, _: &Params) {
        if year.decided.len() >= DECISIONS_MAX && event.version == 1 {
            return;
        }
        year.respondent = event.text("respondent").unwrap_or_default();
        let decided = Decided {
            result: event.text("result").filter(|result| !result.is_empty()),
            cause: event.text("cause").unwrap_or_default(),
        };
        year.decided.put(event, decided);
    }

    fn check(year: &Year, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Year, Params>] = &[("REC-R01", often_reversed)];
        apply(rules, &params.off, year, params, look);
    }
}

/// The decisions up to the end of a month.
#[derive(Clone, Copy, Debug)]
struct Sum {
    /// First day of the next month.
    end: Day,
    total: usize,
    reversed: usize,
}

/// A notice for the share, a yellow card for each cause that is reversed again and again.
fn often_reversed(year: &Year, params: &Params, look: &mut Look<'_>) {
    let limits = &params.review;
    let mut sums: Vec<Sum> = Vec::new();
    let mut causes: BTreeMap<&str, Vec<(plumbline_guest::Local, u64)>> = BTreeMap::new();
    let (mut total, mut reversed, mut unknown) = (0, 0, 0);
    for entry in &year.decided {
        let Some(result) = entry.fact.result.as_deref() else {
            unknown += 1;
            continue;
        };
        if NO_JUDGEMENT.contains(&result) {
            continue;
        }
        total += 1;
        if limits.reversals.iter().any(|reversal| reversal == result) {
            reversed += 1;
            if !entry.fact.cause.is_empty() {
                causes.entry(&entry.fact.cause).or_default().push((entry.time, entry.seq));
            }
        }
        let sum = Sum { end: next_month(entry.time.day()), total, reversed };
        match sums.last_mut() {
            Some(last) if last.end == sum.end => *last = sum,
            _ => sums.push(sum),
        }
    }
    let mut fired = by_cause(year, &causes, params, look);
    fired |= by_share(year, &sums, params, look);
    if fired {
        return;
    }
    if total == 0 && unknown > 0 {
        return look.unknown("result");
    }
    look.quiet(|| {
        let (pct, min) = (limits.reversal_pct, limits.reversal_min);
        Why::new(
            format!("本年决定 {total} 件，撤销变更 {reversed} 件（月末满 {min} 件且超过 {pct}% 才提示）"),
            format!(
                "{reversed} of {total} acts reversed this year (told at the end of a month from {min} on and above {pct} %)"
            ),
        )
        .count("decisions", total)
        .count("reversals", reversed)
        .count("result_unknown", unknown)
    });
}

fn by_share(year: &Year, sums: &[Sum], params: &Params, look: &mut Look<'_>) -> bool {
    let limits = &params.review;
    for sum in sums {
        if !look.reached(daily_timer(sum.end)) {
            return false;
        }
        let is_many = sum.reversed * 100 > limits.reversal_pct * sum.total;
        if sum.total < limits.reversal_min || !is_many {
            continue;
        }
        let until = sum.end.start();
        let proof = year.decided.iter().filter(|entry| entry.time < until);
        let (total, reversed) = (sum.total, sum.reversed);
        let zh = format!("本年至月末 {total} 件决定中 {reversed} 件被撤销或变更");
        let en = format!("{reversed} of {total} acts reversed by the end of the month");
        let fire = Fire::new(Level::Notice, until)
            .subject(&year.respondent)
            .dept(&year.respondent)
            .episode("share")
            .evidence(proof.map(|entry| entry.seq))
            .text("reasons_zh", &zh)
            .text("reasons_en", &en);
        look.fire_because(fire, || {
            Why::new(zh, en)
                .count("decisions", total)
                .count("reversals", reversed)
                .count("reversal_pct", limits.reversal_pct)
                .count("reversal_min", limits.reversal_min)
        });
        return true;
    }
    false
}

fn by_cause(
    year: &Year,
    causes: &BTreeMap<&str, Vec<(plumbline_guest::Local, u64)>>,
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let most = params.review.same_cause;
    let many =
        causes.iter().filter_map(|(cause, acts)| Some((cause, acts, acts.get(most.max(1) - 1)?)));
    let mut fired = false;
    for (cause, acts, (at, _)) in many.take(CARDS_MAX) {
        fired = true;
        let count = acts.len();
        let zh = format!("同一案由 {cause} 本年被撤销或变更 {count} 件");
        let en = format!("{count} acts of one cause, {cause}, reversed this year");
        let fire = Fire::new(Level::Yellow, *at)
            .subject(&year.respondent)
            .dept(&year.respondent)
            .episode(format!("cause/{cause}"))
            .evidence(acts.iter().map(|(_, seq)| *seq))
            .text("reasons_zh", &zh)
            .text("reasons_en", &en);
        look.fire_because(fire, || {
            Why::new(zh, en).text("cause", cause).count("count", count).count("same_cause", most)
        });
    }
    fired
}

/// The first day of the month after a day's.
fn next_month(day: Day) -> Day {
    let (year, month, _) = day.ymd();
    let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    Day::from_ymd(year, month, 1).unwrap_or(Day::MAX)
}
