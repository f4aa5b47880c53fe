//! One officer's decisions of one month: PEN-Q01 执法考核, a measure that raises no card.
//!
//! It also tells the department what the month came to, for the leniency and the revenue patterns.
//! What it measures never counts the amount of fines.

use crate::Params;
use crate::case::fingerprint;
use crate::span::daily_timer;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most decisions of an officer and month; beyond that the figures stop growing.
const CASES_MAX: usize = 6_000;
/// Days at the end of a month that revenue patterns look at.
const LAST_DAYS: i32 = 10;
/// Millionths in one bucket of ratios: a twentieth, so that a year of a large department fits.
const BUCKET_PPM: i64 = 50_000;
/// The last bucket holds everything from there on.
const BUCKET_LAST: i64 = 20;

/// What counts of one decision.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Line {
    rev: i64,
    day: Day,
    fined: bool,
    warned: bool,
    /// Not punished, for no reason that a local list gives.
    spared: bool,
    fine: i64,
    bucket: Option<u8>,
    in_time: Option<bool>,
    corrected: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Month {
    officer: String,
    dept: String,
    month: String,
    cases: BTreeMap<u64, Line>,
    /// Deviating cases, with their turn.
    outliers: BTreeMap<u64, (i64, bool)>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Officers;

impl Stream for Officers {
    const NAME: &'static str = "officer";
    type State = Month;
    type Params = Params;

    fn take(month: &mut Month, event: &Event<'_>, params: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        match event.kind {
            "fact.penalty.ruling" => month.ruling(event, params).unwrap_or_default(),
            "fact.penalty.outlier" => month.outlier(event).unwrap_or_default(),
            _ => {}
        }
    }

    fn check(month: &Month, params: &Params, look: &mut Look<'_>) {
        let Some(first) = Day::parse(&format!("{}-01", month.month)) else { return };
        let (year, nth, _) = first.ymd();
        // The first day of the month after it; December has thirty-one days.
        let next = Day::from_ymd(year, nth + 1, 1).unwrap_or(first.plus(31));
        let is_over = look.reached(daily_timer(next));
        let rules: &[Rule<(&Month, bool), Params>] = &[("PEN-Q01", assess)];
        apply(rules, &params.off, &(month, is_over), params, look);
        if is_over {
            month.tell(next, (year, nth), look);
        }
    }
}

impl Month {
    fn name(&mut self, event: &Event<'_>) -> Option<u64> {
        self.officer = event.text("officer")?;
        self.dept = event.text("dept")?;
        self.month = event.text("month")?;
        Some(fingerprint(&event.text("case_no")?))
    }

    fn ruling(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let case = self.name(event)?;
        let rev = event.int("rev")?;
        let known = self.cases.get(&case);
        if known.is_some_and(|known| known.rev > rev)
            || known.is_none() && self.cases.len() >= CASES_MAX
        {
            return None;
        }
        let kind = event.text("kind")?;
        let reason = event.text("reason").unwrap_or_default();
        let bucket = event.int("ratio").map(|ratio| (ratio / BUCKET_PPM).clamp(0, BUCKET_LAST));
        let line = Line {
            rev,
            day: Day(i32::try_from(event.int("decided")?).ok()?),
            fined: kind == "fine",
            warned: kind == "warning",
            spared: kind == "none" && !params.limits.lawful_reasons.contains(&reason),
            fine: event.int("fine").unwrap_or(0),
            bucket: bucket.filter(|_| kind == "fine").and_then(|nth| u8::try_from(nth).ok()),
            in_time: event.flag("in_time"),
            corrected: event.flag("corrected") == Some(true),
        };
        self.cases.insert(case, line);
        Some(())
    }

    fn outlier(&mut self, event: &Event<'_>) -> Option<()> {
        let case = self.name(event)?;
        let (turn, grade) = (event.int("turn")?, event.int("grade")?);
        if self.outliers.get(&case).is_none_or(|(known, _)| *known <= turn) {
            self.outliers.insert(case, (turn, grade > 0));
        }
        Some(())
    }

    fn count(&self, wanted: fn(&Line) -> bool) -> i64 {
        self.cases.values().filter(|line| wanted(line)).count() as i64
    }

    /// What the month came to.
    fn tell(&self, next: Day, (year, nth): (i32, u32), look: &mut Look<'_>) {
        let mut buckets: BTreeMap<u8, u32> = BTreeMap::new();
        for bucket in self.cases.values().filter_map(|line| line.bucket) {
            *buckets.entry(bucket).or_default() += 1;
        }
        let buckets: Vec<_> = buckets.iter().map(|(at, count)| format!("{at}/{count}")).collect();
        let late = self.cases.values().filter(|line| line.day >= next.plus(-LAST_DAYS));
        let total = self.cases.values().map(|line| line.fine).fold(0, i64::saturating_add);
        let rev = self.cases.values().map(|line| line.rev).max().unwrap_or(0);
        let data = Writer::default()
            .text("officer", &self.officer)
            .text("dept", &self.dept)
            .int("year", i64::from(year))
            .int("nth", i64::from(nth))
            .int("rev", rev)
            .int("cases", self.cases.len() as i64)
            .int("spared", self.count(|line| line.spared))
            .int("fines", self.count(|line| line.fined))
            .int("warnings", self.count(|line| line.warned))
            .int("total", total)
            .int("late_days", late.count() as i64)
            .list("ratios", buckets.iter().map(String::as_str));
        look.fact("tally", &self.officer, data);
    }
}

/// PEN-Q01: one row for each officer and month. Below `assess_min_n` cases it says so and gives no
/// figure.
fn assess(view: &(&Month, bool), params: &Params, look: &mut Look<'_>) {
    let (month, is_over) = *view;
    let cases = month.cases.len() as i64;
    if !is_over {
        return look.quiet(|| {
            Why::new(
                format!("本月未结束，已有 {cases} 件"),
                format!("the month is not over, {cases} cases so far"),
            )
            .int("cases", cases)
        });
    }
    let is_small = cases < params.limits.assess_min_n;
    let mut data = Writer::default()
        .text("officer", &month.officer)
        .text("dept", &month.dept)
        .text("month", &month.month)
        .int("cases", cases)
        .flag("small_sample", is_small);
    if !is_small {
        data = data
            .int("timed", month.count(|line| line.in_time.is_some()))
            .int("in_time", month.count(|line| line.in_time == Some(true)))
            .int("corrected", month.count(|line| line.corrected))
            .int("outliers", month.outliers.values().filter(|(_, stands)| *stands).count() as i64);
    }
    look.measure("penalty_officer_month", data);
    let min = params.limits.assess_min_n;
    look.quiet(|| {
        Why::new(
            format!("本月 {cases} 件，满 {min} 件才给出数值；本规则不出牌"),
            format!("{cases} cases, figures from {min} on; this rule raises no card"),
        )
        .int("cases", cases)
        .int("assess_min_n", min)
        .flag("small_sample", is_small)
    });
}
