//! Stories about the records themselves: GRID-R.

use super::visit::Visit;
use super::{CAP, Grids, Team};
use crate::clock::{at, day as date};
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::{Day, days_in_month};

type Of = Grids;

const LONG: &str = "经现场检查该单位持证经营，人员健康证齐全，加工间地面有积水，冷藏柜温度记路不全，已要求当场整改并加强日常管理，后续将跟踪落实情况";

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = records();
    all.extend(persons());
    all
}

fn records() -> Vec<Story<Of>> {
    vec![
        bad(
            "GRID-R01",
            Yellow,
            20,
            ("四家记录文字雷同", "one text for four shops"),
            |a, t, d| a.copied(t, d, LONG),
        ),
        fair(
            "GRID-R01",
            20,
            ("四家均记录符合要求", "a short note for four shops"),
            |a, t, d| a.copied(t, d, "符合要求。"),
        ),
        bad(
            "GRID-R02",
            Red,
            20,
            ("同一照片用于两家", "one photo for two objects"),
            |a, t, d| a.photo(t, d, true),
        ),
        fair(
            "GRID-R02",
            20,
            ("同日同一对象两份记录共用照片", "one visit, two records"),
            |a, t, d| a.photo(t, d, false),
        ),
        bad(
            "GRID-R04",
            Yellow,
            20,
            ("在3.2公里外录入", "recorded 3.2 kilometres away"),
            |a, t, d| a.changed(t, d, |visit| visit.off = 29_000),
        ),
        fair("GRID-R04", 20, ("相距90米", "ninety metres away"), |a, t, d| {
            a.changed(t, d, |visit| visit.off = 810)
        }),
        bad(
            "GRID-R05",
            Yellow,
            20,
            ("30项检查仅4分钟", "thirty items in four minutes"),
            |a, t, d| a.changed(t, d, |visit| (visit.items, visit.minutes) = (30, 4)),
        ),
        fair("GRID-R05", 20, ("巡查4分钟", "a patrol of four minutes"), |a, t, d| {
            a.changed(t, d, |visit| (visit.kind, visit.minutes) = ("patrol", 4))
        }),
        bad(
            "GRID-R07",
            Yellow,
            40,
            ("全部合格后9日查出重大问题", "a major finding nine days after a pass"),
            |a, t, d| a.contradicted(t, d, false),
        ),
        fair(
            "GRID-R07",
            40,
            ("问题出在新装设备", "the finding is about new equipment"),
            |a, t, d| a.contradicted(t, d, true),
        ),
    ]
}

fn persons() -> Vec<Story<Of>> {
    vec![
        bad(
            "GRID-R03",
            Yellow,
            10,
            ("四分钟移动14公里", "fourteen kilometres in four minutes"),
            |a, t, d| a.jumped(t, d, (126_000, 10)),
        ),
        fair(
            "GRID-R03",
            10,
            ("定位漂移300米", "a drift of three hundred metres"),
            |a, t, d| a.jumped(t, d, (2_700, 150)),
        ),
        between(
            ((2, 3), (10, 30)),
            bad(
                "GRID-R06",
                Notice,
                60,
                ("全月记录集中在月末上传", "a month's records uploaded at its end"),
                |a, t, d| a.batched(t, d, false),
            ),
        ),
        between(
            ((2, 3), (10, 30)),
            fair(
                "GRID-R06",
                60,
                ("无信号村离线记录", "a village without signal"),
                |a, t, d| a.batched(t, d, true),
            ),
        ),
        bad(
            "GRID-R08",
            Red,
            20,
            ("网格员实施入企检查", "a grid worker inspects"),
            |a, t, d| a.unqualified(t, d, "inspection"),
        ),
        fair("GRID-R08", 20, ("网格员巡查上报", "a grid worker patrols"), |a, t, d| {
            a.unqualified(t, d, "patrol")
        }),
        bad(
            "GRID-R09",
            Yellow,
            60,
            ("超过年度检查上限", "more inspections than the cap"),
            |a, t, d| a.disturbed(t, d, "plan"),
        ),
        fair(
            "GRID-R09",
            60,
            ("投诉举报核查不计", "complaints are looked into"),
            |a, t, d| a.disturbed(t, d, "complaint"),
        ),
    ]
}

