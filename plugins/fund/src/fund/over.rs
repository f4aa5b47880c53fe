//! FUND-P01 超预算/无预算: more was paid in a budget year than was there, for a purpose that was not
//! approved, or out of a fund that nobody has listed.

use super::outlay::{Slot, Sum};
use super::{FundState, Issue, View};
use crate::Params;
use crate::book::Line;
use crate::day::{percent, yuan};
use crate::row::{self, FundRow};
use plumbline_guest::{Day, Fire, FromRow, Level, Local, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Daily checks run ten minutes after midnight: a quota that is adjusted later on the day counts.
const NIGHTLY_MIN: i64 = 10;

/// Cards by year, and by year and purpose.
pub(super) fn spent(fund: &View<'_>, _: &Params, look: &mut Look<'_>) {
    if fund.outlays.is_empty() {
        return look.quiet(|| Why::new("尚无支付", "nothing was paid yet").int("payments", 0));
    }
    let sums = &fund.sums;
    let years: BTreeSet<i32> = sums.keys().map(|(_, year, _)| *year).collect();
    let (mut found, mut is_unknown) = (0, None);
    let mut most = 0;
    for year in years {
        let money = money_of(fund, year);
        if money.is_empty() {
            match unlisted(fund, year, sums, look) {
                true => found += 1,
                false => is_unknown = Some("budget"),
            }
            continue;
        }
        let (fired, pct) = over(year, &money, sums, look);
        found += usize::from(fired);
        most = pct.max(most);
    }
    match misused(fund, sums, look) {
        Some(count) => found += count,
        None => is_unknown = is_unknown.or(Some("purpose_codes")),
    }
    if found > 0 {
        return;
    }
    match is_unknown {
        Some(field) => look.unknown(field),
        None => look.quiet(|| {
            Why::new(
                format!("各年度最高支出 {most}%，用途均在批复之内"),
                format!("at most {most} % of a year's money spent, all for approved purposes"),
            )
            .int("spent_pct", most)
        }),
    }
}

/// Quotas that came from outside: what a recipient passes on is no new money.
pub(super) fn roots(fund: &FundState) -> impl Iterator<Item = &Line<Issue>> {
    let takers: BTreeSet<(i32, &str)> =
        fund.issues.iter().map(|line| (line.item.year, line.item.to.as_str())).collect();
    fund.issues
        .iter()
        .filter(move |line| !takers.contains(&(line.item.year, line.item.from.as_str())))
}

/// The money of a year by day: quotas issued, or where there are none the budget.
fn money_of(fund: &FundState, year: i32) -> Vec<(Day, i64)> {
    let quotas = roots(fund).filter(|line| line.item.year == year);
    let mut money: Vec<_> = quotas.map(|line| (line.time.day(), line.item.amount)).collect();
    if money.is_empty() {
        let budgets =
            fund.grants.iter().filter(|line| line.item.is_budget && line.item.year == year);
        money.extend(budgets.map(|line| (line.time.day(), line.item.amount)));
    }
    money.sort_unstable();
    money
}

/// The first day at whose end more had been paid than was there. Before the first quota or budget of
/// the year money may be advanced; it counts from then on. Also tells the highest share spent.
fn over(
    year: i32,
    money: &[(Day, i64)],
    sums: &BTreeMap<Slot, Sum>,
    look: &mut Look<'_>,
) -> (bool, i64) {
    let mut days: BTreeMap<Day, (i64, Vec<u64>)> = BTreeMap::new();
    for ((day, _, _), sum) in sums.iter().filter(|((_, of, _), _)| *of == year) {
        // What was advanced is judged on the first day of money.
        let day = (*day).max(money[0].0);
        let of_day = days.entry(day).or_default();
        of_day.0 += sum.amount;
        of_day.1.push(sum.seq);
    }
    let (mut paid, mut most) = (0, 0);
    for (day, (amount, seqs)) in days {
        paid += amount;
        let limit: i64 = money.iter().filter(|(of, _)| *of <= day).map(|(_, amount)| amount).sum();
        let pct = percent(paid, limit.max(1));
        most = pct.max(most);
        let night = day.plus(1).start();
        if amount <= 0 || paid <= limit || !look.reached(night.plus_minutes(NIGHTLY_MIN)) {
            continue;
        }
        let (paid_yuan, limit_yuan) = (yuan(paid), yuan(limit));
        let fire = Fire::new(Level::Red, night)
            .episode(format!("over/{year}"))
            .evidence(seqs)
            .text("zh", &format!("{year} 年度至 {day} 支出 {paid_yuan} 元，指标 {limit_yuan} 元"))
            .text(
                "en",
                &format!("{paid_yuan} yuan spent by {day} of the {limit_yuan} yuan of {year}"),
            );
        look.fire_because(fire, || {
            Why::new(format!("支出达 {pct}%"), format!("{pct} % spent"))
                .int("paid_fen", paid)
                .int("limit_fen", limit)
                .int("spent_pct", pct)
        });
        return (true, most);
    }
    (false, most)
}

/// Fires if the fund is not in a list that was loaded: money without any budget.
fn unlisted(fund: &FundState, year: i32, sums: &BTreeMap<Slot, Sum>, look: &mut Look<'_>) -> bool {
    let first = sums.iter().find(|((_, of, _), sum)| *of == year && sum.is_out);
    let Some(((day, ..), sum)) = first else { return false };
    if fund.row(look, *day).is_some() || !row::is_loaded(look, FundRow::TABLE, *day) {
        return false;
    }
    let fire = Fire::new(Level::Red, sum.time)
        .episode(format!("none/{year}"))
        .evidence([sum.seq])
        .text("zh", &format!("{year} 年度无预算、无指标，资金库中也没有该资金"))
        .text("en", &format!("no budget and no quota in {year}, and the fund is not listed"));
    look.fire_because(fire, || {
        Why::new(format!("{day} 支付时无预算"), format!("no budget when paid on {day}"))
            .day("paid_on", *day)
    });
    true
}

/// Payments for purposes that neither the budget nor the list of funds names; `None` if nobody has
/// named any purpose.
fn misused(fund: &FundState, sums: &BTreeMap<Slot, Sum>, look: &mut Look<'_>) -> Option<usize> {
    let mut named: BTreeMap<i32, BTreeSet<&str>> = BTreeMap::new();
    for grant in fund.grants.iter().map(|line| &line.item) {
        let purposes = grant.purposes.iter().flatten().map(String::as_str);
        named.entry(grant.year).or_default().extend(purposes);
    }
    let mut misused: BTreeMap<(i32, &str), (i64, Local, Vec<u64>)> = BTreeMap::new();
    let mut is_known = false;
    for ((day, year, purpose), sum) in sums {
        let Some(purpose) = purpose.map(|purpose| fund.outlays.purpose(purpose)) else { continue };
        let row = fund.row(look, *day);
        let listed = row.as_ref().map_or(&[][..], |row| &row.purposes);
        let approved = named.get(year).filter(|approved| !approved.is_empty());
        if listed.is_empty() && approved.is_none() {
            continue;
        }
        is_known = true;
        let is_approved = approved.is_some_and(|approved| approved.contains(purpose))
            || listed.iter().any(|listed| listed == purpose);
        if !is_approved {
            let all = misused.entry((*year, purpose)).or_insert((0, sum.time, Vec::new()));
            all.0 += sum.amount;
            all.2.push(sum.seq);
        }
    }
    misused.retain(|_, (amount, ..)| *amount > 0);
    for ((year, purpose), (amount, at, seqs)) in &misused {
        let amount = yuan(*amount);
        let fire = Fire::new(Level::Red, *at)
            .episode(format!("purpose/{year}/{purpose}"))
            .evidence(seqs.iter().copied())
            .text("zh", &format!("{year} 年度 {amount} 元用于未批复的用途 {purpose}"))
            .text(
                "en",
                &format!("{amount} yuan of {year} spent on {purpose}, which is not approved"),
            );
        look.fire_because(fire, || {
            Why::new(
                format!("用途 {purpose} 不在批复之内"),
                format!("purpose {purpose} is not approved"),
            )
            .text("purpose", purpose)
        });
    }
    is_known.then_some(misused.len())
}
