//! One officer's work: APPR-R02 秒批/积压.
//!
//! The stream knows the officer's open cases and how many decisions each hour brought. How peers
//! fare is compared in the stream `pace`, once a night, which answers with hours that stand out.

use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most open cases of an officer that are kept: more than anybody can have in hand.
const OPEN_MAX: usize = 4_000;
/// Months whose hours are kept: reports of decisions come within this time.
const MONTHS_MAX: usize = 3;
/// Months without any news of an officer after which the share of overdue cases is not followed up.
const SILENT_MONTHS_MAX: usize = 24;
/// Daily checks run ten minutes after midnight.
const NIGHTLY_MIN: i64 = 10;
const MS_PER_HOUR: i64 = 60 * plumbline_guest::MS_PER_MINUTE;

/// A month as a running number: year * 12 + month - 1.
type Month = i32;

/// An open case: the last day of its limit, if that is known, and which telling this is.
type Job = (Option<Day>, i64);

/// An hour in which an officer decided more than peers do.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Outlier {
    hour: i64,
    count: i64,
    peers: i64,
    seq: u64,
}

/// Too many overdue cases among the open ones, since when.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Backlog {
    open: usize,
    overdue: usize,
    at: Local,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Work {
    officer: String,
    /// Department of the officer's latest case; what is told at night names none.
    dept: String,
    region: String,
    open: BTreeMap<String, Job>,
    /// Log time of the latest news of open cases.
    heard: Option<Local>,
    /// What was true before news changed it, by month.
    backlogs: BTreeMap<Month, Backlog>,
    /// Decisions by month and by hour since 1970.
    hours: BTreeMap<Month, BTreeMap<i64, i64>>,
    outliers: BTreeMap<Month, Outlier>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Workloads;

impl Stream for Workloads {
    const NAME: &'static str = "workload";
    type State = Work;
    type Params = Params;

    fn take(work: &mut Work, event: &Event<'_>, params: &Params) {
        if let Some(officer) = event.text("officer") {
            work.officer = officer;
        }
        if !event.dept.is_empty() && event.kind != "fact.approval.outlier" {
            event.dept.clone_into(&mut work.dept);
        }
        // A fact that lacks a field was not written by this plugin and says nothing.
        match event.kind {
            "fact.approval.job" => work.job(event, params).unwrap_or_default(),
            "fact.approval.decision" => work.decision(event).unwrap_or_default(),
            "fact.approval.outlier" => work.outlier(event).unwrap_or_default(),
            _ => {}
        }
    }

    fn check(work: &Work, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Work, Params>] = &[("APPR-R02", stands_out)];
        apply(rules, &params.off, work, params, look);
        publish(work, look);
    }
}

impl Work {
    fn job(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let (case_no, rev) = (event.text("case_no")?, event.int("rev")?);
        // What the news is about to change was true until now.
        for (month, backlog) in self.backlogs_until(event.logged, params) {
            self.backlogs.entry(month).or_insert(backlog);
        }
        self.heard = Some(event.logged);
        if event.flag("ended")? {
            self.open.remove(&case_no);
        } else if self.open.contains_key(&case_no) || self.open.len() < OPEN_MAX {
            let due = event.int("due").and_then(|due| i32::try_from(due).ok()).map(Day);
            let known = self.open.get(&case_no).is_some_and(|(_, known)| *known > rev);
            if !known {
                self.open.insert(case_no, (due, rev));
            }
        }
        Some(())
    }

    fn decision(&mut self, event: &Event<'_>) -> Option<()> {
        let decided = Local(event.int("decided")?);
        self.region = event.text("region")?;
        let hours = self.hours.entry(month_of(decided.day())).or_default();
        *hours.entry(decided.0.div_euclid(MS_PER_HOUR)).or_default() += 1;
        while self.hours.len() > MONTHS_MAX {
            self.hours.pop_first();
        }
        Some(())
    }

    fn outlier(&mut self, event: &Event<'_>) -> Option<()> {
        let month = event.int("nth_month").and_then(|month| Month::try_from(month).ok())?;
        let outlier = Outlier {
            hour: event.int("hour")?,
            count: event.int("count")?,
            peers: event.int("peers")?,
            seq: event.seq,
        };
        // The first night's word stands: later nights know more peers, not more of the hour.
        self.outliers.entry(month).or_insert(outlier);
        Some(())
    }

