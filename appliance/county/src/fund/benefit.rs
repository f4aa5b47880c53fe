//! Benefits paid by card, month by month.

use super::{Funds, PROGRAMMES};
use crate::clock::{at, day as date};
use crate::people::person;
use crate::town::Town;
use plumbline_contract::time::{Day, Local, days_in_month};

/// Recipients at full size.
const RECIPIENTS: f64 = 15_500.0;
/// Where their persons begin among all.
const FIRST: usize = 1_000_000;

/// One payment.
#[derive(Clone, Debug)]
pub(super) struct Pay {
    pub(super) person: String,
    pub(super) prog: &'static str,
    /// Month of the year.
    pub(super) period: u32,
    pub(super) amount: i64,
    pub(super) account: String,
    pub(super) village: String,
    pub(super) household: String,
    pub(super) kind: &'static str,
    pub(super) supplement: i64,
    pub(super) is_paid: bool,
    pub(super) is_own: bool,
}

impl Funds {
    /// The usual payment to a person.
    pub(super) fn usual(&self, town: &Town, nth: usize, period: u32) -> Pay {
        let (prog, _, amount, _) = PROGRAMMES[if nth.is_multiple_of(5) { 2 } else { 0 }];
        Pay {
            person: person(FIRST + nth),
            prog,
            period,
            amount,
            account: format!("h:ykt-{nth:06}"),
            village: town.people.villages[nth % town.people.villages.len()].clone(),
            household: format!("h:hu-{nth:06}"),
            kind: "regular",
            supplement: 0,
            is_paid: true,
            is_own: true,
        }
    }

    /// A recipient of stories: nobody else's person, account or household.
    pub(super) fn recipient(&mut self, town: &Town, day: Day) -> Pay {
        self.nth += 1;
        let mut pay = self.usual(town, 500_000 + self.nth * 5 + 1, day.ymd().1);
        pay.prog = "DB";
        pay
    }

    pub(super) fn benefits(&mut self, town: &mut Town, day: Day) {
        let count = ((RECIPIENTS * town.scale) as usize).max(20);
        let (_, month, of_month) = day.ymd();
        if month == 1 && (6..=9).contains(&of_month) {
            for nth in (0..count).filter(|nth| *nth % 4 == of_month as usize - 6) {
                let pay = self.usual(town, nth, 1);
                self.enrol(town, &pay, at(day, 9, 0).plus_minutes((nth % 400) as i64));
            }
        }
        if day == pay_day(town, month) {
            for nth in 0..count {
                let pay = self.usual(town, nth, month);
                self.pay(town, &pay, at(day, 10, 0).plus_minutes((nth % 240) as i64));
            }
        }
    }

    pub(super) fn enrol(&mut self, town: &mut Town, pay: &Pay, when: Local) {
        self.enrol_kin(town, pay, when, None);
    }

    /// With a relation to staff, and whether that was declared and reviewed.
    pub(super) fn enrol_kin(
        &mut self,
        town: &mut Town,
        pay: &Pay,
        when: Local,
        relation: Option<bool>,
    ) {
        let mut line = town
            .book
            .line("fund.beneficiary.enrolled", &self.civil, when)
            .text("prog", pay.prog)
            .text("person", &pay.person)
            .text("household_h", &pay.household)
            .text("village12", &pay.village)
            .text("category", "A")
            .int("std_amount", pay.amount)
            .day("from", date(1, 1))
            .text("bank_acct_h", &pay.account)
            .flag("acct_holder_match", true)
            .text("relation", if relation.is_some() { "村干部近亲属" } else { "" });
        if let Some(reviewed) = relation {
            line = line.flag("relation_reviewed", reviewed);
        }
        line.done();
    }

    pub(super) fn pay(&mut self, town: &mut Town, pay: &Pay, when: Local) {
        let mut line = town
            .book
            .line("fund.subsidy.paid", &self.civil, when)
            .text("prog", pay.prog)
            .text("person", &pay.person)
            .text("period", &format!("2025-{:02}", pay.period))
            .int("amount", pay.amount + pay.supplement)
            .text("acct_h", &pay.account)
            .text("batch", &format!("YKT-2025{:02}", when.day().ymd().1))
            .text("result", if pay.is_paid { "paid" } else { "failed" })
            .text("kind", pay.kind)
            .flag("holder_match", pay.is_own)
            .text("village12", &pay.village)
            .text("household_h", &pay.household);
        if pay.supplement > 0 {
            line = line.int("supplement", pay.supplement);
        }
        line.done();
    }

    /// Enrolled on a day and paid for so many months from that day's on.
    pub(super) fn paid_for(&mut self, town: &mut Town, pay: &Pay, day: Day, months: u32) {
        self.enrol(town, pay, at(day, 9, 30));
        let first = day.ymd().1;
        for month in first..first + months {
            if month > 12 {
                break;
            }
            // Who comes after the pay day of the month is paid some days later.
            let on = pay_day(town, month).max(town.clock.wd(day, 1));
            let pay = Pay { period: month, ..pay.clone() };
            self.pay(town, &pay, at(on, 15, 0));
        }
    }
}

/// The day of a month on which the cards are paid.
pub(super) fn pay_day(town: &Town, month: u32) -> Day {
    town.clock.open(date(month, 12.min(days_in_month(2025, month))))
}
