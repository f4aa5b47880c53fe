//! One payer and one payee: FUND-P03 拆分支付.
//!
//! Payments of at least the largest limit split nothing and are not kept.

use crate::Params;
use crate::book::{Book, Line};
use crate::day::{moment, yuan};
use crate::word::mark;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeSet;

/// Most payments of a pair that are kept; the oldest that belong to no split go first.
const PAYMENTS_MAX: usize = 1_000;
/// How many more there may be before some are let go: to find out which costs more than to keep them.
const PAYMENTS_SLACK: usize = 200;
/// Days between rents, salaries and bills of two months.
const MONTHLY_DAYS: std::ops::RangeInclusive<i32> = 26..=35;
/// Round amounts are whole thousands of yuan: fen.
const ROUND_FEN: i64 = 100_000;

/// One payment below a limit.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Payment {
    pay: u64,
    amount: i64,
    voucher: Option<i64>,
    /// Follows a progress certificate: staged by contract.
    staged: bool,
}

/// What is kept of a pair.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Pair {
    payments: Book<Payment>,
    /// Marks of payments that came back.
    returned: BTreeSet<u64>,
}

impl Pair {
    fn paid(&mut self, event: &Event<'_>, params: &Params) -> Option<()> {
        let (pay, amount) = (mark(&event.text("pay_no")?), event.int("amount")?);
        let voucher = event.text("voucher_no").unwrap_or_default();
        let digits = voucher.trim_start_matches(|c: char| !c.is_ascii_digit());
        let staged = event.text("stage").is_some_and(|stage| !stage.is_empty());
        let payment = Payment { pay, amount, voucher: digits.parse().ok(), staged };
        let is_small = params.split_limits.iter().any(|limit| amount < *limit);
        if (amount > 0 && is_small) || event.version > 1 {
            self.payments.put(event, moment(event, "at"), payment);
        }
        if self.payments.len() > PAYMENTS_MAX + PAYMENTS_SLACK {
            self.forget(params);
        }
        Some(())
    }

    /// Lets the oldest payments go that belong to no split, and if all do, the oldest.
    fn forget(&mut self, params: &Params) {
        let kept: BTreeSet<_> = splits(self, params)
            .iter()
            .flat_map(|split| split.lines.iter().map(|line| line.identity()))
            .collect();
        while self.payments.len() > PAYMENTS_MAX {
            let free = self.payments.iter().position(|line| !kept.contains(&line.identity()));
            self.payments.remove(free.unwrap_or(0));
        }
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Pairs;

impl Stream for Pairs {
    const NAME: &'static str = "pair";
    type State = Pair;
    type Params = Params;

    fn take(pair: &mut Pair, event: &Event<'_>, params: &Params) {
        if event.kind == "fact.fund.returned" {
            let pay = event.text("pay_no").unwrap_or_default();
            if pair.returned.len() < PAYMENTS_MAX {
                pair.returned.insert(mark(&pay));
            }
            return;
        }
        // A payment without number or amount cannot be compared.
        pair.paid(event, params).unwrap_or_default();
    }

    fn check(pair: &Pair, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Pair, Params>] = &[("FUND-P03", split)];
        apply(rules, &params.off, pair, params, look);
    }
}

/// Payments that together reach a limit.
struct Split<'a> {
    limit: i64,
    /// Whether each alone was close to the limit, rather than all within the window.
    is_near: bool,
    lines: Vec<&'a Line<Payment>>,
}

/// All splits; the first payments that make one belong to it, so that later ones change nothing.
fn splits<'a>(pair: &'a Pair, params: &Params) -> Vec<Split<'a>> {
    let mut splits = Vec::new();
    for limit in &params.split_limits {
        let counts = |line: &&Line<Payment>| {
            let payment = &line.item;
            payment.amount > 0
                && payment.amount < *limit
                && !payment.staged
                && !pair.returned.contains(&payment.pay)
                && !is_monthly(pair, line, params.split_window_d)
        };
        let lines: Vec<_> = pair.payments.iter().filter(counts).collect();
        let windows = groups(&lines, *limit, params.split_window_d, params);
        let taken: BTreeSet<_> = windows.iter().flatten().map(|line| line.identity()).collect();
        let is_near = |line: &&&Line<Payment>| {
            let share = i128::from(line.item.amount) * 100;
            share >= i128::from(*limit) * i128::from(params.near_pct)
                && !taken.contains(&line.identity())
        };
        let near: Vec<_> = lines.iter().filter(is_near).copied().collect();
        let near = groups(&near, *limit, params.near_window_d, params);
        let split = |is_near| move |lines| Split { limit: *limit, is_near, lines };
        splits.extend(windows.into_iter().map(split(false)));
        splits.extend(near.into_iter().map(split(true)));
    }
    splits
}