    /// Months since the latest news in which too many of the open cases were overdue.
    fn backlogs_until(&self, now: Local, params: &Params) -> Vec<(Month, Backlog)> {
        let Some(heard) = self.heard else { return Vec::new() };
        let limits = &params.limits;
        let open = self.open.len();
        let needed = open * limits.overdue_pct / 100 + 1;
        let lapsed = || {
            let lapses = self.open.values().filter_map(|(due, _)| due.map(lapse));
            lapses.filter(|at| *at <= now)
        };
        // Asked at each look, and nearly always so few that no list need be made.
        if open < limits.open_min || lapsed().count() < needed {
            return Vec::new();
        }
        let mut lapses: Vec<_> = lapsed().collect();
        lapses.sort_unstable();
        let since = lapses[needed - 1].max(heard);
        let (first, last) = (month_of(since.day()), month_of(now.day()));
        let months = (first..=last).take(SILENT_MONTHS_MAX);
        let backlog = |month| {
            let at = since.max(first_of(month).start());
            let by_then = |lapse: &&Local| month_of(lapse.day()) <= month;
            Backlog { open, overdue: lapses.iter().filter(by_then).count(), at }
        };
        months.map(|month| (month, backlog(month))).collect()
    }
}

/// When a case with this last day counts as overdue.
fn lapse(due: Day) -> Local {
    due.plus(1).start().plus_minutes(NIGHTLY_MIN)
}

fn month_of(day: Day) -> Month {
    let (year, month, _) = day.ymd();
    year * 12 + month as i32 - 1
}

fn first_of(month: Month) -> Day {
    let of_year = month.rem_euclid(12) as u32 + 1;
    Day::from_ymd(month.div_euclid(12), of_year, 1).unwrap_or(Day::MIN)
}

fn name_of(month: Month) -> String {
    let (year, of_year) = (month.div_euclid(12), month.rem_euclid(12) + 1);
    if !(0..10_000).contains(&year) {
        return format!("{year:04}-{of_year:02}");
    }
    // Asked at each look for each month, which is too often for the formatter.
    let digit = |number: i32| char::from(b'0' + (number % 10) as u8);
    let year = [digit(year / 1000), digit(year / 100), digit(year / 10), digit(year)];
    year.into_iter().chain(['-', digit(of_year / 10), digit(of_year)]).collect()
}

/// APPR-R02: a notice a month for speed, one for overdue cases.
fn stands_out(work: &Work, params: &Params, look: &mut Look<'_>) {
    for (due, _) in work.open.values() {
        if let Some(due) = due {
            look.reached(lapse(*due));
        }
    }
    let mut backlogs = work.backlogs.clone();
    for (month, backlog) in work.backlogs_until(look.now(), params) {
        backlogs.entry(month).or_insert(backlog);
    }
    if backlogs.is_empty() && work.outliers.is_empty() {
        let look_now = look.now();
        look.quiet(|| usual(work, params, look_now));
    }
    for (month, Backlog { open, overdue, at }) in backlogs {
        let zh = || format!("在办 {open} 件中超期 {overdue} 件");
        let en = || format!("{overdue} of {open} open cases overdue");
        let fire = Fire::new(Level::Notice, at).episode(["overdue/", &name_of(month)].concat());
        let fill = |fire: Fire| {
            fire.dept(&work.dept)
                .int("open", open as i64)
                .int("overdue", overdue as i64)
                .text("zh", &zh())
                .text("en", &en())
        };
        let limits = &params.limits;
        look.fire_filled(fire, fill, || {
            let (pct, min) = (limits.overdue_pct, limits.open_min);
            let (zh, en) = (zh(), en());
            Why::new(
                format!("{}：{zh}，超过 {pct}%（在办至少 {min} 件）", name_of(month)),
                format!("{}: {en}, more than {pct} % (of {min} at least)", name_of(month)),
            )
            .count("overdue_pct", pct)
            .count("open_min", min)
        });
    }
    for (month, outlier) in &work.outliers {
        let Outlier { hour, count, peers, seq } = outlier;
        let at = Local(hour * MS_PER_HOUR);
        let words = || {
            let zh = format!("{at} 起一小时内办结 {count} 件，同行 99.5% 不超过 {peers} 件");
            let of_peers = format!("99.5 % of peers' hours: {peers}");
            (zh, format!("{count} decisions in the hour from {at}; {of_peers}"))
        };
        let fire = Fire::new(Level::Notice, at).episode(["pace/", &name_of(*month)].concat());
        let fill = |fire: Fire| {
            let (zh, en) = words();
            fire.dept(&work.dept)
                .evidence([*seq])
                .int("count", *count)
                .int("peers", *peers)
                .text("zh", &zh)
                .text("en", &en)
        };
        look.fire_filled(fire, fill, words);
    }
}

