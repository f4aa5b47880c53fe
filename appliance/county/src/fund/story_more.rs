//! Stories about benefits, donations and the provident fund.

use super::Funds;
use super::benefit::{Pay, pay_day};
use crate::clock::at;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Funds;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = persons();
    all.extend(groups());
    all.extend(others());
    all
}

fn persons() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-B01",
            Red,
            170,
            ("死亡后第三个月仍发放", "paid three months after death"),
            |a, t, d| a.ended(t, d, ("dead", 4)),
        ),
        fair("FUND-B01", 170, ("死亡当月照发", "paid for the month of death"), |a, t, d| {
            a.ended(t, d, ("dead", 1))
        }),
        bad(
            "FUND-B02",
            Red,
            60,
            ("财政供养人员领取低保", "on the public payroll"),
            |a, t, d| a.listed(t, d, ("payroll", "staff")),
        ),
        fair("FUND-B02", 60, ("残疾人代步车", "a disabled person's vehicle"), |a, t, d| {
            a.listed(t, d, ("vehicle", "disabled_tool"))
        }),
        bad(
            "FUND-B04",
            Yellow,
            60,
            ("同月在两村重复领取", "twice for one month"),
            |a, t, d| a.doubled(t, d, 0),
        ),
        fair("FUND-B04", 90, ("补发上月", "arrears of the month before"), |a, t, d| {
            a.doubled(t, d, 1)
        }),
        bad(
            "FUND-B05",
            Yellow,
            190,
            ("就业后五个月仍发放", "paid five months after employment"),
            |a, t, d| a.ended(t, d, ("employed", 6)),
        ),
        fair("FUND-B05", 170, ("就业后次月停发", "stopped the month after"), |a, t, d| {
            a.ended(t, d, ("employed", 2))
        }),
        bad(
            "FUND-B06",
            Yellow,
            60,
            ("发放900元，标准620元", "900 yuan where 620 are due"),
            |a, t, d| a.amount(t, d, 28_000, 0),
        ),
        fair(
            "FUND-B06",
            60,
            ("另加残疾补助100元", "with a supplement of 100 yuan"),
            |a, t, d| a.amount(t, d, 0, 10_000),
        ),
        bad(
            "FUND-B08",
            Yellow,
            60,
            ("失败后改发他人账户", "paid to somebody else after a failure"),
            |a, t, d| a.repaid(t, d, false),
        ),
        fair(
            "FUND-B08",
            60,
            ("失败后改发本人新卡", "paid to his own new card"),
            |a, t, d| a.repaid(t, d, true),
        ),
    ]
}

fn groups() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-B03",
            Yellow,
            60,
            ("六户共用一个账户", "six households on one account"),
            |a, t, d| a.shared(t, d, false),
        ),
        fair("FUND-B03", 60, ("养老院集体账户", "a care home's account"), |a, t, d| {
            a.shared(t, d, true)
        }),
        between(
            ((1, 8), (10, 20)),
            bad(
                "FUND-B07",
                Notice,
                80,
                ("村内亲属占比过高", "many kin of staff in one village"),
                |a, t, d| a.kin(t, d, false),
            ),
        ),
        between(
            ((1, 8), (10, 20)),
            fair(
                "FUND-B07",
                80,
                ("亲属均已申报审核", "all declared and reviewed"),
                |a, t, d| a.kin(t, d, true),
            ),
        ),
    ]
}

fn others() -> Vec<Story<Of>> {
    vec![
        bad(
            "FUND-D01",
            Yellow,
            110,
            ("救灾捐款45日未使用", "a flood donation unused for 45 days"),
            |a, t, d| a.donated(t, d, false),
        ),
        fair(
            "FUND-D01",
            110,
            ("重建资金有使用计划", "a plan for reconstruction"),
            |a, t, d| a.donated(t, d, true),
        ),
        bad(
            "FUND-H01",
            Red,
            100,
            ("一套房三户提取", "three households draw on one house"),
            |a, t, d| a.housed(t, d, 3),
        ),
        fair("FUND-H01", 100, ("夫妻共同购房", "a couple buys together"), |a, t, d| {
            a.housed(t, d, 1)
        }),
        bad(
            "FUND-H01",
            Yellow,
            30,
            ("提取申请第8日才决定", "decided on day 8"),
            |a, t, d| {
                let nth = a.next();
                let no = a.house_after(t, d, (&format!("FWX{nth}"), &format!("h:hu-x{nth}")), 8);
                Told::new(no, &a.housing.dept, t.clock.cal(d, 3).plus(1).start())
            },
        ),
    ]
}

impl Funds {
    /// Paid for six months in all, of which so many begin with the month of an event.
    fn ended(&mut self, town: &mut Town, day: Day, (status, months): (&str, u32)) -> Told {
        let pay = self.recipient(town, day);
        self.paid_for(town, &pay, day, months);
        let when = at(day.plus(2), 9, 0);
        town.book
            .line("person.status.changed", &self.civil, when)
            .text("pid", &pay.person)
            .text("person", &pay.person)
            .text("status", status)
            .day("from", day)
            .day("known_on", day.plus(2))
            .done();
        let late = if status == "dead" { 2 } else { 3 };
        let month = (day.ymd().1 + late).min(12);
        Told::new(pay.person, &self.civil.dept, at(pay_day(town, month), 15, 0))
    }

