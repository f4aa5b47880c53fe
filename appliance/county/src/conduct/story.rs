//! Stories about complaints, openness and the platforms themselves.

use super::Conduct;
use crate::clock::at;
use crate::people::uscc;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Conduct;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = complaints();
    all.extend(openness());
    all.extend(data());
    all.extend(alerts());
    all
}

fn complaints() -> Vec<Story<Of>> {
    vec![
        bad(
            "CPL-T01",
            Red,
            90,
            ("投诉超过60日才办结", "concluded after sixty days"),
            |a, t, d| a.handled(t, d, (68, false)),
        ),
        fair(
            "CPL-T01",
            110,
            ("依法延期后第80日办结", "extended, concluded on day 80"),
            |a, t, d| a.handled(t, d, (80, true)),
        ),
        bad(
            "CPL-T02",
            Yellow,
            30,
            ("督办第7个工作日才回复", "replied on working day 7"),
            |a, t, d| a.ordered(t, d, 7, "final"),
        ),
        fair(
            "CPL-T02",
            30,
            ("第4个工作日阶段性回复", "an interim reply on day 4"),
            |a, t, d| a.ordered(t, d, 4, "interim"),
        ),
        bad(
            "CPL-R01",
            Yellow,
            110,
            ("三人先后投诉同一人员", "three persons about one officer"),
            |a, t, d| a.repeated(t, d, false),
        ),
        fair(
            "CPL-R01",
            110,
            ("同一人多渠道投诉", "one person on three channels"),
            |a, t, d| a.repeated(t, d, true),
        ),
        bad(
            "CPL-R02",
            Notice,
            70,
            ("办结后4日重新投诉", "reopened four days after its close"),
            |a, t, d| a.reopened(t, d, false),
        ),
        fair("CPL-R02", 70, ("因新情况重新投诉", "reopened for new facts"), |a, t, d| {
            a.reopened(t, d, true)
        }),
        bad(
            "CPL-R03",
            Yellow,
            40,
            ("承诺到期未兑现", "a promise not kept by its term"),
            |a, t, d| {
                let (no, due) = a.promise(t, d, 3);
                Told::new(no, &a.petitions.dept, due.plus(1).start())
            },
        ),
        fair("CPL-R03", 40, ("承诺当日兑现", "a promise kept on its last day"), |a, t, d| {
            let (no, due) = a.promise(t, d, 0);
            Told::new(no, &a.petitions.dept, due.plus(1).start())
        }),
    ]
}

fn openness() -> Vec<Story<Of>> {
    vec![
        bad(
            "OPN-T01",
            Yellow,
            50,
            ("第22个工作日才公开", "published on working day 22"),
            |a, t, d| {
                let no = a.published(t, d, 22);
                Told::new(no, &a.openness.dept, t.clock.wd(d, 21).start())
            },
        ),
        fair(
            "OPN-T01",
            50,
            ("第20个工作日公开", "published on working day 20"),
            |a, t, d| {
                let no = a.published(t, d, 20);
                Told::new(no, &a.openness.dept, t.clock.wd(d, 21).start())
            },
        ),
        bad(
            "OPN-T02",
            Red,
            50,
            ("未延期第22个工作日才答复", "answered on working day 22"),
            |a, t, d| {
                let no = a.asked(t, d, 22, None);
                Told::new(no, &a.openness.dept, t.clock.wd(d, 21).start())
            },
        ),
        fair(
            "OPN-T02",
            70,
            ("依法延期后第30个工作日答复", "extended, answered on day 30"),
            |a, t, d| {
                let no = a.asked(t, d, 30, Some(20));
                Told::new(no, &a.openness.dept, t.clock.wd(d, 21).start())
            },
        ),
    ]
}

