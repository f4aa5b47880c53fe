//! Stories about reversals, schools and major projects.

use super::{Powers, Works};
use crate::clock::at;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Powers;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = schools();
    all.extend(projects());
    all
}

fn schools() -> Vec<Story<Of>> {
    vec![
        between(
            ((3, 5), (4, 28)),
            bad(
                "EDU-F01",
                Red,
                60,
                ("义务教育收取杂费", "a misc fee in compulsory education"),
                |a, t, d| a.charged(t, d, ("ZF01", "misc", 5_000, 5_000)),
            ),
        ),
        between(
            ((3, 5), (4, 28)),
            fair(
                "EDU-F01",
                60,
                ("代购教辅按公示价收取", "an agency fee at its price"),
                |a, t, d| a.charged(t, d, ("DS02", "agency", 8_000, 8_000)),
            ),
        ),
        between(
            ((3, 5), (4, 28)),
            bad(
                "EDU-F02",
                Yellow,
                60,
                ("学期末代收费结余6%未退", "six per cent left at the end of term"),
                |a, t, d| a.balance(t, d, "DS60"),
            ),
        ),
        between(
            ((3, 5), (4, 28)),
            fair("EDU-F02", 60, ("学期末结余1%", "one per cent left"), |a, t, d| {
                a.balance(t, d, "DS10")
            }),
        ),
        between(
            ((2, 10), (9, 1)),
            bad(
                "REC-R01",
                Notice,
                100,
                ("复议撤改率偏高", "many decisions reversed"),
                |a, t, d| a.reversed(t, d, 4),
            ),
        ),
    ]
}

fn projects() -> Vec<Story<Of>> {
    vec![
        bad(
            "PRJ-P01",
            Red,
            60,
            ("未取得施工许可即开工", "started before the permit"),
            |a, t, d| a.built(t, d, 0, |works| works.permit_before = false),
        ),
        fair("PRJ-P01", 60, ("抢险救灾应急工程", "an emergency undertaking"), |a, t, d| {
            a.built(t, d, 0, |works| (works.permit_before, works.emergency) = (false, true))
        }),
        bad(
            "PRJ-F01",
            Red,
            60,
            ("超概算12%未调整", "12 per cent above the estimate"),
            |a, t, d| a.built(t, d, 0, |works| works.over_pct = 18),
        ),
        fair("PRJ-F01", 60, ("概算已批准调整", "the estimate was adjusted"), |a, t, d| {
            a.built(t, d, 0, |works| (works.over_pct, works.adjusted) = (18, true))
        }),
        bad(
            "PRJ-T01",
            Yellow,
            90,
            ("进度滞后25个百分点", "25 points behind the plan"),
            |a, t, d| a.built(t, d, 30, |works| works.real_pct = 25),
        ),
        fair("PRJ-T01", 90, ("计划已批准调整", "the plan was changed"), |a, t, d| {
            a.built(t, d, 30, |works| (works.real_pct, works.plan_changed) = (25, true))
        }),
        between(
            ((1, 8), (3, 10)),
            bad(
                "PRJ-T02",
                Yellow,
                290,
                ("竣工七个月后才决算", "settled seven months later"),
                |a, t, d| a.built(t, d, 165, |works| works.settled_months = 7),
            ),
        ),
        between(
            ((1, 8), (3, 10)),
            fair(
                "PRJ-T02",
                290,
                ("竣工五个月后决算", "settled five months later"),
                |a, t, d| a.built(t, d, 165, |works| works.settled_months = 5),
            ),
        ),
        bad(
            "PRJ-C01",
            Yellow,
            90,
            ("变更累计超过合同12%", "changes of 12 per cent of the contract"),
            |a, t, d| {
                a.built(t, d, 16, |works| (works.over_pct, works.changes) = (-20, vec![30, 30, 30]))
            },
        ),
        fair("PRJ-C01", 90, ("一次小额变更", "one small change"), |a, t, d| {
            a.built(t, d, 16, |works| works.changes = vec![5])
        }),
    ]
}

impl Powers {
    fn charged(&mut self, town: &mut Town, day: Day, fee: (&str, &str, i64, i64)) -> Told {
        let school = format!("QYXXT{:04}", self.next());
        self.school(town, day, &school, &[fee]);
        Told::new(format!("{school}/2024-2025-2"), &self.education.dept, at(day, 14, 0))
    }

    fn balance(&mut self, town: &mut Town, day: Day, code: &str) -> Told {
        let school = format!("QYXXT{:04}", self.next());
        self.school(town, day, &school, &[(code, "agency", 10_000, 10_000)]);
        let end = crate::clock::day(7, 4);
        Told::new(format!("{school}/2024-2025-2"), &self.education.dept, at(end, 16, 0))
    }

    /// Twelve decisions about one respondent, so many of them reversed.
    fn reversed(&mut self, town: &mut Town, day: Day, count: i32) -> Told {
        let nth = self.next();
        let respondent = crate::people::uscc("12", 60_000 + nth);
        self.respondents.push(respondent.clone());
        let place = self.respondents.len() - 1;
        for nth in 0..12 {
            let result = if nth < count { "annul" } else { "uphold" };
            self.review_of(town, town.clock.wd(day, nth), place, (30, None, result, 0));
        }
        self.respondents.pop();
        let when = town.clock.wd(day, 34);
        Told::new(&respondent, &respondent, when.start())
    }

    fn built(
        &mut self,
        town: &mut Town,
        day: Day,
        wd: i32,
        change: impl FnOnce(&mut Works),
    ) -> Told {
        let mut works = Works::default();
        change(&mut works);
        let (project, started) = self.works(town, day, &works);
        Told::new(project, &self.works.dept, at(town.clock.wd(started, wd), 9, 30))
    }
}
