//! PEN-F02 and F03: surcharges on unpaid fines, and fines that nobody enforces.

use super::deadline::served_on;
use super::fact::{Fact, Surcharge};
use super::view::Case;
use crate::Params;
use crate::defect::Defects;
use crate::span::{is_late, of_cal, rolled};
use plumbline_guest::{Day, Due, Entry, Fire, Level, Local, Look, Unit, Why};

const PER_MILLE: i64 = 1000;

/// PEN-F02 加处罚款超本金: red. More than the fine in all, more than the rate of a day, or computed
/// while a reconsideration or a lawsuit was under way.
pub(crate) fn surcharged(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let charges: Vec<_> = case
        .facts
        .iter()
        .filter_map(|entry| match &entry.fact {
            Fact::Surcharge(said) => Some((entry, said)),
            _ => None,
        })
        .collect();
    if charges.is_empty() {
        return look.quiet(|| Why::new("没有加处罚款", "no surcharge").flag("surcharged", false));
    }
    let principal = case.decided.and_then(|decided| decided.said.fine());
    let mut defects = Defects::default();
    let (mut total, mut unknown) = (0_i64, principal.is_none().then_some("items"));
    for (entry, said) in &charges {
        let Some(amount) = said.amount else {
            unknown = Some("amount");
            continue;
        };
        total = total.saturating_add(amount);
        let proof = (Level::Red, entry.time, entry.seq);
        if let Some(principal) = principal {
            if total > principal {
                defects.add(
                    proof,
                    format!("加处罚款合计 {total} 分超过罚款本金 {principal} 分"),
                    format!("surcharges of {total} fen exceed the fine of {principal}"),
                );
            }
            let rate = params.limits.surcharge_permille;
            let allowed = |days: i64| principal.saturating_mul(rate * days) / PER_MILLE;
            if let Some(days) = days(said).filter(|days| amount > allowed(*days)) {
                defects.add(
                    proof,
                    format!("{days} 日加处 {amount} 分，超过每日千分之 {rate}"),
                    format!("{amount} fen for {days} days, more than {rate} per mille a day"),
                );
            }
        }
        if in_remedy(case, entry, said) {
            let (zh, en) =
                ("复议或诉讼期间计算加处罚款", "computed during reconsideration or suit");
            defects.add(proof, zh, en);
        }
    }
    if let (true, Some(field)) = (defects.is_empty(), unknown) {
        return look.unknown(field);
    }
    let fire = |fire: Fire| fire.dept(case.dept()).int("total", total);
    defects.fire(look, fire, |_| {
        let principal = principal.unwrap_or(-1);
        Why::new(
            format!("加处罚款合计 {total} 分，本金 {principal} 分"),
            format!("surcharges of {total} fen on a fine of {principal}"),
        )
        .int("surcharges", total)
        .int("principal", principal)
    });
}

fn days(said: &Surcharge) -> Option<i64> {
    let between = || Some(i64::from(said.to?.0 - said.from?.0) + 1);
    said.days.or_else(between).filter(|days| *days > 0)
}

/// Whether the days that a surcharge is computed for touch a remedy that was under way.
fn in_remedy(case: &Case<'_>, entry: &Entry<Fact>, said: &Surcharge) -> bool {
    let to = said.to.unwrap_or(entry.time.day());
    let from = said.from.unwrap_or(to);
    remedies(case).iter().any(|(begin, end)| from < end.day() && begin.day() < to)
        || (said.from.is_none()
            && remedies(case).iter().any(|(begin, end)| *begin < entry.time && entry.time < *end))
}

/// Remedies from filing to result; one without a result is still under way.
fn remedies(case: &Case<'_>) -> Vec<(Local, Local)> {
    let mut spans: Vec<(Local, Local)> = Vec::new();
    for entry in case.facts {
        match entry.fact {
            Fact::Appealed => spans.push((entry.time, Local(i64::MAX))),
            Fact::AppealDecided => {
                let open = spans.iter_mut().find(|(_, end)| *end == Local(i64::MAX));
                if let Some((_, end)) = open {
                    *end = entry.time;
                }
            }
            _ => {}
        }
    }
    spans
}

