//! FUND-T02 资金闲置: money that nobody draws on, in the whole fund or on one account, and money
//! that is still there after two years.

use super::{FundState, Low, View};
use crate::Params;
use crate::day::{exceeds, percent, yuan};
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Money in (positive) and out (negative) on a day.
type Move = (Day, i64);

/// A stretch without outflow while too little had been used.
struct Gap {
    from: Day,
    /// The outflow that ended it.
    until: Option<Day>,
    granted: i64,
    used: i64,
}

/// Figures that decide how long money may lie.
struct Terms {
    notice_d: i32,
    yellow_d: i32,
    min_ratio_pct: i64,
}

/// One card for each stretch of the fund, of each account, and for each document.
pub(super) fn unused(fund: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let (inflows, moves) = moves(fund);
    if inflows.is_empty() && fund.balances.is_empty() {
        return look.unknown("budget");
    }
    let row = fund.row(look, look.now().day());
    let own = row.and_then(|row| row.idle_d);
    let terms = Terms {
        notice_d: own.map_or(params.idle_notice_d, |days| days / 2),
        yellow_d: own.unwrap_or(params.idle_d),
        min_ratio_pct: params.min_ratio_pct,
    };
    let (mut found, mut frozen) = (0, 0);
    let mut judge = |name: &str, gap: &Gap, seen: Option<Day>, look: &mut Look<'_>| match report(
        fund, name, gap, seen, &terms, look,
    ) {
        Some(true) => found += 1,
        Some(false) => frozen += 1,
        None => {}
    };
    for gap in gaps(&moves, terms.min_ratio_pct) {
        judge("fund", &gap, None, look);
    }
    for (account, (moves, seen)) in accounts(fund) {
        for gap in gaps(&moves, terms.min_ratio_pct) {
            judge(account, &gap, Some(seen), look);
        }
    }
    found += carried_over(fund, &inflows, &moves, params, look);
    let (granted, used) = totals(&moves);
    match (found, frozen) {
        (0, 0) => look.quiet(|| {
            let pct = percent(used, granted);
            Why::new(
                format!(
                    "已使用 {pct}%，未见闲置（低于 {}% 且 {} 日无支出）",
                    terms.min_ratio_pct, terms.notice_d
                ),
                format!(
                    "{pct} % used, nothing idle (below {} % and {} days without outflow)",
                    terms.min_ratio_pct, terms.notice_d
                ),
            )
            .int("used_pct", pct)
            .int("min_ratio_pct", terms.min_ratio_pct)
            .int("idle_notice_d", terms.notice_d)
        }),
        (0, _) => look
            .exempt(|| Why::new("账户冻结期间", "the account was frozen").int("stretches", frozen)),
        _ => {}
    }
}

/// Budgets if there are any, else quotas issued, and all moves in the order of days; on one day
/// money comes before it goes.
fn moves(fund: &View<'_>) -> (Vec<(Day, i64, String)>, Vec<Move>) {
    let grants = fund.grants.iter().filter(|line| line.item.is_budget);
    let mut inflows: Vec<_> =
        grants.map(|line| (line.time.day(), line.item.amount, line.item.doc_no.clone())).collect();
    if inflows.is_empty() {
        let roots = super::over::roots(fund);
        inflows.extend(
            roots.map(|line| (line.time.day(), line.item.amount, line.item.doc_no.clone())),
        );
    }
    let mut moves: Vec<Move> = inflows.iter().map(|(day, amount, _)| (*day, *amount)).collect();
    let mut days: BTreeMap<Day, i64> = BTreeMap::new();
    for ((day, ..), sum) in &fund.sums {
        *days.entry(*day).or_default() -= sum.amount;
    }
    moves.extend(days);
    moves.sort_by_key(|(day, amount)| (*day, *amount < 0));
    (inflows, moves)
}

/// What came in and went out on each account, and the day of its latest balance.
fn accounts(fund: &FundState) -> BTreeMap<&str, (Vec<Move>, Day)> {
    let mut accounts: BTreeMap<&str, (Vec<Move>, Day)> = BTreeMap::new();
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    for ((account, _), Low { balance, day, .. }) in &fund.balances {
        let before = last.insert(account, *balance).unwrap_or(0);
        let (moves, seen) = accounts.entry(account).or_insert((Vec::new(), *day));
        *seen = *day;
        if *balance != before {
            moves.push((*day, balance - before));
        }
    }
    accounts
}

fn totals(moves: &[Move]) -> (i64, i64) {
    moves.iter().fold((0, 0), |(granted, used), (_, amount)| match amount {
        0.. => (granted + amount, used),
        _ => (granted, used - amount),
    })
}

