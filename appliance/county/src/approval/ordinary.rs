//! The lawful traffic of a day.

use super::Approvals;
use super::case::Case;
use crate::clock::later;
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// Applications on a usual working day.
const CASES: f64 = 262.0;
/// Undertakings a day that several departments approve together.
const JOINTS: f64 = 0.6;
/// Consultations at the windows a day.
const CONSULTS: f64 = 60.0;

impl Approvals {
    pub(super) fn ordinary(&mut self, town: &mut Town, day: Day) {
        if !town.clock.is_working(day) {
            // At weekends people apply online; the office answers on working days.
            for _ in 0..town.many(&mut self.rng, CASES / 20.0, day) {
                self.online(town, day);
            }
            return;
        }
        for _ in 0..town.many(&mut self.rng, CASES, day) {
            let item = self.rng.below(self.items.len());
            match &self.items[item] {
                item if item.is_cancelled() || item.hearing => self.online(town, day),
                _ => self.usual(town, item, day),
            }
        }
        for _ in 0..town.many(&mut self.rng, JOINTS, day) {
            self.joint(town, day);
        }
        for _ in 0..town.many(&mut self.rng, CONSULTS, day) {
            let at = town.clock.desk(&mut self.rng, day);
            let desk = self.rng.below(self.offices.len());
            let window = format!("W{:02}", self.rng.below(super::WINDOWS) + 1);
            self.serve(town, (desk, &window), at, "consult");
        }
    }

    /// A ticket served at a window.
    pub(super) fn serve(
        &mut self,
        town: &mut Town,
        (desk, window): (usize, &str),
        at: Local,
        kind: &str,
    ) {
        self.receipts += 1;
        town.book
            .line("queue.ticket.done", &self.offices[desk], at)
            .text("hall", "QY-ZWDT")
            .text("window", window)
            .time("at", at)
            .text("window_id", window)
            .text("queue_no", &format!("Z{:05}", self.receipts % 100_000))
            .text("kind", kind)
            .done();
    }

    /// Applied for online, at any hour; accepted on the next working day.
    fn online(&mut self, town: &mut Town, day: Day) {
        let usual: Vec<_> =
            (0..self.items.len()).filter(|item| self.items[*item].is_usual()).collect();
        let item = *self.rng.pick(&usual);
        let mut case = self.open(town, item);
        case.window.clear();
        let at = crate::clock::at(day, self.rng.range(7, 22), self.rng.range(0, 59));
        self.receive(town, &case, at);
        let next = town.clock.wd(day, 1);
        self.handle(town, &case, next);
    }

    fn usual(&mut self, town: &mut Town, item: usize, day: Day) {
        let case = self.open(town, item);
        let at = town.clock.desk(&mut self.rng, day);
        self.receive(town, &case, at);
        if self.items[item].on_spot {
            return self.on_spot(town, &case, at);
        }
        match self.rng.below(100) {
            0 => self.withdraw(town, &case, day),
            1 => self.reject(town, &case, day),
            2..=8 => {
                // What is missing is asked for once, and comes some days later.
                let asked = self.rng.range(1, 3) as i32;
                let asked = town.clock.wd(day, asked);
                let at = town.clock.desk(&mut self.rng, asked);
                self.ask(town, &case, at, 1, "M2");
                let supplied = town.clock.wd(asked, self.rng.range(1, 8) as i32);
                let at = town.clock.morning(&mut self.rng, supplied);
                self.supply(town, &case, at, (1, true));
                let next = town.clock.wd(supplied, 1);
                self.handle(town, &case, next);
            }
            _ => {
                let next = town.clock.wd(day, self.rng.range(1, 2) as i32);
                self.handle(town, &case, next);
            }
        }
    }

    fn on_spot(&mut self, town: &mut Town, case: &Case, at: Local) {
        let accepted = later(&mut self.rng, at, 4, 8);
        let decided = later(&mut self.rng, accepted, 5, 12);
        self.accept(town, case, accepted);
        self.decide(town, case, decided, "grant");
        let delivered = later(&mut self.rng, decided, 8, 12);
        self.deliver(town, case, delivered);
        self.opinion(town, case, delivered.day());
    }

    /// From the acceptance to the delivery, well before the promised day.
    pub(super) fn handle(&mut self, town: &mut Town, case: &Case, accepted: Day) {
        let at = town.clock.desk(&mut self.rng, accepted);
        self.accept(town, case, at);
        let room = match self.items[case.item].promised {
            promised if promised >= 5 => promised - 3,
            promised => promised - 2,
        };
        let special = self.items[case.item].special.filter(|_| self.rng.percent(15));
        let mut after = accepted;
        if let Some((kind, max_wd)) = special {
            let stopped = town.clock.wd(accepted, 1);
            let days = self.rng.range(2, i64::from(max_wd) - 1) as i32;
            let resumed = town.clock.wd(stopped, days);
            let at = town.clock.desk(&mut self.rng, stopped);
            self.pause(town, case, at, (kind, i64::from(max_wd)));
            let at = town.clock.desk(&mut self.rng, resumed);
            self.resume(town, case, at, kind);
            after = resumed;
        }
        let left = room - i32::from(special.is_some());
        let days = self.rng.range(1, i64::from(left.max(1))) as i32;
        let decided = town.clock.wd(after, days);
        self.steps(town, case, decided);
        let refused = self.rng.percent(2);
        let at = town.clock.afternoon(&mut self.rng, decided);
        self.decide(town, case, at, if refused { "refuse" } else { "grant" });
        if refused {
            return;
        }
        if self.rng.percent(60) {
            self.usual_fee(town, case, at.plus_minutes(5));
        }
        let delivered = town.clock.wd(decided, self.rng.range(1, 5) as i32);
        let at = town.clock.desk(&mut self.rng, delivered);
        self.deliver(town, case, at);
        self.opinion(town, case, delivered);
    }

