//! One invoice over all organs: FUND-P06 虚假发票/重复报账.

use crate::Params;
use crate::day::yuan;
use crate::row::Party;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Day, Entry, Event, Facts, Fire, Level, Look, Rule, Stream, Why, apply};
use std::collections::BTreeSet;

/// Most bookings of one invoice; more than two are proof enough.
const BOOKINGS_MAX: usize = 200;

/// One booking.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Booking {
    project: String,
    voucher: String,
    seller: String,
    amount: i64,
    face: Option<i64>,
    invoice_date: Option<Day>,
    contract_date: Option<Day>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Invoices;

impl Stream for Invoices {
    const NAME: &'static str = "invoice";
    type State = Facts<Booking>;
    type Params = Params;

    fn take(bookings: &mut Facts<Booking>, event: &Event<'_>, _: &Params) {
        let Some(amount) = event.int("amount").filter(|_| bookings.len() < BOOKINGS_MAX) else {
            return;
        };
        let text = |name| event.text(name).unwrap_or_default();
        let booking = Booking {
            project: text("project"),
            voucher: text("voucher"),
            seller: text("seller"),
            amount,
            face: event.int("face"),
            invoice_date: event.day("invoice_date"),
            contract_date: event.day("contract_date"),
        };
        bookings.put(event, booking);
    }

    fn check(bookings: &Facts<Booking>, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Facts<Booking>, Params>] = &[("FUND-P06", doubtful)];
        apply(rules, &params.off, bookings, params, look);
    }
}

/// FUND-P06: red if it was booked twice, yellow if seller or dates are doubtful.
fn doubtful(bookings: &Facts<Booking>, params: &Params, look: &mut Look<'_>) {
    let standing = standing(bookings);
    let twice = twice(&standing, params, look);
    let doubts = doubts(&standing, look);
    if !twice && !doubts {
        look.quiet(|| {
            let (all, left) = (bookings.len(), standing.len());
            Why::new(
                format!("入账 {all} 次，冲红后 {left} 次，未见重复或疑点"),
                format!("booked {all} times, {left} after reversals, nothing doubtful"),
            )
            .count("bookings", all)
            .count("standing", left)
        });
    }
}

/// Bookings that no red-letter reversal of the same amount has undone.
fn standing(bookings: &Facts<Booking>) -> Vec<&Entry<Booking>> {
    let mut standing: Vec<_> = bookings.iter().filter(|entry| entry.fact.amount > 0).collect();
    for reversal in bookings.iter().filter(|entry| entry.fact.amount < 0) {
        let fits = |entry: &&Entry<Booking>| entry.fact.amount == -reversal.fact.amount;
        let own = |entry: &&Entry<Booking>| fits(entry) && entry.dept == reversal.dept;
        let undone = standing.iter().rposition(own).or_else(|| standing.iter().rposition(fits));
        if let Some(undone) = undone {
            standing.remove(undone);
        }
    }
    standing
}

/// The same voucher of the same organ is the same booking: two copies of the paper, or two reports.
/// Parts of an invoice in one organ are lawful up to its face value.
fn twice(standing: &[&Entry<Booking>], params: &Params, look: &mut Look<'_>) -> bool {
    let mut vouchers = BTreeSet::new();
    let apart: Vec<_> = standing
        .iter()
        .filter(|entry| vouchers.insert((&entry.dept, &entry.fact.voucher)))
        .collect();
    let Some(second) = apart.get(1) else { return false };
    let organs: BTreeSet<_> = apart.iter().map(|entry| &entry.dept).collect();
    let sum: i64 = apart.iter().map(|entry| entry.fact.amount).sum();
    let face = apart.iter().filter_map(|entry| entry.fact.face).max();
    if organs.len() == 1 && face.is_some_and(|face| sum <= face) {
        return false;
    }
    // A reversal may be reported a little later than the second booking.
    let last = apart.iter().map(|entry| entry.time).max().unwrap_or(second.time);
    if !look.reached(last.plus_minutes(params.grace_min)) {
        return false;
    }
    let (count, organs) = (apart.len(), organs.len());
    let fire = Fire::new(Level::Red, second.time)
        .episode("twice")
        .dept(&second.dept)
        .evidence(apart.iter().map(|entry| entry.seq))
        .text("zh", &format!("疑似重复报账：{organs} 个单位 {count} 次，合计 {} 元", yuan(sum)))
        .text("en", &format!("booked {count} times by {organs} organs, {} yuan", yuan(sum)));
    look.fire_because(fire, || {
        let vouchers = apart.iter().map(|entry| entry.fact.voucher.as_str());
        let projects = apart.iter().map(|entry| entry.fact.project.as_str());
        Why::new(format!("入账 {count} 次"), format!("booked {count} times"))
            .texts("vouchers", vouchers)
            .texts("projects", projects)
    });
    true
}

/// Doubts about the seller and the dates, on the first booking that has any.
fn doubts(standing: &[&Entry<Booking>], look: &mut Look<'_>) -> bool {
    let Some((entry, doubts)) = standing.iter().find_map(|entry| {
        let doubts = doubts_of(&entry.fact, entry.time.day(), look);
        (!doubts.is_empty()).then_some((entry, doubts))
    }) else {
        return false;
    };
    let zh: Vec<_> = doubts.iter().map(|(zh, _)| zh.as_str()).collect();
    let en: Vec<_> = doubts.iter().map(|(_, en)| en.as_str()).collect();
    let (zh, en) = (zh.join("、"), en.join(", "));
    let fire = Fire::new(Level::Yellow, entry.time)
        .episode("doubt")
        .dept(&entry.dept)
        .evidence([entry.seq])
        .text("zh", &format!("疑似虚假发票：{zh}"))
        .text("en", &format!("doubtful invoice: {en}"));
    look.fire_because(fire, || {
        Why::new(zh, en).text("seller", &entry.fact.seller).text("voucher", &entry.fact.voucher)
    });
    true
}

fn doubts_of(booking: &Booking, on: Day, look: &Look<'_>) -> Vec<(String, String)> {
    let mut doubts = Vec::new();
    let mut add = |zh: String, en: String| doubts.push((zh, en));
    if let (Some(invoice), Some(contract)) = (booking.invoice_date, booking.contract_date)
        && invoice < contract
    {
        add(
            format!("{invoice} 开票早于 {contract} 的合同"),
            format!("invoice of {invoice} before the contract of {contract}"),
        );
    }
    // A seller from elsewhere is in no local list: only an entry says something.
    let Some(party) = look.row::<Party>(&booking.seller, on) else { return doubts };
    if ["deregistered", "revoked"].contains(&party.status.as_str()) {
        add("销方已注销或吊销".to_owned(), "the seller is deregistered or revoked".to_owned());
    }
    if party.officer_contact {
        let (zh, en) = ("销方与公职人员同址或同号", "the seller shares contacts with an officer");
        add(zh.to_owned(), en.to_owned());
    }
    if let Some(scale) = party.scale.filter(|scale| booking.amount > *scale) {
        add(
            format!("金额超过销方核定规模 {} 元", yuan(scale)),
            format!("more than the seller's scale of {} yuan", yuan(scale)),
        );
    }
    doubts
}
