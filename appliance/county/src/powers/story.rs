//! Stories about coercion, levies and reconsideration.

use super::{LEVIES, Powers, Seizure};
use crate::clock::at;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Red, Yellow};
use plumbline_contract::time::Day;

type Of = Powers;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = coercion();
    all.extend(levies());
    all.extend(reviews());
    all
}

fn coercion() -> Vec<Story<Of>> {
    vec![
        bad(
            "CMP-T01",
            Red,
            60,
            ("扣押超过30日未处理", "seized for more than thirty days"),
            |a, t, d| a.measured(t, d, |said| said.days = 38),
        ),
        fair(
            "CMP-T01",
            70,
            ("依法延长后第45日处理", "extended in time, ended on day 45"),
            |a, t, d| a.measured(t, d, |said| (said.days, said.extended) = (45, Some(30))),
        ),
        bad(
            "CMP-P01",
            Red,
            40,
            ("紧急扣押26小时后补批", "approved 26 hours later"),
            |a, t, d| a.measured(t, d, |said| (said.approved_h, said.urgent) = (26, true)),
        ),
        fair(
            "CMP-P01",
            40,
            ("紧急扣押20小时内补批", "approved within 20 hours"),
            |a, t, d| a.measured(t, d, |said| (said.approved_h, said.urgent) = (20, true)),
        ),
        bad(
            "CMP-P02",
            Red,
            60,
            ("未催告即强制执行", "enforced without a demand"),
            |a, t, d| a.enforced(t, d, false),
        ),
        fair("CMP-P02", 60, ("催告后执行", "enforced after a demand"), |a, t, d| {
            a.enforced(t, d, true)
        }),
        bad(
            "CMP-P03",
            Red,
            40,
            ("同一物品重复扣押", "one thing in two lists"),
            |a, t, d| a.seized_twice(t, d, false),
        ),
        fair(
            "CMP-P03",
            40,
            ("前次扣押已部分解除", "released from the first list"),
            |a, t, d| a.seized_twice(t, d, true),
        ),
    ]
}

fn levies() -> Vec<Story<Of>> {
    vec![
        bad(
            "LEV-F01",
            Red,
            20,
            ("减免无政策依据", "a waiver that is on no list"),
            |a, t, d| a.waived(t, d, ("JM99", 100_000)),
        ),
        fair("LEV-F01", 20, ("减免在政策目录内", "a listed waiver"), |a, t, d| {
            a.waived(t, d, ("JM01", 100_000))
        }),
        bad(
            "LEV-F02",
            Red,
            20,
            ("征收超过应征额", "more than base times rate"),
            |a, t, d| {
                let (payer, moved) = a.levy(t, d, (0, 0, 50_000));
                Told::new(format!("{payer}/{}", LEVIES[0].0), &a.tax.dept, moved)
            },
        ),
        between(
            ((7, 3), (12, 10)),
            bad(
                "LEV-F02",
                Red,
                20,
                ("停征后仍收取", "collected after it was cancelled"),
                |a, t, d| {
                    let (payer, moved) = a.levy(t, d, (3, 0, 0));
                    Told::new(format!("{payer}/{}", LEVIES[3].0), &a.tax.dept, moved)
                },
            ),
        ),
        fair("LEV-F02", 20, ("按期足额", "what was due, when it was due"), |a, t, d| {
            let (payer, moved) = a.levy(t, d, (1, 0, 0));
            Told::new(format!("{payer}/{}", LEVIES[1].0), &a.tax.dept, moved)
        }),
        bad(
            "LEV-T01",
            Yellow,
            20,
            ("批准缓缴4个月", "deferred by four months"),
            |a, t, d| a.deferred(t, d, 4),
        ),
        fair("LEV-T01", 20, ("批准缓缴3个月", "deferred by three months"), |a, t, d| {
            a.deferred(t, d, 3)
        }),
        bad(
            "LEV-T02",
            Yellow,
            20,
            ("第2个工作日才入库", "in the treasury on working day 2"),
            |a, t, d| {
                let (payer, moved) = a.levy(t, d, (2, 2, 0));
                Told::new(format!("{payer}/{}", LEVIES[2].0), &a.tax.dept, moved)
            },
        ),
        fair("LEV-T02", 20, ("次日入库", "in the treasury the next day"), |a, t, d| {
            let (payer, moved) = a.levy(t, d, (2, 1, 0));
            Told::new(format!("{payer}/{}", LEVIES[2].0), &a.tax.dept, moved)
        }),
    ]
}

