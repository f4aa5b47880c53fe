//! FUND-A02 大额直达个人/空壳: money of a project goes to a person, or to a firm that looks empty.

use super::{Paid, Payment};
use crate::Params;
use crate::day::yuan;
use crate::row::Party;
use plumbline_guest::{Fire, Level, Look, Why};

/// Credit codes of farmers' cooperatives begin so (GB 32100): they are new by design.
const COOPERATIVE_PREFIX: &str = "93";

/// One card for each payment.
pub(super) fn suspicious(payment: &Payment, params: &Params, look: &mut Look<'_>) {
    let Some((entry, paid)) = payment.paid() else {
        return look.quiet(|| Why::new("尚未支付", "not paid yet").flag("paid", false));
    };
    let Some(amount) = paid.amount else { return look.unknown("amount") };
    if paid.project.is_empty() || amount < params.shell_min {
        return look.quiet(|| {
            let min = params.shell_min;
            Why::new(
                format!("不是项目资金，或 {amount} 分低于 {min} 分"),
                format!("no project money, or {amount} fen are less than {min}"),
            )
            .int("amount_fen", amount)
            .int("shell_min", min)
        });
    }
    let kind = paid.payee_kind.as_deref();
    if kind == Some("cooperative")
        || (kind != Some("person") && paid.payee.starts_with(COOPERATIVE_PREFIX))
    {
        return look.exempt(|| {
            Why::new("农民专业合作社", "a farmers' cooperative").text("payee", &paid.payee)
        });
    }
    if params.startup_funds.contains(&paid.fund_code) {
        return look.exempt(|| {
            Why::new("创业扶持资金", "a fund that supports new firms")
                .text("fund_code", &paid.fund_code)
        });
    }
    let Some(grounds) = grounds(paid, params, look) else { return look.unknown("party") };
    if grounds.is_empty() {
        return look.quiet(|| {
            let (days, firms) = (params.shell_d, params.shell_firms);
            Why::new(
                format!("收款人未见异常（成立满 {days} 日，同址不足 {firms} 户）"),
                format!("nothing found with the payee ({days} days old, fewer than {firms} firms at its address)"),
            )
            .text("payee", &paid.payee)
            .int("shell_d", days)
            .int("shell_firms", firms)
        });
    }
    let zh: Vec<_> = grounds.iter().map(|(zh, _)| zh.as_str()).collect();
    let en: Vec<_> = grounds.iter().map(|(_, en)| en.as_str()).collect();
    let (zh, en) = (zh.join("、"), en.join(", "));
    let fire = Fire::new(Level::Yellow, paid.at)
        .dept(&entry.dept)
        .evidence([entry.seq])
        .text("project", &paid.project)
        .text("payee", &paid.payee)
        .text("amount_yuan", &yuan(amount))
        .text("zh", &zh)
        .text("en", &en);
    look.fire_because(fire, || {
        let (days, firms) = (params.shell_d, params.shell_firms);
        Why::new(
            format!("{zh}（成立不足 {days} 日，同址 {firms} 户）"),
            format!("{en} (younger than {days} days, {firms} firms at one address)"),
        )
        .int("shell_d", days)
        .int("shell_firms", firms)
    });
}

/// What speaks against the payee; `None` if nothing is known of it.
fn grounds(paid: &Paid, params: &Params, look: &Look<'_>) -> Option<Vec<(String, String)>> {
    let kind = paid.payee_kind.as_deref();
    if kind == Some("person") {
        return Some(vec![("支付给个人".to_owned(), "paid to a person".to_owned())]);
    }
    let on = paid.at.day();
    let Some(party) = look.row::<Party>(&paid.payee, on) else {
        // A body that is said to be no firm needs no entry among the firms.
        return matches!(kind, Some("institution" | "household")).then(Vec::new);
    };
    let mut grounds = Vec::new();
    let mut add = |zh: String, en: String| grounds.push((zh, en));
    if let Some(days) =
        party.established.map(|day| on.0 - day.0).filter(|days| *days < params.shell_d)
    {
        add(format!("成立仅 {days} 日"), format!("founded {days} days before"));
    }
    if party.staff == Some(0) {
        add("无从业人员".to_owned(), "nobody employed".to_owned());
    }
    if party.address_firms >= params.shell_firms {
        let firms = party.address_firms;
        add(format!("同址 {firms} 户企业"), format!("{firms} firms at its address"));
    }
    if party.officer_contact {
        let (zh, en) = ("与公职人员同址或同号", "shares address or telephone with an officer");
        add(zh.to_owned(), en.to_owned());
    }
    Some(grounds)
}