    /// What the applicant says afterwards; a bad word is answered within days.
    fn opinion(&mut self, town: &mut Town, case: &Case, delivered: Day) {
        if !self.rng.percent(22) {
            return;
        }
        let day = delivered.plus(self.rng.range(1, 4) as i32);
        let at = crate::clock::at(day, self.rng.range(8, 21), self.rng.range(0, 59));
        if self.rng.percent(97) {
            let score = self.rng.range(4, 5);
            return self.rate(town, case, at, score);
        }
        self.rate(town, case, at, 2);
        let answered = town.clock.wd(day, self.rng.range(1, 4) as i32);
        let at = town.clock.desk(&mut self.rng, answered);
        self.answer_rating(town, case, at);
    }

    fn withdraw(&mut self, town: &mut Town, case: &Case, day: Day) {
        let at = town.clock.desk(&mut self.rng, town.clock.wd(day, 2));
        town.book
            .line("approval.case.withdrawn", &self.offices[case.desk], at)
            .text("case_no", &case.no)
            .text("reason", "申请人自愿撤回")
            .done();
    }

    fn reject(&mut self, town: &mut Town, case: &Case, day: Day) {
        let at = town.clock.desk(&mut self.rng, town.clock.wd(day, 2));
        town.book
            .line("approval.case.rejected", &self.offices[case.desk], at)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("receipt_no", &format!("SL{}", &case.no[2..]))
            .text("officer", &case.acceptor)
            .text("reason_code", "BSLFW")
            .text("reason_text", "申请事项依法不属于本机关职权范围")
            .flag("remedy_told", true)
            .done();
    }

    /// Three departments decide on one undertaking; each replies in time.
    fn joint(&mut self, town: &mut Town, day: Day) {
        self.joint_with(town, day, (0, 3));
    }

    /// A joint approval whose members are asked after some working days and reply after so many more;
    /// returns its number, its lead, and the case and department of the last member.
    pub(super) fn joint_with(
        &mut self,
        town: &mut Town,
        day: Day,
        (asked_wd, reply_wd): (i32, i32),
    ) -> (String, usize, String) {
        let first = self.rng.below(self.offices.len());
        let desks: Vec<_> = (0..3).map(|nth| (first + nth) % self.offices.len()).collect();
        let cases: Vec<_> = desks
            .iter()
            .map(|desk| {
                let fits = |item: &&usize| {
                    self.items[**item].desk == *desk && self.items[**item].promised == 10
                };
                let all: Vec<_> = (0..self.items.len()).collect();
                let item = *all.iter().find(fits).expect("each department has such an item");
                let mut case = self.open(town, item);
                case.window.clear();
                case
            })
            .collect();
        let no = format!("LB{}", &cases[0].no[2..]);
        let at = crate::clock::at(day, 9, 5);
        let accepted = crate::clock::at(day, 10, 0);
        for case in &cases {
            self.receive(town, case, at);
            self.accept(town, case, accepted);
        }
        let office = self.offices[first].clone();
        town.book
            .line("approval.joint.started", &office, crate::clock::at(day, 11, 0))
            .text("joint_no", &no)
            .texts("case_nos", cases.iter().map(|case| case.no.as_str()))
            .text("lead_dept", &office.dept)
            .int("member_wd", 5)
            .done();
        let asked = town.clock.wd(day, asked_wd);
        let replied = town.clock.wd(asked, reply_wd);
        for case in &cases[1..] {
            let dept = self.offices[case.desk].dept.clone();
            town.book
                .line("approval.joint.forwarded", &office, crate::clock::at(asked, 11, 20))
                .text("joint_no", &no)
                .text("case_no", &case.no)
                .text("dept", &dept)
                .int("limit_wd", 5)
                .done();
            let office = &self.offices[case.desk];
            let at = town.clock.afternoon(&mut self.rng, replied);
            town.book
                .line("approval.joint.member_reply", office, at)
                .text("joint_no", &no)
                .text("dept", &dept)
                .text("case_no", &case.no)
                .done();
        }
        let decided = town.clock.wd(replied, 1);
        for case in &cases {
            self.steps(town, case, decided);
            let at = town.clock.afternoon(&mut self.rng, decided);
            self.decide(town, case, at, "grant");
            let at = town.clock.desk(&mut self.rng, town.clock.wd(decided, 2));
            self.deliver(town, case, at);
        }
        let at = crate::clock::at(town.clock.wd(decided, 1), 17, 0);
        town.book.line("approval.joint.completed", &office, at).text("joint_no", &no).done();
        (no, first, cases[2].no.clone())
    }
}