/// Open and overdue cases, and the busiest hour.
fn usual(work: &Work, params: &Params, now: Local) -> Why {
    let (limits, open) = (&params.limits, work.open.len());
    let lapsed = work.open.values().filter(|(due, _)| due.is_some_and(|due| lapse(due) <= now));
    let overdue = lapsed.count();
    let busiest = work.hours.values().flat_map(BTreeMap::values).max().copied().unwrap_or(0);
    let (pct, min, rate) = (limits.overdue_pct, limits.open_min, limits.rate_min);
    Why::new(
        format!(
            "在办 {open} 件，超期 {overdue} 件（在办满 {min} 件且超期超过 {pct}% 才提示）；最忙一小时办结 {busiest} 件（满 {rate} 件才与同行比较）"
        ),
        format!(
            "{overdue} of {open} open cases overdue (told from {min} open and above {pct} %); busiest hour {busiest} decisions (compared with peers from {rate} on)"
        ),
    )
    .count("open", open)
    .count("overdue", overdue)
    .count("open_min", min)
    .count("overdue_pct", pct)
    .int("busiest_hour", busiest)
    .int("rate_min", rate)
}

/// Tells each night how many decisions the officer's hours of the month had.
fn publish(work: &Work, look: &mut Look<'_>) {
    for (month, hours) in &work.hours {
        // From the latest hour back to the first whose day is over: the key is looked at again after
        // each later day, and those before it are over too.
        let days = hours.keys().rev().map(|hour| Local(hour * MS_PER_HOUR).day());
        let Some(last) = days.into_iter().find(|day| look.reached(lapse(*day))) else { continue };
        let until = hours.range(..last.plus(1).start().0.div_euclid(MS_PER_HOUR));
        // Decisions are only ever added, so the sum tells whether this was told already.
        let sum: i64 = until.clone().map(|(_, count)| *count).sum();
        let turn = i64::from(last.0) << 32 | sum;
        look.fact_of_turn(("pace", &work.officer), (&name_of(*month), turn), || {
            pace(work, *month, last, until)
        });
    }
}

/// How many hours had how many decisions, and the busiest hour.
fn pace<'a>(
    work: &Work,
    month: Month,
    last: Day,
    hours: impl Iterator<Item = (&'a i64, &'a i64)>,
) -> Writer {
    let mut histogram: BTreeMap<i64, i64> = BTreeMap::new();
    let mut busiest = (0, 0);
    for (hour, count) in hours {
        *histogram.entry(*count).or_default() += 1;
        if *count > busiest.0 {
            busiest = (*count, *hour);
        }
    }
    let hours: Vec<_> = histogram.iter().map(|(count, hours)| format!("{count}/{hours}")).collect();
    Writer::default()
        .text("officer", &work.officer)
        .text("region", &work.region)
        .text("month", &name_of(month))
        .int("nth_month", month.into())
        .int("day", last.0.into())
        .int("count", busiest.0)
        .int("hour", busiest.1)
        .list("hours", hours.iter().map(String::as_str))
}

#[cfg(test)]
mod tests {
    use super::name_of;

    #[test]
    fn a_month_is_named_as_people_write_it() {
        let months = [(0, 1), (7, 12), (999, 2), (2026, 9), (2026, 10), (9999, 12), (10_000, 1)];
        for (year, of_year) in months {
            assert_eq!(name_of(year * 12 + of_year - 1), format!("{year:04}-{of_year:02}"));
        }
    }
}
