//! The lawful traffic of a day, and the acts that stories are made of.

use super::Conduct;
use crate::clock::{at, later};
use crate::people::person;
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// What a usual day brings at full size.
const COMPLAINTS: f64 = 34.0;
const ORDERS: f64 = 2.0;
const PROMISES: f64 = 3.0;
const ITEMS: f64 = 9.0;
const REQUESTS: f64 = 2.5;
const ALERTS: f64 = 12.0;
/// Sources of lower platforms that are counted every day.
const SOURCES: usize = 14;

impl Conduct {
    pub(super) fn next(&mut self) -> usize {
        self.nth += 1;
        self.nth
    }

    pub(super) fn ordinary(&mut self, town: &mut Town, day: Day) {
        for nth in 0..SOURCES {
            let events = self.rng.range(400, 3000);
            self.counted(town, day, &format!("xj-{nth:02}"), (events, events / 500, 3));
        }
        if day.ymd().2 == 3 {
            self.months(town, day);
        }
        if !town.clock.is_working(day) {
            return;
        }
        for _ in 0..town.many(&mut self.rng, COMPLAINTS, day) {
            let dept = self.rng.pick(&self.depts).clone();
            let no = self.filed(town, at(day, 9, 20), (&dept, "", None));
            let (accepted, done) = (self.rng.range(1, 4) as i32, self.rng.range(15, 45) as i32);
            let (accepted, done) = (town.clock.wd(day, accepted), town.clock.open(day.plus(done)));
            self.complaint(town, &no, "complaint.accepted", at(accepted, 10, 0));
            let done = done.max(town.clock.wd(accepted, 1));
            self.done(town, &no, &dept, at(done, 15, 0));
            if self.rng.percent(20) {
                let score = self.rng.range(4, 5);
                self.rated(town, &no, at(done.plus(2), 20, 0), score);
            }
        }
        for _ in 0..town.many(&mut self.rng, ORDERS, day) {
            let wd = self.rng.range(1, 4) as i32;
            self.order(town, day, wd, "final");
        }
        for _ in 0..town.many(&mut self.rng, PROMISES, day) {
            self.promise(town, day, 0);
        }
        for _ in 0..town.many(&mut self.rng, ITEMS, day) {
            let wd = self.rng.range(1, 15) as i32;
            self.published(town, day, wd);
        }
        for _ in 0..town.many(&mut self.rng, REQUESTS, day) {
            let wd = self.rng.range(5, 16) as i32;
            self.asked(town, day, wd, None);
        }
        for _ in 0..town.many(&mut self.rng, ALERTS, day) {
            let wd = self.rng.range(1, 2) as i32;
            let dept = self.rng.pick(&self.depts).clone();
            let alert = self.raised(town, &dept, ("XJ-T01", "yellow"), at(day, 9, 40));
            self.answered(town, &alert, &dept, at(town.clock.wd(day, wd), 10, 0));
            let office = self.platform.dept.clone();
            self.closed(town, &alert, &office, at(town.clock.wd(day, wd + 2), 10, 0));
        }
    }

    /// Counts of the month before, lower and upper platform.
    fn months(&mut self, town: &mut Town, day: Day) {
        let (_, month, _) = day.ymd();
        if month == 1 {
            return;
        }
        for dept in self.depts.clone() {
            let lower = self.rng.range(900, 4000);
            self.count(town, (&dept, month - 1), (lower, lower), at(day, 9, 0));
        }
    }

    /// A complaint about a department, and perhaps an officer of it.
    pub(super) fn filed(
        &mut self,
        town: &mut Town,
        when: Local,
        (about, officer, person_no): (&str, &str, Option<usize>),
    ) -> String {
        let nth = self.next();
        let no = format!("XF2025{nth:06}");
        let when = later(&mut self.rng, when, 0, 180);
        town.book
            .line("complaint.filed", &self.petitions, when)
            .text("complaint_no", &no)
            .text("kind", "办事效率")
            .text("about", about)
            .maybe("officer", officer)
            .text("person_h", &person(3_000_000 + person_no.unwrap_or(nth)))
            // One person says the same thing everywhere.
            .text(
                "title_sim",
                &match person_no {
                    Some(person_no) => format!("{:016x}", person_no * 0x0101_0101),
                    None => self.rng.hex(),
                },
            )
            .text("channel", "12345")
            .done();
        no
    }

    pub(super) fn complaint(&mut self, town: &mut Town, no: &str, kind: &'static str, when: Local) {
        town.book.line(kind, &self.petitions, when).text("complaint_no", no).done();
    }

    pub(super) fn done(&mut self, town: &mut Town, no: &str, dept: &str, when: Local) {
        let office = crate::line::Office { dept: dept.to_owned(), ..self.petitions.clone() };
        let line = town.book.line("complaint.done", &office, when);
        line.text("complaint_no", no).text("result", "已办结并答复").done();
    }

    pub(super) fn rated(&mut self, town: &mut Town, no: &str, when: Local, score: i64) {
        let line = town.book.line("complaint.rated", &self.petitions, when);
        line.text("complaint_no", no).int("score", score).done();
    }