fn data() -> Vec<Story<Of>> {
    vec![
        bad("NET-S01", Notice, 10, ("断报一小时", "silent for an hour"), |a, t, d| {
            a.silent(t, d, 60)
        }),
        fair("NET-S01", 10, ("断报二十分钟", "silent for twenty minutes"), |a, t, d| {
            a.silent(t, d, 20)
        }),
        bad(
            "NET-D01",
            Notice,
            10,
            ("2%的记录缺必填项", "two per cent lack a required field"),
            |a, t, d| a.faulty(t, d, (1000, 20, 3)),
        ),
        fair(
            "NET-D01",
            10,
            ("0.3%的记录缺必填项", "three per mille lack a required field"),
            |a, t, d| a.faulty(t, d, (1000, 3, 3)),
        ),
        bad(
            "NET-D02",
            Notice,
            10,
            ("时钟偏差90秒", "a clock ninety seconds off"),
            |a, t, d| a.faulty(t, d, (1000, 1, 90)),
        ),
        fair("NET-D02", 10, ("时钟偏差5秒", "a clock five seconds off"), |a, t, d| {
            a.faulty(t, d, (1000, 1, 5))
        }),
        bad(
            "NET-D03",
            Red,
            10,
            ("重报记录内容不同且无更正", "a record was changed silently"),
            |a, t, d| a.edited(t, d, false),
        ),
        fair("NET-D03", 10, ("经批准更正", "a correction with its approver"), |a, t, d| {
            a.edited(t, d, true)
        }),
        between(
            ((2, 5), (12, 10)),
            bad(
                "NET-R01",
                Yellow,
                10,
                ("下级1000条上级990条", "1000 below, 990 above"),
                |a, t, d| a.compared(t, d, 990),
            ),
        ),
        between(
            ((2, 5), (12, 10)),
            fair(
                "NET-R01",
                10,
                ("下级1000条上级998条", "1000 below, 998 above"),
                |a, t, d| a.compared(t, d, 998),
            ),
        ),
    ]
}

fn alerts() -> Vec<Story<Of>> {
    vec![
        bad(
            "NET-A01",
            Yellow,
            30,
            ("黄牌第5个工作日才答复", "a yellow card answered on day 5"),
            |a, t, d| a.answered_on(t, d, 5),
        ),
        fair(
            "NET-A01",
            30,
            ("黄牌第3个工作日答复", "a yellow card answered on day 3"),
            |a, t, d| a.answered_on(t, d, 3),
        ),
        bad(
            "NET-A02",
            Red,
            30,
            ("被监察单位自行销号", "closed by the supervised department"),
            |a, t, d| a.closed_by(t, d, true),
        ),
        fair("NET-A02", 30, ("监察机构销号", "closed by the supervisors"), |a, t, d| {
            a.closed_by(t, d, false)
        }),
        bad(
            "NET-A03",
            Notice,
            20,
            ("预警增多后放宽参数", "a limit loosened after twelve alerts"),
            |a, t, d| a.loosened(t, d, ""),
        ),
        fair(
            "NET-A03",
            20,
            ("依法修订后调整参数", "a limit changed with the law"),
            |a, t, d| a.loosened(t, d, "xkf-42"),
        ),
    ]
}

impl Conduct {
    fn handled(&mut self, town: &mut Town, day: Day, (days, extended): (i32, bool)) -> Told {
        let dept = self.depts[3].clone();
        let no = self.filed(town, at(day, 9, 0), (&dept, "", None));
        let accepted = town.clock.wd(day, 3);
        self.complaint(town, &no, "complaint.accepted", at(accepted, 10, 0));
        if extended {
            let when = at(town.clock.open_before(day.plus(50)), 10, 0);
            town.book
                .line("complaint.extended", &self.petitions, when)
                .text("complaint_no", &no)
                .int("days", 30)
                .text("approver", "XFJ001")
                .flag("told", true)
                .done();
        }
        let done = town.clock.open(accepted.plus(days));
        self.done(town, &no, &dept, at(done, 15, 0));
        Told::new(no, &self.petitions.dept, town.clock.cal(accepted, 60).plus(1).start())
    }

    fn ordered(&mut self, town: &mut Town, day: Day, wd: i32, kind: &str) -> Told {
        let no = self.order(town, day, wd, kind);
        Told::new(no, &self.platform.dept, town.clock.wd(day, 6).start())
    }

    fn repeated(&mut self, town: &mut Town, day: Day, one_person: bool) -> Told {
        let nth = self.next();
        let (dept, officer) = (self.depts[5].clone(), format!("GAJ9{nth:05}"));
        let mut when = at(day, 9, 0);
        for place in 0..3 {
            when = at(town.clock.open(day.plus(place * 25)), 9, 0);
            let person = if one_person { nth } else { nth + place as usize };
            let no = self.filed(town, when, (&dept, &officer, Some(100_000 + person)));
            self.complaint(
                town,
                &no,
                "complaint.accepted",
                at(town.clock.wd(when.day(), 2), 10, 0),
            );
            self.done(town, &no, &dept, at(town.clock.wd(when.day(), 20), 15, 0));
        }
        Told::new(format!("{dept}/{officer}"), dept, when)
    }

