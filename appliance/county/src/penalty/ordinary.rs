//! The lawful traffic of a day, and the usual course of a case that stories start from.

use super::case::File;
use super::cause::Cause;
use super::{DEPTS, Penalties, TEAMS};
use crate::clock::{at, later};
use crate::town::Town;
use plumbline_contract::time::Day;

/// Fines on the spot and cases on a usual working day.
const SMALL: f64 = 95.0;
const CASES: f64 = 58.0;

impl Penalties {
    pub(super) fn ordinary(&mut self, town: &mut Town, day: Day) {
        // Streets are watched at weekends too.
        let share = if town.clock.is_working(day) { 1.0 } else { 0.4 };
        for _ in 0..town.many(&mut self.rng, SMALL * share, day) {
            self.on_the_spot(town, day);
        }
        if !town.clock.is_working(day) {
            return;
        }
        for _ in 0..town.many(&mut self.rng, CASES, day) {
            let cause = match self.rng.below(100) {
                0..=2 => Cause::Grave,
                3..=42 => Cause::Person,
                _ => Cause::Firm,
            };
            self.usual(town, cause, day);
        }
    }

    fn on_the_spot(&mut self, town: &mut Town, day: Day) {
        let desk = self.rng.below(DEPTS.len());
        let team = self.rng.below(TEAMS);
        let file = self.open(town, desk, team, Cause::Small);
        let from = crate::clock::at(day, self.rng.range(8, 18), self.rng.range(0, 59));
        self.spot(town, &file, from);
        let paid = day.plus(self.rng.range(0, 9) as i32);
        self.pay(town, &file, paid);
    }

    /// Decided and handed over on the spot.
    pub(super) fn spot(
        &mut self,
        town: &mut Town,
        file: &File,
        from: plumbline_contract::time::Local,
    ) {
        let office = &self.offices[file.desk];
        town.book
            .line("penalty.case.filed", office, from)
            .lag(1)
            .actor(&file.officers[0])
            .text("case_no", &file.no)
            .number("serial", self.registers[file.desk], crate::book::Number::Next)
            .text("cause_code", &file.cause.code(file.desk))
            .text("party_ref", &file.party)
            .text("party_kind", if file.cause.is_org() { "org" } else { "person" })
            .time("filed_at", from)
            .text("approver", &file.officers[0])
            .text("place_region", file.place_region)
            .day("act_date", from.day())
            .text("place", &file.place)
            .done();
        let decided = later(&mut self.rng, from, 3, 9);
        self.decide_at(town, file, decided, true);
    }

    fn usual(&mut self, town: &mut Town, cause: Cause, day: Day) {
        let desk = self.rng.below(DEPTS.len());
        let team = self.rng.below(TEAMS);
        let file = self.open(town, desk, team, cause);
        let (mut clue, mut filed) = (String::new(), day);
        if self.rng.percent(60) {
            clue = self.clue(town, &file, day);
            let days = self.rng.range(1, 9) as i32;
            filed = town.clock.wd(day, days);
        }
        if !clue.is_empty() && self.rng.percent(8) {
            let when = at(filed, 11, 0);
            town.book
                .line("penalty.case.not_filed", &self.offices[desk], when)
                .text("reason", "违法事实不成立")
                .text("approver", &self.signers[desk])
                .text("clue_no", &clue)
                .done();
            return;
        }
        self.file(town, &file, filed, &clue);
        let noticed = self.inquire(town, &file, filed);
        let gap = self.rng.range(6, 9) as i32;
        let decided = town.clock.wd(noticed, gap);
        self.conclude(town, &file, noticed, decided);
    }

    /// Evidence on the days after the filing, then the notice; returns its day.
    pub(super) fn inquire(&mut self, town: &mut Town, file: &File, filed: Day) -> Day {
        let mut day = filed;
        for kind in ["inspection_record", "inquiry", "doc"] {
            let mut days = self.rng.range(1, 3) as i32;
            // A team has time for four records a day.
            while self
                .busy
                .get(&(town.clock.wd(day, days), file.desk, file.team))
                .is_some_and(|n| *n >= 4)
            {
                days += 1;
            }
            day = town.clock.wd(day, days);
            self.evidence(town, file, kind, day);
        }
        let noticed = town.clock.wd(day, 2);
        self.notice(town, file, noticed);
        noticed
    }

    /// Defence, review, decision, service, payment, publication and closing, all in time.
    pub(super) fn conclude(&mut self, town: &mut Town, file: &File, noticed: Day, decided: Day) {
        if self.rng.percent(20) {
            let office = &self.offices[file.desk];
            let heard = at(town.clock.wd(noticed, 2), 10, 0);
            let line = town.book.line("penalty.defence.received", office, heard).lag(4);
            line.text("case_no", &file.no).text("kind", "statement").done();
            let line = town.book.line("penalty.defence.reviewed", office, heard.plus_minutes(300));
            line.text("case_no", &file.no)
                .flag("adopted", false)
                .text("reason", "理由不成立")
                .done();
        }
        let reviewed = town.clock.open_before(decided.plus(-1));
        self.review(town, file, reviewed.max(noticed));
        if file.cause == Cause::Grave {
            self.discuss(town, file, decided);
        }
        self.decide(town, file, decided);
        self.execute(town, file, decided);
    }

    /// From the service to the archive.
    pub(super) fn execute(&mut self, town: &mut Town, file: &File, decided: Day) {
        let days = self.rng.range(1, 4) as i32;
        let served = town.clock.wd(decided, days);
        self.serve(town, file, served);
        let published = town.clock.wd(decided, self.rng.range(3, 6) as i32);
        self.publish(town, file, published);
        let paid = served.plus(self.rng.range(1, 12) as i32);
        self.pay(town, file, paid);
        let closed = town.clock.wd(paid, 2).max(town.clock.wd(published, 1));
        self.close(town, file, closed);
    }
}