fn reviews() -> Vec<Story<Of>> {
    vec![
        bad(
            "REC-T01",
            Red,
            100,
            ("60日后才作决定", "decided after sixty days"),
            |a, t, d| a.reviewed(t, d, (68, None, "uphold", 0)),
        ),
        fair(
            "REC-T01",
            120,
            ("依法延期后第75日决定", "extended in time, decided on day 75"),
            |a, t, d| a.reviewed(t, d, (75, Some(30), "uphold", 0)),
        ),
        bad(
            "REC-R02",
            Red,
            100,
            ("逾期未履行复议决定", "not complied with by its term"),
            |a, t, d| a.reviewed(t, d, (30, None, "order_perform", 3)),
        ),
        fair("REC-R02", 100, ("到期当日履行", "complied with on the last day"), |a, t, d| {
            a.reviewed(t, d, (30, None, "order_perform", 0))
        }),
    ]
}

impl Powers {
    fn measured(&mut self, town: &mut Town, day: Day, change: impl FnOnce(&mut Seizure)) -> Told {
        let mut said = Seizure::default();
        change(&mut said);
        let dept = self.seizers[(self.nth + 1) % self.seizers.len()].0.dept.clone();
        let (_, list, taken) = self.seizure(town, day, &said);
        // A measure that lasts comes to its last day after thirty.
        let when = if said.days > 30 { day.plus(31).start() } else { taken };
        Told::new(list, dept, when)
    }

    fn enforced(&mut self, town: &mut Town, day: Day, demanded: bool) -> Told {
        let nth = self.next();
        let case = format!("QZ2025{nth:06}");
        let office = self.seizers[0].0.clone();
        if demanded {
            let line = town.book.line("coercion.demand.served", &office, at(day, 10, 0));
            line.text("case_no", &case).text("demand_no", &format!("CG{nth:06}")).done();
        }
        let decided = at(town.clock.wd(day, 12), 10, 0);
        let line = town.book.line("coercion.enforcement.decided", &office, decided);
        line.text("case_no", &case).text("kind", "dismantle").done();
        let line = town.book.line(
            "coercion.enforcement.executed",
            &office,
            at(town.clock.wd(day, 14), 10, 0),
        );
        line.text("case_no", &case).text("kind", "dismantle").flag("night", false).done();
        Told::new(case, &office.dept, decided)
    }

    fn seized_twice(&mut self, town: &mut Town, day: Day, released: bool) -> Told {
        let item_no = format!("WPX{:05}", self.nth);
        let first = Seizure { item_no: item_no.clone(), partial: released, ..Seizure::default() };
        self.seizure(town, day, &first);
        let again = town.clock.wd(day, 5);
        let second = Seizure { item_no, days: 10, ..Seizure::default() };
        let dept = self.seizers[(self.nth + 1) % self.seizers.len()].0.dept.clone();
        let (_, list, taken) = self.seizure(town, again, &second);
        Told::new(list, dept, taken)
    }

    fn waived(&mut self, town: &mut Town, day: Day, (code, amount): (&str, i64)) -> Told {
        let (payer, _) = self.levy(town, day, (0, 0, 0));
        let when = at(town.clock.wd(day, 4), 10, 0);
        town.book
            .line("levy.reduced", &self.tax, when)
            .text("taxpayer", &payer)
            .text("code", LEVIES[0].0)
            .text("period", &format!("2025-{:02}", day.ymd().1))
            .text("waiver_code", code)
            .int("amount", amount)
            .text("approver", "SWJ001")
            .text("approver_rank", "head")
            .text("basis", "财税〔2024〕5号")
            .day("liable_on", day)
            .done();
        Told::new(format!("{payer}/{}", LEVIES[0].0), &self.tax.dept, when)
    }

    fn deferred(&mut self, town: &mut Town, day: Day, months: i64) -> Told {
        let (payer, _) = self.levy(town, day, (0, 0, 0));
        let when = at(town.clock.wd(day, 4), 10, 0);
        town.book
            .line("levy.delayed", &self.tax, when)
            .text("taxpayer", &payer)
            .text("code", LEVIES[0].0)
            .text("period", &format!("2025-{:02}", day.ymd().1))
            .int("months", months)
            .text("approver", "省税务局")
            .text("approver_level", "province")
            .done();
        Told::new(format!("{payer}/{}", LEVIES[0].0), &self.tax.dept, when)
    }

    fn reviewed(&mut self, town: &mut Town, day: Day, said: (i32, Option<i64>, &str, i32)) -> Told {
        let (case, on) = self.review(town, day, said);
        let when = if said.2 == "order_perform" { on } else { on.plus(-6) };
        Told::new(case, &self.justice.dept, when.start())
    }
}
