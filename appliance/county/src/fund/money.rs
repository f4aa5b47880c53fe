//! Funds, payments, projects, invoices and the provident fund.

use super::{FUNDS, Funds, fund_code};
use crate::clock::{at, day as date, later};
use crate::people::person;
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// What a usual working day brings at full size.
const PAYMENTS: f64 = 42.0;
const INVOICES: f64 = 45.0;
const HOUSING: f64 = 22.0;
const PROJECTS: f64 = 0.8;
/// What a fund has for the year, fen.
const BUDGET: i64 = 1_000_000_000_000;

/// A payment out of a fund.
#[derive(Clone, Debug)]
pub(super) struct Payment {
    pub(super) fund: String,
    pub(super) project: String,
    pub(super) payee: String,
    pub(super) amount: i64,
    pub(super) applicant: String,
    pub(super) leader: String,
    pub(super) delegation: &'static str,
    pub(super) plan: String,
    /// Kind of payee, and whether it is the final payment of a project.
    pub(super) payee_kind: &'static str,
    pub(super) is_final: bool,
    /// Working days from the request to the payment.
    pub(super) after_wd: i32,
}

impl Funds {
    pub(super) fn next(&mut self) -> usize {
        self.nth += 1;
        self.nth
    }

    pub(super) fn money(&mut self, town: &mut Town, day: Day) {
        if day == date(1, 3) {
            for nth in 0..FUNDS {
                self.budget(town, &fund_code(nth), BUDGET, at(day, 9, 30));
            }
        }
        if !town.clock.is_working(day) || day < date(1, 6) {
            return;
        }
        // Each fund pays every week, however small the county is.
        let due = (day.0 % 5) as usize;
        for nth in (0..FUNDS).filter(|nth| nth % 5 == due) {
            let payment = self.payment(fund_code(nth));
            self.disburse(town, day, &payment);
        }
        for _ in 0..town.many(&mut self.rng, PAYMENTS, day) {
            let fund = fund_code(self.rng.below(FUNDS));
            let payment = self.payment(fund);
            self.disburse(town, day, &payment);
        }
        for _ in 0..town.many(&mut self.rng, INVOICES, day) {
            let nth = self.next();
            let when = town.clock.desk(&mut self.rng, day);
            self.book(town, (nth, nth, nth % 2), self.nth as i64 * 100 + 50_000, when);
        }
        for _ in 0..town.many(&mut self.rng, HOUSING, day) {
            let nth = self.next();
            self.house(town, day, (&format!("FW{nth:06}"), &format!("h:hu-g{nth:06}")));
        }
        for _ in 0..town.many(&mut self.rng, PROJECTS, day) {
            self.project(town, day);
        }
    }

    pub(super) fn budget(&mut self, town: &mut Town, fund: &str, amount: i64, when: Local) {
        town.book
            .line("fund.budget.approved", &self.finance, when)
            .text("fund_code", fund)
            .int("year", 2025)
            .int("amount", amount)
            .text("doc_no", &format!("清财预〔2025〕{fund}号"))
            .text("level", "county")
            .texts("purpose_codes", ["P1", "P2"])
            .text("kind", "general")
            .flag("to_issue", false)
            .done();
    }

    /// A fund of a story, with its budget.
    pub(super) fn new_fund(&mut self, town: &mut Town, amount: i64, when: Local) -> String {
        let fund = self.fund_without_budget();
        self.budget(town, &fund, amount, when);
        fund
    }

    pub(super) fn fund_without_budget(&mut self) -> String {
        let fund = format!("ZJX{:04}", self.next());
        self.more.push(fund.clone());
        fund
    }

    /// A usual payment; its payee is paid once.
    pub(super) fn payment(&mut self, fund: String) -> Payment {
        let nth = self.next();
        Payment {
            fund,
            project: String::new(),
            payee: super::firm(nth),
            amount: self.rng.range(20, 900) * 10_000 + 7,
            applicant: "CZJ010".to_owned(),
            leader: "CZJ001".to_owned(),
            delegation: "",
            plan: String::new(),
            payee_kind: "company",
            is_final: false,
            after_wd: self.rng.range(1, 5) as i32,
        }
    }

