//! Stories about the clock of a case: rules APPR-T01 to APPR-T08.

use super::Approvals;
use super::case::Case;
use crate::clock::at;
use crate::story::{Story, Told, bad, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::{Day, Local};

type Of = Approvals;

pub(super) fn stories() -> Vec<Story<Of>> {
    vec![
        bad(
            "APPR-T01",
            Notice,
            30,
            ("承诺第6日仍未办结", "undecided on day 6 of 7"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 6);
                Told::new(&case.no, a.dept(&case), t.clock.wd(to, -1).start())
            },
        ),
        fair(
            "APPR-T01",
            30,
            ("临期前一日办结，跨节假日", "decided the day before the notice"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 4);
                Told::new(&case.no, a.dept(&case), to.start())
            },
        ),
        fair(
            "APPR-T01",
            45,
            ("依法停表后按期办结", "the stop moves the notice"),
            |a, t, d| {
                let (case, to) = a.paused(t, d, ("testing", 8), 3);
                Told::new(&case.no, a.dept(&case), to.start())
            },
        ),
        bad(
            "APPR-T02",
            Yellow,
            40,
            ("承诺期限次日办结", "decided a day after the promise"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 8);
                let told = Told::new(&case.no, a.dept(&case), to.start());
                told.also("APPR-T01", Notice, t.clock.wd(to, -3).start())
            },
        ),
        bad(
            "APPR-T02",
            Red,
            40,
            ("超过承诺期限4日", "four days beyond the promise"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 11);
                let when = t.clock.wd(to, -3).start();
                Told::new(&case.no, a.dept(&case), when).also("APPR-T01", Notice, when)
            },
        ),
        fair(
            "APPR-T02",
            40,
            ("恰在承诺最后一日办结", "decided on the promised day"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 7);
                let told = Told::new(&case.no, a.dept(&case), to.start());
                told.also("APPR-T01", Notice, t.clock.wd(to, -2).start())
            },
        ),
        bad(
            "APPR-T03",
            Red,
            60,
            ("法定20日后仍未办结", "undecided on working day 21"),
            |a, t, d| {
                let (case, to) = a.decided_on(t, d, 22);
                let due = t.clock.wd(to, -1).start();
                let told = Told::new(&case.no, a.dept(&case), due);
                let early = t.clock.wd(to, -14);
                told.also("APPR-T02", Red, early.start()).also(
                    "APPR-T01",
                    Notice,
                    early.plus(-2).start(),
                )
            },
        ),
        fair(
            "APPR-T03",
            60,
            ("专家评审停表12日", "twelve days of expert review inside"),
            |a, t, d| {
                let (case, to) = a.paused(t, d, ("expert_review", 12), 8);
                let told = Told::new(&case.no, a.dept(&case), to.start());
                told.also("APPR-T01", Notice, to.start())
            },
        ),
        bad(
            "APPR-T04",
            Yellow,
            30,
            ("收件后第6日才受理", "answered on working day 6"),
            |a, t, d| {
                let case = a.answered_on(t, d, 6);
                Told::new(&case.no, a.dept(&case), t.clock.wd(d, 6).start())
            },
        ),
        fair("APPR-T04", 40, ("第5日告知补正", "correction notice on day 5"), fifth_day_notice),
        bad(
            "APPR-T05",
            Yellow,
            40,
            ("第二次补正另提新材料", "a second notice asks for more"),
            |a, t, d| {
                let (case, to) = a.asked_again(t, d, "M1", 2);
                Told::new(&case.no, a.dept(&case), to)
            },
        ),
        bad("APPR-T05", Red, 50, ("三次补正", "three notices"), |a, t, d| {
            let (case, to) = a.asked_again(t, d, "M1", 3);
            Told::new(&case.no, a.dept(&case), to)
        }),
        fair(
            "APPR-T05",
            40,
            ("首次补正不全再告知同一内容", "the same items again"),
            |a, t, d| {
                let (case, to) = a.asked_again(t, d, "M2", 2);
                Told::new(&case.no, a.dept(&case), to)
            },
        ),
        bad(
            "APPR-T06",
            Yellow,
            40,
            ("以法外种类停表", "a stop of no lawful kind"),
            |a, t, d| {
                let (case, to) = a.stopped(t, d, 2, 1);
                Told::new(&case.no, a.dept(&case), to)
            },
        ),
        bad(
            "APPR-T06",
            Red,
            60,
            ("靠违规停表才未超期", "in time by an unlawful stop only"),
            |a, t, d| {
                let (case, to) = a.stopped(t, d, 9, 3);
                let told = Told::new(&case.no, a.dept(&case), to);
                told.also("APPR-T02", Red, to).also("APPR-T01", Notice, to)
            },
        ),
        fair(
            "APPR-T06",
            45,
            ("检测停表8日，书面告知", "testing for eight days, told"),
            |a, t, d| {
                let (case, to) = a.paused(t, d, ("testing", 8), 3);
                Told::new(&case.no, a.dept(&case), to.start())
            },
        ),
        bad("APPR-T07", Yellow, 50, ("延期12日", "extended by twelve days"), |a, t, d| {
            let (case, at) = a.extended(t, d, 12, "head");
            Told::new(&case.no, a.dept(&case), at)
        }),
        bad(
            "APPR-T07",
            Yellow,
            50,
            ("科长批准延期", "extended by a section chief"),
            |a, t, d| {
                let (case, at) = a.extended(t, d, 4, "section_chief");
                let told = Told::new(&case.no, a.dept(&case), at);
                told.also("APPR-T02", Red, at).also("APPR-T01", Notice, at)
            },
        ),
        fair("APPR-T07", 50, ("负责人批准延期10日", "ten days, by the head"), |a, t, d| {
            let (case, at) = a.extended(t, d, 10, "head");
            Told::new(&case.no, a.dept(&case), at)
        }),
        bad(
            "APPR-T08",
            Yellow,
            50,
            ("决定后第11日送达", "delivered on working day 11"),
            |a, t, d| {
                let (case, to) = a.handed(t, d, 11, "window");
                Told::new(&case.no, a.dept(&case), to.start())
            },
        ),
        fair(
            "APPR-T08",
            50,
            ("第10日已通知可领取", "ready for pickup on day 10"),
            |a, t, d| {
                let (case, to) = a.handed(t, d, 10, "ready_for_pickup");
                Told::new(&case.no, a.dept(&case), to.start())
            },
        ),
    ]
}

