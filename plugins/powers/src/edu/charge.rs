//! EDU-F01 义务教育违规收费: fees that compulsory education may not charge, more than was published,
//! or without a receipt or a notice.

use super::{Charge, Line, What};
use crate::Params;
use crate::defect::Defects;
use plumbline_guest::{Level, Look, Why};
use std::collections::BTreeMap;

/// What rounding may add, fen.
const ROUNDING_FEN: i64 = 1;

/// What was charged under one code.
#[derive(Debug, Default)]
struct Fee {
    defects: Defects,
    count: usize,
    amount: i64,
}

/// One red card for each fee of the term.
pub(crate) fn unlawful(lines: &Vec<&Line>, params: &Params, look: &mut Look<'_>) {
    let mut fees: BTreeMap<&str, Fee> = BTreeMap::new();
    let mut unknown = None;
    for line in lines {
        let What::Charged(charge) = &line.what else { continue };
        let fee = fees.entry(&line.code).or_default();
        fee.count += 1;
        fee.amount = fee.amount.saturating_add(charge.amount.unwrap_or(0));
        match charge.is_compulsory {
            None => unknown = Some("stage"),
            Some(false) => {}
            Some(true) => {
                let lacks = judge(lines, (line, charge), params, &mut fee.defects);
                unknown = lacks.or(unknown);
            }
        }
    }
    let (codes, charges) = (fees.len(), fees.values().map(|fee| fee.count).sum::<usize>());
    let mut fired = false;
    for (code, fee) in fees {
        let Fee { defects, count, amount } = fee;
        let finish = |fire: plumbline_guest::Fire| {
            fire.episode(code).text("code", code).int("amount", amount)
        };
        fired |= defects.fire(look, finish, || Why::default().count("charges", count));
    }
    match unknown {
        _ if fired => {}
        Some(field) => look.unknown(field),
        None => look.quiet(|| {
            Why::new(
                format!("{codes} 项 {charges} 笔收费，未见违规"),
                format!("{charges} charges of {codes} fees, nothing found"),
            )
            .count("fees", codes)
            .count("charges", charges)
        }),
    }
}

/// Returns what is missing to judge.
fn judge(
    lines: &[&Line],
    (line, charge): (&Line, &Charge),
    params: &Params,
    defects: &mut Defects,
) -> Option<&'static str> {
    let proof = (Level::Red, line.time, line.seq);
    let banned = &params.edu.banned_fees;
    if banned.iter().any(|fee| *fee == line.code || *fee == charge.kind) {
        defects.add(
            proof,
            "义务教育不得收取的费用",
            "a fee that compulsory education may not charge",
        );
    }
    let mut unknown = None;
    match charge.has_receipt {
        None => unknown = Some("receipt_no"),
        Some(false) => defects.add(proof, "无票据", "no receipt"),
        Some(true) => {}
    }
    if charge.notice_given == Some(false) {
        defects.add(proof, "无收费通知", "no notice");
    }
    if charge.is_agreed {
        return unknown;
    }
    match published(lines, line) {
        List::None => unknown = Some("edu.fee.published"),
        List::Without => {
            defects.add(proof, "不在公示收费项目内", "not among the published fees");
        }
        List::At(price) => match (price, charge.student_cnt, charge.amount) {
            (Some(price), Some(count), Some(amount)) => {
                let most = price.saturating_mul(count);
                if amount > most.saturating_add(ROUNDING_FEN) {
                    defects.add(
                        proof,
                        format!("收取 {amount} 分，公示标准 {price} 分×{count} 人"),
                        format!("{amount} fen, published {price} fen for {count} students"),
                    );
                }
            }
            (None, ..) => unknown = Some("price"),
            (_, None, _) => unknown = Some("student_cnt"),
            _ => unknown = Some("amount"),
        },
    }
    unknown
}

/// What the school had published by the day of a charge.
enum List {
    /// Nothing at all: the source may not report it.
    None,
    /// Other fees only.
    Without,
    At(Option<i64>),
}

fn published(lines: &[&Line], line: &Line) -> List {
    let day = line.time.day();
    let mut list = List::None;
    for other in lines.iter().take_while(|other| other.time.day() <= day) {
        let What::Published { price, .. } = other.what else { continue };
        if other.code == line.code {
            list = List::At(price);
        } else if matches!(list, List::None) {
            list = List::Without;
        }
    }
    list
}