    /// Requested on a day and paid some working days later; returns the number and the moment.
    pub(super) fn disburse(
        &mut self,
        town: &mut Town,
        day: Day,
        said: &Payment,
    ) -> (String, Local) {
        let no = format!("ZF2025{:07}", self.next());
        let asked = later(&mut self.rng, at(day, 9, 5), 0, 60);
        let mut line = town
            .book
            .line("fund.payment.requested", &self.finance, asked)
            .text("pay_no", &no)
            .text("fund_code", &said.fund);
        if !said.project.is_empty() {
            line = line.text("project", &said.project);
        }
        line.int("amount", said.amount)
            .text("kind", "general")
            .text("applicant", &said.applicant)
            .time("at", asked)
            .done();
        let paid = later(&mut self.rng, at(town.clock.wd(day, said.after_wd), 14, 0), 0, 120);
        let mut times = [String::new(), String::new()];
        for (text, before) in times.iter_mut().zip([90, 30]) {
            crate::line::push_time(text, paid.plus_minutes(-before));
        }
        let delegation = match said.delegation {
            "" => String::new(),
            no => format!(r#","delegation_no":"{no}""#),
        };
        let chain = format!(
            r#"[{{"role":"finance","officer":"CZJ020","at":"{}"}},{{"role":"leader","officer":"{}","at":"{}"{delegation}}}]"#,
            times[0], said.leader, times[1]
        );
        town.book
            .line("fund.disbursed", &self.finance, paid)
            .text("pay_no", &no)
            .text("fund_code", &said.fund)
            .maybe("project", &said.project)
            .text("payer", &self.finance.dept)
            .text("payee_ref", &said.payee)
            .text("payee_acct_h", &format!("h:zh-{}", &said.payee[said.payee.len() - 6..]))
            .int("amount", said.amount)
            .text("purpose_code", "P1")
            .text("pay_kind", "direct")
            .json("approver_chain", &chain)
            .time("at", paid)
            .int("year", 2025)
            .maybe("plan_no", &said.plan)
            .text("applicant", &said.applicant)
            .text("voucher_no", &no[6..])
            .text("payee_kind", said.payee_kind)
            .flag("final", said.is_final)
            .done();
        (no, paid)
    }

    /// An invoice booked by one of the villages.
    pub(super) fn book(
        &mut self,
        town: &mut Town,
        (invoice, voucher, village): (usize, usize, usize),
        amount: i64,
        when: Local,
    ) {
        let seller = super::firm(invoice);
        town.book
            .line("fund.expense.booked", &self.villages[village], when)
            .lag(5)
            .text("project", &format!("CJ{:05}", invoice % 400))
            .text("voucher", &format!("JZ{voucher:07}"))
            .text("invoice_code_h", &format!("h:fpdm-{:04}", invoice % 50))
            .text("invoice_no_h", &format!("h:fphm-{invoice:08}"))
            .text("seller", &seller)
            .int("amount", amount)
            .text("purpose_code", "P2")
            .time("at", when)
            .day("invoice_date", when.day().plus(-5))
            .done();
    }

    /// A withdrawal for a house, decided within two days; returns its number.
    pub(super) fn house(&mut self, town: &mut Town, day: Day, said: (&str, &str)) -> String {
        self.house_after(town, day, said, 1)
    }

    pub(super) fn house_after(
        &mut self,
        town: &mut Town,
        day: Day,
        (house, household): (&str, &str),
        after: i32,
    ) -> String {
        let nth = self.next();
        let no = format!("TQ2025{nth:06}");
        let asked = later(&mut self.rng, at(day, 9, 10), 0, 300);
        town.book
            .line("fund.housing.applied", &self.housing, asked)
            .text("application_no", &no)
            .text("kind", "withdrawal")
            .text("person", &person(2_000_000 + nth))
            .text("reason", "purchase")
            .text("house", house)
            .text("household_h", household)
            .int("amount", 5_000_000)
            .done();
        let decided = later(&mut self.rng, at(day.plus(after), 16, 0), 0, 60);
        town.book
            .line("fund.housing.decided", &self.housing, decided)
            .text("application_no", &no)
            .text("kind", "withdrawal")
            .text("result", "grant")
            .time("at", decided)
            .done();
        no
    }

    /// A project with its contract: an advance, acceptance, the rest.
    fn project(&mut self, town: &mut Town, day: Day) {
        let fund = fund_code(self.rng.below(FUNDS));
        let price = self.rng.range(50, 300) * 1_000_000;
        let project = self.begin_project(town, day, price);
        let mut payment = self.payment(fund);
        payment.project.clone_from(&project);
        self.firms.push((payment.payee.clone(), date(1, 1).plus(-3000)));
        payment.amount = price / 100 * 30;
        self.disburse(town, town.clock.wd(day, 5), &payment);
        let accepted = town.clock.wd(day, 60);
        self.accept(town, &project, (&payment.payee, price), at(accepted, 10, 0));
        payment.amount = price / 100 * 65;
        (payment.after_wd, payment.is_final) = (3, true);
        self.disburse(town, town.clock.wd(accepted, 5), &payment);
    }

    pub(super) fn begin_project(&mut self, town: &mut Town, day: Day, price: i64) -> String {
        let nth = self.next();
        let project = format!("XM{nth:06}");
        town.book
            .line("fund.project.started", &self.finance, at(day, 9, 30))
            .text("project", &project)
            .text("contract_no", &format!("HT{nth:06}"))
            .day("planned_end", day.plus(120))
            .int("ratio", 0)
            .int("amount", price)
            .int("advance_pct", 30)
            .done();
        project
    }

    pub(super) fn accept(
        &mut self,
        town: &mut Town,
        project: &str,
        (payee, amount): (&str, i64),
        when: Local,
    ) {
        town.book
            .line("fund.acceptance.done", &self.finance, when)
            .text("project", project)
            .time("at", when)
            .text("result", "pass")
            .texts("acceptors", ["FGJ012", "FGJ013"])
            .int("amount", amount / 100 * 90)
            .text("payee_ref", payee)
            .flag("sme", true)
            .done();
    }
}
