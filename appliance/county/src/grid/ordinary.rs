//! The lawful traffic of a day, and the acts that stories are made of.

use super::{Grids, INSPECTORS, Object, TEAMS, worker};
use crate::clock::{at, day as date, later};
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// What a usual day brings at full size.
const INSPECTIONS: f64 = 92.0;
const PATROLS: f64 = 100.0;
const REPORTS: f64 = 7.0;
const ALARMS: f64 = 24.0;
const ACCIDENTS: f64 = 0.08;
/// Points of a patrol.
const POINTS: i64 = 8;

/// A hazard: its level, days until it is due, until it is put right and until it is reviewed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hazard {
    pub(super) level: &'static str,
    pub(super) due_d: i32,
    pub(super) rectified_d: i32,
    pub(super) reviewed_d: i32,
    pub(super) mode: &'static str,
}

impl Grids {
    pub(super) fn ordinary(&mut self, town: &mut Town, day: Day) {
        self.duties(town, day);
        for _ in 0..town.many(&mut self.rng, ALARMS, day) {
            self.alarm(town, at(day, 1, 0), (10, false));
        }
        for _ in 0..town.many(&mut self.rng, ACCIDENTS, day) {
            self.accident(town, at(day, 15, 0), 35);
        }
        if !town.clock.is_working(day) || day < date(1, 13) {
            return;
        }
        for _ in 0..town.many(&mut self.rng, INSPECTIONS, day) {
            self.usual(town, day);
        }
        for _ in 0..town.many(&mut self.rng, PATROLS, day) {
            self.patrol(town, day);
        }
        for _ in 0..town.many(&mut self.rng, REPORTS, day) {
            let wd = self.rng.range(1, 3) as i32;
            self.report(town, day, (wd, false));
        }
    }

    /// In the first days of the year all objects are registered and given to their grids.
    fn duties(&mut self, town: &mut Town, day: Day) {
        let first = date(1, 2);
        let nth_day = day.0 - first.0;
        if !(0..2).contains(&nth_day) {
            return;
        }
        for nth in 0..self.objects.len() {
            if nth as i32 % 2 != nth_day {
                continue;
            }
            let object = self.objects[nth].clone();
            let team = self.teams[object.desk][0].clone();
            let when = at(day, 9, 0).plus_minutes((nth % 300) as i64);
            self.register(town, &object, &team, when);
            self.assign(town, &object, &team, when.plus_minutes(30), 2);
        }
    }

    fn usual(&mut self, town: &mut Town, day: Day) {
        let object = self.objects[self.next_object % self.objects.len()].clone();
        let team_no = self.rng.below(TEAMS);
        let hours = self.busy.entry((day, object.desk, team_no)).or_insert(0);
        // A team has time for five a day.
        if *hours >= 5 {
            return;
        }
        self.next_object += 1;
        let slot = *hours;
        *hours += 1;
        let made = self.made.entry((object.desk, team_no)).or_insert(0);
        *made += 1;
        // One in seven finds something, whoever inspects.
        let failed = *made % 7 == 3;
        let begin = at(day, 9, 10).plus_minutes(slot * 75 + if slot >= 2 { 105 } else { 0 });
        let begin = later(&mut self.rng, begin, 0, 8);
        let team = self.teams[object.desk][team_no].clone();
        let mut visit = self.visit(&object, &team, begin);
        visit.failed = failed;
        let no = self.inspect(town, &visit);
        if INSPECTORS[object.desk].1 == "food" {
            let wd = self.rng.range(2, 12) as i32;
            self.publish(town, &visit.team.office, (&no, &object.code), town.clock.wd(day, wd));
        }
        if failed {
            let hazard = Hazard {
                level: "general",
                due_d: 25,
                rectified_d: self.rng.range(3, 8) as i32,
                reviewed_d: 1,
                mode: "site",
            };
            self.hazard(town, (&object, &no), day, hazard);
        }
    }

    pub(super) fn publish(
        &mut self,
        town: &mut Town,
        office: &crate::line::Office,
        (no, object): (&str, &str),
        day: Day,
    ) {
        let when = at(day, 16, 0);
        town.book
            .line("grid.inspection.published", office, when)
            .text("insp_no", no)
            .text("object", object)
            .time("at", when)
            .text("url", "https://www.example.gov.cn/jc")
            .done();
    }

    /// A hazard from its finding to its review; returns its number and its last day.
    pub(super) fn hazard(
        &mut self,
        town: &mut Town,
        (object, insp_no): (&Object, &str),
        day: Day,
        said: Hazard,
    ) -> (String, Day) {
        let no = format!("YH2025{:06}", self.next());
        let due = town.clock.open(day.plus(said.due_d));
        let office = self.teams[object.desk][0].office.clone();
        town.book
            .line("grid.hazard.found", &office, at(day, 17, 0))
            .text("haz_no", &no)
            .text("object", &object.code)
            .text("level", said.level)
            .day("due", due)
            .text("grid_id", &object.grid)
            .text("insp_no", insp_no)
            .done();
        let ordered = town.book.line("grid.hazard.rectify_ordered", &office, at(day, 17, 20));
        ordered.text("haz_no", &no).day("due", due).text("measures", "限期整改").done();
        // Who is in time does not wait until after the holidays.
        let rectified = day.plus(said.rectified_d);
        let rectified = match said.rectified_d < said.due_d {
            true => town.clock.open_before(rectified).max(town.clock.wd(day, 1)),
            false => town.clock.open(rectified),
        };
        let line = town.book.line("grid.hazard.rectified", &office, at(rectified, 11, 0));
        line.text("haz_no", &no).text("photo", "h:zg-1").done();
        let reviewed = town.clock.wd(rectified, said.reviewed_d);
        town.book
            .line("grid.hazard.reviewed", &office, at(reviewed, 15, 0))
            .text("haz_no", &no)
            .text("result", "pass")
            .text("reviewer", &self.teams[object.desk][0].officers[0])
            .text("mode", said.mode)
            .done();
        (no, due)
    }

