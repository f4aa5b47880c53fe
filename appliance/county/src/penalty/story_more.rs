//! Stories about discretion, money and competence: PEN-D, PEN-F and PEN-X.

use super::Penalties;
use super::case::File;
use super::cause::Cause;
use crate::clock::at;
use crate::story::{Story, Told, bad, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Penalties;

/// An account of a department: no place for fines.
const FOREIGN_ACCOUNT: &str = "h:bmzh-0007";

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = discretion();
    all.extend(money());
    all.extend(competence());
    all
}

fn discretion() -> Vec<Story<Of>> {
    vec![
        bad(
            "PEN-D01",
            Yellow,
            60,
            ("罚款超出所选裁量档", "a fine above its band"),
            |a, t, d| {
                a.told(t, d, |file| {
                    (file.fine, file.proposed) = (4_000_000, 4_000_000);
                    file.factors = file.special_factors("harm");
                })
            },
        ),
        fair(
            "PEN-D01",
            60,
            ("有减轻情节并经批准", "a mitigation that was approved"),
            |a, t, d| {
                a.told(t, d, |file| {
                    (file.fine, file.proposed, file.band) = (300_000, 300_000, "light");
                    file.factors = file.special_factors("mitigation");
                    file.extra.push(("mitigation_approver", "\"SCJ001\"".to_owned()));
                })
            },
        ),
        bad(
            "PEN-D03",
            Yellow,
            120,
            ("同一当事人两次以首违免罚", "spared as a first offender twice"),
            |a, t, d| {
                let desk = a.spared % super::DEPTS.len();
                a.spared += 1;
                let party = a.spare(t, d, None, desk).1;
                a.spare(t, t.clock.wd(d, 30), Some(party), desk).0
            },
        ),
        bad(
            "PEN-D04",
            Red,
            120,
            ("同一违法行为两次罚款", "fined twice for one act"),
            |a, t, d| a.fined_twice(t, d, false),
        ),
        fair(
            "PEN-D04",
            120,
            ("责令改正后按日连续处罚", "a daily fine after an order"),
            |a, t, d| a.fined_twice(t, d, true),
        ),
        bad(
            "PEN-D05",
            Red,
            60,
            ("违法行为终了两年后处罚", "fined two years after the act"),
            |a, t, d| a.old(t, d, false),
        ),
        fair("PEN-D05", 60, ("违法行为持续至今", "the act is continuing"), |a, t, d| {
            a.old(t, d, true)
        }),
    ]
}

fn money() -> Vec<Story<Of>> {
    vec![
        bad(
            "PEN-F01",
            Red,
            60,
            ("罚款缴入部门账户", "a fine paid to the department"),
            |a, t, d| a.told(t, d, |file| file.account = FOREIGN_ACCOUNT),
        ),
        fair(
            "PEN-F01",
            60,
            ("代收银行收缴", "collected by the treasury's bank"),
            |a, t, d| a.told(t, d, |_| {}),
        ),
        bad(
            "PEN-F02",
            Red,
            120,
            ("加处罚款超过本金", "a surcharge above the principal"),
            |a, t, d| a.surcharged(t, d, 100_000),
        ),
        fair(
            "PEN-F02",
            120,
            ("加处罚款等于本金", "a surcharge as high as the principal"),
            |a, t, d| a.surcharged(t, d, 0),
        ),
        bad(
            "PEN-F04",
            Notice,
            20,
            ("考核文件下达罚没指标", "an assessment names a target for fines"),
            |a, t, d| a.quota(t, d),
        ),
        bad(
            "PEN-F03",
            Yellow,
            90,
            ("到期未缴且未催未申请", "unpaid, and nothing was done"),
            |a, t, d| a.unpaid(t, d, false),
        ),
        fair("PEN-F03", 90, ("批准分期缴纳", "instalments were approved"), |a, t, d| {
            a.unpaid(t, d, true)
        }),
    ]
}

fn competence() -> Vec<Story<Of>> {
    vec![
        bad(
            "PEN-X01",
            Red,
            60,
            ("达到刑事标准只罚款", "fined only, above the criminal threshold"),
            |a, t, d| a.told(t, d, |file| file.goods_value = 600_000_000),
        ),
        fair(
            "PEN-X01",
            60,
            ("货值低于移送标准", "goods below the threshold"),
            |a, t, d| a.told(t, d, |file| file.goods_value = 400_000_000),
        ),
        bad(
            "PEN-X02",
            Red,
            60,
            ("在邻县办案无协助函", "in the next county, without a letter"),
            |a, t, d| a.told(t, d, Penalties::abroad),
        ),
        fair("PEN-X02", 60, ("有异地协助函", "with a letter of assistance"), |a, t, d| {
            a.told(t, d, |file| {
                Penalties::abroad(file);
                file.filed_extra.push(("assist_letter", "\"临协〔2025〕8号\"".to_owned()));
            })
        }),
        bad(
            "PEN-D02",
            Notice,
            60,
            ("同类案件中明显偏重", "far from its peers"),
            |a, t, d| a.outlier(t, d, (Cause::Even, 14)),
        ),
        fair(
            "PEN-D02",
            60,
            ("同类案件太少，不作比较", "too few peers to compare"),
            |a, t, d| a.outlier(t, d, (Cause::Odd, 4)),
        ),
    ]
}

