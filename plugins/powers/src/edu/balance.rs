//! EDU-F02 代收费结余: what is left of an agency fee when the term ends, neither paid on nor paid back.

use super::{Line, What};
use crate::Params;
use crate::term::daily_timer;
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Kind of a fee that the school only passes on. Deposits and boarding fees are none.
const AGENCY: &str = "agency";

/// The account of one fee, fen.
#[derive(Debug, Default)]
struct Account {
    is_agency: bool,
    is_known: bool,
    charged: i64,
    gone: i64,
    seqs: Vec<u64>,
}

/// One yellow card for each agency fee of the term.
pub(crate) fn left(lines: &Vec<&Line>, params: &Params, look: &mut Look<'_>) {
    let Some(end) = term_end(lines) else { return look.unknown("term_end") };
    if !look.reached(daily_timer(end.plus(1))) {
        return look.quiet(|| {
            Why::new(format!("学期至 {end}，尚未结束"), format!("the term ends on {end}"))
                .day("term_end", end)
        });
    }
    let accounts = accounts(lines, end);
    let (mut fired, mut unknown, mut most) = (false, false, 0);
    for (code, account) in &accounts {
        unknown |= !account.is_known && account.charged > 0;
        if !account.is_agency || account.charged <= 0 {
            continue;
        }
        let left = account.charged.saturating_sub(account.gone);
        let parts = |fen: i64| i128::from(fen) * 100;
        most = most.max(parts(left) / i128::from(account.charged));
        if parts(left) <= i128::from(params.edu.balance_pct) * i128::from(account.charged) {
            continue;
        }
        fired = true;
        let fire = Fire::overdue(Level::Yellow, end)
            .episode(*code)
            .evidence(account.seqs.iter().copied())
            .text("code", code)
            .int("charged", account.charged)
            .int("left", left)
            .int("limit_pct", params.edu.balance_pct)
            .day("term_end", end);
        look.fire_because(fire, || {
            let (charged, gone) = (account.charged, account.gone);
            Why::new(
                format!("收取 {charged} 分，支付和退还 {gone} 分，结余 {left} 分"),
                format!("{charged} fen collected, {gone} fen paid on or back, {left} fen left"),
            )
            .int("gone", gone)
        });
    }
    if fired {
        return;
    }
    if unknown && !accounts.values().any(|account| account.is_agency) {
        return look.unknown("kind");
    }
    look.quiet(|| {
        let pct = params.edu.balance_pct;
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        Why::new(
            format!("代收费结余最高 {most}%，限 {pct}%"),
            format!("at most {most} % of an agency fee is left, {pct} % allowed"),
        )
        .int("left_pct", most)
        .int("balance_pct", pct)
        .day("term_end", end)
    });
}

/// The day on which the term ended, else the latest published one.
fn term_end(lines: &[&Line]) -> Option<Day> {
    let ended = lines.iter().rev().find(|line| matches!(line.what, What::Ended));
    let published = || {
        lines.iter().rev().find_map(|line| match line.what {
            What::Published { term_end, .. } => term_end,
            _ => None,
        })
    };
    ended.map(|line| line.time.day()).or_else(published)
}

fn accounts<'a>(lines: &[&'a Line], end: Day) -> BTreeMap<&'a str, Account> {
    let mut accounts: BTreeMap<&str, Account> = BTreeMap::new();
    for line in lines.iter().filter(|line| line.time.day() <= end) {
        let account = accounts.entry(&line.code).or_default();
        match &line.what {
            What::Published { kind, .. } => {
                account.is_known |= !kind.is_empty();
                account.is_agency |= kind == AGENCY;
                continue;
            }
            What::Charged(charge) => {
                account.is_known |= !charge.kind.is_empty();
                account.is_agency |= charge.kind == AGENCY;
                account.charged = account.charged.saturating_add(charge.amount.unwrap_or(0));
            }
            What::Refunded(amount) | What::Spent(amount) => {
                account.gone = account.gone.saturating_add(*amount);
            }
            What::Ended => continue,
        }
        account.seqs.push(line.seq);
    }
    accounts
}