fn fifth_day_notice(a: &mut Of, t: &mut Town, d: Day) -> Told {
    let case = a.tale(t, |item| item.promised == 7 && item.is_usual());
    a.receive(t, &case, at(d, 9, 30));
    let asked = t.clock.wd(d, 5);
    a.ask(t, &case, at(asked, 16, 30), 1, "M2");
    let supplied = t.clock.wd(asked, 6);
    a.supply(t, &case, at(supplied, 10, 0), (1, true));
    let accepted = t.clock.wd(supplied, 1);
    a.accept(t, &case, at(accepted, 10, 30));
    a.close(t, &case, t.clock.wd(accepted, 3));
    Told::new(&case.no, a.dept(&case), asked.start())
}

impl Approvals {
    /// Received and accepted on a day, by an item whose promise is 7 working days.
    pub(super) fn begun(&mut self, town: &mut Town, day: Day) -> Case {
        let case = self.tale(town, |item| item.promised == 7 && item.is_usual());
        self.begin(town, &case, day);
        case
    }

    pub(super) fn begin(&mut self, town: &mut Town, case: &Case, day: Day) {
        self.receive(town, case, at(day, 9, 20));
        self.accept(town, case, at(day, 11, 0));
    }

    /// Steps and a grant on a day, the delivery two working days later.
    pub(super) fn close(&mut self, town: &mut Town, case: &Case, day: Day) {
        self.steps(town, case, day);
        self.decide(town, case, at(day, 16, 0), "grant");
        self.deliver(town, case, at(town.clock.wd(day, 2), 10, 0));
    }

    /// Decided after so many working days.
    fn decided_on(&mut self, town: &mut Town, day: Day, elapsed: i32) -> (Case, Day) {
        let case = self.begun(town, day);
        let decided = town.clock.wd(day, elapsed);
        self.close(town, &case, decided);
        (case, decided)
    }

