//! Stories about terms and duties: GRID-T, GRID-D, GRID-Q and GRID-P.

use super::ordinary::Hazard;
use super::{Grids, Team};
use crate::clock::at;
use crate::story::{Story, Told, bad, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::Day;

type Of = Grids;

const GENERAL: Hazard =
    Hazard { level: "general", due_d: 10, rectified_d: 6, reviewed_d: 1, mode: "site" };

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = terms();
    all.extend(duties());
    all
}

fn terms() -> Vec<Story<Of>> {
    vec![
        bad(
            "GRID-T01",
            Yellow,
            50,
            ("计划到期后第4日才检查", "inspected four days after the plan's term"),
            |a, t, d| a.planned(t, d, false),
        ),
        fair(
            "GRID-T01",
            50,
            ("到期前对象已停业", "the object closed before the term"),
            |a, t, d| a.planned(t, d, true),
        ),
        bad(
            "GRID-T02",
            Yellow,
            40,
            ("隐患逾期2日才复查", "reviewed two days after the term"),
            |a, t, d| a.rectified(t, d, Hazard { rectified_d: 12, ..GENERAL }),
        ),
        fair("GRID-T02", 40, ("到期前复查合格", "reviewed by the last day"), |a, t, d| {
            a.rectified(t, d, GENERAL)
        }),
        bad(
            "GRID-T03",
            Yellow,
            40,
            ("重大隐患仅凭照片复查", "a major hazard reviewed by photo"),
            |a, t, d| a.rectified(t, d, Hazard { level: "major", mode: "photo", ..GENERAL }),
        ),
        fair(
            "GRID-T03",
            40,
            ("一般隐患远程复查", "a general hazard reviewed remotely"),
            |a, t, d| a.rectified(t, d, Hazard { mode: "remote", ..GENERAL }),
        ),
        bad(
            "GRID-T04",
            Yellow,
            50,
            ("举报第7个工作日才受理", "accepted on working day 7"),
            |a, t, d| {
                let no = a.report(t, d, (7, false));
                Told::new(no, &a.office.dept, t.clock.wd(d, 6).start())
            },
        ),
        fair(
            "GRID-T04",
            50,
            ("第3个工作日移送有回执", "transferred on day 3, with a receipt"),
            |a, t, d| {
                let no = a.report(t, d, (3, true));
                Told::new(no, &a.office.dept, t.clock.wd(d, 6).start())
            },
        ),
        bad(
            "GRID-T05",
            Yellow,
            5,
            ("告警45分钟未处置", "an alarm unhandled for 45 minutes"),
            |a, t, d| {
                let (object, raised) = a.alarm(t, at(d, 8, 0), (45, false));
                Told::new(object, &a.office.dept, raised.plus_minutes(30))
            },
        ),
        fair("GRID-T05", 5, ("测试告警", "a test"), |a, t, d| {
            let (object, raised) = a.alarm(t, at(d, 8, 0), (45, true));
            Told::new(object, &a.office.dept, raised.plus_minutes(30))
        }),
        bad(
            "GRID-T06",
            Red,
            5,
            ("事故三小时后才报", "reported three hours later"),
            |a, t, d| {
                let no = a.accident(t, at(d, 9, 0), 180);
                Told::new(no, &a.office.dept, at(d, 12, 0))
            },
        ),
        fair(
            "GRID-T06",
            5,
            ("事故50分钟内上报", "reported within fifty minutes"),
            |a, t, d| {
                let no = a.accident(t, at(d, 9, 0), 50);
                Told::new(no, &a.office.dept, at(d, 10, 0))
            },
        ),
    ]
}