impl Penalties {
    /// Not punished because it was the first time; returns the party.
    fn spare(
        &mut self,
        town: &mut Town,
        day: Day,
        party: Option<String>,
        desk: usize,
    ) -> (Told, String) {
        let mut file = self.open(town, desk, super::TEAMS, Cause::Spared);
        if let Some(party) = party {
            file.party = party;
        }
        (file.fine, file.proposed, file.kind) = (0, 0, "");
        file.extra.push(("not_punished_reason", "\"first_violation\"".to_owned()));
        self.file(town, &file, day, "");
        let noticed = self.inquire(town, &file, day);
        let decided = town.clock.wd(noticed, 7);
        self.review(town, &file, town.clock.wd(noticed, 5));
        let when = self.decide(town, &file, decided);
        self.serve(town, &file, town.clock.wd(decided, 2));
        self.publish(town, &file, town.clock.wd(decided, 3));
        (Told::new(&file.no, self.dept(&file), when), file.party)
    }

    fn fined_twice(&mut self, town: &mut Town, day: Day, daily: bool) -> Told {
        let mut file = self.tale(town, Cause::Tale);
        file.act_date = Some(day.plus(-4));
        self.course(town, &file, day);
        let mut again =
            self.open(town, (file.desk + 1) % super::DEPTS.len(), file.team, Cause::Tale);
        again.party.clone_from(&file.party);
        again.act_date = file.act_date;
        again.place.clone_from(&file.place);
        again.desk = file.desk;
        again.officers.clone_from(&file.officers);
        if daily {
            again.extra.push(("daily", "true".to_owned()));
        }
        self.course(town, &again, town.clock.wd(day, 25))
    }

    fn surcharged(&mut self, town: &mut Town, day: Day, beyond: i64) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        self.review(town, &file, town.clock.wd(noticed, 5));
        let decided = town.clock.wd(noticed, 7);
        self.decide(town, &file, decided);
        let served = town.clock.wd(decided, 2);
        self.serve(town, &file, served);
        self.publish(town, &file, town.clock.wd(decided, 4));
        let from = served.plus(16);
        let to = from.plus(40);
        let office = self.offices[file.desk].clone();
        let when = at(town.clock.open(to), 10, 0);
        town.book
            .line("penalty.fine.surcharge", &office, when)
            .text("case_no", &file.no)
            .int("amount", file.fine + beyond)
            .int("days", 40)
            .day("from", from)
            .day("to", to)
            .done();
        self.pay(town, &file, town.clock.wd(when.day(), 1));
        self.close(town, &file, town.clock.wd(when.day(), 3));
        let told = Told::new(&file.no, self.dept(&file), when);
        told.also("PEN-F03", Yellow, town.clock.cal(served, 15).plus(1).start())
    }

    fn unpaid(&mut self, town: &mut Town, day: Day, instalments: bool) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        self.review(town, &file, town.clock.wd(noticed, 5));
        let decided = town.clock.wd(noticed, 7);
        self.decide(town, &file, decided);
        let served = town.clock.wd(decided, 2);
        self.serve(town, &file, served);
        self.publish(town, &file, town.clock.wd(decided, 4));
        if instalments {
            let office = self.offices[file.desk].clone();
            let due = town.clock.open(served.plus(40));
            let json = format!(r#"[{{"due":"{due}","amount":{}}}]"#, file.fine);
            let when = at(town.clock.wd(served, 3), 10, 0);
            town.book
                .line("penalty.fine.instalment_approved", &office, when)
                .text("case_no", &file.no)
                .json("schedule", &json)
                .text("approver", &self.signers[file.desk])
                .done();
        }
        self.pay(town, &file, town.clock.open(served.plus(38)));
        Told::new(&file.no, self.dept(&file), town.clock.cal(served, 15).plus(1).start())
    }

    /// A document sets a department a target for its fines.
    fn quota(&mut self, town: &mut Town, day: Day) -> Told {
        let desk = self.quotas % super::DEPTS.len();
        self.quotas += 1;
        let office = &self.offices[desk];
        let when = at(day, 15, 0);
        town.book
            .line("penalty.quota.found", office, when)
            .text("dept", &office.dept)
            .text("doc_no", &format!("清考发〔2025〕{}号", self.quotas))
            .int("amount", 500_000_000)
            .done();
        Told::new(&office.dept, &office.dept, when)
    }

    /// An act of two years and some days ago that is found today, or that goes on until today.
    fn old(&mut self, town: &mut Town, day: Day, continuing: bool) -> Told {
        self.told(town, day, |file| {
            (file.act_date, file.continuing) = (Some(day.plus(-740)), continuing);
            file.filed_extra.push(("discovered_at", format!("\"{day}T09:00:00+08:00\"")));
        })
    }

    /// So many firms are fined alike on the spot, and then one half as much again.
    fn outlier(&mut self, town: &mut Town, day: Day, (cause, peers): (Cause, i32)) -> Told {
        // Each telling has a department of its own, so that their peers do not mix.
        let desk = self.outliers % super::DEPTS.len();
        self.outliers += 1;
        for nth in 0..peers {
            let team = nth as usize % super::TEAMS;
            let file = self.open(town, desk, team, cause);
            let on = town.clock.wd(day, nth / 3);
            self.spot(town, &file, at(on, 10, 0).plus_minutes(i64::from(nth % 3) * 90));
            self.pay(town, &file, on.plus(3));
        }
        let on = town.clock.wd(day, 6);
        let mut file: File = self.open(town, desk, super::TEAMS, cause);
        file.fine = 238_000;
        let when = at(on, 15, 0);
        self.spot(town, &file, when);
        self.pay(town, &file, on.plus(3));
        Told::new(&file.no, self.dept(&file), when)
    }
}
