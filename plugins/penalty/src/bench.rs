//! A department's officers in one year: PEN-D03 罚轻异常. It also adds up the department's months
//! for the revenue pattern.

use crate::Params;
use crate::params::Limits;
use crate::span::daily_timer;
use plumbline_guest::json::{Value, Writer};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// An hour after the officers' months are told, all of a department have come in.
const WAIT_MIN: i64 = 60;
/// Most officer-months of a year: two hundred officers. Beyond that new ones are left out.
const TALLIES_MAX: usize = 2_400;
/// Most repeated exemptions of a department and year.
const TWICE_MAX: usize = 500;
/// Per cent of the statutory maximum in one bucket.
const BUCKET_PCT: i64 = 5;
/// Stands for an officer who was not named.
const NOBODY: &str = "-";

/// An officer's month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Tally {
    rev: i64,
    cases: i64,
    spared: i64,
    fines: i64,
    warnings: i64,
    total: i64,
    late_days: i64,
    /// Fines by twentieths of the statutory maximum.
    ratios: Vec<(u8, u32)>,
}

/// A second use of the exemption for first violations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Twice {
    turn: i64,
    party: String,
    before: String,
    at: Local,
    seq: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Bench {
    dept: String,
    year: i32,
    tallies: BTreeMap<(u8, String), Tally>,
    twice: BTreeMap<String, Twice>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Benches;

impl Stream for Benches {
    const NAME: &'static str = "bench";
    type State = Bench;
    type Params = Params;

    fn take(bench: &mut Bench, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        match event.kind {
            "fact.penalty.tally" => bench.tally(event).unwrap_or_default(),
            "fact.penalty.twice" => bench.twice(event).unwrap_or_default(),
            _ => {}
        }
    }

    fn check(bench: &Bench, params: &Params, look: &mut Look<'_>) {
        let closed = bench.closed(look);
        let rules: &[Rule<(&Bench, Vec<u8>), Params>] = &[("PEN-D03", lenient)];
        let view = (bench, closed);
        apply(rules, &params.off, &view, params, look);
        for nth in view.1 {
            bench.tell(nth, look);
        }
    }
}

impl Bench {
    fn name(&mut self, event: &Event<'_>) -> Option<()> {
        self.dept = event.text("dept")?;
        self.year = i32::try_from(event.int("year")?).ok()?;
        Some(())
    }

    fn tally(&mut self, event: &Event<'_>) -> Option<()> {
        self.name(event)?;
        let nth = u8::try_from(event.int("nth")?).ok()?;
        let key = (nth, event.text("officer")?);
        let rev = event.int("rev")?;
        let known = self.tallies.get(&key);
        if known.is_some_and(|known| known.rev > rev)
            || known.is_none() && self.tallies.len() >= TALLIES_MAX
        {
            return None;
        }
        let ratios = event.get("ratios").into_iter().flat_map(Value::items).filter_map(|pair| {
            let pair = pair.text()?;
            let (at, count) = pair.split_once('/')?;
            Some((at.parse().ok()?, count.parse().ok()?))
        });
        let tally = Tally {
            rev,
            cases: event.int("cases")?,
            spared: event.int("spared")?,
            fines: event.int("fines")?,
            warnings: event.int("warnings")?,
            total: event.int("total")?,
            late_days: event.int("late_days")?,
            ratios: ratios.collect(),
        };
        self.tallies.insert(key, tally);
        Some(())
    }

    fn twice(&mut self, event: &Event<'_>) -> Option<()> {
        self.name(event)?;
        let (case_no, turn) = (event.text("case_no")?, event.int("turn")?);
        let known = self.twice.get(&case_no);
        if known.is_some_and(|known| known.turn > turn)
            || known.is_none() && self.twice.len() >= TWICE_MAX
        {
            return None;
        }
        let (party, before) = (event.text("party")?, event.text("before")?);
        let at = Local(event.int("at")?);
        self.twice.insert(case_no, Twice { turn, party, before, at, seq: event.seq });
        Some(())
    }

    /// The midnight that ends a month.
    fn end_of(&self, nth: u8) -> Local {
        let next = match nth {
            12 => Day::from_ymd(self.year + 1, 1, 1),
            nth => Day::from_ymd(self.year, u32::from(nth) + 1, 1),
        };
        next.unwrap_or(Day::MAX).start()
    }

    /// Months with figures that are over.
    fn closed(&self, look: &mut Look<'_>) -> Vec<u8> {
        let mut months: Vec<_> = self.tallies.keys().map(|(nth, _)| *nth).collect();
        months.dedup();
        months.retain(|nth| {
            look.reached(daily_timer(self.end_of(*nth).day()).plus_minutes(WAIT_MIN))
        });
        months
    }

    /// What the department's month came to.
    fn tell(&self, nth: u8, look: &mut Look<'_>) {
        let mut sum = Tally::default();
        for (_, tally) in self.tallies.iter().filter(|((of, _), _)| *of == nth) {
            sum.rev = sum.rev.max(tally.rev);
            sum.cases += tally.cases;
            sum.fines += tally.fines;
            sum.warnings += tally.warnings;
            sum.total = sum.total.saturating_add(tally.total);
            sum.late_days += tally.late_days;
        }
        let data = Writer::default()
            .text("dept", &self.dept)
            .int("month", i64::from(self.year) * 12 + i64::from(nth) - 1)
            .int("rev", sum.rev)
            .int("cases", sum.cases)
            .int("fines", sum.fines)
            .int("warnings", sum.warnings)
            .int("total", sum.total)
            .int("late_days", sum.late_days);
        look.fact("takings", &self.dept, data);
    }
}

/// What an officer, or all others, did from January to a month.
#[derive(Clone, Debug, Default)]
struct Sum {
    cases: i64,
    spared: i64,
    ratios: BTreeMap<u8, i64>,
}

impl Sum {
    fn add(&mut self, tally: &Tally) {
        self.cases += tally.cases;
        self.spared += tally.spared;
        for (at, count) in &tally.ratios {
            *self.ratios.entry(*at).or_default() += i64::from(*count);
        }
    }

    /// What is left of a whole without a part.
    fn without(&self, part: &Self) -> Self {
        let mut rest = self.clone();
        rest.cases -= part.cases;
        rest.spared -= part.spared;
        for (at, count) in &part.ratios {
            *rest.ratios.entry(*at).or_default() -= count;
        }
        rest
    }

    fn fines(&self) -> i64 {
        self.ratios.values().sum()
    }

    /// The bucket below which `percent` of the fines lie.
    fn quantile(&self, percent: i64) -> u8 {
        let wanted = (self.fines() * percent + 99) / 100;
        let mut seen = 0;
        for (at, count) in &self.ratios {
            seen += count;
            if seen >= wanted.max(1) {
                return *at;
            }
        }
        0
    }
}

/// PEN-D03: yellow for each repeated exemption and for each officer whose fines, or whose share of
/// cases without penalty, fall out of the department's. The first month end that shows it counts.
fn lenient(view: &(&Bench, Vec<u8>), params: &Params, look: &mut Look<'_>) {
    let (bench, closed) = view;
    let mut fired = false;
    for (case_no, twice) in bench.twice.iter().filter(|(_, twice)| !twice.before.is_empty()) {
        fired = true;
        let (party, before) = (&twice.party, &twice.before);
        let zh = format!("同一当事人两次适用首违不罚（前案 {before}）");
        let en = format!("exempt as a first violation a second time, after case {before}");
        let fire = Fire::new(Level::Yellow, twice.at)
            .episode(format!("first/{case_no}"))
            .subject(case_no)
            .dept(&bench.dept)
            .evidence([twice.seq])
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || Why::new(zh, en).text("party", party));
    }
    let mut sums: BTreeMap<&str, Sum> = BTreeMap::new();
    let mut whole = Sum::default();
    let mut named: Vec<&str> = Vec::new();
    for nth in closed {
        for ((_, officer), tally) in bench.tallies.iter().filter(|((of, _), _)| of == nth) {
            sums.entry(officer).or_default().add(tally);
            whole.add(tally);
        }
        for (officer, own) in &sums {
            if named.contains(officer) || *officer == NOBODY {
                continue;
            }
            let Some((zh, en)) = pattern(own, &whole.without(own), &params.limits) else {
                continue;
            };
            named.push(officer);
            fired = true;
            let fire = Fire::new(Level::Yellow, bench.end_of(*nth))
                .episode(format!("officer/{officer}"))
                .subject(*officer)
                .dept(&bench.dept)
                .text("zh", &zh)
                .text("en", &en);
            look.fire_because(fire, || Why::new(zh, en).int("cases", own.cases).int("month", *nth));
        }
    }
    if !fired {
        let (officers, cases) = (sums.len(), whole.cases);
        look.quiet(|| {
            Why::new(
                format!("{officers} 名人员 {cases} 件，没有明显偏轻"),
                format!("{officers} officers with {cases} cases, none conspicuously lenient"),
            )
            .count("officers", officers)
            .int("cases", cases)
        });
    }
}

