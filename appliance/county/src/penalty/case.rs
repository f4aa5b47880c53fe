//! One penalty case and what is reported of it. What an act says is lawful unless a story changes a
//! field of the file first.

use super::cause::Cause;
use super::{Penalties, TEAMS};
use crate::clock::{at, later};
use crate::people::{REGION, cert_of, person};
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// The treasury's account for fines.
pub(super) const ACCOUNT: &str = "h:czzh-1001";

/// A case, with what its acts will say.
#[derive(Clone, Debug)]
pub(super) struct File {
    pub(super) no: String,
    pub(super) desk: usize,
    pub(super) cause: Cause,
    pub(super) officers: Vec<String>,
    pub(super) team: usize,
    pub(super) party: String,
    /// Fine of the decision and of the notice, fen.
    pub(super) fine: i64,
    pub(super) proposed: i64,
    pub(super) band: &'static str,
    pub(super) factors: String,
    /// The kind of the main penalty.
    pub(super) kind: &'static str,
    pub(super) hearing_told: bool,
    pub(super) place_region: &'static str,
    /// The officers' certificates were renewed at the end of June.
    pub(super) is_renewed: bool,
    pub(super) signed: bool,
    pub(super) act_date: Option<Day>,
    pub(super) continuing: bool,
    /// Where the act took place.
    pub(super) place: String,
    pub(super) account: &'static str,
    pub(super) goods_value: i64,
    /// Further fields of the decision as JSON.
    pub(super) extra: Vec<(&'static str, String)>,
    pub(super) filed_extra: Vec<(&'static str, String)>,
}

impl File {
    /// A factor, and another that makes the case unlike all others.
    pub(super) fn special_factors(&self, factor: &str) -> String {
        let value = if factor == "mitigation" { "true" } else { "\"general\"" };
        let no = &self.no;
        format!(
            r#"[{{"factor_code":"{factor}","value":{value}}},{{"factor_code":"circumstance","value":"{no}"}}]"#
        )
    }
}

impl Penalties {
    /// A case in the hands of a team.
    pub(super) fn open(&mut self, town: &Town, desk: usize, team: usize, cause: Cause) -> File {
        self.cases += 1;
        let rng = &mut self.rng;
        let party = match cause.is_org() {
            true => town.people.firm(rng).to_owned(),
            false => person(300_000 + self.cases),
        };
        let (low, high) = cause.usual();
        // High, middle, low in turns, so that nobody's fines are light on the whole.
        let turn = self.turns.entry((desk, team, cause as usize)).or_insert(0);
        let fine = high - (high - low) / 2 * (*turn % 3);
        *turn += 1;
        File {
            no: format!("CF2025{:06}", self.cases),
            desk,
            cause,
            officers: self.officers[desk][team * 2..team * 2 + 2].to_vec(),
            team,
            party,
            fine,
            proposed: fine,
            band: "ordinary",
            factors: r#"[{"factor_code":"harm","value":"general"}]"#.to_owned(),
            kind: "fine",
            hearing_told: cause == Cause::Grave,
            place_region: REGION,
            is_renewed: false,
            signed: true,
            act_date: None,
            continuing: false,
            place: format!("第{}社区{}号", rng.range(1, 9), self.cases),
            account: ACCOUNT,
            goods_value: 0,
            extra: Vec::new(),
            filed_extra: Vec::new(),
        }
    }

    /// A case of a story, of a firm's fault, with a team that takes part in stories only.
    pub(super) fn tale(&mut self, town: &Town, cause: Cause) -> File {
        let desk = self.rng.below(self.offices.len());
        let team = TEAMS + self.cases % super::SPARE_TEAMS;
        self.open(town, desk, team, cause)
    }

    pub(super) fn clue(&mut self, town: &mut Town, file: &File, day: Day) -> String {
        let clue = format!("XS{}", &file.no[2..]);
        let at = town.clock.morning(&mut self.rng, day);
        let source = *self.rng.pick(&["complaint", "inspection", "transfer"]);
        town.book
            .line("penalty.clue.received", &self.offices[file.desk], at)
            .lag(6)
            .text("clue_no", &clue)
            .text("source_kind", source)
            .time("discovered_at", at)
            .done();
        clue
    }

    /// Filed on a day, in the morning, and given to its officers.
    pub(super) fn file(&mut self, town: &mut Town, file: &File, day: Day, clue: &str) {
        let filed = at(day, 9, 10);
        let office = &self.offices[file.desk];
        let mut line = town
            .book
            .line("penalty.case.filed", office, filed)
            .lag(self.rng.range(2, 6))
            .actor(&file.officers[0])
            .text("case_no", &file.no)
            .number("serial", self.registers[file.desk], crate::book::Number::Next)
            .text("cause_code", &file.cause.code(file.desk))
            .text("party_ref", &file.party)
            .text("party_kind", if file.cause.is_org() { "org" } else { "person" })
            .time("filed_at", filed)
            .text("approver", &self.signers[file.desk])
            .text("place_region", file.place_region)
            .maybe("clue_no", clue)
            .day("act_date", file.act_date.unwrap_or(day.plus(-3)))
            .text("place", &file.place);
        if file.continuing {
            line = line.flag("continuing", true);
        }
        if file.goods_value > 0 {
            line = line.int("goods_value", file.goods_value);
        }
        for (name, json) in &file.filed_extra {
            line = line.json(name, json);
        }
        line.done();
        town.book
            .line("penalty.officer.assigned", office, filed.plus_minutes(8))
            .lag(1)
            .text("case_no", &file.no)
            .texts("officers", &file.officers)
            .texts(
                "cert_nos",
                file.officers.iter().map(|officer| match file.is_renewed {
                    true => cert_of(officer) + "R",
                    false => cert_of(officer),
                }),
            )
            .done();
    }

    /// A record taken by the officers at a free hour of the day, near where the team works.
    pub(super) fn evidence(&mut self, town: &mut Town, file: &File, kind: &str, day: Day) {
        let hours = self.busy.entry((day, file.desk, file.team)).or_insert(0);
        let nth = *hours;
        *hours += 1;
        let begin = at(day, 10, 0).plus_minutes(nth * 60 + if nth >= 2 { 100 } else { 0 });
        let from = later(&mut self.rng, begin, 0, 8);
        let to = later(&mut self.rng, from, 15, 28);
        // Within two kilometres of the team's base.
        let lat = 36_200_000 + (file.desk * 6 + file.team) as i64 * 2000 + self.rng.range(0, 9000);
        let lon = 120_300_000 + self.rng.range(0, 9000);
        self.record(town, file, kind, (from, to), (lat, lon));
    }

    pub(super) fn record(
        &mut self,
        town: &mut Town,
        file: &File,
        kind: &str,
        (from, to): (Local, Local),
        (lat, lon): (i64, i64),
    ) {
        let mut geo = String::new();
        crate::line::push_micro(&mut geo, lat);
        geo.push(',');
        crate::line::push_micro(&mut geo, lon);
        town.book
            .line("penalty.evidence.taken", &self.offices[file.desk], from)
            .recorded(to.plus_minutes(4))
            .actor(&file.officers[0])
            .text("case_no", &file.no)
            .text("ev_no", &format!("ZJ{:07}", self.rng.below(10_000_000)))
            .text("kind", kind)
            .texts("officers", &file.officers)
            .time("start", from)
            .time("end", to)
            .text("place_geo", &geo)
            .text("place_region", file.place_region)
            .flag("party_signed", file.signed)
            .done();
    }

    pub(super) fn notice(&mut self, town: &mut Town, file: &File, day: Day) {
        let served = at(day, 15, 20);
        let proposed = match file.kind {
            "" => "[]".to_owned(),
            kind => format!(r#"[{{"kind":"{kind}","amount":{}}}]"#, file.proposed),
        };
        town.book
            .line("penalty.notice.served", &self.offices[file.desk], served)
            .lag(9)
            .actor(&file.officers[0])
            .text("case_no", &file.no)
            .text("notice_no", &format!("清罚告〔2025〕{}号", &file.no[6..]))
            .json("proposed", &proposed)
            .text("facts", "经查，当事人未按规定履行义务，事实清楚")
            .texts("basis", ["行政处罚法第九条"])
            .flag("hearing_right_told", file.hearing_told)
            .time("served_at", served)
            .flag("statement_right_told", true)
            .done();
    }

    pub(super) fn review(&mut self, town: &mut Town, file: &File, day: Day) {
        let when = at(day, 10, 40);
        town.book
            .line("penalty.legal_review.done", &self.offices[file.desk], when)
            .lag(5)
            .actor(&self.reviewers[file.desk])
            .text("case_no", &file.no)
            .text("reviewer", &self.reviewers[file.desk])
            .text("result", "pass")
            .flag("reviewer_qualified", true)
            .done();
    }

    pub(super) fn discuss(&mut self, town: &mut Town, file: &File, day: Day) {
        let office = &self.offices[file.desk];
        town.book
            .line("penalty.discussion.held", office, at(day, 14, 0))
            .lag(5)
            .text("case_no", &file.no)
            .texts("members", [&self.signers[file.desk], &self.reviewers[file.desk]])
            .text("result", "同意拟处罚意见")
            .done();
    }

    /// Decided in the afternoon.
    pub(super) fn decide(&mut self, town: &mut Town, file: &File, day: Day) -> Local {
        let decided = at(day, 16, 10);
        self.decide_at(town, file, decided, false);
        decided
    }

    pub(super) fn decide_at(&mut self, town: &mut Town, file: &File, decided: Local, simple: bool) {
        let items = match file.fine {
            0 => format!(r#"[{{"kind":"{}"}}]"#, file.kind),
            fine => format!(r#"[{{"kind":"{}","amount":{fine}}}]"#, file.kind),
        };
        let items = if file.kind.is_empty() { "[]".to_owned() } else { items };
        let signer = if simple { &file.officers[0] } else { &self.signers[file.desk] };
        let mut line = town
            .book
            .line("penalty.decision.made", &self.offices[file.desk], decided)
            .lag(self.rng.range(2, 9))
            .actor(signer)
            .text("case_no", &file.no)
            .text("doc_no", &format!("清罚〔2025〕{}号", &file.no[6..]))
            .flag("simple", simple)
            .texts("articles", ["行政处罚法第二十八条"])
            .json("factors", &file.factors)
            .text("band_code", file.band)
            .json("items", &items)
            .texts("officers", &file.officers)
            .text("signer", signer)
            .time("decided_at", decided)
            .text("cause_code", &file.cause.code(file.desk))
            .text("party_ref", &file.party)
            .text("party_kind", if file.cause.is_org() { "org" } else { "person" });
        line = match simple {
            true => {
                line.flag("oral_notice", true).flag("delivered", true).flag("publishable", false)
            }
            false => line.flag("publishable", true),
        };
        if file.goods_value > 0 {
            line = line.int("goods_value", file.goods_value);
        }
        for (name, json) in &file.extra {
            line = line.json(name, json);
        }
        line.done();
    }

    pub(super) fn serve(&mut self, town: &mut Town, file: &File, day: Day) {
        let served = at(day, 10, 20);
        town.book
            .line("penalty.doc.served", &self.offices[file.desk], served)
            .lag(7)
            .actor(&file.officers[0])
            .text("case_no", &file.no)
            .text("doc_no", &format!("清罚〔2025〕{}号", &file.no[6..]))
            .text("mode", "direct")
            .time("served_at", served)
            .done();
    }

    pub(super) fn publish(&mut self, town: &mut Town, file: &File, day: Day) {
        let office = &self.offices[file.desk];
        town.book
            .line("penalty.decision.published", office, at(day, 11, 0))
            .lag(2)
            .text("case_no", &file.no)
            .text("url", &format!("https://www.example.gov.cn/cf/{}", file.no))
            .done();
    }

    pub(super) fn pay(&mut self, town: &mut Town, file: &File, day: Day) {
        self.receipts += 1;
        let receipt = format!("FK{:08}", self.receipts);
        self.pay_with(town, file, day, &receipt);
    }

    pub(super) fn pay_with(&mut self, town: &mut Town, file: &File, day: Day, receipt: &str) {
        if file.fine == 0 {
            return;
        }
        let office = &self.offices[file.desk];
        town.book
            .line("penalty.fine.paid", office, later(&mut self.rng, at(day, 9, 30), 0, 300))
            .lag(3)
            .text("case_no", &file.no)
            .int("amount", file.fine)
            .text("payee_acct", file.account)
            .text("receipt_no", receipt)
            .text("receipt_kind", "fiscal")
            .done();
    }

    pub(super) fn close(&mut self, town: &mut Town, file: &File, day: Day) {
        let office = &self.offices[file.desk];
        town.book
            .line("penalty.case.closed", office, at(day, 16, 30))
            .lag(3)
            .text("case_no", &file.no)
            .text("reason", "执行完毕")
            .text("approver", &self.signers[file.desk])
            .done();
        let archived = at(town.clock.wd(day, 5), 15, 0);
        town.book
            .line("penalty.case.archived", office, archived)
            .lag(3)
            .text("case_no", &file.no)
            .int("volumes", 1)
            .done();
    }

    pub(super) fn dept(&self, file: &File) -> &str {
        &self.offices[file.desk].dept
    }
}
