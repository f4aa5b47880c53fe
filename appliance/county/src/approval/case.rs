//! One application and what is reported of it, act by act. What an act says is lawful unless the
//! caller says otherwise.

use super::item::{ACCOUNT, PRICES};
use super::{Approvals, WINDOWS};
use crate::book::Number;
use crate::clock::later;
use crate::people::person;
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// An application.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) no: String,
    pub(super) item: usize,
    pub(super) desk: usize,
    pub(super) acceptor: String,
    pub(super) reviewer: String,
    pub(super) inspector: String,
    pub(super) signer: String,
    applicant: String,
    is_org: bool,
    /// Empty for an application over the network.
    pub(super) window: String,
    queue_no: String,
    /// Fields that a story adds to the receipt and to the decision, as JSON after a comma.
    pub(super) extra: Vec<(&'static str, String)>,
    pub(super) materials: &'static str,
    pub(super) number: Number,
}

pub(super) const MATERIALS: &str =
    r#"[{"code":"M1","provided":true},{"code":"M2","provided":true}]"#;

impl Approvals {
    /// A case of some item that fits, in the hands of people who take part in stories only.
    pub(super) fn tale(&mut self, town: &Town, fits: impl Fn(&super::Item) -> bool) -> Case {
        let fitting: Vec<_> =
            (0..self.items.len()).filter(|index| fits(&self.items[*index])).collect();
        let item = *self.rng.pick(&fitting);
        let case = self.open(town, item);
        let spare = &self.staff[case.desk].spare;
        let turn = self.cases % 3;
        Case {
            acceptor: spare[turn].clone(),
            reviewer: spare[3 + turn].clone(),
            window: String::new(),
            ..case
        }
    }

    pub(super) fn open(&mut self, town: &Town, item: usize) -> Case {
        let desk = self.items[item].desk;
        self.cases += 1;
        let rng = &mut self.rng;
        let is_org = rng.percent(40);
        let applicant = match is_org {
            true => town.people.firm(rng).to_owned(),
            false => person(rng.below(300_000)),
        };
        let staff = &self.staff[desk];
        Case {
            no: format!("SP2025{:06}", self.cases),
            item,
            desk,
            acceptor: rng.pick(&staff.acceptors).clone(),
            reviewer: rng.pick(&staff.reviewers).clone(),
            inspector: rng.pick(&staff.inspectors).clone(),
            signer: rng.pick(&staff.signers).clone(),
            applicant,
            is_org,
            window: if rng.percent(55) {
                format!("W{:02}", rng.below(WINDOWS) + 1)
            } else {
                String::new()
            },
            queue_no: format!("A{:05}", self.cases % 100_000),
            extra: Vec::new(),
            materials: MATERIALS,
            number: Number::Next,
        }
    }

    pub(super) fn receive(&mut self, town: &mut Town, case: &Case, at: Local) {
        let window = !case.window.is_empty();
        let mut line = town
            .book
            .line("approval.case.received", &self.offices[case.desk], at)
            .lag(self.rng.range(0, 3))
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .number("serial", self.registers[case.desk], case.number)
            .text("item_code", &self.items[case.item].code)
            .text("applicant_ref", &case.applicant)
            .text("applicant_kind", if case.is_org { "org" } else { "person" })
            .text("channel", if window { "window" } else { "online" })
            .json("materials", case.materials);
        if window {
            line = line.text("window_id", &case.window).text("queue_no", &case.queue_no);
        }
        line.done();
        if window {
            self.tickets(town, case, at);
        }
    }