    /// Stopped lawfully from the next day on for so many working days, decided so many after it.
    fn paused(
        &mut self,
        town: &mut Town,
        day: Day,
        (kind, days): (&'static str, i32),
        after_wd: i32,
    ) -> (Case, Day) {
        let fits = |item: &super::Item| {
            item.is_usual() && item.special.is_some_and(|(special, _)| special == kind)
        };
        let case = self.tale(town, fits);
        self.begin(town, &case, day);
        let stopped = town.clock.wd(day, 1);
        self.pause(town, &case, at(stopped, 10, 0), (kind, i64::from(days)));
        let resumed = town.clock.wd(stopped, days);
        self.resume(town, &case, at(resumed, 15, 0), kind);
        let decided = town.clock.wd(resumed, after_wd);
        self.close(town, &case, decided);
        (case, decided)
    }

    /// Received on a day, accepted so many working days later and decided soon after.
    fn answered_on(&mut self, town: &mut Town, day: Day, after_wd: i32) -> Case {
        let case = self.tale(town, |item| item.promised == 7 && item.is_usual());
        self.receive(town, &case, at(day, 9, 20));
        let accepted = town.clock.wd(day, after_wd);
        self.accept(town, &case, at(accepted, 11, 0));
        self.close(town, &case, town.clock.wd(accepted, 3));
        case
    }

    /// Asked for M2, which comes only in part, then so many notices in all about `item`.
    fn asked_again(
        &mut self,
        town: &mut Town,
        day: Day,
        item: &str,
        notices: usize,
    ) -> (Case, Local) {
        let case = self.tale(town, |item| item.promised == 7 && item.is_usual());
        self.receive(town, &case, at(day, 9, 20));
        let (mut on, mut asked) = (day, "M2");
        let mut last = day.start();
        for nth in 1..=notices {
            on = town.clock.wd(on, 2);
            last = at(on, 11, 0);
            // Each further notice of a bad story asks for what could have been asked at once.
            let items = if asked == "M1" { format!("M1-{nth}") } else { asked.to_owned() };
            self.ask(town, &case, last, nth, &items);
            on = town.clock.wd(on, 3);
            self.supply(town, &case, at(on, 10, 0), (nth, nth == notices));
            asked = item;
        }
        let accepted = town.clock.wd(on, 1);
        self.accept(town, &case, at(accepted, 11, 0));
        self.close(town, &case, town.clock.wd(accepted, 3));
        (case, last)
    }

    /// Stopped for a kind that the law does not know; decided so many working days after it.
    fn stopped(&mut self, town: &mut Town, day: Day, days: i32, after_wd: i32) -> (Case, Local) {
        let case = self.begun(town, day);
        let stopped = at(town.clock.wd(day, 1), 10, 0);
        self.pause(town, &case, stopped, ("other", i64::from(days)));
        let resumed = town.clock.wd(stopped.day(), days);
        self.resume(town, &case, at(resumed, 15, 0), "other");
        self.close(town, &case, town.clock.wd(resumed, after_wd));
        (case, stopped)
    }

    /// Extended on working day 3; decided on day 12.
    fn extended(&mut self, town: &mut Town, day: Day, days: i64, rank: &str) -> (Case, Local) {
        let case = self.begun(town, day);
        let extended = at(town.clock.wd(day, 3), 15, 0);
        self.extend(town, &case, extended, (days, rank));
        self.close(town, &case, town.clock.wd(day, 12));
        (case, extended)
    }

    /// Granted on working day 3, handed over so many working days later.
    fn handed(&mut self, town: &mut Town, day: Day, after_wd: i32, mode: &str) -> (Case, Day) {
        let case = self.begun(town, day);
        let decided = town.clock.wd(day, 3);
        self.steps(town, &case, decided);
        self.decide(town, &case, at(decided, 16, 0), "grant");
        let handed = town.clock.wd(decided, after_wd);
        self.deliver_mode(town, &case, at(handed, 10, 0), (mode, 36));
        (case, handed)
    }
}
