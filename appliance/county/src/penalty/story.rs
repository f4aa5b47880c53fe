//! Stories about limits and procedure: PEN-T01 to T05 and PEN-P01 to P08.

use super::Penalties;
use super::case::File;
use super::cause::Cause;
use super::{SPARE_TEAMS, TEAMS};
use crate::clock::at;
use crate::people::NEIGHBOUR;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Red, Yellow};
use plumbline_contract::time::{Day, Local};

type Of = Penalties;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = limits();
    all.extend(procedure());
    all.extend(hearings());
    all
}

fn limits() -> Vec<Story<Of>> {
    vec![
        bad(
            "PEN-T01",
            Red,
            150,
            ("立案后超过90日才决定", "decided after 90 calendar days"),
            |a, t, d| a.long(t, d, 2, false),
        ),
        fair("PEN-T01", 170, ("检测停表20日", "a testing stop of twenty days"), |a, t, d| {
            a.long(t, d, 5, true)
        }),
        bad(
            "PEN-T02",
            Yellow,
            50,
            ("线索第17个工作日才立案", "filed on working day 17"),
            |a, t, d| {
                let (file, clue) = a.filed_on(t, d, 17);
                Told::new(clue, a.dept(&file), t.clock.wd(d, 16).start())
            },
        ),
        fair("PEN-T02", 50, ("第15个工作日立案", "filed on working day 15"), |a, t, d| {
            let (file, clue) = a.filed_on(t, d, 15);
            Told::new(clue, a.dept(&file), t.clock.wd(d, 15).start())
        }),
        bad(
            "PEN-T03",
            Yellow,
            70,
            ("第8个工作日才送达", "served on working day 8"),
            |a, t, d| a.served(t, d, 8),
        ),
        fair("PEN-T03", 70, ("第7个工作日送达", "served on working day 7"), |a, t, d| {
            a.served(t, d, 7)
        }),
        bad(
            "PEN-T04",
            Red,
            60,
            ("登记保存8个工作日才处理", "preserved for eight working days"),
            |a, t, d| a.preserved(t, d, 8, "destroyed"),
        ),
        fair(
            "PEN-T04",
            60,
            ("第7个工作日转为扣押", "turned into a seizure on day 7"),
            |a, t, d| a.preserved(t, d, 7, "seizure"),
        ),
        bad(
            "PEN-T05",
            Yellow,
            90,
            ("撤销后4个工作日才撤下", "taken down on working day 4"),
            |a, t, d| a.withdrawn(t, d, 4),
        ),
        fair(
            "PEN-T05",
            90,
            ("撤销后3个工作日撤下", "taken down on working day 3"),
            |a, t, d| a.withdrawn(t, d, 3),
        ),
    ]
}