    fn reopened(&mut self, town: &mut Town, day: Day, new_facts: bool) -> Told {
        // A department of its own, so that the month's count stays below a red card.
        let dept = uscc("12", 80_000 + self.nth);
        let no = self.filed(town, at(day, 9, 0), (&dept, "", None));
        self.complaint(town, &no, "complaint.accepted", at(town.clock.wd(day, 2), 10, 0));
        let done = town.clock.wd(day, 15);
        self.done(town, &no, &dept, at(done, 15, 0));
        let again = at(done.plus(4), 10, 0);
        let line = town.book.line("complaint.reopened", &self.petitions, again);
        line.text("complaint_no", &no).flag("new_facts", new_facts).done();
        let done = town.clock.wd(again.day(), 5);
        self.done(town, &no, &dept, at(done, 15, 0));
        Told::new(no, dept, again)
    }

    fn silent(&mut self, town: &mut Town, day: Day, minutes: i64) -> Told {
        let source = format!("xj-t{:04}", self.next());
        let since = at(day, 9, 30);
        let seen = since.plus_minutes(15);
        town.book
            .line("platform.source.silent", &self.platform, seen)
            .text("source", &source)
            .time("since", since)
            .int("usual_s", 600)
            .done();
        town.book
            .line("platform.source.back", &self.platform, since.plus_minutes(minutes))
            .text("source", &source)
            .time("since", since)
            .done();
        Told::new(source, &self.platform.dept, since.plus_minutes(31))
    }

    fn faulty(&mut self, town: &mut Town, day: Day, said: (i64, i64, i64)) -> Told {
        let source = format!("xj-t{:04}", self.next());
        self.counted(town, day, &source, said);
        Told::new(source, &self.platform.dept, at(day, 23, 55))
    }

    fn edited(&mut self, town: &mut Town, day: Day, corrected: bool) -> Told {
        let nth = self.next();
        let record = format!("jl-{nth:06}");
        let when = at(day, 15, 0);
        let mut line = town
            .book
            .line("platform.record.changed", &self.platform, when)
            .text("source", "xj-00")
            .text("record", &record)
            .text("type", "approval.case.decided")
            .texts("fields", ["decided_at"])
            .text("hash_before", &self.rng.hex())
            .text("hash_after", &self.rng.hex())
            .flag("corrected", corrected);
        if corrected {
            line = line.text("approver", "SCJ001");
        }
        line.done();
        Told::new(record, &self.platform.dept, when)
    }

    fn compared(&mut self, town: &mut Town, day: Day, upper: i64) -> Told {
        let dept = uscc("12", 90_000 + self.next());
        // The month before is over.
        let month = day.ymd().1 - 1;
        let when = at(day, 9, 0);
        self.count(town, (&dept, month), (1000, upper), when);
        Told::new(format!("{dept}/2025-{month:02}"), dept, when)
    }

    fn answered_on(&mut self, town: &mut Town, day: Day, wd: i32) -> Told {
        let dept = self.depts[7].clone();
        let alert = self.raised(town, &dept, ("XJ-T02", "yellow"), at(day, 9, 40));
        self.answered(town, &alert, &dept, at(town.clock.wd(day, wd), 10, 0));
        let office = self.platform.dept.clone();
        self.closed(town, &alert, &office, at(town.clock.wd(day, wd + 2), 10, 0));
        Told::new(alert, dept, town.clock.wd(day, 4).start())
    }

    fn closed_by(&mut self, town: &mut Town, day: Day, itself: bool) -> Told {
        let dept = self.depts[8].clone();
        let alert = self.raised(town, &dept, ("XJ-T03", "yellow"), at(day, 9, 40));
        self.answered(town, &alert, &dept, at(town.clock.wd(day, 1), 10, 0));
        let when = at(town.clock.wd(day, 2), 10, 0);
        let by = if itself { dept.clone() } else { self.platform.dept.clone() };
        self.closed(town, &alert, &by, when);
        Told::new(alert, dept, when)
    }

    /// Twelve alerts of one rule, and the next day its limit is doubled.
    fn loosened(&mut self, town: &mut Town, day: Day, law: &str) -> Told {
        let rule = format!("XJ-L{:04}", self.next());
        let dept = self.depts[9].clone();
        for nth in 0..13 {
            let alert =
                self.raised(town, &dept, (&rule, "yellow"), at(day, 9, 0).plus_minutes(nth * 9));
            self.answered(town, &alert, &dept, at(town.clock.wd(day, 1), 11, 0));
        }
        let when = at(town.clock.wd(day, 1), 15, 0);
        let line = town
            .book
            .line("platform.setting.changed", &self.platform, when)
            .text("rule", &rule)
            .int("deployment", 1)
            .text("change", "parameter")
            .text("parameter", "default_wd")
            .text("before", "20")
            .text("after", "40")
            .text("looser", "up")
            .texts("by", ["gly-01"])
            .texts("roles", ["administrator"]);
        line.maybe("law_ref", law).done();
        Told::new(rule, &self.platform.dept, when)
    }
}
