//! FUND-T03 涉企欠款: a small or medium enterprise is not paid in time for what was accepted.

use super::{Acceptance, Project, Said, acceptances};
use crate::Params;
use crate::day::yuan;
use plumbline_guest::{Day, Fire, Level, Local, Look, Unit, Why};

/// One card for each acceptance. What is in dispute and what is retained by contract is not owed.
pub(super) fn unpaid(project: &Project, params: &Params, look: &mut Look<'_>) {
    let (mut found, mut judged, mut is_unknown) = (0, 0, None);
    let all = acceptances(project);
    for (index, (acceptance, seq, dept)) in all.iter().enumerate() {
        if acceptance.result == "fail" || acceptance.sme == Some(false) {
            continue;
        }
        let missing = match (acceptance.sme, acceptance.amount) {
            (None, _) => Some("sme"),
            (_, None) => Some("amount"),
            _ => None,
        };
        if missing.is_some() {
            is_unknown = missing;
            continue;
        }
        judged += 1;
        // Earlier claims of the same supplier are paid first.
        let claims = all[..=index].iter().map(|(claim, ..)| *claim);
        let claims = claims.filter(|claim| {
            claim.payee == acceptance.payee && claim.sme == Some(true) && claim.result != "fail"
        });
        let owed: i64 = claims.map(|claim| net(claim, params)).sum();
        found += usize::from(judge(project, acceptance, owed, (*seq, dept), params, look));
    }
    match (found, judged, is_unknown) {
        (1.., ..) => {}
        (_, 0, Some(field)) => look.unknown(field),
        _ => look.quiet(|| {
            Why::new(
                format!("{judged} 笔应付中小企业款项，已按期支付或未到期"),
                format!("{judged} claims of small firms, paid in time or not due yet"),
            )
            .int("claims", judged)
        }),
    }
}

fn net(claim: &Acceptance, params: &Params) -> i64 {
    let amount = claim.amount.unwrap_or(0) - claim.disputed;
    match claim.retention_until {
        Some(_) => amount - amount * params.retention_pct / 100,
        None => amount,
    }
}

/// What the supplier had got by the end of a day; a claim that names no supplier looks at all
/// payments of the project.
fn paid_by(project: &Project, payee: &str, day: Day) -> i64 {
    let is_his = |at: &Local, to: &str| at.day() <= day && (payee.is_empty() || to == payee);
    let amounts = project.iter().filter_map(|entry| match &entry.fact {
        Said::Paid(paid) if is_his(&paid.at, &paid.payee) => Some(paid.amount),
        Said::Returned { at, amount, payee } if is_his(at, payee) => Some(-amount),
        _ => None,
    });
    amounts.sum()
}

fn judge(
    project: &Project,
    acceptance: &Acceptance,
    owed: i64,
    (seq, dept): (u64, &str),
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let from = acceptance.at.day();
    let days = acceptance.pay_d.map_or(params.sme_d, |days| days.clamp(0, params.sme_max_d));
    let due = look.add(from, days, Unit::CalendarDay, true);
    let latest = look.add(from, params.sme_max_d, Unit::CalendarDay, true);
    if due.provisional {
        look.provisional();
        return false;
    }
    let lacks = |day: Day| owed - paid_by(project, &acceptance.payee, day);
    if lacks(due.day) <= 0 || !look.reached(due.day.plus(1).start()) {
        return false;
    }
    let is_red =
        !latest.provisional && lacks(latest.day) > 0 && look.reached(latest.day.plus(1).start());
    let level = if is_red { Level::Red } else { Level::Yellow };
    let lack = lacks(due.day);
    let fire = Fire::overdue(level, due.day)
        .episode(format!("{}/{from}", acceptance.contract_no))
        .dept(dept)
        .evidence([seq])
        .day("due", due.day)
        .int("limit_d", days.into())
        .text("amount_yuan", &yuan(lack));
    look.fire_because(fire, || {
        let max = params.sme_max_d;
        Why::new(
            format!("{from} 验收，{days} 日内应付清，到期尚欠 {lack} 分（超过 {max} 日红牌）"),
            format!("accepted on {from}, to be paid within {days} days, {lack} fen lacking (red beyond {max} days)"),
        )
        .day("accepted", from)
        .int("lacking_fen", lack)
        .int("sme_max_d", max)
    });
    true
}
