//! Stories about funds, payments and projects.

use super::Funds;
use super::money::Payment;
use crate::clock::at;
use crate::story::{Story, Told, bad, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Funds;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = funds();
    all.extend(payments());
    all.extend(projects());
    all
}

fn funds() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-T01",
            Yellow,
            100,
            ("转移支付第40日才下达", "issued on day 40"),
            |a, t, d| a.issued(t, d, 40),
        ),
        fair("FUND-T01", 90, ("转移支付第28日下达", "issued on day 28"), |a, t, d| {
            a.issued(t, d, 28)
        }),
        bad(
            "FUND-T02",
            Yellow,
            210,
            ("资金闲置200日", "idle for two hundred days"),
            |a, t, d| a.idle(t, d, 0),
        ),
        fair("FUND-T02", 210, ("仅余质保金5%", "only five per cent are left"), |a, t, d| {
            a.idle(t, d, 95)
        }),
        bad("FUND-P01", Red, 40, ("支付超出预算", "more paid than there was"), |a, t, d| {
            a.spent(t, d, 101)
        }),
        fair("FUND-P01", 40, ("恰好用完预算", "the budget to the last fen"), |a, t, d| {
            a.spent(t, d, 100)
        }),
        bad(
            "FUND-P05",
            Yellow,
            40,
            ("公示2日即支付", "paid two days after publication"),
            |a, t, d| a.allocated(t, d, false),
        ),
        fair("FUND-P05", 40, ("应急救助简化程序", "emergency relief"), |a, t, d| {
            a.allocated(t, d, true)
        }),
    ]
}

fn payments() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-P03",
            Yellow,
            30,
            ("五日内四笔49800元", "four payments just below the limit"),
            |a, t, d| a.repeated(t, d, (4, 1, 4_980_000)),
        ),
        fair("FUND-P03", 100, ("按月支付水电费", "a bill each month"), |a, t, d| {
            a.repeated(t, d, (4, 20, 3_200_000))
        }),
        bad(
            "FUND-P04",
            Red,
            30,
            ("申请人自己审批", "the applicant approved himself"),
            |a, t, d| a.approved(t, d, ""),
        ),
        fair(
            "FUND-P04",
            30,
            ("持书面授权代行审批", "with a delegation in writing"),
            |a, t, d| a.approved(t, d, "SQ-2025-03"),
        ),
        bad(
            "FUND-P06",
            Red,
            30,
            ("同一发票两村报账", "one invoice in two villages"),
            |a, t, d| a.booked(t, d, false),
        ),
        fair(
            "FUND-P06",
            30,
            ("红字冲销后重新入账", "booked again after a reversal"),
            |a, t, d| a.booked(t, d, true),
        ),
        bad(
            "FUND-A02",
            Yellow,
            30,
            ("80万元付给成立60日的公司", "to a firm sixty days old"),
            |a, t, d| a.young(t, d, 60),
        ),
        fair("FUND-A02", 30, ("成立两年的公司", "to a firm two years old"), |a, t, d| {
            a.young(t, d, 730)
        }),
    ]
}

fn projects() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-P02",
            Red,
            60,
            ("未验收付清全款", "paid in full without acceptance"),
            |a, t, d| a.advanced(t, d, 100),
        ),
        fair("FUND-P02", 60, ("预付款30%", "an advance of thirty per cent"), |a, t, d| {
            a.advanced(t, d, 30)
        }),
        bad(
            "FUND-T03",
            Yellow,
            60,
            ("验收后第40日才付清", "paid forty days after acceptance"),
            |a, t, d| a.owed(t, d, 40),
        ),
        fair("FUND-T03", 60, ("验收后第25日付清", "paid on day 25"), |a, t, d| {
            a.owed(t, d, 25)
        }),
        bad(
            "FUND-A01",
            Yellow,
            60,
            ("审计问题逾期未整改", "not rectified by its term"),
            |a, t, d| a.audited(t, d, false),
        ),
        fair(
            "FUND-A01",
            80,
            ("整改期限已批准延长", "the term was extended"),
            |a, t, d| a.audited(t, d, true),
        ),
        bad(
            "FUND-Q01",
            Notice,
            60,
            ("计划80%实际55%", "55 per cent where 80 were planned"),
            |a, t, d| a.progressed(t, d, 55),
        ),
        fair(
            "FUND-Q01",
            60,
            ("计划80%实际65%", "65 per cent where 80 were planned"),
            |a, t, d| a.progressed(t, d, 65),
        ),
    ]
}

