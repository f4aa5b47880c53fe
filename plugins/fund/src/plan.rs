//! One plan of allocation: FUND-P05 分配未公示/未集体.

use crate::Params;
use crate::book::Book;
use crate::day::{moment, yuan};
use crate::row::FundRow;
use plumbline_guest::json::Value;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};

/// Earliest payments that are kept: only the first is judged, the others stand by for corrections.
const PAYMENTS_MAX: usize = 50;

/// What the plan says.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Allocation {
    fund_code: String,
    amount: i64,
    /// `None` if not reported, empty if there was none.
    meeting_no: Option<String>,
    published_at: Option<Day>,
    emergency: bool,
    confidential: bool,
}

/// What is kept of a plan.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Plan {
    allocations: Facts<Allocation>,
    /// First and last days of publication.
    published: Book<(Day, Day)>,
    paid: Book<()>,
}

impl Plan {
    fn allocated(&mut self, event: &Event<'_>) -> Option<()> {
        let items = event.get("items").into_iter().flat_map(Value::items);
        let amounts = items.filter_map(|item| item.object().get("amount").and_then(Value::int));
        let allocation = Allocation {
            fund_code: event.text("fund_code")?,
            amount: amounts.sum(),
            meeting_no: event.text("meeting_no"),
            published_at: event.day("published_at"),
            emergency: event.flag("emergency") == Some(true),
            confidential: event.flag("confidential") == Some(true),
        };
        self.allocations.put(event, allocation);
        Some(())
    }

    fn published(&mut self, event: &Event<'_>) -> Option<()> {
        let days = (event.day("from")?, event.day("to").unwrap_or(Day::MAX));
        self.published.put(event, event.time, days);
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Plans;

impl Stream for Plans {
    const NAME: &'static str = "plan";
    type State = Plan;
    type Params = Params;

    fn take(plan: &mut Plan, event: &Event<'_>, _: &Params) {
        // What lacks its fund or its days cannot be judged; the host counts the missing field.
        match event.kind {
            "fund.plan.allocated" => plan.allocated(event).unwrap_or_default(),
            "fund.publicity.done" => plan.published(event).unwrap_or_default(),
            _ => {
                plan.paid.put(event, moment(event, "at"), ());
                if plan.paid.len() > PAYMENTS_MAX {
                    plan.paid.remove(PAYMENTS_MAX);
                }
            }
        }
    }

    fn check(plan: &Plan, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Plan, Params>] = &[("FUND-P05", in_the_dark)];
        apply(rules, &params.off, plan, params, look);
    }
}

/// FUND-P05: a card for what was paid before it was published for long enough, one for a large plan
/// without a collective decision.
fn in_the_dark(plan: &Plan, params: &Params, look: &mut Look<'_>) {
    // A plan that was made anew says everything again.
    let Some(entry) = plan.allocations.iter().last() else {
        return look.unknown("fund.plan.allocated");
    };
    let allocation = &entry.fact;
    if allocation.emergency {
        return look.exempt(|| {
            let (zh, en) = ("应急救助简化程序", "emergency relief by the simplified procedure");
            Why::new(zh, en).int("amount_fen", allocation.amount)
        });
    }
    let fires = [
        unpublished(plan, allocation, (entry.seq, &entry.dept), params, look),
        undecided(allocation, (entry.time, entry.seq, &entry.dept), params, look),
    ];
    if fires != [false, false] {
        return;
    }
    if allocation.amount >= params.meeting_min && allocation.meeting_no.is_none() {
        return look.unknown("meeting_no");
    }
    look.quiet(|| {
        let (paid, publications) = (plan.paid.len(), plan.published.len());
        Why::new(
            format!(
                "公示 {publications} 次，支付 {paid} 笔，集体决策起点 {} 元",
                yuan(params.meeting_min)
            ),
            format!(
                "{publications} publications, {paid} payments, collective from {} yuan on",
                yuan(params.meeting_min)
            ),
        )
        .count("publications", publications)
        .count("payments", paid)
        .int("meeting_min", params.meeting_min)
    });
}

/// The first payment came before the days of publication were over.
fn unpublished(
    plan: &Plan,
    allocation: &Allocation,
    (seq, dept): (u64, &str),
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let Some(paid) = plan.paid.iter().next().filter(|_| !allocation.confidential) else {
        return false;
    };
    // A publication may be reported a little later than the payment.
    if !look.reached(paid.time.plus_minutes(params.grace_min)) {
        return false;
    }
    let day = paid.time.day();
    let row = look.row::<FundRow>(&allocation.fund_code, day);
    let needed = row.and_then(|row| row.publicity_d).unwrap_or(params.pub_d);
    let before = |(from, to): (Day, Day)| to.min(day.plus(-1)).0.saturating_sub(from.0) + 1;
    let told = plan.published.iter().map(|line| line.item);
    let said = allocation.published_at.map(|from| (from, Day::MAX));
    let had = told.chain(said).map(before).max().unwrap_or(0).max(0);
    if had >= needed {
        return false;
    }
    let fire = Fire::new(Level::Yellow, paid.time)
        .episode("public")
        .dept(dept)
        .evidence([seq, paid.seq])
        .text("zh", &format!("支付前公示 {had} 日，应不少于 {needed} 日"))
        .text("en", &format!("published for {had} days before the payment, {needed} are due"));
    look.fire_because(fire, || {
        Why::new(format!("{day} 首次支付"), format!("first paid on {day}"))
            .day("paid_on", day)
            .int("published_d", had)
            .int("publicity_d", needed)
    });
    true
}

/// A large plan whose minutes are reported as lacking.
fn undecided(
    allocation: &Allocation,
    (at, seq, dept): (plumbline_guest::Local, u64, &str),
    params: &Params,
    look: &mut Look<'_>,
) -> bool {
    let lacks = allocation.meeting_no.as_deref().is_some_and(str::is_empty);
    if allocation.amount < params.meeting_min || !lacks {
        return false;
    }
    let (amount, min) = (yuan(allocation.amount), yuan(params.meeting_min));
    let fire = Fire::new(Level::Yellow, at)
        .episode("meeting")
        .dept(dept)
        .evidence([seq])
        .text("zh", &format!("{amount} 元未经集体决策（{min} 元起须集体决策）"))
        .text("en", &format!("{amount} yuan without a collective decision, due from {min} on"));
    look.fire_because(fire, || {
        Why::new("没有会议纪要", "no minutes").int("amount_fen", allocation.amount)
    });
    true
}