/// PEN-F03 应执行未执行: yellow when nothing was done about an unpaid fine by the last day to pay;
/// red when the time to apply to a court has been lost as well.
pub(crate) fn unexecuted(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let Some(decided) = case.decided else {
        return look.quiet(|| Why::new("尚未决定", "not decided yet").flag("decided", false));
    };
    let Some(fine) = decided.said.fine() else { return look.unknown("items") };
    if fine == 0 {
        return look.quiet(|| Why::new("没有罚款", "no fine").flag("fined", false));
    }
    if case.has(is_excuse) {
        return look.exempt(|| {
            Why::new("已批准分期延期或依法终结执行", "instalments approved, or execution ended")
                .flag("excused", true)
        });
    }
    let Some((served, _, seq)) = served_on(case, params) else {
        return look.quiet(|| Why::new("尚未送达", "not served yet").flag("served", false));
    };
    let Some(last) = LastDays::of(case, served, params, look) else {
        return look.quiet(|| {
            Why::new("复议或诉讼尚未结束", "reconsideration or suit under way").flag("remedy", true)
        });
    };
    if last.pay.provisional {
        return look.provisional();
    }
    let settled = settled(case, fine);
    let first = |wanted: fn(&Fact) -> bool| {
        let acted = case.find(wanted).map(|entry| entry.time.day());
        [settled, acted].into_iter().flatten().min()
    };
    let acted = first(|fact| matches!(fact, Fact::Surcharge(_) | Fact::CourtApplied));
    let applied = first(|fact| matches!(fact, Fact::CourtApplied));
    let words = ("送达至缴纳或执行", "from service to payment or execution");
    let why = of_cal(words, last.from, (settled, params.limits.pay_cal), last.pay.day, look);
    let is_lost = !last.apply.provisional && is_late(applied, last.apply.day, look);
    let (level, day, zh, en) = if is_lost {
        let zh = "逾期未缴，且超过申请法院强制执行的期限";
        (Level::Red, last.apply.day, zh, "unpaid, and the time to apply to a court is lost")
    } else if is_late(acted, last.pay.day, look) {
        let zh = "逾期未缴，未加处罚款、未分期、未申请执行";
        let en = "unpaid, with neither surcharge nor instalments nor application";
        (Level::Yellow, last.pay.day, zh, en)
    } else {
        return look.quiet(|| why);
    };
    let fire = Fire::overdue(level, day)
        .dept(case.dept())
        .evidence([decided.seq(), seq])
        .int("fine", fine)
        .day("due", day)
        .text("reasons_zh", zh)
        .text("reasons_en", en);
    look.fire_because(fire, || why);
}

/// The last days to pay and to apply to a court.
struct LastDays {
    /// Service, or the result of a remedy.
    from: Day,
    pay: Due,
    apply: Due,
}

impl LastDays {
    /// A remedy moves both periods to its result; none while one is under way.
    fn of(case: &Case<'_>, served: Day, params: &Params, look: &Look<'_>) -> Option<Self> {
        let limits = &params.limits;
        let result = remedies(case).iter().map(|(_, end)| *end).max();
        if result == Some(Local(i64::MAX)) {
            return None;
        }
        let from = result.map_or(served, |end| end.day().max(served));
        let pay = rolled(look, from.plus(limits.pay_cal), limits.roll);
        // Who has had the result of a remedy has no other to wait for.
        let lapse = match from == served {
            true => look.add(from, limits.remedy_months, Unit::Month, limits.roll).day,
            false => pay.day,
        };
        let apply = look.add(lapse, limits.apply_months, Unit::Month, limits.roll);
        Some(Self { from, pay, apply })
    }
}

fn is_excuse(fact: &Fact) -> bool {
    matches!(fact, Fact::Instalment | Fact::ExecutionEnded)
}

/// The day on which the fine was paid in full. An amount that is not told counts as all of it.
fn settled(case: &Case<'_>, fine: i64) -> Option<Day> {
    let mut paid = 0_i64;
    for entry in case.facts {
        if let Fact::Paid(payment) | Fact::OnSpot(payment) = &entry.fact {
            paid = paid.saturating_add(payment.amount.unwrap_or(fine));
            if paid >= fine {
                return Some(entry.time.day());
            }
        }
    }
    None
}
