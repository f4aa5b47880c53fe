//! The lawful traffic of a day, and the courses that stories start from.

use super::{LEVIES, Powers, Seizure, Works};
use crate::clock::{at, later};
use crate::people::{person, uscc};
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// What a usual working day brings at full size.
const SEIZURES: f64 = 8.0;
const LEVIES_DAILY: f64 = 34.0;
const REVIEWS: f64 = 1.4;
const PROJECTS: f64 = 0.7;
const SCHOOLS: usize = 60;
/// Worth of an undertaking, fen.
const TOTAL: i64 = 3_000_000_000;

impl Powers {
    pub(super) fn ordinary(&mut self, town: &mut Town, day: Day) {
        if !town.clock.is_working(day) {
            return;
        }
        for _ in 0..town.many(&mut self.rng, SEIZURES, day) {
            let days = self.rng.range(5, 23) as i32;
            self.seizure(town, day, &Seizure { days, ..Seizure::default() });
        }
        for _ in 0..town.many(&mut self.rng, LEVIES_DAILY, day) {
            let levy = self.rng.below(3);
            self.levy(town, day, (levy, 0, 0));
        }
        for _ in 0..town.many(&mut self.rng, REVIEWS, day) {
            let days = self.rng.range(30, 50) as i32;
            self.review(town, day, (days, None, "uphold", 0));
        }
        for _ in 0..town.many(&mut self.rng, PROJECTS, day) {
            self.works(town, day, &Works::default());
        }
        let (_, month, of_month) = day.ymd();
        if matches!((month, of_month), (3 | 9, 10)) {
            let schools = ((SCHOOLS as f64 * town.scale) as usize).max(1);
            for nth in 0..schools {
                self.school(town, day, &format!("QYXX{nth:03}"), &[]);
            }
        }
    }

    pub(super) fn next(&mut self) -> usize {
        self.nth += 1;
        self.nth
    }