impl Grids {
    /// One inspection by a team of a story, with something changed.
    fn changed(&mut self, town: &mut Town, day: Day, change: impl FnOnce(&mut Visit)) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 10));
        let mut visit = self.visit(&object, &team, at(day, 14, 0));
        change(&mut visit);
        visit.recorded = visit.started.plus_minutes(visit.minutes + 6);
        self.inspect(town, &visit);
        Told::new(&team.officers[0], &team.office.dept, at(day, 14, 30))
    }

    fn copied(&mut self, town: &mut Town, day: Day, text: &str) -> Told {
        let team = self.spare();
        let mut when = at(day, 14, 0);
        for nth in 0..4 {
            let on = town.clock.wd(day, nth);
            let object = self.new_object(town, &team, at(day, 9, 10));
            when = at(on, 14, 0);
            let mut visit = self.visit(&object, &team, when);
            text.clone_into(&mut visit.text);
            self.inspect(town, &visit);
        }
        Told::new(&team.officers[0], &team.office.dept, when)
    }

    fn photo(&mut self, town: &mut Town, day: Day, elsewhere: bool) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 10));
        let first = self.visit(&object, &team, at(day, 10, 0));
        self.inspect(town, &first);
        let other = if elsewhere { self.new_object(town, &team, at(day, 9, 10)) } else { object };
        let mut again = self.visit(&other, &team, at(day, 11, 0));
        again.sha.clone_from(&first.sha);
        if !elsewhere {
            again.started = first.started;
            again.recorded = first.recorded;
            again.minutes = first.minutes;
        }
        self.inspect(town, &again);
        Told::new(&team.officers[0], &team.office.dept, again.started)
    }

    fn contradicted(&mut self, town: &mut Town, day: Day, new_equipment: bool) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 10));
        let visit = self.visit(&object, &team, at(day, 14, 0));
        self.inspect(town, &visit);
        let found = at(town.clock.open(day.plus(9)), 15, 0);
        town.book
            .line("grid.finding.confirmed", &self.office, found)
            .text("finding_no", &format!("WT{:05}", self.nth))
            .text("object", &object.code)
            .time("at", found)
            .text("level", "major")
            .text("source", "check")
            .texts("items", ["I2", "I3"])
            .flag("new_equipment", new_equipment)
            .done();
        Told::new(&team.officers[0], &team.office.dept, found)
    }

    /// A patrol whose points are so far apart within four minutes, at an accuracy.
    fn jumped(&mut self, town: &mut Town, day: Day, (far, acc_m): (i64, i64)) -> Told {
        let nth = self.next();
        let officer = format!("WGT{nth:05}");
        let no = format!("XCT{nth:05}");
        for (kind, minute, lat) in [
            ("grid.patrol.started", 0, 0),
            ("grid.patrol.point", 4, far),
            ("grid.patrol.ended", 40, far + 500),
        ] {
            let when = at(day, 10, 0).plus_minutes(minute);
            self.point(town, (kind, &no, &officer), when, (36_150_000 + lat, 120_200_000), acc_m);
        }
        Told::new(officer, &self.office.dept, at(day, 10, 4))
    }

    /// Thirteen inspections of one month whose records all come on its last day.
    fn batched(&mut self, town: &mut Town, day: Day, offline: bool) -> Told {
        let team = self.spare();
        let (_, month, _) = day.ymd();
        let first = date(month + 1, 1);
        let last = date(month + 1, days_in_month(2025, month + 1));
        for nth in 0..13 {
            let object = self.new_object(town, &team, at(town.clock.open(first), 9, 10));
            let on = town.clock.wd(first, 1 + nth);
            let mut visit = self.visit(&object, &team, at(on, 14, 0));
            visit.offline = offline;
            visit.recorded = at(last, 16, 0).plus_minutes(i64::from(nth)).max(visit.recorded);
            self.inspect(town, &visit);
        }
        Told::new(&team.officers[0], &team.office.dept, first.plus(32).start())
    }

    fn unqualified(&mut self, town: &mut Town, day: Day, kind: &'static str) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 10));
        let worker = super::worker(self.nth % town.people.villages.len());
        // The worker walks there in the evening, after his patrols.
        let team = Team { officers: vec![worker, team.officers[1].clone()], ..team };
        let mut visit = self.visit(&object, &team, at(day, 19, 0));
        visit.kind = kind;
        self.inspect(town, &visit);
        Told::new(object.code, &team.office.dept, at(day, 19, 0))
    }

    fn disturbed(&mut self, town: &mut Town, day: Day, basis: &'static str) -> Told {
        let team = self.spare();
        let object = self.new_object(town, &team, at(day, 9, 10));
        let mut when = at(day, 14, 0);
        for nth in 0..CAP as i32 + 1 {
            when = at(town.clock.wd(day, nth * 4), 14, 0);
            let mut visit = self.visit(&object, &team, when);
            visit.basis = basis;
            self.inspect(town, &visit);
        }
        Told::new(object.code, &team.office.dept, when)
    }
}