fn procedure() -> Vec<Story<Of>> {
    vec![
        between(
            ((7, 3), (10, 20)),
            bad(
                "PEN-P01",
                Red,
                50,
                ("执法证6月底到期后取证", "evidence after the certificate's end"),
                |a, t, d| {
                    let file = a.by_other(t, super::super::people::EXPIRED.start);
                    let noticed = a.until_notice(t, &file, d);
                    a.finish(t, &file, noticed, 7);
                    let (no, first, second) = (&file.no, &file.officers[0], &file.officers[1]);
                    let told = Told::new(format!("{no}/{first}"), a.dept(&file), at(d, 9, 18));
                    told.also_on("PEN-P01", Red, format!("{no}/{second}"), at(d, 9, 18)).also_on(
                        "PEN-P02",
                        Red,
                        no,
                        at(d, 10, 0),
                    )
                },
            ),
        ),
        between(
            ((7, 3), (10, 20)),
            fair("PEN-P01", 50, ("到期当日换证", "renewed the same day"), |a, t, d| {
                let file = a.by_other(t, super::super::people::RENEWED.start);
                let noticed = a.until_notice(t, &file, d);
                a.finish(t, &file, noticed, 7);
                Told::new(format!("{}/{}", file.no, file.officers[0]), a.dept(&file), at(d, 9, 18))
            }),
        ),
        bad(
            "PEN-P02",
            Red,
            60,
            ("一人制作询问笔录", "an inquiry by one officer"),
            |a, t, d| a.alone(t, d, "inquiry"),
        ),
        fair("PEN-P02", 60, ("电子设备自动采集", "recorded by a device"), |a, t, d| {
            a.alone(t, d, "e_device")
        }),
        bad(
            "PEN-P03",
            Yellow,
            60,
            ("同时在两处取证", "at two places at once"),
            |a, t, d| a.twice(t, d, false),
        ),
        fair(
            "PEN-P03",
            60,
            ("其中一处为远程视频询问", "one of them by video"),
            |a, t, d| a.twice(t, d, true),
        ),
        bad("PEN-P04", Red, 60, ("罚款重于告知", "a fine heavier than told"), |a, t, d| {
            a.told(t, d, |file| file.proposed = file.fine - 100_000)
        }),
        fair("PEN-P04", 60, ("罚款轻于告知", "a fine lighter than told"), |a, t, d| {
            a.told(t, d, |file| file.proposed = file.fine + 100_000)
        }),
        bad(
            "PEN-P06",
            Red,
            60,
            ("重大案件未经集体讨论", "a grave case not discussed"),
            |a, t, d| a.grave(t, d, false),
        ),
        fair(
            "PEN-P06",
            60,
            ("法制审核与集体讨论齐备", "reviewed and discussed"),
            |a, t, d| a.grave(t, d, true),
        ),
        bad(
            "PEN-P07",
            Red,
            30,
            ("当场罚款超过限额", "fined on the spot beyond the limit"),
            |a, t, d| a.small(t, d, 600_000),
        ),
        bad(
            "PEN-P08",
            Yellow,
            90,
            ("结案而无送达记录", "closed without a record of service"),
            |a, t, d| {
                let file = a.tale(t, Cause::Tale);
                let noticed = a.until_notice(t, &file, d);
                let decided = t.clock.wd(noticed, 7);
                a.review(t, &file, t.clock.wd(noticed, 5));
                a.decide(t, &file, decided);
                a.publish(t, &file, t.clock.wd(decided, 3));
                a.pay(t, &file, t.clock.wd(decided, 5));
                let closed = t.clock.wd(decided, 7);
                a.close(t, &file, closed);
                let told = Told::new(&file.no, a.dept(&file), closed.start());
                told.also("PEN-T03", Yellow, t.clock.wd(decided, 8).start())
            },
        ),
        fair(
            "PEN-P08",
            30,
            ("当场决定并当场交付", "decided and handed over on the spot"),
            |a, t, d| {
                let file = a.tale(t, Cause::Small);
                a.spot(t, &file, at(d, 10, 0));
                a.pay(t, &file, t.clock.wd(d, 2));
                a.close(t, &file, t.clock.wd(d, 3));
                Told::new(&file.no, a.dept(&file), t.clock.wd(d, 3).start())
            },
        ),
    ]
}

fn hearings() -> Vec<Story<Of>> {
    vec![
        bad(
            "PEN-P05",
            Red,
            60,
            ("吊销许可未告知听证", "a revocation without telling of the hearing"),
            |a, t, d| {
                a.told(t, d, |file| {
                    (file.kind, file.fine, file.proposed) = ("licence", 0, 0);
                    file.hearing_told = false;
                    file.factors = file.special_factors("harm");
                })
            },
        ),
        fair(
            "PEN-P05",
            60,
            ("罚款低于听证标准", "a fine below the threshold"),
            |a, t, d| a.told(t, d, |_| {}),
        ),
    ]
}

impl Penalties {
    /// A case in the hands of two officers at a place of the list.
    fn by_other(&mut self, town: &Town, place: usize) -> File {
        let mut file = self.tale(town, Cause::Tale);
        let first = place - crate::people::ENFORCERS_FROM;
        file.team = TEAMS + SPARE_TEAMS + first;
        file.officers = self.officers[file.desk][first..first + 2].to_vec();
        file.is_renewed = crate::people::RENEWED.contains(&place);
        file
    }