fn duties() -> Vec<Story<Of>> {
    vec![
        bad(
            "GRID-D01",
            Red,
            40,
            ("新登记对象十二日无人负责", "nobody's duty for twelve days"),
            |a, t, d| a.homeless(t, d, 12),
        ),
        fair("GRID-D01", 40, ("次日即落实责任", "a duty the next day"), |a, t, d| {
            a.homeless(t, d, 1)
        }),
        bad(
            "GRID-D02",
            Notice,
            30,
            ("第7个工作日才确认", "acknowledged on working day 7"),
            |a, t, d| a.acknowledged(t, d, 7),
        ),
        fair(
            "GRID-D02",
            30,
            ("第5个工作日确认", "acknowledged on working day 5"),
            |a, t, d| a.acknowledged(t, d, 5),
        ),
        bad(
            "GRID-D03",
            Yellow,
            40,
            ("离岗后第6个工作日才交接", "handed over on working day 6"),
            |a, t, d| a.left(t, d, 6),
        ),
        fair(
            "GRID-D03",
            40,
            ("离岗后第2个工作日交接", "handed over on working day 2"),
            |a, t, d| a.left(t, d, 2),
        ),
        bad(
            "GRID-Q01",
            Yellow,
            40,
            ("红牌成立后未启动问责", "no accountability after a red card"),
            |a, t, d| a.upheld(t, d, false),
        ),
        fair("GRID-Q01", 40, ("申诉未决", "an appeal is pending"), |a, t, d| {
            a.upheld(t, d, true)
        }),
        bad(
            "GRID-P01",
            Notice,
            50,
            ("第22个工作日才公开结果", "published on working day 22"),
            |a, t, d| a.shown(t, d, 22),
        ),
        fair(
            "GRID-P01",
            50,
            ("第20个工作日公开结果", "published on working day 20"),
            |a, t, d| a.shown(t, d, 20),
        ),
    ]
}

impl Grids {
    /// A team that takes part in stories only, each in turn.
    pub(super) fn spare(&mut self) -> Team {
        let nth = self.next_spare;
        self.next_spare += 1;
        self.spare[nth % self.spare.len()].clone()
    }