/// Stretches between outflows that began with less than the least share used.
fn gaps(moves: &[Move], min_ratio_pct: i64) -> Vec<Gap> {
    let (mut granted, mut used) = (0_i64, 0_i64);
    let mut gaps = Vec::new();
    let mut open: Option<Day> = None;
    for (day, amount) in moves {
        if *amount < 0 {
            if let Some(from) = open.take() {
                gaps.push(Gap { from, until: Some(*day), granted, used });
            }
            used -= amount;
        } else {
            granted += amount;
        }
        let is_little =
            granted > 0 && i128::from(used) * 100 < i128::from(granted) * i128::from(min_ratio_pct);
        open = open.filter(|_| is_little).or(is_little.then_some(*day));
    }
    if let Some(from) = open {
        gaps.push(Gap { from, until: None, granted, used });
    }
    gaps
}

/// Fires if the stretch is long enough: `Some(true)`; `Some(false)` if the money was frozen. Of an
/// account nothing is known after `seen`, the day of its latest balance.
fn report(
    fund: &FundState,
    name: &str,
    gap: &Gap,
    seen: Option<Day>,
    terms: &Terms,
    look: &mut Look<'_>,
) -> Option<bool> {
    let mut is_past = |days: i32| {
        let last = gap.from.plus(days);
        let lasted = gap.until.is_none_or(|until| until > last);
        lasted && seen.is_none_or(|seen| seen >= last) && look.reached(last.plus(1).start())
    };
    let notice = is_past(terms.notice_d);
    let yellow = notice && is_past(terms.yellow_d);
    if !notice {
        return None;
    }
    let is_during = |day: &Day| *day >= gap.from && gap.until.is_none_or(|until| *day <= until);
    if fund.frozen.iter().any(is_during) {
        return Some(false);
    }
    let (level, days) = match yellow {
        true => (Level::Yellow, terms.yellow_d),
        false => (Level::Notice, terms.notice_d),
    };
    let pct = percent(gap.used, gap.granted);
    let (granted, from) = (yuan(gap.granted), gap.from);
    let fire = Fire::new(level, from.plus(days + 1).start())
        .episode(format!("idle/{name}/{from}"))
        .text("zh", &format!("{granted} 元自 {from} 起 {days} 日无支出，已使用 {pct}%"))
        .text(
            "en",
            &format!("no outflow of {granted} yuan for {days} days from {from}, {pct} % used"),
        )
        .day("from", from);
    look.fire_because(fire, || {
        Why::new(
            format!(
                "{name}：{} 日提示，{} 日黄牌，使用率低于 {}%",
                terms.notice_d, terms.yellow_d, terms.min_ratio_pct
            ),
            format!(
                "{name}: notice after {} days, yellow after {}, below {} % used",
                terms.notice_d, terms.yellow_d, terms.min_ratio_pct
            ),
        )
        .int("used_pct", pct)
        .int("idle_d", terms.yellow_d)
        .int("idle_notice_d", terms.notice_d)
        .int("min_ratio_pct", terms.min_ratio_pct)
    });
    Some(true)
}

/// Money that is not used up two years after it came, first in first out: red.
fn carried_over(
    fund: &FundState,
    inflows: &[(Day, i64, String)],
    moves: &[Move],
    params: &Params,
    look: &mut Look<'_>,
) -> usize {
    let (mut granted, mut found) = (0, 0);
    let mut inflows = inflows.to_vec();
    inflows.sort();
    for (day, amount, doc_no) in inflows {
        granted += amount;
        let last = day.plus(params.surplus_d);
        if amount <= 0 || !look.reached(last.plus(1).start()) {
            continue;
        }
        let (_, used) =
            totals(&moves.iter().filter(|(day, _)| *day <= last).copied().collect::<Vec<_>>());
        let left = (granted - used).min(amount);
        let is_frozen = fund.frozen.iter().any(|frozen| *frozen >= day && *frozen <= last);
        if left <= 0 || !exceeds(left, amount, params.retained_pct) || is_frozen {
            continue;
        }
        found += 1;
        let (left, days) = (yuan(left), params.surplus_d);
        let fire = Fire::new(Level::Red, last.plus(1).start())
            .episode(format!("carry/{doc_no}"))
            .text("zh", &format!("{doc_no} 下达 {days} 日后仍结转 {left} 元"))
            .text("en", &format!("{left} yuan of {doc_no} left after {days} days"))
            .day("from", day);
        look.fire_because(fire, || {
            let pct = params.retained_pct;
            Why::new(
                format!("{doc_no} 共 {} 元，留存超过 {pct}%", yuan(amount)),
                format!("{doc_no} of {} yuan, more than {pct} % left", yuan(amount)),
            )
            .int("surplus_d", days)
            .int("retained_pct", pct)
        });
    }
    found
}