    /// A measure from its approval to its end; returns the numbers of case and list and its day.
    pub(super) fn seizure(
        &mut self,
        town: &mut Town,
        day: Day,
        said: &Seizure,
    ) -> (String, String, Local) {
        let nth = self.next();
        let (case, list) = (format!("QZ2025{nth:06}"), format!("QD2025{nth:06}"));
        let (office, officers) = &self.seizers[nth % self.seizers.len()];
        let taken = later(&mut self.rng, at(day, 14, 0), 0, 120);
        let pair = nth * 2 % (officers.len() - 8);
        let approved = taken.plus_minutes(said.approved_h * 60);
        town.book
            .line("coercion.measure.approved", office, approved)
            .text("case_no", &case)
            .text("list_no", &list)
            .text("kind", "seize")
            .text("approver", &officers[officers.len() - 1])
            .text("approver_rank", "head")
            .done();
        let item =
            if said.item_no.is_empty() { format!("WP{nth:06}") } else { said.item_no.clone() };
        let mut line = town
            .book
            .line("coercion.measure.taken", office, taken)
            .lag(6)
            .actor(&officers[pair])
            .text("list_no", &list)
            .text("case_no", &case)
            .text("kind", "seize")
            .texts("officers", &officers[pair..pair + said.officers])
            .flag("urgent", said.urgent)
            .flag("notice_given", true)
            .text("location", "经营场所")
            .json("items", &format!(r#"[{{"item_no":"{item}","name":"涉案物品","qty":1,"related":true,"necessity":false}}]"#))
            .int("value", 2_000_000)
            .int("expected_penalty", 1_500_000);
        if said.urgent {
            line = line.text("urgent_reason", "物品易转移灭失");
        }
        line.done();
        if let Some(days) = said.extended {
            let when = at(town.clock.open_before(day.plus(23)), 10, 0);
            town.book
                .line("coercion.measure.extended", office, when)
                .text("list_no", &list)
                .text("case_no", &case)
                .int("days", days)
                .text("approver", &officers[officers.len() - 1])
                .text("approver_rank", "head")
                .flag("told", true)
                .done();
        }
        let over = at(town.clock.open_before(day.plus(said.days)), 16, 0);
        if said.partial {
            let half = at(town.clock.wd(day, 2), 10, 0);
            town.book
                .line("coercion.measure.lifted", office, half)
                .text("list_no", &list)
                .flag("partial", true)
                .texts("item_nos", [item.as_str()])
                .done();
        }
        town.book
            .line("coercion.measure.decided", office, over.max(taken.plus_minutes(90)))
            .text("list_no", &list)
            .text("case_no", &case)
            .text("decision", "return")
            .done();
        (case, list, taken)
    }

    /// Assessed, paid within its month, in the treasury so many working days later, at so much more
    /// than is due; returns the taxpayer and the moment of the transfer.
    pub(super) fn levy(
        &mut self,
        town: &mut Town,
        day: Day,
        (levy, late_wd, more): (usize, i32, i64),
    ) -> (String, Local) {
        let nth = self.next();
        let payer = uscc("92", 500_000 + nth);
        let (code, rate, _) = LEVIES[levy];
        let base = self.rng.range(100, 900) * 100_000;
        let amount = base * rate / 1000;
        let period = format!("2025-{:02}", day.ymd().1);
        town.book
            .line("levy.assessed", &self.tax, at(day, 9, 30))
            .text("taxpayer", &payer)
            .text("code", code)
            .text("period", &period)
            .int("base", base)
            .json("rate", &format!("0.{rate:03}"))
            .int("amount", amount)
            .day("due_from", day)
            .day("due_to", day.plus(15))
            .day("liable_on", day)
            .done();
        let paid = later(&mut self.rng, at(town.clock.wd(day, 2), 9, 10), 0, 300);
        let pay_no = format!("JK{nth:07}");
        town.book
            .line("levy.paid", &self.tax, paid)
            .text("taxpayer", &payer)
            .text("code", code)
            .text("period", &period)
            .text("pay_no", &pay_no)
            .int("amount", amount + more)
            .text("acct", crate::approval::FISCAL_ACCOUNT)
            .text("kind", "tax")
            .day("liable_on", day)
            .done();
        let moved = at(town.clock.wd(paid.day(), late_wd), 16, 0).max(paid.plus_minutes(40));
        town.book
            .line("levy.transferred", &self.tax, moved)
            .text("taxpayer", &payer)
            .text("code", code)
            .text("pay_no", &pay_no)
            .int("amount", amount + more)
            .done();
        (payer, moved)
    }

    /// A reconsideration that is decided so many calendar days after its acceptance, extended by so
    /// many days, with a result that is complied with so many days after its term.
    pub(super) fn review(
        &mut self,
        town: &mut Town,
        day: Day,
        (days, extended, result, late): (i32, Option<i64>, &str, i32),
    ) -> (String, Day) {
        let respondent = self.rng.below(self.respondents.len());
        self.review_of(town, day, respondent, (days, extended, result, late))
    }

    pub(super) fn review_of(
        &mut self,
        town: &mut Town,
        day: Day,
        respondent: usize,
        (days, extended, result, late): (i32, Option<i64>, &str, i32),
    ) -> (String, Day) {
        let nth = self.next();
        let case = format!("FY2025{nth:06}");
        let respondent = self.respondents[respondent].clone();
        let office = &self.justice;
        let line = town.book.line("review.received", office, at(day, 10, 0));
        line.text("case_no", &case)
            .text("applicant_ref", &person(600_000 + nth))
            .text("respondent", &respondent)
            .text("cause", &format!("AY{:02}", nth % 30))
            .done();
        let accepted = town.clock.wd(day, 3);
        let line = town.book.line("review.accepted", office, at(accepted, 10, 0));
        line.text("case_no", &case).text("procedure", "ordinary").done();
        let sent = town.clock.wd(accepted, 3);
        let line = town.book.line("review.copy_sent", office, at(sent, 10, 0));
        line.text("case_no", &case).text("respondent", &respondent).day("received_on", sent).done();
        let answered = town.clock.wd(sent, 7);
        let line = town.book.line("review.answered", office, at(answered, 10, 0));
        line.text("case_no", &case).done();
        if let Some(days) = extended {
            let when = at(town.clock.open_before(accepted.plus(50)), 10, 0);
            town.book
                .line("review.extended", office, when)
                .text("case_no", &case)
                .int("days", days)
                .text("approver", "SFJ001")
                .text("approver_rank", "head")
                .flag("told", true)
                .done();
        }
        let decided = town.clock.open(accepted.plus(days));
        let comply = town.clock.open(decided.plus(20));
        let mut line = town
            .book
            .line("review.decided", office, at(decided, 15, 0))
            .text("case_no", &case)
            .text("respondent", &respondent)
            .text("result", result)
            .text("cause", &format!("AY{:02}", nth % 30))
            .day("served_on", decided);
        if result == "order_perform" {
            line = line.day("comply_by", comply);
        }
        line.done();
        if result == "order_perform" {
            let done = if late > 0 { town.clock.wd(comply, late) } else { comply };
            let line = town.book.line("review.complied", office, at(done, 10, 0));
            line.text("case_no", &case).done();
        }
        (case, if result == "order_perform" { comply } else { decided })
    }

    /// A school's fees of one term: published, charged with receipts, spent, the rest given back.
    /// Each further fee is (code, kind, published price, charged for each pupil).
    pub(super) fn school(
        &mut self,
        town: &mut Town,
        day: Day,
        school: &str,
        more: &[(&str, &str, i64, i64)],
    ) {
        let pupils = 400;
        let term = if day.ymd().1 < 8 { "2024-2025-2" } else { "2025-2026-1" };
        let usual = [("DS01", "agency", 12_000, 12_000), ("FW01", "meal", 30_000, 30_000)];
        let end = if day.ymd().1 < 8 { crate::clock::day(7, 4) } else { crate::clock::day(12, 26) };
        for (code, kind, price, charged) in usual.iter().chain(more) {
            let office = &self.education;
            town.book
                .line("edu.fee.published", office, at(day, 9, 0))
                .text("school", school)
                .text("term", term)
                .text("code", code)
                .text("kind", kind)
                .int("price", *price)
                .text("basis", "县教发〔2024〕9号")
                .day("term_end", end)
                .done();
            town.book
                .line("edu.fee.charged", office, at(day, 14, 0))
                .text("school", school)
                .text("term", term)
                .text("stage", "compulsory")
                .text("code", code)
                .text("kind", kind)
                .int("student_cnt", pupils)
                .int("amount", charged * pupils)
                .text("receipt_no", &format!("SJ-{school}-{term}-{code}"))
                .flag("notice_given", true)
                .done();
            // Six per cent are left of a fee whose code says so.
            let left = if code.starts_with("DS6") { 6 } else { 1 };
            town.book
                .line("edu.fee.spent", office, at(town.clock.wd(day, 30), 10, 0))
                .text("school", school)
                .text("term", term)
                .text("code", code)
                .int("amount", charged * pupils / 100 * (100 - left))
                .text("payee", "配送企业")
                .done();
        }
        let line = town.book.line("edu.term.ended", &self.education, at(end, 16, 0));
        line.text("school", school).text("term", term).done();
    }

    /// An undertaking from its approval on; returns its number and the day of its start.
    pub(super) fn works(&mut self, town: &mut Town, day: Day, said: &Works) -> (String, Day) {
        let nth = self.next();
        let project = format!("ZD2025{nth:05}");
        let contract = format!("HT{nth:05}");
        let office = &self.works;
        town.book
            .line("project.approved", office, at(day, 10, 0))
            .text("project", &project)
            .text("name", "基础设施建设项目")
            .text("kind", "municipal")
            .int("approved_total", TOTAL)
            .text("approval_no", &format!("清发改审〔2025〕{nth}号"))
            .texts("required_permits", ["planning", "construction"])
            .flag("emergency", said.emergency)
            .done();
        let started = town.clock.wd(day, 12);
        for permit in ["planning", "construction"] {
            let wd = if said.permit_before || permit == "planning" { 6 } else { 16 };
            let line = town.book.line(
                "project.permit.obtained",
                office,
                at(town.clock.wd(day, wd), 10, 0),
            );
            line.text("project", &project)
                .text("permit", permit)
                .text("permit_no", &format!("XK-{nth}-{permit}"))
                .done();
        }
        let amount = TOTAL / 100 * (94 + said.over_pct);
        if said.adjusted {
            let line = town.book.line(
                "project.estimate.adjusted",
                office,
                at(town.clock.wd(day, 7), 10, 0),
            );
            line.text("project", &project)
                .int("approved_total", TOTAL / 100 * 125)
                .text("approval_no", "清发改调〔2025〕1号")
                .text("approver", "FGJ001")
                .done();
        }
        let line =
            town.book.line("project.contract.signed", office, at(town.clock.wd(day, 9), 10, 0));
        line.text("project", &project)
            .text("contract_no", &contract)
            .text("contractor", "清源建设集团")
            .int("amount", amount)
            .done();
        let mut line = town.book.line("project.started", office, at(started, 9, 30));
        line = line.text("project", &project).text("scope", "main");
        if said.emergency {
            line = line.text("emergency_no", "县应急〔2025〕2号");
        }
        line.done();
        for (place, permille) in said.changes.iter().enumerate() {
            let when = at(town.clock.wd(started, 10 + place as i32 * 2), 11, 0);
            town.book
                .line("project.change", office, when)
                .text("project", &project)
                .text("contract_no", &contract)
                .text("change_no", &format!("BG{nth:05}-{place}"))
                .int("amount", TOTAL / 1000 * permille)
                .text("reason", "design")
                .done();
        }
        self.progress(town, (&project, started), said);
        (project, started)
    }

    fn progress(&mut self, town: &mut Town, (project, started): (&str, Day), said: &Works) {
        let office = &self.works;
        if said.plan_changed {
            let line = town.book.line(
                "project.plan.changed",
                office,
                at(town.clock.wd(started, 25), 10, 0),
            );
            line.text("project", project)
                .text("plan_ver", "V2")
                .text("approval_no", "清发改计〔2025〕3号")
                .done();
        }
        for (wd, plan, real) in [(15, 20, 20), (30, 50, said.real_pct)] {
            let is_late = plan - real > 20;
            let plan = if said.plan_changed && is_late { real + 5 } else { plan };
            let mut line = town
                .book
                .line("project.progress", office, at(town.clock.wd(started, wd), 16, 0))
                .text("project", project)
                .int("plan_pct", plan)
                .int("real_pct", real);
            if said.plan_changed && wd == 30 {
                line = line.text("plan_ver", "V2");
            }
            line.done();
        }
        if said.settled_months > 0 {
            let completed = town.clock.wd(started, 35);
            let line = town.book.line("project.completed", office, at(completed, 10, 0));
            line.text("project", project).done();
            let settled = town.clock.open(completed.plus(said.settled_months * 30));
            let line = town.book.line("project.settled", office, at(settled, 10, 0));
            line.text("project", project).done();
        }
    }
}