/// Groups of enough payments within the window that reach the limit together, from the left.
fn groups<'a>(
    lines: &[&'a Line<Payment>],
    limit: i64,
    days: i32,
    params: &Params,
) -> Vec<Vec<&'a Line<Payment>>> {
    let mut groups = Vec::new();
    let mut from = 0;
    while from < lines.len() {
        let last = lines[from].time.day().plus(days);
        let count = lines[from..].iter().take_while(|line| line.time.day() <= last).count();
        let group = &lines[from..from + count];
        let sum: i64 = group.iter().map(|line| line.item.amount).sum();
        if count >= params.split_n && sum >= limit {
            groups.push(group.to_vec());
            from += count;
        } else {
            from += 1;
        }
    }
    groups
}

/// Rents, salaries and bills: the same amount a month before or after, and once only at a time.
fn is_monthly(pair: &Pair, line: &Line<Payment>, days: i32) -> bool {
    let (all, day) = (pair.payments.iter().as_slice(), line.time.day());
    let from = all.partition_point(|other| other.time.day() < day.plus(-*MONTHLY_DAYS.end()));
    let near =
        all[from..].iter().take_while(|other| other.time.day() <= day.plus(*MONTHLY_DAYS.end()));
    let mut is_regular = false;
    for other in near.filter(|other| other.item.amount == line.item.amount) {
        let apart = (other.time.day().0 - day.0).abs();
        if other.identity() != line.identity() && apart <= days {
            return false;
        }
        is_regular |= MONTHLY_DAYS.contains(&apart);
    }
    is_regular
}

/// FUND-P03: one card for each group of payments.
fn split(pair: &Pair, params: &Params, look: &mut Look<'_>) {
    let splits = splits(pair, params);
    if splits.is_empty() {
        let (count, n, days) = (pair.payments.len(), params.split_n, params.split_window_d);
        return look.quiet(|| {
            Why::new(
                format!("{count} 笔低于限额的支付，{days} 日内没有 {n} 笔合计达到限额"),
                format!(
                    "{count} payments below a limit, never {n} within {days} days that reach it"
                ),
            )
            .count("payments", count)
            .count("split_n", n)
            .int("split_window_d", days)
        });
    }
    for Split { limit, is_near, lines } in splits {
        let is_round = lines.iter().all(|line| line.item.amount % ROUND_FEN == 0);
        let is_red = is_round && is_consecutive(&lines);
        let level = if is_red { Level::Red } else { Level::Yellow };
        let (first, nth) = (lines[0].time.day(), lines[params.split_n - 1].time);
        let at = reaches(&lines, limit, params.split_n).unwrap_or(nth);
        let sum: i64 = lines.iter().map(|line| line.item.amount).sum();
        let kind = if is_near { "near" } else { "window" };
        let fire = Fire::new(level, at)
            .episode(format!("{kind}/{limit}/{first}"))
            .evidence(lines.iter().map(|line| line.seq))
            .int("payments", lines.len() as i64)
            .day("from", first)
            .day("to", lines[lines.len() - 1].time.day())
            .text("sum_yuan", &yuan(sum))
            .text("limit_yuan", &yuan(limit));
        look.fire_because(fire, || {
            let (zh, en) = match is_near {
                true => ("各笔接近限额", "each close to the limit"),
                false => ("窗口内合计达到限额", "together at the limit within the window"),
            };
            Why::new(zh, en)
                .flag("round", is_round)
                .flag("consecutive", is_red)
                .int("limit_fen", limit)
                .int("sum_fen", sum)
        });
    }
}

/// When there were enough payments and they had reached the limit.
fn reaches(lines: &[&Line<Payment>], limit: i64, n: usize) -> Option<plumbline_guest::Local> {
    let mut sum = 0;
    lines.iter().enumerate().find_map(|(index, line)| {
        sum += line.item.amount;
        (index + 1 >= n && sum >= limit).then_some(line.time)
    })
}

fn is_consecutive(lines: &[&Line<Payment>]) -> bool {
    let numbers: Option<BTreeSet<i64>> = lines.iter().map(|line| line.item.voucher).collect();
    let Some(numbers) = numbers else { return false };
    let (Some(first), Some(last)) = (numbers.first(), numbers.last()) else { return false };
    numbers.len() == lines.len() && last - first == lines.len() as i64 - 1
}
