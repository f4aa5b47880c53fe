//! FUND-T01 下达/拨付迟延: money that must be issued onward was not, or a payment that was asked for
//! did not come, within its term.

use super::{FundState, Grant, MoneyKind, View};
use crate::Params;
use crate::book::Line;
use crate::day::yuan;
use plumbline_guest::{Day, Fire, Level, Look, Unit, Why};
use std::collections::BTreeMap;

/// One card for each document, and one for each late payment.
pub(super) fn late(fund: &View<'_>, params: &Params, look: &mut Look<'_>) {
    let done = issued(fund);
    let mut found = 0;
    let duties = fund.grants.iter().filter(|line| line.item.must_issue && line.item.amount > 0);
    let (mut judged, mut open) = (0, 0);
    for line in duties {
        if line.item.kind == MoneyKind::Open {
            open += 1;
            continue;
        }
        judged += 1;
        let whole = done.get(&line.identity()).copied();
        found += usize::from(overdue(line, whole, params, look));
    }
    for (pay_no, late) in &fund.late {
        let Some((due, limit_wd, is_red)) = late.due else { continue };
        found += 1;
        let level = if is_red { Level::Red } else { Level::Yellow };
        let (zh, en) = (format!("用款申请 {pay_no}"), format!("request {pay_no}"));
        let fire = Fire::overdue(level, due)
            .episode(format!("pay/{pay_no}"))
            .subject(pay_no)
            .dept(&late.dept)
            .evidence([late.seq])
            .text("zh", &format!("{zh}：{limit_wd} 个工作日内未支付"))
            .text("en", &format!("{en}: not paid within {limit_wd} working days"))
            .day("due", due);
        look.fire_because(fire, || Why::new(zh, en).int("limit_wd", limit_wd));
    }
    if found > 0 {
        return;
    }
    if judged == 0 && open > 0 {
        return look.exempt(|| {
            Why::new("据实结算或分期下达的资金", "settled by actual figures or in stages")
                .int("documents", open)
        });
    }
    look.quiet(|| {
        Why::new(
            format!("{judged} 份须下达的文件，期限内已下达或未到期"),
            format!("{judged} documents to be issued, in time or not due yet"),
        )
        .int("documents", judged)
    });
}

/// On which day each document was wholly issued. An issue that names no source counts for the
/// oldest document that is still open.
fn issued(fund: &FundState) -> BTreeMap<u64, Day> {
    let mut open: Vec<(&Line<Grant>, i64)> = fund
        .grants
        .iter()
        .filter(|line| line.item.must_issue && line.item.amount > 0)
        .map(|line| (line, line.item.amount))
        .collect();
    let mut done = BTreeMap::new();
    for issue in &fund.issues {
        let mut left = issue.item.amount;
        let source = issue.item.source_doc.as_deref();
        for (line, need) in &mut open {
            let is_meant = match source {
                Some(doc_no) => doc_no == line.item.doc_no,
                None => line.time <= issue.time,
            };
            if !is_meant || *need == 0 || left <= 0 {
                continue;
            }
            let share = left.min(*need);
            (*need, left) = (*need - share, left - share);
            if *need == 0 {
                done.insert(line.identity(), issue.time.day());
            }
        }
    }
    done
}

/// Fires if the document was not wholly issued by its last day.
fn overdue(line: &Line<Grant>, whole: Option<Day>, params: &Params, look: &mut Look<'_>) -> bool {
    let (grant, from) = (&line.item, line.time.day());
    let (days, unit) = match (grant.kind, grant.is_budget) {
        (MoneyKind::Relief, _) => (params.relief_wd, Unit::WorkingDay),
        (MoneyKind::Special, true) => (params.issue_special_d, Unit::CalendarDay),
        _ => (params.issue_general_d, Unit::CalendarDay),
    };
    let (due, twice) = (look.add(from, days, unit, true), look.add(from, 2 * days, unit, true));
    if due.provisional {
        look.provisional();
        return false;
    }
    let missed = |due: Day| whole.is_none_or(|day| day > due);
    if !missed(due.day) || !look.reached(due.day.plus(1).start()) {
        return false;
    }
    let is_double =
        !twice.provisional && missed(twice.day) && look.reached(twice.day.plus(1).start());
    let is_red = grant.kind == MoneyKind::Relief || is_double;
    let level = if is_red { Level::Red } else { Level::Yellow };
    let (zh_unit, en_unit) = match unit {
        Unit::WorkingDay => ("个工作日", "working days"),
        _ => ("日", "days"),
    };
    let (doc_no, amount) = (&grant.doc_no, yuan(grant.amount));
    let fire = Fire::overdue(level, due.day)
        .episode(format!("doc/{doc_no}"))
        .dept(&grant.dept)
        .evidence([line.seq])
        .text("zh", &format!("{doc_no} 的 {amount} 元 {days} {zh_unit}内未全部下达"))
        .text("en", &format!("{amount} yuan of {doc_no} not wholly issued within {days} {en_unit}"))
        .day("due", due.day);
    look.fire_because(fire, || {
        let whole = whole.map_or_else(|| "-".to_owned(), |day| day.to_string());
        Why::new(
            format!("{from} 起 {days} {zh_unit}，全部下达于 {whole}"),
            format!("{days} {en_unit} from {from}, wholly issued on {whole}"),
        )
        .day("from", from)
        .int("limit", days)
        .text("issued", &whole)
    });
    true
}
