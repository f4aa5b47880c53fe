//! A department's fines month by month: PEN-F04 逐利执法.

use crate::Params;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most months that are kept: twenty years.
const MONTHS_MAX: usize = 240;
/// Days at the end of a quarter that are compared with the rest of it.
const LAST_DAYS: i64 = 10;
/// Most targets of one department that are kept.
const QUOTAS_MAX: usize = 100;

/// A month as a running number: year * 12 + month - 1.
type Month = i32;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Sheet {
    rev: i64,
    seq: u64,
    cases: i64,
    fines: i64,
    warnings: i64,
    total: i64,
    /// Cases of the last ten days.
    late_days: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Book {
    dept: String,
    months: BTreeMap<Month, Sheet>,
    /// Documents that name a target for fines.
    quotas: Facts<String>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Incomes;

impl Stream for Incomes {
    const NAME: &'static str = "income";
    type State = Book;
    type Params = Params;

    fn take(book: &mut Book, event: &Event<'_>, _: &Params) {
        if let Some(dept) = event.text("dept") {
            book.dept = dept;
        }
        match event.kind {
            // A fact that lacks a field was not written by this plugin and says nothing.
            "fact.penalty.takings" => book.put(event).unwrap_or_default(),
            "penalty.quota.found" if book.quotas.len() < QUOTAS_MAX => {
                book.quotas.put(event, event.text("doc_no").unwrap_or_default());
            }
            _ => {}
        }
    }

    fn check(book: &Book, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Book, Params>] = &[("PEN-F04", seeks_revenue)];
        apply(rules, &params.off, book, params, look);
    }
}

impl Book {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let month = Month::try_from(event.int("month")?).ok()?;
        let rev = event.int("rev")?;
        if self.months.get(&month).is_some_and(|known| known.rev > rev) {
            return None;
        }
        let sheet = Sheet {
            rev,
            seq: event.seq,
            cases: event.int("cases")?,
            fines: event.int("fines")?,
            warnings: event.int("warnings")?,
            total: event.int("total")?,
            late_days: event.int("late_days")?,
        };
        self.months.insert(month, sheet);
        if self.months.len() > MONTHS_MAX {
            self.months.pop_first();
        }
        Some(())
    }
}

fn first_of(month: Month) -> Day {
    let of_year = month.rem_euclid(12) as u32 + 1;
    Day::from_ymd(month.div_euclid(12), of_year, 1).unwrap_or(Day::MIN)
}

fn name_of(month: Month) -> String {
    format!("{:04}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1)
}

/// PEN-F04: a notice for each month and pattern.
fn seeks_revenue(book: &Book, params: &Params, look: &mut Look<'_>) {
    let mut said = false;
    for quota in &book.quotas {
        said = true;
        let zh = format!("文件 {} 含罚没指标", quota.fact);
        let en = format!("document {} sets a target for fines", quota.fact);
        let fire = Fire::new(Level::Notice, quota.time)
            .episode(format!("quota/{}", quota.fact))
            .evidence([quota.seq])
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || (zh, en));
    }
    for (month, sheet) in &book.months {
        let surge = surge(book, *month, sheet, params);
        let spike = spike(book, *month, sheet, params);
        for (pattern, (zh, en)) in [("surge", surge), ("quarter", spike)]
            .into_iter()
            .filter_map(|(pattern, words)| Some((pattern, words?)))
        {
            said = true;
            if has_campaign(book, *month, look) {
                look.exempt(|| {
                    Why::new("已事先批准的专项行动", "a campaign that was approved beforehand")
                        .text("month", &name_of(*month))
                });
                continue;
            }
            let fire = Fire::new(Level::Notice, first_of(month + 1).start())
                .episode(format!("{pattern}/{}", name_of(*month)))
                .dept(&book.dept)
                .evidence([sheet.seq])
                .text("zh", &zh)
                .text("en", &en);
            look.fire_because(fire, || Why::new(zh, en).int("total", sheet.total));
        }
    }
    if !said {
        let months = book.months.len();
        look.quiet(|| {
            Why::new(format!("{months} 个月罚没无异常"), format!("{months} months, none unusual"))
                .count("months", months)
        });
    }
}

/// Far above the usual level, with a rising share of fines.
fn surge(book: &Book, month: Month, sheet: &Sheet, params: &Params) -> Option<(String, String)> {
    let limits = &params.limits;
    let past = book.months.range(month - limits.income_months..month).map(|(_, sheet)| sheet);
    let past: Vec<_> = past.collect();
    if past.len() < usize::try_from(limits.income_min_months).unwrap_or(usize::MAX) {
        return None;
    }
    // All in whole numbers: (n x - S)^2 > k^2 (n Q - S^2) says x > mean + k sigma.
    let n = past.len() as i128;
    let sum: i128 = past.iter().map(|sheet| i128::from(sheet.total)).sum();
    let squares: i128 = past.iter().map(|sheet| i128::from(sheet.total).pow(2)).sum();
    let above = n * i128::from(sheet.total) - sum;
    let sigma = i128::from(limits.income_sigma);
    let is_far = above > 0 && above.pow(2) > sigma.pow(2) * (n * squares - sum.pow(2));
    let share = |fines: i64, warnings: i64| match fines + warnings {
        0 => 0,
        both => fines * 100 / both,
    };
    let fines = past.iter().map(|sheet| sheet.fines).sum();
    let usual = share(fines, past.iter().map(|sheet| sheet.warnings).sum());
    let now = share(sheet.fines, sheet.warnings);
    if !is_far || now - usual <= limits.share_points {
        return None;
    }
    let (total, mean) = (sheet.total, sum / n);
    Some((
        format!("当月罚款 {total} 分，此前月均 {mean} 分，罚款占比由 {usual}% 升至 {now}%"),
        format!(
            "fines of {total} fen where {mean} a month were usual, share from {usual} to {now} %"
        ),
    ))
}

/// A rush in the last days of a quarter.
fn spike(book: &Book, month: Month, sheet: &Sheet, params: &Params) -> Option<(String, String)> {
    if month.rem_euclid(3) != 2 || sheet.late_days < params.limits.spike_min_n {
        return None;
    }
    let quarter: Vec<_> = book.months.range(month - 2..=month).map(|(_, sheet)| sheet).collect();
    // The first month of a source shows no rhythm.
    if quarter.len() < 2 {
        return None;
    }
    let days = i64::from(first_of(month + 1).0 - first_of(month - 2).0);
    let late = sheet.late_days;
    let others = quarter.iter().map(|sheet| sheet.cases).sum::<i64>() - late;
    if late * (days - LAST_DAYS) <= params.limits.spike_times * others * LAST_DAYS {
        return None;
    }
    Some((
        format!("季末十日 {late} 件，本季其余 {} 日 {others} 件", days - LAST_DAYS),
        format!("{late} cases in the last ten days of the quarter, {others} in all others"),
    ))
}

/// Whether a campaign was in force at the begin, in the middle or at the end of the month.
fn has_campaign(book: &Book, month: Month, look: &Look<'_>) -> bool {
    let prefix = format!("{}/", book.dept);
    let first = first_of(month);
    let days = [first, first.plus(14), first_of(month + 1).plus(-1)];
    days.iter().any(|day| !look.rows("campaign", &prefix, *day, 1).is_empty())
}