/// In what an officer is more lenient than the others, if in anything.
fn pattern(own: &Sum, others: &Sum, limits: &Limits) -> Option<(String, String)> {
    let min = limits.lenient_min_n;
    if own.fines() >= min && others.fines() >= min {
        let (own_median, low, median) = (own.quantile(50), others.quantile(5), others.quantile(50));
        // Where everybody fines the minimum nobody is lenient.
        if own_median <= low && own_median < median {
            let (own_median, low) = (i64::from(own_median), i64::from(low));
            let (own_median, low) = (own_median * BUCKET_PCT, low * BUCKET_PCT);
            return Some((
                format!("罚款中位数为法定上限的 {own_median}%，其他人员 5% 分位为 {low}%"),
                format!(
                    "median fine {own_median} % of the maximum, 5th percentile of the others {low} %"
                ),
            ));
        }
    }
    let is_high = own.spared * others.cases > limits.lenient_times * others.spared * own.cases;
    if own.cases >= min && others.cases >= min && own.spared >= limits.lenient_min_spared && is_high
    {
        let (spared, cases) = (own.spared, own.cases);
        let (of_others, all) = (others.spared, others.cases);
        return Some((
            format!("{cases} 件中不予处罚 {spared} 件，其他人员 {all} 件中 {of_others} 件"),
            format!("{spared} of {cases} cases not punished, {of_others} of {all} by the others"),
        ));
    }
    None
}