    /// Filed on a day, evidence taken, notice served; returns the day of the notice.
    pub(super) fn until_notice(&mut self, town: &mut Town, file: &File, day: Day) -> Day {
        self.file(town, file, day, "");
        self.inquire(town, file, day)
    }

    /// Decided so many working days after the notice, and all that follows.
    pub(super) fn finish(&mut self, town: &mut Town, file: &File, noticed: Day, wd: i32) -> Day {
        let decided = town.clock.wd(noticed, wd);
        self.conclude(town, file, noticed, decided);
        decided
    }

    /// Filed on a day and decided so many days after the ninetieth, or well before it.
    fn long(&mut self, town: &mut Town, day: Day, after: i32, stopped: bool) -> Told {
        let file = self.tale(town, Cause::Tale);
        let due = town.clock.cal(day, 90);
        let noticed = self.until_notice(town, &file, day);
        if stopped {
            let from = at(town.clock.wd(noticed, 1), 9, 30);
            let office = self.offices[file.desk].clone();
            let line = town.book.line("penalty.clock.paused", &office, from);
            line.text("case_no", &file.no).text("kind", "testing").text("basis", "检验检测").done();
            let until = at(town.clock.open(from.day().plus(20)), 15, 0);
            let line = town.book.line("penalty.clock.resumed", &office, until);
            line.text("case_no", &file.no).text("kind", "testing").done();
        }
        // With the stop the last day is twenty days later; the notice comes ten days before it.
        let decided = town.clock.open(due.plus(after));
        self.review(town, &file, town.clock.wd(noticed, 3));
        self.decide(town, &file, decided);
        self.execute(town, &file, decided);
        Told::new(&file.no, self.dept(&file), due.plus(1).start())
    }

    fn filed_on(&mut self, town: &mut Town, day: Day, after_wd: i32) -> (File, String) {
        let file = self.tale(town, Cause::Tale);
        let clue = self.clue(town, &file, day);
        let filed = town.clock.wd(day, after_wd);
        self.file(town, &file, filed, &clue);
        let noticed = self.inquire(town, &file, filed);
        self.finish(town, &file, noticed, 7);
        (file, clue)
    }