    /// Ticket taken, called and served around a receipt at the window.
    fn tickets(&mut self, town: &mut Town, case: &Case, at: Local) {
        let called = at.plus_minutes(-self.rng.range(2, 9));
        let taken = called.plus_minutes(-self.rng.range(1, 25));
        let done = later(&mut self.rng, at, 2, 15);
        let wait = (called.0 - taken.0) / 1000;
        for (kind, at) in [
            ("queue.ticket.taken", taken),
            ("queue.ticket.called", called),
            ("queue.ticket.done", done),
        ] {
            let line = town
                .book
                .line(kind, &self.offices[case.desk], at)
                .text("hall", "QY-ZWDT")
                .text("window", &case.window)
                .time("at", at)
                .text("window_id", &case.window)
                .text("queue_no", &case.queue_no)
                .text("kind", "apply");
            let line = if kind.ends_with("called") { line.int("wait_s", wait) } else { line };
            line.done();
        }
    }

    pub(super) fn accept(&mut self, town: &mut Town, case: &Case, at: Local) -> u64 {
        let recorded = at.plus_minutes(self.rng.range(0, 3));
        self.accept_recorded(town, case, at, recorded)
    }

    pub(super) fn accept_recorded(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        recorded: Local,
    ) -> u64 {
        let mut line = town
            .book
            .line("approval.case.accepted", &self.offices[case.desk], at)
            .recorded(recorded)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("receipt_no", &format!("SL{}", &case.no[2..]))
            .text("officer", &case.acceptor);
        for (name, json) in &case.extra {
            line = line.json(name, json);
        }
        line.done()
    }

    pub(super) fn step(&mut self, town: &mut Town, case: &Case, step: &str, at: Local) {
        let (officer, role) = match step {
            "site_check" => (&case.inspector, "inspector"),
            _ => (&case.reviewer, "reviewer"),
        };
        let opinion = if step == "review" {
            "材料齐全，符合法定条件"
        } else {
            "现场与申报一致"
        };
        town.book
            .line("approval.case.step_done", &self.offices[case.desk], at)
            .lag(self.rng.range(0, 20))
            .actor(officer)
            .text("case_no", &case.no)
            .text("step", step)
            .text("officer", officer)
            .text("role", role)
            .text("decision", "pass")
            .text("opinion", opinion)
            .time("started_at", at.plus_minutes(-self.rng.range(10, 50)))
            .done();
    }

    /// All steps of the item, in the morning of a day.
    pub(super) fn steps(&mut self, town: &mut Town, case: &Case, day: Day) {
        let at = town.clock.morning(&mut self.rng, day);
        if self.items[case.item].site_check {
            self.step(town, case, "site_check", at);
        }
        self.step(town, case, "review", at.plus_minutes(70));
    }

    pub(super) fn pause(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (kind, est_wd): (&str, i64),
    ) {
        town.book
            .line("approval.case.paused", &self.offices[case.desk], at)
            .lag(2)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("kind", kind)
            .int("est_wd", est_wd)
            .text("notice_no", &format!("特程〔2025〕{}号", &case.no[6..]))
            .text("basis", "行政许可法第四十五条")
            .done();
    }

    pub(super) fn resume(&mut self, town: &mut Town, case: &Case, at: Local, kind: &str) {
        town.book
            .line("approval.case.resumed", &self.offices[case.desk], at)
            .lag(2)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("kind", kind)
            .done();
    }

    /// The correction notice with this number within the case.
    pub(super) fn ask(&mut self, town: &mut Town, case: &Case, at: Local, nth: usize, item: &str) {
        town.book
            .line("approval.case.correction_requested", &self.offices[case.desk], at)
            .lag(1)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("notice_no", &format!("BZ{}-{nth}", &case.no[2..]))
            .texts("items", [item])
            .flag("once", true)
            .text("mode", "written")
            .done();
    }

    pub(super) fn supply(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (nth, complete): (usize, bool),
    ) {
        town.book
            .line("approval.case.correction_supplied", &self.offices[case.desk], at)
            .lag(1)
            .text("case_no", &case.no)
            .text("notice_no", &format!("BZ{}-{nth}", &case.no[2..]))
            .flag("complete", complete)
            .done();
    }