    fn listed(
        &mut self,
        town: &mut Town,
        day: Day,
        (register, flag): (&'static str, &'static str),
    ) -> Told {
        let pay = self.recipient(town, day);
        self.registers.push((register, pay.person.clone(), flag));
        self.paid_for(town, &pay, day, 1);
        let on = pay_day(town, pay.period).max(town.clock.wd(day, 1));
        Told::new(pay.person, &self.civil.dept, at(on, 15, 0))
    }

    /// Paid a second time in another village, for the same month or for an earlier one.
    fn doubled(&mut self, town: &mut Town, day: Day, earlier: u32) -> Told {
        let pay = self.recipient(town, day);
        self.paid_for(town, &pay, day, 1);
        let again = Pay {
            village: town.people.villages[3].clone(),
            period: pay.period.saturating_sub(earlier).max(1),
            kind: if earlier > 0 { "arrears" } else { "regular" },
            ..pay.clone()
        };
        let when = at(town.clock.wd(pay_day(town, pay.period).max(day), 3), 15, 0);
        self.pay(town, &again, when);
        Told::new(pay.person, &self.civil.dept, when)
    }

    fn amount(&mut self, town: &mut Town, day: Day, more: i64, supplement: i64) -> Told {
        let pay = self.recipient(town, day);
        self.enrol(town, &pay, at(day, 9, 30));
        let on = at(pay_day(town, pay.period).max(town.clock.wd(day, 1)), 15, 0);
        let wrong = Pay { amount: pay.amount + more, supplement, ..pay };
        self.pay(town, &wrong, on);
        Told::new(wrong.person, &self.civil.dept, on)
    }

    fn repaid(&mut self, town: &mut Town, day: Day, own: bool) -> Told {
        let pay = self.recipient(town, day);
        self.enrol(town, &pay, at(day, 9, 30));
        let on = at(pay_day(town, pay.period).max(town.clock.wd(day, 1)), 15, 0);
        self.pay(town, &Pay { is_paid: false, ..pay.clone() }, on);
        let again = at(on.day().plus(2), 15, 0);
        let account = format!("{}-b", pay.account);
        self.pay(town, &Pay { account, is_own: own, ..pay.clone() }, again);
        Told::new(pay.person, &self.civil.dept, again)
    }

    fn shared(&mut self, town: &mut Town, day: Day, registered: bool) -> Told {
        let account = format!("h:ykt-s{:05}", self.next());
        if registered {
            self.collective.push(account.clone());
        }
        let mut when = at(day, 9, 0);
        for _ in 0..6 {
            let pay = Pay { account: account.clone(), ..self.recipient(town, day) };
            self.paid_for(town, &pay, day, 1);
            when = at(pay_day(town, pay.period).max(town.clock.wd(day, 1)), 15, 0);
        }
        Told::new(account, &self.civil.dept, when)
    }

    /// A village with thirteen recipients, most of them kin of its cadres. Six other villages are
    /// there to compare with.
    fn kin(&mut self, town: &mut Town, day: Day, reviewed: bool) -> Told {
        let mut villages = Vec::new();
        // A village is compared with all others, those of earlier stories among them.
        let many = (7 + self.kin_told).min(13);
        self.kin_told += u32::from(!reviewed);
        if !self.kin_peers {
            self.kin_peers = true;
            villages
                .extend((0..6).map(|nth| (format!("{}2009{nth:02}", crate::people::REGION), None)));
        }
        let village = format!("{}21{:04}", crate::people::REGION, self.next() % 10_000);
        villages.push((village.clone(), Some(reviewed)));
        for (village, kin) in villages {
            for nth in 0..13 {
                let mut pay = self.recipient(town, day);
                pay.village.clone_from(&village);
                let relation = kin.filter(|_| nth < i64::from(many));
                self.enrol_kin(town, &pay, at(day, 9, 0).plus_minutes(nth), relation);
            }
        }
        let (_, month, _) = day.ymd();
        Told::new(village, &self.civil.dept, crate::clock::day(month + 1, 1).start())
    }

    fn donated(&mut self, town: &mut Town, day: Day, planned: bool) -> Told {
        let campaign = format!("JZ{:05}", self.next());
        let mut line = town
            .book
            .line("fund.donation.received", &self.civil, at(day, 10, 0))
            .text("donor_kind", "enterprise")
            .int("amount", 10_000_000)
            .text("campaign", &campaign)
            .flag("disaster", true)
            .texts("purposes", ["救灾"]);
        if planned {
            line = line.day("plan_until", day.plus(90));
        }
        line.done();
        let used = town.clock.open(day.plus(45));
        town.book
            .line("fund.donation.used", &self.civil, at(used, 10, 0))
            .int("amount", 10_000_000)
            .text("campaign", &campaign)
            .text("purpose", "救灾")
            .done();
        let shown = town.clock.wd(used, 5);
        town.book
            .line("fund.publicity.done", &self.civil, at(shown, 10, 0))
            .text("target", &campaign)
            .day("from", shown)
            .day("to", shown.plus(30))
            .text("url", "https://www.example.gov.cn/jz")
            .text("campaign", &campaign)
            .done();
        Told::new(campaign, &self.civil.dept, day.plus(31).start())
    }

    /// Persons of so many households draw on one house; of one household, two do.
    fn housed(&mut self, town: &mut Town, day: Day, households: i32) -> Told {
        let house = format!("FWY{:05}", self.next());
        let (mut no, mut on) = (String::new(), day);
        for nth in 0..households.max(2) {
            let household = format!("h:hu-{house}-{}", nth % households);
            no = self.house(town, on, (&house, &household));
            on = town.clock.wd(on, 12);
        }
        Told::new(no, &self.housing.dept, at(town.clock.open_before(on.plus(-12)), 9, 0))
    }
}