    fn served(&mut self, town: &mut Town, day: Day, after_wd: i32) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        self.review(town, &file, town.clock.wd(noticed, 5));
        let decided = town.clock.wd(noticed, 7);
        self.decide(town, &file, decided);
        let served = town.clock.wd(decided, after_wd);
        self.serve(town, &file, served);
        self.publish(town, &file, town.clock.wd(decided, 4));
        let paid = served.plus(6);
        self.pay(town, &file, paid);
        self.close(town, &file, town.clock.wd(paid, 2));
        Told::new(&file.no, self.dept(&file), town.clock.wd(decided, 8).start())
    }

    fn preserved(&mut self, town: &mut Town, day: Day, after_wd: i32, outcome: &str) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        let taken = town.clock.wd(day, 1);
        let resolved = town.clock.wd(taken, after_wd);
        let list = format!("QD{}", &file.no[2..]);
        let office = self.offices[file.desk].clone();
        let line = town.book.line("penalty.preservation.taken", &office, at(taken, 14, 0));
        line.text("case_no", &file.no)
            .text("list_no", &list)
            .text("approver", &self.signers[file.desk])
            .done();
        let line = town.book.line("penalty.preservation.resolved", &office, at(resolved, 15, 0));
        line.text("case_no", &file.no).text("list_no", &list).text("decision", outcome).done();
        self.finish(town, &file, noticed, 8);
        Told::new(&file.no, self.dept(&file), town.clock.wd(taken, 8).start())
    }

    fn withdrawn(&mut self, town: &mut Town, day: Day, after_wd: i32) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        let decided = self.finish(town, &file, noticed, 7);
        let office = self.offices[file.desk].clone();
        let corrected = town.clock.wd(decided, 20);
        let line = town.book.line("penalty.decision.corrected", &office, at(corrected, 10, 0));
        line.text("case_no", &file.no)
            .text("by", "self")
            .text("reason", "文书表述有误，予以撤销")
            .done();
        let down = town.clock.wd(corrected, after_wd);
        let line = town.book.line("penalty.decision.withdrawn", &office, at(down, 10, 0));
        line.text("case_no", &file.no).text("reason", "决定已撤销").done();
        Told::new(&file.no, self.dept(&file), town.clock.wd(corrected, 4).start())
    }

    fn alone(&mut self, town: &mut Town, day: Day, kind: &str) -> Told {
        let file = self.tale(town, Cause::Tale);
        self.file(town, &file, day, "");
        let mut single = file.clone();
        single.officers.truncate(1);
        let taken = town.clock.wd(day, 1);
        self.evidence(town, &single, kind, taken);
        let noticed = self.inquire(town, &file, day);
        self.finish(town, &file, noticed, 7);
        Told::new(&file.no, self.dept(&file), at(taken, 10, 0))
    }

    /// Two records of one team that overlap, twenty-five kilometres from each other.
    fn twice(&mut self, town: &mut Town, day: Day, remote: bool) -> Told {
        let file = self.tale(town, Cause::Tale);
        let noticed = self.until_notice(town, &file, day);
        // An hour in which the team takes nothing else.
        let from = at(day, 18, 30);
        let place = (36_100_000, 120_100_000);
        self.record(town, &file, "inquiry", (from, from.plus_minutes(40)), place);
        let office = self.offices[file.desk].clone();
        let (begin, end) = (from.plus_minutes(20), from.plus_minutes(50));
        let mut line = town
            .book
            .line("penalty.evidence.taken", &office, begin)
            .recorded(end)
            .text("case_no", &file.no)
            .text("ev_no", "ZJ-B")
            .text("kind", "inquiry")
            .texts("officers", &file.officers)
            .time("start", begin)
            .time("end", end)
            .text("place_geo", "36.300000,120.250000")
            .flag("party_signed", true);
        if remote {
            line = line.flag("remote", true);
        }
        line.done();
        self.finish(town, &file, noticed, 7);
        let year = |officer: &String| format!("{officer}/2025");
        let (one, two) = (year(&file.officers[0]), year(&file.officers[1]));
        let told = Told::new(one, self.dept(&file), begin);
        if remote { told } else { told.also_on("PEN-P03", Yellow, two, begin) }
    }

    /// The usual course of a case whose file was changed first.
    pub(super) fn told(
        &mut self,
        town: &mut Town,
        day: Day,
        change: impl FnOnce(&mut File),
    ) -> Told {
        let mut file = self.tale(town, Cause::Tale);
        change(&mut file);
        self.course(town, &file, day)
    }

    pub(super) fn course(&mut self, town: &mut Town, file: &File, day: Day) -> Told {
        let noticed = self.until_notice(town, file, day);
        let decided = self.finish(town, file, noticed, 7);
        Told::new(&file.no, self.dept(file), at(decided, 16, 10))
    }

    fn grave(&mut self, town: &mut Town, day: Day, discussed: bool) -> Told {
        let file = self.tale(town, Cause::Grave);
        let noticed = self.until_notice(town, &file, day);
        let decided = town.clock.wd(noticed, 8);
        self.review(town, &file, town.clock.wd(noticed, 6));
        if discussed {
            self.discuss(town, &file, town.clock.wd(noticed, 7));
        }
        let when = self.decide(town, &file, decided);
        self.execute(town, &file, decided);
        Told::new(&file.no, self.dept(&file), when)
    }

    /// A firm fined on the spot.
    fn small(&mut self, town: &mut Town, day: Day, fine: i64) -> Told {
        let mut file = self.tale(town, Cause::Tale);
        (file.fine, file.band) = (fine, "light");
        file.factors = file.special_factors("mitigation");
        file.extra.push(("mitigation_approver", "\"SCJ001\"".to_owned()));
        let from: Local = at(day, 10, 0);
        self.spot(town, &file, from);
        self.pay(town, &file, day.plus(3));
        Told::new(&file.no, self.dept(&file), from)
    }

    /// A place beyond the county's border.
    pub(super) fn abroad(file: &mut File) {
        file.place_region = NEIGHBOUR;
    }
}
