//! FUND-P04 审批链不全: a role of the fund's process is missing, the applicant approved himself, or
//! approvals came out of order or after the payment.

use super::{Paid, Payment};
use crate::Params;
use crate::row::{FundRow, text};
use plumbline_guest::json::{Object, Value};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Why};

/// Roles that ask and do not approve.
const ASKING_ROLES: [&str; 2] = ["applicant", "经办"];
/// Versions of one process that may be in force on a day.
const VERSIONS_MAX: u32 = 4;

/// One approval in the chain.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(super) struct Approval {
    role: String,
    officer: String,
    /// As it was written; read when the region's clock is at hand.
    at: String,
    delegated: bool,
}

/// The chain as it is reported: `None` if the field is absent.
pub(super) fn read(event: &Event<'_>) -> Option<Vec<Approval>> {
    let list = match event.get("approver_chain")? {
        Value::Null => return Some(Vec::new()),
        list @ Value::Array(_) => list,
        _ => return None,
    };
    let approval = |item: Value<'_>| {
        let item = item.object();
        let delegation = text(&item, "delegation_no");
        Approval {
            role: text(&item, "role"),
            officer: text(&item, "officer"),
            at: text(&item, "at"),
            delegated: !delegation.is_empty(),
        }
    };
    Some(list.items().map(approval).collect())
}

/// One card for each payment; a payment that came back keeps it.
pub(super) fn incomplete(payment: &Payment, _: &Params, look: &mut Look<'_>) {
    let Some((entry, paid)) = payment.paid() else {
        return look.quiet(|| Why::new("尚未支付", "not paid yet").flag("paid", false));
    };
    let Some(chain) = &paid.chain else { return look.unknown("approver_chain") };
    let required = required(paid, look);
    let times = chain.iter().filter_map(|approval| look.stamp(&approval.at)).collect::<Vec<_>>();
    let faults = faults(payment, paid, (chain, &times), &required);
    if faults.is_empty() {
        return look.quiet(|| {
            let (count, needed) = (chain.len(), required.len());
            Why::new(
                format!("{count} 人审批，流程要求的 {needed} 个岗位齐全，次序无误"),
                format!("{count} approvals in order, all {needed} roles of the process present"),
            )
            .count("approvals", count)
            .count("roles", needed)
        });
    }
    let zh: Vec<_> = faults.iter().map(|(zh, _)| zh.as_str()).collect();
    let en: Vec<_> = faults.iter().map(|(_, en)| en.as_str()).collect();
    let (zh, en) = (zh.join("、"), en.join(", "));
    let fire = Fire::new(Level::Red, paid.at)
        .dept(&entry.dept)
        .evidence([entry.seq])
        .text("zh", &zh)
        .text("en", &en);
    look.fire_because(fire, || {
        let roles = chain.iter().map(|approval| approval.role.as_str());
        Why::new(zh, en)
            .texts("chain", roles)
            .texts("required", required.iter().map(String::as_str))
    });
}

type Words = (String, String);

fn faults(
    payment: &Payment,
    paid: &Paid,
    (chain, times): (&[Approval], &[Local]),
    required: &[String],
) -> Vec<Words> {
    let mut faults = Vec::new();
    let approvals: Vec<_> =
        chain.iter().filter(|approval| !ASKING_ROLES.contains(&approval.role.as_str())).collect();
    if approvals.is_empty() {
        faults.push(("无人审批".to_owned(), "nobody approved".to_owned()));
    }
    let lacks = |role: &&String| !approvals.iter().any(|approval| approval.role == **role);
    for role in required.iter().filter(lacks) {
        faults.push((format!("缺少岗位 {role}"), format!("role {role} is missing")));
    }
    let asking = chain.iter().find(|approval| ASKING_ROLES.contains(&approval.role.as_str()));
    let applicant = payment.applicant().or(asking.map(|approval| approval.officer.as_str()));
    let is_self = |applicant: &str| {
        let own = |approval: &&Approval| approval.officer == applicant && !approval.delegated;
        !applicant.is_empty() && approvals.iter().copied().any(|approval| own(&approval))
    };
    if let Some(applicant) = applicant.filter(|applicant| is_self(applicant)) {
        faults.push((
            format!("申请人 {applicant} 自批"),
            format!("the applicant {applicant} approved himself"),
        ));
    }
    let place = |role: &String| approvals.iter().position(|approval| approval.role == *role);
    let places: Vec<_> = required.iter().filter_map(place).collect();
    if !times.is_sorted() || !places.is_sorted() {
        faults.push(("审批次序颠倒".to_owned(), "approved out of order".to_owned()));
    }
    if times.iter().any(|at| *at > paid.at) {
        faults.push(("先付后批".to_owned(), "approved after the payment".to_owned()));
    }
    faults
}

/// Roles that the fund's process requires, in its order; none if the fund names no process.
fn required(paid: &Paid, look: &Look<'_>) -> Vec<String> {
    let on = paid.at.day();
    let process = look.row::<FundRow>(&paid.fund_code, on).map(|row| row.process.clone());
    let Some(process) = process.filter(|process| !process.is_empty()) else { return Vec::new() };
    let rows = look.rows("process_def", &format!("fund/{process}/"), on, VERSIONS_MAX);
    let Some((_, row)) = rows.last() else { return Vec::new() };
    let row = Object::parse(row);
    let nodes = row.get("nodes").into_iter().flat_map(Value::items).map(Value::object);
    let mandatory =
        nodes.filter(|node| node.get("mandatory").and_then(Value::bool).unwrap_or(true));
    let role = |node: Object<'_>| match text(&node, "role") {
        role if role.is_empty() => text(&node, "id"),
        role => role,
    };
    mandatory.map(role).collect()
}