    /// A supervision order that is replied to after so many working days.
    pub(super) fn order(&mut self, town: &mut Town, day: Day, wd: i32, kind: &str) -> String {
        let no = format!("DB2025{:05}", self.next());
        let office = self.platform.clone();
        town.book
            .line("supervision.order.issued", &office, at(day, 9, 30))
            .text("order_no", &no)
            .text("to_dept", self.rng.pick::<String>(&self.depts))
            .int("limit_wd", 5)
            .text("about", "督办事项")
            .done();
        let replied = at(town.clock.wd(day, wd), 16, 0);
        let line = town.book.line("supervision.order.replied", &office, replied);
        line.text("order_no", &no).text("kind", kind).done();
        let closed = at(town.clock.wd(day, wd + 3), 16, 0);
        let line = town.book.line("supervision.order.closed", &office, closed);
        line.text("order_no", &no).text("result", "办结").done();
        no
    }

    /// A promise that is kept so many working days after its term, or on it.
    pub(super) fn promise(&mut self, town: &mut Town, day: Day, late_wd: i32) -> (String, Day) {
        let no = format!("CN2025{:05}", self.next());
        let due = town.clock.wd(day, 10);
        let line = town.book.line("promise.made", &self.petitions, at(day, 15, 0));
        line.text("promise_no", &no).day("due", due).text("text", "十日内解决").done();
        let kept = at(town.clock.wd(due, late_wd).max(due), 11, 0);
        town.book.line("promise.done", &self.petitions, kept).text("promise_no", &no).done();
        (no, due)
    }

    pub(super) fn published(&mut self, town: &mut Town, day: Day, wd: i32) -> String {
        let no = format!("GK2025{:06}", self.next());
        town.book
            .line("openness.item.formed", &self.openness, at(day, 9, 30))
            .text("item_no", &no)
            .flag("public", true)
            .text("title", "规范性文件")
            .day("formed_on", day)
            .done();
        let shown = town.clock.wd(day, wd);
        town.book
            .line("openness.item.published", &self.openness, at(shown, 15, 0))
            .text("item_no", &no)
            .text("url", "https://www.example.gov.cn/gk")
            .day("published_on", shown)
            .done();
        no
    }

    pub(super) fn asked(
        &mut self,
        town: &mut Town,
        day: Day,
        wd: i32,
        extended: Option<i64>,
    ) -> String {
        let no = format!("SQ2025{:05}", self.next());
        let line = town.book.line("openness.request.received", &self.openness, at(day, 9, 30));
        line.text("request_no", &no).text("mode", "online").done();
        if let Some(days) = extended {
            let when = at(town.clock.wd(day, 15), 10, 0);
            town.book
                .line("openness.request.extended", &self.openness, when)
                .text("request_no", &no)
                .int("days_wd", days)
                .text("approver", "ZFB001")
                .flag("told", true)
                .done();
        }
        let answered = at(town.clock.wd(day, wd), 15, 0);
        let line = town.book.line("openness.request.answered", &self.openness, answered);
        line.text("request_no", &no).text("result", "予以公开").done();
        no
    }

    pub(super) fn raised(
        &mut self,
        town: &mut Town,
        dept: &str,
        (rule, level): (&str, &str),
        when: Local,
    ) -> String {
        let alert = format!("XJ-{:07}", self.next());
        town.book
            .line("platform.alert.raised", &self.platform, when)
            .text("alert", &alert)
            .text("rule", rule)
            .text("level", level)
            .text("dept", dept)
            .text("platform", "街道监察平台")
            .done();
        alert
    }

    pub(super) fn answered(&mut self, town: &mut Town, alert: &str, dept: &str, when: Local) {
        let reason = format!("h:liyou-{}", self.rng.hex());
        town.book
            .line("platform.alert.answered", &self.platform, when)
            .text("alert", alert)
            .text("by", "jbr-01")
            .text("by_dept", dept)
            .text("reason_hash", &reason)
            .done();
    }

    pub(super) fn closed(&mut self, town: &mut Town, alert: &str, dept: &str, when: Local) {
        let reason = format!("h:liyou-{}", self.rng.hex());
        town.book
            .line("platform.alert.closed", &self.platform, when)
            .text("alert", alert)
            .text("by", "jcy-01")
            .text("by_dept", dept)
            .text("reason_hash", &reason)
            .done();
    }

    /// A day of a source: events, records without a required field, drift in seconds.
    pub(super) fn counted(
        &mut self,
        town: &mut Town,
        day: Day,
        source: &str,
        (events, missing, drift): (i64, i64, i64),
    ) {
        town.book
            .line("platform.source.day", &self.platform, at(day, 23, 55))
            .text("source", source)
            .day("day", day)
            .int("events", events)
            .int("missing", missing)
            .int("invalid", 0)
            .int("future", 0)
            .int("duplicates", 0)
            .int("faulty", missing)
            .int("drift_s", drift)
            .int("drift_samples", events.min(200))
            .done();
    }

    pub(super) fn count(
        &mut self,
        town: &mut Town,
        (dept, month): (&str, u32),
        (lower, upper): (i64, i64),
        when: Local,
    ) {
        town.book
            .line("platform.ledger.count", &self.platform, when)
            .text("month", &format!("2025-{month:02}"))
            .text("dept", dept)
            .int("lower", lower)
            .int("upper", upper)
            .text("what", "办件")
            .done();
    }
}