    pub(super) fn extend(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (days_wd, rank): (i64, &str),
    ) {
        town.book
            .line("approval.case.extended", &self.offices[case.desk], at)
            .lag(3)
            .actor(&case.signer)
            .text("case_no", &case.no)
            .int("days_wd", days_wd)
            .text("approver", &case.signer)
            .text("approver_rank", rank)
            .text("reason", "需上级部门核实情况")
            .flag("applicant_told", true)
            .done();
    }

    pub(super) fn decide(&mut self, town: &mut Town, case: &Case, at: Local, result: &str) {
        self.decide_told(town, case, at, (result, true));
    }

    pub(super) fn decide_told(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (result, remedy_told): (&str, bool),
    ) {
        let mut line = town
            .book
            .line("approval.case.decided", &self.offices[case.desk], at)
            .lag(self.rng.range(3, 8))
            .actor(&case.signer)
            .text("case_no", &case.no)
            .text("result", result)
            .text("officer", &case.reviewer)
            .text("signer", &case.signer)
            .text("doc_no", &format!("清许〔2025〕{}号", &case.no[6..]));
        if result == "refuse" {
            line = line
                .text("reason_text", "申请的场所不符合规划用途，不具备法定条件")
                .flag("remedy_told", remedy_told);
        }
        line.done();
    }

    /// Handed over, with the certificate in the library; nothing if the day is too late.
    pub(super) fn deliver(&mut self, town: &mut Town, case: &Case, at: Local) {
        self.deliver_mode(town, case, at, ("window", 36));
        let cert = format!("ZS{}", &case.no[2..]);
        town.book
            .line("approval.cert.issued", &self.offices[case.desk], at.plus_minutes(-1))
            .lag(2)
            .text("cert_no", &cert)
            .text("item_code", &self.items[case.item].code)
            .text("holder", &case.applicant)
            .text("case_no", &case.no)
            .done();
    }

    pub(super) fn deliver_mode(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (mode, months): (&str, i32),
    ) {
        let from = at.day();
        town.book
            .line("approval.case.delivered", &self.offices[case.desk], at)
            .lag(self.rng.range(9, 15))
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("cert_no", &format!("ZS{}", &case.no[2..]))
            .text("mode", mode)
            .day("licence_from", from)
            .day("licence_to", from.plus(months * 30))
            .done();
    }

    pub(super) fn fee(
        &mut self,
        town: &mut Town,
        case: &Case,
        at: Local,
        (qty, amount, account): (i64, i64, &str),
    ) {
        self.receipts += 1;
        let fee = self.items[case.item].fee.unwrap_or(0);
        town.book
            .line("approval.case.fee_charged", &self.offices[case.desk], at)
            .lag(1)
            .actor(&case.acceptor)
            .text("case_no", &case.no)
            .text("fee_code", &format!("SF{fee:02}"))
            .int("qty", qty)
            .int("amount", amount)
            .text("receipt_no", &format!("PJ{:08}", self.receipts))
            .text("payee_acct", account)
            .done();
    }

    /// What the tariff says, into the treasury.
    pub(super) fn usual_fee(&mut self, town: &mut Town, case: &Case, at: Local) {
        let qty = self.rng.range(1, 3);
        if let Some(fee) = self.items[case.item].fee {
            self.fee(town, case, at, (qty, PRICES[fee] * qty, ACCOUNT));
        }
    }

    pub(super) fn rate(&mut self, town: &mut Town, case: &Case, at: Local, score: i64) {
        town.book
            .line("approval.rating.given", &self.offices[case.desk], at)
            .text("case_no", &case.no)
            .int("score", score)
            .flag("real_name", true)
            .done();
    }

    pub(super) fn answer_rating(&mut self, town: &mut Town, case: &Case, at: Local) {
        town.book
            .line("approval.rating.handled", &self.offices[case.desk], at)
            .text("case_no", &case.no)
            .text("result", "已回访，当事人认可")
            .done();
    }

    pub(super) fn dept(&self, case: &Case) -> &str {
        &self.offices[case.desk].dept
    }
}