    /// A worker walks through his village, a hundred metres every four minutes.
    fn patrol(&mut self, town: &mut Town, day: Day) {
        let village = self.next() % town.people.villages.len();
        let officer = worker(village);
        // Nobody is on two patrols at once: rounds of one day begin at different hours.
        let round = self.busy.entry((day, usize::MAX, village)).or_insert(0);
        let begin = at(day, 9, 0).plus_minutes(*round * 60);
        *round += 1;
        let lat = 36_150_000 + (village as i64 % 12) * 12_000;
        let lon = 120_200_000 + (village as i64 / 12) * 15_000;
        let no = format!("XC2025{:07}", self.nth);
        for point in 0..POINTS {
            let kind = match point {
                0 => "grid.patrol.started",
                point if point == POINTS - 1 => "grid.patrol.ended",
                _ => "grid.patrol.point",
            };
            let when = begin.plus_minutes(point * 4);
            let place = (lat + point * 900 + self.rng.range(0, 200), lon + self.rng.range(0, 200));
            self.point(town, (kind, &no, &officer), when, place, 12);
        }
    }

    pub(super) fn point(
        &mut self,
        town: &mut Town,
        (kind, no, officer): (&'static str, &str, &str),
        when: Local,
        (lat, lon): (i64, i64),
        acc_m: i64,
    ) {
        town.book
            .line(kind, &self.office, when)
            .lag(1)
            .text("patrol_no", no)
            .text("officer", officer)
            .text("device_h", &format!("h:sj-{officer}"))
            .micro("lat", lat)
            .micro("lon", lon)
            .int("acc_m", acc_m)
            .time("at", when)
            .flag("mock_location", false)
            .done();
    }

    /// A report accepted, or transferred, after so many working days.
    pub(super) fn report(&mut self, town: &mut Town, day: Day, (wd, sent): (i32, bool)) -> String {
        let no = format!("JB2025{:06}", self.next());
        let received = later(&mut self.rng, at(day, 9, 10), 0, 420);
        town.book
            .line("grid.report.received", &self.office, received)
            .text("rep_no", &no)
            .time("at", received)
            .text("kind", "安全隐患举报")
            .done();
        let answered = at(town.clock.wd(day, wd), 16, 40);
        if sent {
            town.book
                .line("grid.report.transferred", &self.office, answered)
                .text("rep_no", &no)
                .time("at", answered)
                .text("to", "市级主管部门")
                .text("receipt_no", &format!("YS-{no}"))
                .done();
            return no;
        }
        let line = town.book.line("grid.report.accepted", &self.office, answered);
        line.text("rep_no", &no).time("at", answered).done();
        let handled = at(town.clock.wd(answered.day(), 12), 16, 0);
        town.book
            .line("grid.report.handled", &self.office, handled)
            .text("rep_no", &no)
            .text("result", "已核查处理")
            .time("at", handled)
            .text("by_level", "county")
            .done();
        no
    }

    /// An alarm of level 2 that is handled after so many minutes; returns the object and the moment.
    pub(super) fn alarm(
        &mut self,
        town: &mut Town,
        from: Local,
        (minutes, test): (i64, bool),
    ) -> (String, Local) {
        let nth = self.next();
        let object = format!("CG{nth:06}");
        let raised = later(&mut self.rng, from, 0, 600);
        town.book
            .line("grid.sensor.alarm", &self.office, raised)
            .text("object", &object)
            .text("kind", "可燃气体")
            .int("level", 2)
            .time("at", raised)
            .text("sensor_no", "S1")
            .flag("test", test)
            .done();
        let handled = raised.plus_minutes(minutes);
        town.book
            .line("grid.sensor.handled", &self.office, handled)
            .text("object", &object)
            .text("kind", "可燃气体")
            .int("level", 2)
            .time("at", handled)
            .text("sensor_no", "S1")
            .done();
        (object, raised)
    }

    pub(super) fn accident(&mut self, town: &mut Town, occurred: Local, minutes: i64) -> String {
        let no = format!("SG2025{:04}", self.next());
        let told = occurred.plus_minutes(minutes);
        town.book
            .line("grid.accident.reported", &self.office, told)
            .text("acc_no", &no)
            .time("at", told)
            .time("occurred", occurred)
            .text("level", "一般")
            .text("stage", "unit")
            .done();
        no
    }
}