impl Funds {
    /// Special money received on a day, issued so many days later, spent at once.
    fn issued(&mut self, town: &mut Town, day: Day, after: i32) -> Told {
        let fund = self.fund_without_budget();
        let amount = 500_000_000;
        let received = at(day, 10, 0);
        town.book
            .line("fund.quota.received", &self.finance, received)
            .text("fund_code", &fund)
            .int("amount", amount)
            .text("doc_no", &format!("鲁财预〔2025〕{fund}"))
            .text("kind", "special")
            .time("received_at", received)
            .int("year", 2025)
            .done();
        let issued = at(town.clock.open_before(day.plus(after)), 10, 0);
        town.book
            .line("fund.quota.issued", &self.finance, issued)
            .text("fund_code", &fund)
            .text("from", &self.finance.dept)
            .text("to", &self.civil.dept)
            .int("amount", amount)
            .text("doc_no", &format!("清财预〔2025〕{fund}"))
            .time("issued_at", issued)
            .text("source_doc", &format!("鲁财预〔2025〕{fund}"))
            .int("year", 2025)
            .done();
        let mut payment = self.payment(fund.clone());
        payment.amount = amount / 10 * 7;
        self.disburse(town, town.clock.wd(issued.day(), 1), &payment);
        Told::new(fund, &self.finance.dept, town.clock.cal(day, 30).plus(1).start())
    }

    /// A fund of which so many per cent are spent within days, and nothing more.
    fn idle(&mut self, town: &mut Town, day: Day, spent: i64) -> Told {
        let fund = self.new_fund(town, 1_000_000_000, at(day, 9, 0));
        if spent > 0 {
            let mut payment = self.payment(fund.clone());
            payment.amount = 10_000_000 * spent;
            self.disburse(town, town.clock.wd(day, 3), &payment);
        }
        Told::new(fund, &self.finance.dept, day.plus(180).start())
    }

    /// So many per cent of the budget are paid.
    fn spent(&mut self, town: &mut Town, day: Day, percent: i64) -> Told {
        let fund = self.new_fund(town, 1_000_000_000, at(day, 9, 0));
        let mut when = at(day, 9, 0);
        for part in [60, percent - 60] {
            let mut payment = self.payment(fund.clone());
            payment.amount = 10_000_000 * part;
            payment.after_wd = 2;
            when = self.disburse(town, town.clock.wd(day, part as i32 % 7 + 1), &payment).1;
        }
        Told::new(fund, &self.finance.dept, when)
    }

