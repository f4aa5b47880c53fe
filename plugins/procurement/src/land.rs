//! One seller's land and property: PROC-L01 土地/产权.

use crate::clue::{Clue, Clues};
use crate::{Params, period, read};
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Event, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most deals of one seller that are kept; the oldest go first.
const DEALS_MAX: usize = 1_000;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Deal {
    kind: String,
    /// The agency, or the class of buyers: a row is looked for within one.
    line: String,
    at: Local,
    seq: u64,
    price: Option<i64>,
    floor: Option<i64>,
    appraisal: Option<i64>,
    bidders: Option<i64>,
    pay_due: Option<Day>,
    paid_at: Local,
    policy_zone: bool,
    approved: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Deals(BTreeMap<String, Deal>);

/// The stream.
#[derive(Debug)]
pub(crate) struct Sellers;

impl Stream for Sellers {
    const NAME: &'static str = "land";
    type State = Deals;
    type Params = Params;

    fn take(deals: &mut Deals, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        deals.put(event).unwrap_or_default();
    }

    fn check(deals: &Deals, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Deals, Params>; 1] = [("PROC-L01", unusual)];
        apply(&rules, &params.off, deals, params, look);
    }
}

impl Deals {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        let class = event.text("seller_class")?;
        let deal = Deal {
            kind: event.text("kind")?,
            line: if class.is_empty() { event.text("agency")? } else { class },
            at: Local(event.int("at")?),
            seq: event.int("evidence")? as u64,
            price: event.int("price"),
            floor: event.int("floor"),
            appraisal: event.int("appraisal"),
            bidders: event.int("bidders"),
            pay_due: event.int("pay_due").and_then(|day| i32::try_from(day).ok()).map(Day),
            paid_at: Local(event.int("paid_at")?),
            policy_zone: event.flag("policy_zone")?,
            approved: event.flag("approved")?,
        };
        self.0.insert(read::text(event, "record"), deal);
        crate::buyer::drop_oldest(&mut self.0, DEALS_MAX, |deal| deal.at);
        Some(())
    }
}

/// PROC-L01: a row of single bidders at the floor, unpaid prices, property below its appraisal.
fn unusual(deals: &Deals, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    rows(deals, params, &mut clues);
    for (record, deal) in &deals.0 {
        unpaid(record, deal, &mut clues, look);
        cheap(record, deal, params, &mut clues);
    }
    clues.tell(look, || {
        let (count, run) = (deals.0.len(), params.floor_run);
        Why::new(
            format!("{count} 宗成交，未见连续 {run} 宗独家底价、逾期未缴或低价转让"),
            format!("{count} deals, no {run} in a row at the floor, none unpaid or too cheap"),
        )
        .count("deals", count)
        .count("floor_run", run)
    });
}

/// Each row is one card, dated when it became long enough; what follows changes nothing.
fn rows(deals: &Deals, params: &Params, clues: &mut Clues) {
    let mut lines: BTreeMap<&str, Vec<&Deal>> = BTreeMap::new();
    for deal in deals.0.values().filter(|deal| deal.kind == "land") {
        lines.entry(&deal.line).or_default().push(deal);
    }
    for (line, mut deals) in lines {
        deals.sort_by_key(|deal| (deal.at, deal.seq));
        let mut row: Vec<&Deal> = Vec::new();
        for deal in deals {
            let at_floor = deal.price.zip(deal.floor).is_some_and(|(price, floor)| price <= floor);
            if deal.bidders != Some(1) || !at_floor || deal.policy_zone {
                row.clear();
                continue;
            }
            row.push(deal);
            if row.len() != params.floor_run {
                continue;
            }
            let count = row.len();
            let words = (
                format!("{line} 连续 {count} 宗地均仅一家竞买并以起始价成交"),
                format!("{count} lots of land in a row, one bidder each at the floor, {line}"),
            );
            let clue = Clue::new(Level::Yellow, deal.at, words)
                .episode(format!("floor/{line}/{}", row[0].at.day()))
                .evidence(row.iter().map(|deal| deal.seq))
                .figure("in_a_row", count as i64);
            clues.put(clue);
        }
    }
}

fn unpaid(record: &str, deal: &Deal, clues: &mut Clues, look: &mut Look<'_>) {
    let Some(due) = deal.pay_due else { return };
    let paid = Some(deal.paid_at).filter(|at| *at != period::OPEN);
    if !period::is_late(due, paid, look) {
        return;
    }
    let words = (
        format!("{record} 的价款应不迟于 {due} 缴清"),
        format!("the price of {record} was due on {due}"),
    );
    let clue = Clue::overdue(Level::Red, due, words)
        .episode(format!("unpaid/{record}"))
        .evidence([deal.seq])
        .figure("price", deal.price.unwrap_or(0));
    clues.put(clue);
}

fn cheap(record: &str, deal: &Deal, params: &Params, clues: &mut Clues) {
    let (Some(price), Some(appraisal)) = (deal.price, deal.appraisal) else { return };
    let is_low = i128::from(price) * 100 < i128::from(appraisal) * i128::from(params.appraisal_pct);
    if deal.kind != "property" || !is_low || deal.approved {
        return;
    }
    let words = (
        format!(
            "{record} 转让价 {price} 分低于评估价 {appraisal} 分的 {}% 而未见批准",
            params.appraisal_pct
        ),
        format!(
            "{record} sold at {price} fen, below {} % of the appraisal {appraisal}, not approved",
            params.appraisal_pct
        ),
    );
    let clue = Clue::new(Level::Red, deal.at, words)
        .episode(format!("cheap/{record}"))
        .evidence([deal.seq])
        .figure("price", price)
        .figure("appraisal", appraisal);
    clues.put(clue);
}