    fn planned(&mut self, town: &mut Town, day: Day, closed: bool) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 30));
        let due = town.clock.open(day.plus(25));
        let plan = format!("JHT{:05}", self.next());
        town.book
            .line("grid.plan.published", &team.office, at(town.clock.wd(day, 1), 10, 0))
            .text("plan_no", &plan)
            .text("object", &object.code)
            .text("task", "special")
            .day("due", due)
            .texts("officers", &team.officers)
            .done();
        if closed {
            town.book
                .line("grid.object.changed", &team.office, at(town.clock.wd(day, 8), 10, 0))
                .text("object", &object.code)
                .text("kind", "shop")
                .text("risk_level", "B")
                .micro("lat", object.lat)
                .micro("lon", object.lon)
                .text("grid_id", &object.grid)
                .text("status", "closed")
                .done();
        } else {
            let on = town.clock.open(due.plus(3));
            let mut visit = self.visit(&object, &team, at(on, 10, 0));
            (visit.task, visit.plan_no) = ("special", plan);
            self.inspect(town, &visit);
        }
        Told::new(object.code, &team.office.dept, due.plus(1).start())
    }

    fn rectified(&mut self, town: &mut Town, day: Day, hazard: Hazard) -> Told {
        let nth = self.next() % self.objects.len();
        let object = self.objects[nth].clone();
        let (no, due) = self.hazard(town, (&object, "JC-T"), day, hazard);
        let when = if hazard.mode == "site" { due.plus(1) } else { due.plus(-2) };
        Told::new(no, &self.teams[object.desk][0].office.dept, when.start())
    }

    /// Registered in a grid of its own, and somebody's duty so many days later.
    fn homeless(&mut self, town: &mut Town, day: Day, after: i32) -> Told {
        let team = self.spare();
        let nth = self.next();
        let object = super::Object {
            code: format!("DXH{nth:05}"),
            desk: 0,
            lat: 36_210_000,
            lon: 120_260_000,
            grid: format!("{}0100{:02}{:02}", crate::people::REGION, nth / 100 % 100, nth % 100),
        };
        self.register(town, &object, &team, at(day, 9, 30));
        let assigned = at(town.clock.open(day.plus(after)), 10, 0);
        self.assign(town, &object, &team, assigned, 1);
        Told::new(object.grid, &team.office.dept, town.clock.wd(day, 4).start())
    }

    fn acknowledged(&mut self, town: &mut Town, day: Day, wd: i32) -> Told {
        let team = self.spare();
        let nth = self.next();
        let object = super::Object {
            code: format!("DXK{nth:05}"),
            desk: 0,
            lat: 36_210_000,
            lon: 120_260_000,
            grid: format!("{}0110{:02}{:02}", crate::people::REGION, nth / 100 % 100, nth % 100),
        };
        self.register(town, &object, &team, at(day, 9, 30));
        self.assign(town, &object, &team, at(day, 10, 0), wd);
        Told::new(object.grid, &team.office.dept, town.clock.wd(day, 6).start())
    }

    fn left(&mut self, town: &mut Town, day: Day, wd: i32) -> Told {
        let team = self.spare();
        let nth = self.next();
        let object = super::Object {
            code: format!("DXL{nth:05}"),
            desk: 0,
            lat: 36_210_000,
            lon: 120_260_000,
            grid: format!("{}0120{:02}{:02}", crate::people::REGION, nth / 100 % 100, nth % 100),
        };
        self.register(town, &object, &team, at(day, 9, 30));
        let worker = self.assign(town, &object, &team, at(day, 10, 0), 1);
        // A second worker shares the duty, so that it is somebody's all the time.
        let heir = format!("{worker}-B");
        town.book
            .line("grid.duty.assigned", &team.office, at(day, 9, 50))
            .text("grid_id", &object.grid)
            .text("object", &object.code)
            .text("officer", &heir)
            .text("domain", &team.domain)
            .json("tasks", "[]")
            .day("from", day)
            .int("duty_ver", 1)
            .done();
        let seen = at(town.clock.wd(day, 1), 10, 0);
        town.book
            .line("grid.duty.acknowledged", &team.office, seen)
            .text("grid_id", &object.grid)
            .text("officer", &heir)
            .time("at", seen)
            .int("duty_ver", 1)
            .done();
        let gone = at(town.clock.wd(day, 5), 17, 0);
        town.book
            .line("grid.officer.left", &team.office, gone)
            .text("officer", &worker)
            .text("grid_id", &object.grid)
            .time("at", gone)
            .text("reason", "transferred")
            .int("open_tasks", 4)
            .done();
        let handed = at(town.clock.wd(gone.day(), wd), 10, 0);
        town.book
            .line("grid.handover.done", &team.office, handed)
            .text("from", &worker)
            .text("to", &heir)
            .text("grid_id", &object.grid)
            .text("list_hash", "h:qd-1")
            .time("at", handed)
            .done();
        Told::new(object.grid, &team.office.dept, town.clock.wd(gone.day(), 4).start())
    }

    fn upheld(&mut self, town: &mut Town, day: Day, appealed: bool) -> Told {
        let alert = format!("YJ2025{:05}", self.next());
        let upheld = at(day, 10, 0);
        town.book
            .line("grid.alert.upheld", &self.office, upheld)
            .text("alert_id", &alert)
            .text("rule", "GRID-R04")
            .text("level", "red")
            .time("at", upheld)
            .text("officer", "WG0001")
            .done();
        if appealed {
            let lodged = at(town.clock.wd(day, 2), 10, 0);
            town.book
                .line("grid.alert.appealed", &self.office, lodged)
                .text("alert_id", &alert)
                .text("phase", "lodged")
                .time("at", lodged)
                .done();
        } else {
            let opened = at(town.clock.wd(day, 13), 10, 0);
            town.book
                .line("grid.accountability.opened", &self.office, opened)
                .text("officer", "WG0001")
                .text("alert_id", &alert)
                .text("measure", "谈话提醒")
                .done();
        }
        Told::new(alert, &self.office.dept, town.clock.wd(day, 11).start())
    }

    fn shown(&mut self, town: &mut Town, day: Day, wd: i32) -> Told {
        let mut team = self.spare();
        team.domain = "food".to_owned();
        team.office = self.teams[0][0].office.clone();
        team.officers = self.teams[0][0].officers.clone();
        // In the evening, when nobody of the team is elsewhere.
        let object = self.new_object(town, &team, at(day, 9, 30));
        let visit = self.visit(&object, &team, at(day, 18, 30));
        let no = self.inspect(town, &visit);
        self.publish(town, &team.office, (&no, &object.code), town.clock.wd(day, wd));
        Told::new(object.code, &team.office.dept, town.clock.wd(day, 21).start())
    }
}
