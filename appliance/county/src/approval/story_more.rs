//! Stories about procedure, entry, money and results: the other rules of the domain.

use super::case::Case;
use super::item::{ACCOUNT, FOREIGN_ACCOUNT};
use super::{Approvals, BATCH};
use crate::book::Number;
use crate::clock::{at, day as date};
use crate::people::person;
use crate::story::{Story, Told, bad, between, fair};
use crate::town::Town;
use plumbline_contract::alert::Level::{Notice, Red, Yellow};
use plumbline_contract::time::{Day, Local};

type Of = Approvals;

pub(super) fn stories() -> Vec<Story<Of>> {
    let mut all = procedure();
    all.extend(entry());
    all.extend(money());
    all
}

fn procedure() -> Vec<Story<Of>> {
    vec![
        bad(
            "APPR-P01",
            Yellow,
            30,
            ("必经现场核查未做", "the site check is missing"),
            |a, t, d| {
                let case = a.tale(t, |item| item.site_check && item.is_usual());
                a.reviewed_only(t, case, d)
            },
        ),
        bad("APPR-P01", Red, 30, ("未经审核即决定", "decided without a review"), unreviewed),
        fair(
            "APPR-P01",
            30,
            ("承诺书替代现场核查", "a letter stands in for the check"),
            |a, t, d| {
                let mut case = a.tale(t, |item| item.site_check && item.is_usual());
                case.extra.push(("commitment_letter", format!("\"CN{}\"", case.no)));
                case.extra.push(("waived_steps", r#"["site_check"]"#.to_owned()));
                a.reviewed_only(t, case, d)
            },
        ),
        bad("APPR-P02", Red, 30, ("审核人自己签发", "the reviewer signs"), |a, t, d| {
            let mut case = a.begun(t, d);
            case.reviewer.clone_from(&case.signer);
            let to = t.clock.wd(d, 3);
            a.close(t, &case, to);
            Told::new(&case.no, a.dept(&case), at(to, 16, 0))
        }),
        fair(
            "APPR-P02",
            10,
            ("即办件由一人办结", "one officer, on the spot"),
            |a, t, d| {
                let mut case = a.tale(t, |item| item.on_spot);
                case.acceptor.clone_from(&case.signer);
                a.receive(t, &case, at(d, 10, 0));
                a.accept(t, &case, at(d, 10, 6));
                a.decide(t, &case, at(d, 10, 15), "grant");
                a.deliver(t, &case, at(d, 10, 30));
                Told::new(&case.no, a.dept(&case), at(d, 10, 15))
            },
        ),
        between(
            ((4, 8), (12, 10)),
            bad(
                "APPR-P03",
                Red,
                30,
                ("取消后仍受理决定", "the item was cancelled"),
                |a, t, d| a.cancelled(t, d),
            ),
        ),
        bad("APPR-P03", Red, 30, ("签发人无授权", "the signer holds no grant"), |a, t, d| {
            let mut case = a.begun(t, d);
            case.signer = a.staff[case.desk].spare[6].clone();
            let to = t.clock.wd(d, 3);
            a.close(t, &case, to);
            Told::new(&case.no, a.dept(&case), at(to, 16, 0))
        }),
        between(
            ((3, 28), (3, 31)),
            fair(
                "APPR-P03",
                30,
                ("取消前受理、取消后决定", "accepted before the cancellation"),
                |a, t, d| a.cancelled(t, d),
            ),
        ),
        bad(
            "APPR-P04",
            Red,
            10,
            ("证照库有证而无办件", "a certificate without a case"),
            |a, t, d| a.bare_certificate(t, d, ""),
        ),
        fair(
            "APPR-P04",
            10,
            ("经批准的存量证照迁移", "an approved migration"),
            |a, t, d| a.bare_certificate(t, d, BATCH),
        ),
        bad(
            "APPR-P05",
            Yellow,
            30,
            ("不予许可未告知救济", "refused without telling of remedies"),
            |a, t, d| {
                let case = a.begun(t, d);
                let to = t.clock.wd(d, 3);
                a.steps(t, &case, to);
                a.decide_told(t, &case, at(to, 16, 0), ("refuse", false));
                Told::new(&case.no, a.dept(&case), at(to, 16, 0))
            },
        ),
        fair("APPR-P05", 30, ("申请人撤回", "withdrawn by the applicant"), |a, t, d| {
            let case = a.begun(t, d);
            let to = at(t.clock.wd(d, 3), 15, 0);
            let office = &a.offices[case.desk];
            let line = t.book.line("approval.case.withdrawn", office, to);
            line.text("case_no", &case.no).text("reason", "申请人自愿撤回").done();
            Told::new(&case.no, a.dept(&case), to)
        }),
        bad(
            "APPR-P06",
            Red,
            30,
            ("须听证而未听证", "decided without the hearing"),
            |a, t, d| {
                let case = a.tale(t, |item| item.hearing);
                a.begin(t, &case, d);
                let to = t.clock.wd(d, 4);
                a.close(t, &case, to);
                Told::new(&case.no, a.dept(&case), at(to, 16, 0))
            },
        ),
        fair(
            "APPR-P06",
            40,
            ("告知后无人申请听证", "told, and nobody asked"),
            |a, t, d| {
                let case = a.tale(t, |item| item.promised == 10 && item.is_usual());
                a.begin(t, &case, d);
                let office = &a.offices[case.desk];
                let line = t.book.line("approval.case.hearing", office, at(d, 15, 0));
                line.text("case_no", &case.no)
                    .text("phase", "told")
                    .text("party", "applicant")
                    .done();
                let to = t.clock.wd(d, 6);
                a.close(t, &case, to);
                Told::new(&case.no, a.dept(&case), at(to, 16, 0))
            },
        ),
    ]
}

fn unreviewed(a: &mut Of, t: &mut Town, d: Day) -> Told {
    let case = a.tale(t, |item| !item.site_check && item.promised == 12 && item.is_usual());
    a.begin(t, &case, d);
    let to = t.clock.wd(d, 3);
    a.decide(t, &case, at(to, 16, 0), "grant");
    a.deliver(t, &case, at(t.clock.wd(to, 2), 10, 0));
    Told::new(&case.no, a.dept(&case), at(to, 16, 0))
}

fn entry() -> Vec<Story<Of>> {
    vec![
        bad(
            "APPR-O01",
            Yellow,
            20,
            ("受理160分钟后录入", "entered 160 minutes later"),
            |a, t, d| a.entered(t, d, at(d, 12, 0).plus_minutes(100)),
        ),
        bad(
            "APPR-O01",
            Red,
            30,
            ("三个工作日后补录", "entered three working days later"),
            |a, t, d| a.entered(t, d, at(t.clock.wd(d, 3), 9, 0)),
        ),
        fair("APPR-O01", 20, ("登记停机期间迟录", "a registered outage"), |a, t, d| {
            a.outages.push((at(d, 10, 0), at(d, 16, 30)));
            a.entered(t, d, at(d, 16, 40))
        }),
        fair(
            "APPR-O01",
            20,
            ("录错的受理时间已更正", "a mistyped time was corrected"),
            |a, t, d| a.mistyped(t, d),
        ),
        bad("APPR-O02", Yellow, 20, ("流水号断档", "a number is missing"), |a, t, d| {
            let (case, told) = a.gap(t, d);
            a.close(t, &case, t.clock.wd(d, 3));
            told
        }),
        fair("APPR-O02", 20, ("作废号已报送", "the voided number is reported"), |a, t, d| {
            let (case, told) = a.gap(t, d);
            let void = format!("ZF{}", case.no);
            let line = t.book.line("approval.case.terminated", &a.offices[case.desk], at(d, 17, 0));
            line.text("case_no", &void)
                .text("reason", "void")
                .number("serial", a.registers[case.desk], Number::Missed)
                .done();
            a.close(t, &case, t.clock.wd(d, 3));
            told
        }),
        bad(
            "APPR-O03",
            Notice,
            10,
            ("叫号办结而无办件", "served without a case"),
            |a, t, d| a.served(t, d, 1, "apply"),
        ),
        bad(
            "APPR-O03",
            Yellow,
            10,
            ("一窗一日六笔无办件", "six served without a case"),
            |a, t, d| a.served(t, d, 6, "apply"),
        ),
        fair("APPR-O03", 10, ("六笔均为咨询", "six consultations"), |a, t, d| {
            a.served(t, d, 6, "consult")
        }),
        bad(
            "APPR-R02",
            Notice,
            60,
            ("经办人在办件超期过多", "too many of the open cases overdue"),
            backlog,
        ),
        fair(
            "APPR-R02",
            10,
            ("即办件一小时办结六十件", "sixty on the spot within an hour"),
            |a, t, d| {
                let desk = a.rng.below(a.offices.len());
                let officer = a.staff[desk].spare[7].clone();
                for nth in 0..60 {
                    let mut case = a.tale(t, |item| item.on_spot && item.desk == desk);
                    case.signer.clone_from(&a.staff[desk].signers[0]);
                    case.acceptor.clone_from(&officer);
                    let from = at(d, 10, 0).plus_minutes(nth % 50);
                    a.receive(t, &case, from.plus_minutes(-10));
                    a.accept(t, &case, from.plus_minutes(-5));
                    a.decide(t, &case, from, "grant");
                    a.deliver(t, &case, from.plus_minutes(9));
                }
                Told::new(officer, &a.offices[desk].dept, at(d, 10, 0))
            },
        ),
    ]
}

/// Two overdue cases of one officer, of thirteen that are open once eleven more have come in. That
/// lasts until the two are decided three working days later; where another month begins meanwhile,
/// both months have it.
fn backlog(a: &mut Of, t: &mut Town, d: Day) -> Told {
    let desk = a.backlogs % a.offices.len();
    let officer = a.staff[desk].spare[8].clone();
    a.backlogs += 1;
    let one = |a: &mut Of, t: &mut Town, from: Day, decided_wd: i32| {
        let mut case = a.tale(t, |item| item.promised == 7 && item.is_usual() && item.desk == desk);
        case.acceptor.clone_from(&officer);
        a.begin(t, &case, from);
        a.close(t, &case, t.clock.wd(from, decided_wd));
        case.no
    };
    let late: Vec<_> = (0..2).map(|_| one(a, t, d, 22)).collect();
    let crowded = t.clock.wd(d, 19);
    for _ in 0..11 {
        one(a, t, crowded, 4);
    }
    let due = t.clock.wd(d, 21).start();
    let mut told = Told::new(officer, &a.offices[desk].dept, at(crowded, 11, 0));
    let (year, month, _) = t.clock.wd(d, 22).ymd();
    let next_month = Day::from_ymd(year, month, 1).filter(|first| *first > crowded);
    if let Some(first) = next_month {
        told = told.also("APPR-R02", Notice, first.start());
    }
    for no in late {
        told = told
            .also_on("APPR-T01", Notice, &no, t.clock.wd(d, 5).start())
            .also_on("APPR-T02", Red, &no, t.clock.wd(d, 8).start())
            .also_on("APPR-T03", Red, &no, due);
    }
    told
}

fn money() -> Vec<Story<Of>> {
    vec![
        bad(
            "APPR-F01",
            Red,
            30,
            ("按标准1.5倍收费", "one and a half times the tariff"),
            |a, t, d| a.charged(t, d, (1, 1500, ACCOUNT)),
        ),
        fair("APPR-F01", 30, ("减免后零元", "nothing under a waiver"), |a, t, d| {
            a.charged(t, d, (1, 0, ACCOUNT))
        }),
        bad("APPR-F02", Red, 30, ("缴入协会账户", "paid to an association"), |a, t, d| {
            a.charged(t, d, (2, 2000, FOREIGN_ACCOUNT))
        }),
        fair("APPR-F02", 30, ("退款至缴款人账户", "a refund to the payer"), |a, t, d| {
            let told = a.charged(t, d, (2, 2000, ACCOUNT));
            let case = format!("SP2025{:06}", a.cases);
            let line = t.book.line("approval.case.fee_refunded", &a.offices[0], at(d, 16, 0));
            line.text("case_no", &case)
                .text("fee_code", "SF00")
                .int("qty", 1)
                .int("amount", 1000)
                .text("receipt_no", &format!("TF{}", &case[2..]))
                .text("payee_acct", "h:payer-0001")
                .done();
            told
        }),
        bad(
            "APPR-R01",
            Red,
            30,
            ("必备材料未交即准予", "a mandatory material is missing"),
            |a, t, d| {
                a.granted_with(
                    t,
                    d,
                    r#"[{"code":"M1","provided":true},{"code":"M2","provided":false}]"#,
                    36,
                )
            },
        ),
        bad(
            "APPR-R01",
            Yellow,
            30,
            ("证照期限超过上限", "a licence longer than allowed"),
            |a, t, d| a.granted_with(t, d, super::case::MATERIALS, 72),
        ),
        fair(
            "APPR-R01",
            30,
            ("材料由数据共享取得", "supplied by data sharing"),
            |a, t, d| {
                let shared = r#"[{"code":"M1","provided":true},{"code":"M2","provided":false,"shared":true}]"#;
                a.granted_with(t, d, shared, 36)
            },
        ),
        bad(
            "APPR-C01",
            Yellow,
            40,
            ("差评第7日才处理", "a bad rating answered on day 7"),
            |a, t, d| a.rated(t, d, 7),
        ),
        fair(
            "APPR-C01",
            40,
            ("差评第5日处理", "a bad rating answered on day 5"),
            |a, t, d| a.rated(t, d, 5),
        ),
        bad(
            "APPR-C01",
            Yellow,
            40,
            ("投诉第17日办结", "a complaint closed on day 17"),
            |a, t, d| a.complained(t, d, 17, true),
        ),
        fair(
            "APPR-C01",
            40,
            ("匿名且无联系方式", "anonymous, without a contact"),
            |a, t, d| a.complained(t, d, 17, false),
        ),
        bad(
            "APPR-J01",
            Yellow,
            30,
            ("成员部门第6日回复", "a member replies on day 6"),
            |a, t, d| {
                let (no, lead, _) = a.joint_with(t, d, (0, 6));
                let due = t.clock.wd(d, 6).start();
                Told::new(&no, &a.offices[lead].dept, due).also("APPR-J01", Yellow, due)
            },
        ),
        fair(
            "APPR-J01",
            30,
            ("牵头部门迟转，成员按期", "forwarded late, answered in time"),
            |a, t, d| {
                let (no, lead, _) = a.joint_with(t, d, (3, 3));
                Told::new(&no, &a.offices[lead].dept, t.clock.wd(d, 6).start())
            },
        ),
    ]
}

impl Approvals {
    fn reviewed_only(&mut self, town: &mut Town, case: Case, day: Day) -> Told {
        self.begin(town, &case, day);
        let decided = town.clock.wd(day, 3);
        self.step(town, &case, "review", at(decided, 10, 0));
        self.decide(town, &case, at(decided, 16, 0), "grant");
        self.deliver(town, &case, at(town.clock.wd(decided, 2), 10, 0));
        Told::new(&case.no, self.dept(&case), at(decided, 16, 0))
    }

    /// The item that is cancelled at the end of March, accepted on a day.
    fn cancelled(&mut self, town: &mut Town, day: Day) -> Told {
        let case = self.tale(town, |item| item.is_cancelled());
        self.begin(town, &case, day);
        // The promise of the item is 5 working days: the notice comes on the third.
        let decided = town.clock.wd(day, 2).max(town.clock.open(date(4, 1)));
        self.close(town, &case, decided);
        Told::new(&case.no, self.dept(&case), at(decided, 16, 0))
    }

    fn bare_certificate(&mut self, town: &mut Town, day: Day, batch: &str) -> Told {
        self.cases += 1;
        let desk = self.rng.below(self.offices.len());
        let usual = self.items.iter().find(|item| item.desk == desk);
        let code = usual.map_or("", |item| item.code.as_str());
        let cert = format!("ZSW{:07}", self.cases);
        town.book
            .line("approval.cert.issued", &self.offices[desk], at(day, 15, 0))
            .text("cert_no", &cert)
            .text("item_code", code)
            .text("holder", &person(self.rng.below(300_000)))
            .maybe("batch", batch)
            .done();
        Told::new(cert, &self.offices[desk].dept, at(day, 15, 0))
    }

    /// Accepted at noon, entered at a moment; all else as usual.
    fn entered(&mut self, town: &mut Town, day: Day, recorded: Local) -> Told {
        let case = self.tale(town, |item| item.promised == 10 && item.is_usual());
        self.receive(town, &case, at(day, 9, 20));
        self.accept_recorded(town, &case, at(day, 11, 0), recorded);
        self.close(town, &case, town.clock.wd(recorded.day(), 2));
        Told::new(&case.no, self.dept(&case), recorded)
    }

    /// The time of acceptance is mistyped by three hours, and corrected in the afternoon.
    fn mistyped(&mut self, town: &mut Town, day: Day) -> Told {
        let case = self.tale(town, |item| item.promised == 10 && item.is_usual());
        let entered = at(day, 11, 2);
        self.receive(town, &case, at(day, 7, 50));
        let id = self.accept_recorded(town, &case, at(day, 8, 0), entered);
        town.book
            .line("approval.case.accepted", &self.offices[case.desk], at(day, 11, 0))
            .recorded(entered)
            .corrects(id, 2, at(day, 15, 30))
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("receipt_no", &format!("SL{}", &case.no[2..]))
            .text("officer", &case.acceptor)
            .done();
        self.close(town, &case, town.clock.wd(day, 3));
        Told::new(&case.no, self.dept(&case), entered)
    }

    /// A receipt whose register leaves out a number; more receipts of the department follow.
    fn gap(&mut self, town: &mut Town, day: Day) -> (Case, Told) {
        let mut case = self.tale(town, |item| item.promised == 7 && item.is_usual());
        // A register shows a gap from its second number on.
        let mut first = self.open(town, case.item);
        first.window.clear();
        self.begin(town, &first, day);
        self.close(town, &first, town.clock.wd(day, 3));
        case.number = Number::Skip;
        self.receive(town, &case, at(day, 13, 40));
        self.accept(town, &case, at(day, 15, 0));
        let key = format!("{}/2025", self.dept(&case));
        let told = Told::new(key, self.dept(&case), at(day, 13, 40).plus_minutes(24 * 60));
        (case, told)
    }

    fn served(&mut self, town: &mut Town, day: Day, count: i64, kind: &str) -> Told {
        let desk = self.rng.below(self.offices.len());
        self.complaints += 1;
        let window = format!("T{:02}", self.complaints);
        for nth in 0..count {
            self.serve(town, (desk, &window), at(day, 10, 0).plus_minutes(nth * 12), kind);
        }
        Told::new(format!("{window}/{day}"), &self.offices[desk].dept, at(day, 13, 0))
    }

    fn charged(&mut self, town: &mut Town, day: Day, fee: (i64, i64, &str)) -> Told {
        let case = self.tale(town, |item| item.fee == Some(0) && item.is_usual() && item.desk == 0);
        self.begin(town, &case, day);
        self.fee(town, &case, at(day, 15, 0), fee);
        self.close(town, &case, town.clock.wd(day, 3));
        Told::new(&case.no, self.dept(&case), at(day, 15, 0))
    }

    fn granted_with(
        &mut self,
        town: &mut Town,
        day: Day,
        materials: &'static str,
        months: i32,
    ) -> Told {
        let mut case = self.tale(town, |item| item.promised == 10 && item.is_usual());
        case.materials = materials;
        self.begin(town, &case, day);
        let decided = town.clock.wd(day, 3);
        self.steps(town, &case, decided);
        self.decide(town, &case, at(decided, 16, 0), "grant");
        self.deliver_mode(town, &case, at(town.clock.wd(decided, 2), 10, 0), ("window", months));
        Told::new(&case.no, self.dept(&case), at(decided, 16, 0))
    }

    fn rated(&mut self, town: &mut Town, day: Day, answered_wd: i32) -> Told {
        let case = self.begun(town, day);
        let decided = town.clock.wd(day, 3);
        self.close(town, &case, decided);
        let given = town.clock.wd(decided, 3);
        self.rate(town, &case, at(given, 15, 0), 1);
        self.answer_rating(town, &case, at(town.clock.wd(given, answered_wd), 10, 0));
        Told::new(&case.no, self.dept(&case), town.clock.wd(given, 6).start())
    }

    fn complained(&mut self, town: &mut Town, day: Day, closed_wd: i32, named: bool) -> Told {
        self.complaints += 1;
        let no = format!("TS2025{:05}", self.complaints);
        let desk = self.rng.below(self.offices.len());
        let office = &self.offices[desk];
        town.book
            .line("approval.complaint.filed", office, at(day, 15, 0))
            .text("complaint_no", &no)
            .text("kind", "服务态度")
            .flag("real_name", named)
            .flag("contact", named)
            .done();
        town.book
            .line("approval.complaint.closed", office, at(town.clock.wd(day, closed_wd), 10, 0))
            .text("complaint_no", &no)
            .text("result", "已向当事人说明")
            .done();
        Told::new(no, &office.dept, town.clock.wd(day, 16).start())
    }
}