    fn allocated(&mut self, town: &mut Town, day: Day, emergency: bool) -> Told {
        let fund = self.new_fund(town, 1_000_000_000, at(day, 9, 0));
        let plan = format!("FP{:05}", self.next());
        let mut payment = self.payment(fund.clone());
        let decided = at(town.clock.wd(day, 1), 9, 0);
        town.book
            .line("fund.plan.allocated", &self.finance, decided)
            .text("plan_no", &plan)
            .text("fund_code", &fund)
            .json("items", &format!(r#"[{{"target":"{}","amount":600000000}}]"#, payment.payee))
            .text("method", "因素法")
            .text("meeting_no", "清财党组〔2025〕9号")
            .flag("emergency", emergency)
            .done();
        let shown = town.clock.wd(day, 2);
        town.book
            .line("fund.publicity.done", &self.finance, at(shown, 9, 0))
            .text("target", &plan)
            .day("from", shown)
            .day("to", shown.plus(7))
            .text("url", "https://www.example.gov.cn/gs")
            .text("plan_no", &plan)
            .done();
        (payment.amount, payment.plan, payment.after_wd) = (600_000_000, plan.clone(), 1);
        let (_, paid) = self.disburse(town, town.clock.wd(shown, 1), &payment);
        Told::new(plan, &self.finance.dept, paid)
    }

    /// One payee, so many times, so many working days apart.
    fn repeated(
        &mut self,
        town: &mut Town,
        day: Day,
        (times, gap, amount): (i32, i32, i64),
    ) -> Told {
        let first = self.payment(super::fund_code(0));
        let mut when = at(day, 9, 0);
        for nth in 0..times {
            let payment =
                Payment { amount: amount + i64::from(nth) * 13, after_wd: 1, ..first.clone() };
            when = self.disburse(town, town.clock.wd(day, nth * gap), &payment).1;
        }
        let key = format!("{}/{}", self.finance.dept, first.payee);
        Told::new(key, &self.finance.dept, when)
    }

    fn approved(&mut self, town: &mut Town, day: Day, delegation: &'static str) -> Told {
        let mut payment = self.payment(super::fund_code(1));
        payment.leader.clone_from(&payment.applicant);
        payment.delegation = delegation;
        let (no, paid) = self.disburse(town, day, &payment);
        Told::new(no, &self.finance.dept, paid)
    }

    /// One invoice in two villages, or again in one after its reversal.
    fn booked(&mut self, town: &mut Town, day: Day, reversed: bool) -> Told {
        let nth = self.next();
        let again = self.next();
        self.book(town, (nth, nth, 0), 80_000, at(day, 10, 0));
        if reversed {
            self.book(town, (nth, nth, 0), -80_000, at(town.clock.wd(day, 2), 10, 0));
        }
        let when = at(town.clock.wd(day, 5), 10, 0);
        self.book(town, (nth, again, 1), 80_000, when);
        let key = format!("h:fpdm-{:04}/h:fphm-{nth:08}", nth % 50);
        Told::new(key, &self.villages[1].dept, when)
    }

    fn young(&mut self, town: &mut Town, day: Day, days: i32) -> Told {
        let mut payment = self.payment(super::fund_code(2));
        payment.project = self.begin_project(town, day, 400_000_000);
        payment.amount = 80_000_000;
        self.firms.push((payment.payee.clone(), day.plus(-days)));
        let (no, paid) = self.disburse(town, town.clock.wd(day, 1), &payment);
        Told::new(no, &self.finance.dept, paid)
    }

    fn advanced(&mut self, town: &mut Town, day: Day, percent: i64) -> Told {
        let price = 300_000_000;
        let project = self.begin_project(town, day, price);
        let mut payment = self.payment(super::fund_code(3));
        payment.project.clone_from(&project);
        payment.amount = price / 100 * percent;
        self.firms.push((payment.payee.clone(), day.plus(-2000)));
        let (_, paid) = self.disburse(town, town.clock.wd(day, 5), &payment);
        Told::new(project, &self.finance.dept, paid)
    }

    fn owed(&mut self, town: &mut Town, day: Day, after: i32) -> Told {
        let price = 300_000_000;
        let project = self.begin_project(town, day, price);
        let mut payment = self.payment(super::fund_code(4));
        payment.project.clone_from(&project);
        self.firms.push((payment.payee.clone(), day.plus(-2000)));
        let accepted = town.clock.wd(day, 10);
        self.accept(town, &project, (&payment.payee, price), at(accepted, 10, 0));
        (payment.amount, payment.after_wd) = (price / 100 * 90, 1);
        self.disburse(town, town.clock.open_before(accepted.plus(after)), &payment);
        Told::new(project, &self.finance.dept, accepted.plus(31).start())
    }

    fn audited(&mut self, town: &mut Town, day: Day, extended: bool) -> Told {
        let nth = self.next();
        let finding = format!("SJ{nth:06}");
        let due = town.clock.open(day.plus(30));
        town.book
            .line("fund.audit.finding", &self.finance, at(day, 10, 0))
            .text("finding_no", &finding)
            .text("project", &format!("XM{nth:06}"))
            .int("amount", 2_000_000)
            .day("due", due)
            .done();
        if extended {
            town.book
                .line(
                    "fund.audit.extended",
                    &self.finance,
                    at(town.clock.open_before(due.plus(-5)), 10, 0),
                )
                .text("finding_no", &finding)
                .day("until", due.plus(30))
                .text("approver", "SJJ001")
                .done();
        }
        let done = at(town.clock.open(due.plus(10)), 10, 0);
        town.book
            .line("fund.audit.rectified", &self.finance, done)
            .text("finding_no", &finding)
            .time("at", done)
            .flag("complete", true)
            .done();
        Told::new(finding, &self.finance.dept, due.plus(1).start())
    }

    fn progressed(&mut self, town: &mut Town, day: Day, percent: i64) -> Told {
        let project = self.begin_project(town, day, 300_000_000);
        let when = at(town.clock.wd(day, 30), 10, 0);
        town.book
            .line("fund.project.progress", &self.finance, when)
            .text("project", &project)
            .day("planned_end", day.plus(120))
            .int("ratio", percent)
            .int("planned_ratio", 80)
            .done();
        Told::new(project, &self.finance.dept, when)
    }
}
