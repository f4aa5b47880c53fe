//! One tender and its whole course. A story changes fields of the tender before it runs.

use super::{EXPERTS, Trades, expert, major};
use crate::clock::{at, later};
use crate::town::Town;
use plumbline_contract::time::{Day, Local};

/// Firms at the end of the list that bid in stories only.
const RESERVED: usize = 48;
/// Days that bidders have at least.
const SHORTEST_DAYS: i32 = 20;

/// A bidder with the marks that his bid leaves.
#[derive(Clone, Debug)]
pub(super) struct Bidder {
    pub(super) firm: String,
    pub(super) price: i64,
    /// What machine, account and people are called after.
    pub(super) mark: String,
    pub(super) disk: String,
    pub(super) ip: String,
    pub(super) site: &'static str,
    pub(super) pm: String,
    pub(super) contact: String,
    pub(super) account: String,
    pub(super) simhash: u64,
    pub(super) typos: Vec<String>,
    /// Days after the opening on which he gives up, and whether for a proven reason.
    pub(super) gives_up: Option<bool>,
}

/// A tender.
#[derive(Clone, Debug)]
pub(super) struct Tender {
    pub(super) ocid: String,
    pub(super) kind: &'static str,
    pub(super) method: &'static str,
    pub(super) buyer: String,
    pub(super) category: String,
    pub(super) estimate: i64,
    pub(super) control: i64,
    pub(super) registered: Day,
    pub(super) docs_days: i32,
    /// Calendar days from the notice to the deadline.
    pub(super) bid_days: i32,
    /// Days before the deadline of a substantive clarification, and whether the deadline moved.
    pub(super) clarified: Option<(i32, bool)>,
    /// Minutes from the deadline to the opening.
    pub(super) opened_min: i64,
    pub(super) bidders: Vec<Bidder>,
    pub(super) experts: Vec<usize>,
    /// An expert, a bidder and by how much the score is off.
    pub(super) bias: Option<(usize, usize, i64)>,
    pub(super) has_drawn: bool,
    /// Calendar days from the award to the contract.
    pub(super) contract_days: i32,
    pub(super) bond_permille: i64,
    pub(super) winner: usize,
    /// Changes of the contract in per mille, by what basis.
    pub(super) amended: Option<(i64, &'static str)>,
    /// Days after the award on which an objection comes, working days until it is answered, and
    /// whether what followed waited for it.
    pub(super) objection: Option<i32>,
    pub(super) approvals: Vec<(&'static str, i32)>,
    /// Further fields of the registration as JSON.
    pub(super) extra: Vec<(&'static str, String)>,
}

impl Trades {
    /// A lawful tender with five bidders, registered on a day.
    pub(super) fn tender(&mut self, day: Day) -> Tender {
        self.tenders += 1;
        let nth = self.tenders;
        let estimate = self.rng.range(600, 3000) * 1_000_000;
        let control = estimate / 1000 * 990;
        let first = self.rng.below(self.firms.len() - RESERVED - 120) + 100;
        let bidders = (0..5).map(|place| self.bidder(first + place * 3, control, place)).collect();
        let mut tender = Tender {
            ocid: format!("ocds-qy2025-{nth:06}"),
            kind: "works",
            method: "open",
            buyer: self.rng.pick(&self.buyers).code.clone(),
            category: format!("A{:02}", self.rng.range(1, 12)),
            estimate,
            control,
            registered: day,
            docs_days: 7,
            bid_days: 23,
            clarified: None,
            opened_min: 5,
            bidders,
            experts: self.draw(5),
            bias: None,
            has_drawn: true,
            contract_days: self.rng.range(8, 24) as i32,
            bond_permille: 18,
            winner: 0,
            amended: None,
            objection: None,
            approvals: vec![("project", 1)],
            extra: Vec::new(),
        };
        if self.rng.percent(30) {
            tender.amended = Some((self.rng.range(5, 40), "change"));
        }
        tender
    }

    /// A bidder whom nobody but a story knows.
    pub(super) fn reserved(&mut self) -> Bidder {
        let firm = self.firms.len() - RESERVED + self.tenders % RESERVED;
        self.bidder(firm, 990_000_000, 0)
    }

    /// Prices differ by steps that show no pattern.
    pub(super) fn bidder(&mut self, firm: usize, control: i64, place: usize) -> Bidder {
        const OFF: [i64; 5] = [68, 61, 39, 32, 12];
        let mark = format!("{firm:04}");
        let off = OFF[place] * 1000 + self.rng.range(0, 2500);
        Bidder {
            firm: self.firms[firm].clone(),
            price: control - control / 1_000_000 * off,
            disk: format!("h:disk-{mark}"),
            ip: format!("h:ip-{mark}"),
            site: "remote",
            pm: format!("h:pm-{mark}"),
            contact: format!("h:tel-{mark}"),
            account: format!("h:acct-{mark}"),
            simhash: self.rng.next(),
            typos: Vec::new(),
            gives_up: None,
            mark,
        }
    }

    /// Every expert is drawn once before any is drawn again.
    pub(super) fn draw(&mut self, count: usize) -> Vec<usize> {
        let mut drawn = Vec::new();
        while drawn.len() < count {
            if self.deck.is_empty() {
                self.deck = (0..EXPERTS).collect();
                for place in (1..EXPERTS).rev() {
                    let other = self.rng.below(place + 1);
                    self.deck.swap(place, other);
                }
            }
            let next = self.deck.pop().expect("the deck was filled");
            if !drawn.contains(&next) {
                drawn.push(next);
            }
        }
        drawn
    }

    /// The whole course; returns the day of the award.
    pub(super) fn run(&mut self, town: &mut Town, tender: &Tender) -> Day {
        let published = town.clock.wd(tender.registered, 2);
        // The deadline is the morning of a working day.
        let last = published.plus(tender.bid_days);
        let is_short = tender.bid_days < SHORTEST_DAYS;
        let last = if is_short { town.clock.open_before(last) } else { town.clock.open(last) };
        let deadline = at(last, 9, 30);
        self.prepare(town, tender, published, deadline);
        let opened = deadline.plus_minutes(tender.opened_min);
        self.bid(town, tender, published, deadline);
        self.open(town, tender, opened);
        let finished = self.evaluate(town, tender, opened.day());
        let awarded = self.award(town, tender, finished);
        self.perform(town, tender, awarded);
        awarded
    }

    fn registration(&mut self, town: &mut Town, tender: &Tender) {
        let mut line = town
            .book
            .line("proc.project.registered", &self.office, at(tender.registered, 10, 0))
            .lag(5)
            .text("ocid", &tender.ocid)
            .text("kind", tender.kind)
            .text("buyer", &tender.buyer)
            .text("method", tender.method)
            .flag("mandatory", true)
            .int("estimate", tender.estimate)
            .int("budget", tender.estimate)
            .int("control_price", tender.control)
            .text("fund_source", "本级财政")
            .text("category", &tender.category)
            .text("project", &format!("XM-{}", tender.ocid))
            .text("budget_line", &format!("YS-{}", tender.ocid));
        for (name, json) in &tender.extra {
            line = line.json(name, json);
        }
        line.done();
    }

    fn prepare(&mut self, town: &mut Town, tender: &Tender, published: Day, deadline: Local) {
        self.registration(town, tender);
        for (kind, after_wd) in &tender.approvals {
            let filed = at(town.clock.wd(tender.registered, *after_wd), 15, 0);
            town.book
                .line("proc.approval.filed", &self.office, filed)
                .lag(5)
                .text("ocid", &tender.ocid)
                .text("basis", "清发改审〔2025〕批复")
                .text("approver", "FGJ001")
                .text("kind", kind)
                .time("at", filed)
                .done();
        }
        let noticed = at(published, 9, 0);
        town.book
            .line("proc.notice.published", &self.office, noticed)
            .lag(5)
            .text("ocid", &tender.ocid)
            .text("notice_no", &format!("GG-{}", &tender.ocid[12..]))
            .texts("medium", ["省公共资源交易网", "中国招标投标公共服务平台"])
            .time("published_at", noticed)
            .day("docs_from", published)
            .day("docs_to", published.plus(tender.docs_days))
            .time("deadline", deadline)
            .time("opening", deadline)
            .time("control_price_at", noticed.plus_minutes(10))
            .done();
        if let Some((before, moved)) = tender.clarified {
            let told = at(deadline.day().plus(-before), 10, 0);
            let mut line = town
                .book
                .line("proc.clarification.issued", &self.office, told)
                .lag(5)
                .text("ocid", &tender.ocid)
                .time("at", told)
                .flag("substantive", !moved);
            if moved {
                line = line.text("stage", "tender");
            }
            line.done();
        }
    }

    fn bid(&mut self, town: &mut Town, tender: &Tender, published: Day, deadline: Local) {
        for bidder in &tender.bidders {
            let got =
                published.plus(self.rng.range(1, i64::from(tender.docs_days.min(5)) - 1) as i32);
            let got = later(&mut self.rng, at(got, 9, 0), 0, 480);
            town.book
                .line("proc.doc.obtained", &self.office, got)
                .text("ocid", &tender.ocid)
                .text("bidder", &bidder.firm)
                .time("at", got)
                .text("ip_h", &bidder.ip)
                .text("mac_h", &format!("h:mac-{}", bidder.mark))
                .text("account_h", &format!("h:login-{}", bidder.mark))
                .text("site", bidder.site)
                .done();
            let paid = town.clock.open_before(deadline.day().plus(-4));
            let paid = later(&mut self.rng, at(paid, 9, 0), 0, 400);
            self.bond(town, tender, bidder, paid, "proc.bond.paid");
        }
        if tender.has_drawn {
            // On the morning of the opening, before the first bid comes.
            self.panel(town, tender, at(deadline.day(), 8, 0));
        }
        for (nth, bidder) in tender.bidders.iter().enumerate() {
            let sent = deadline.plus_minutes(-(tender.bidders.len() as i64) * 9 + nth as i64 * 8);
            self.submit(town, tender, (nth, bidder), sent);
        }
    }

    fn bond(
        &mut self,
        town: &mut Town,
        tender: &Tender,
        bidder: &Bidder,
        at: Local,
        kind: &'static str,
    ) {
        let mut line = town
            .book
            .line(kind, &self.office, at)
            .text("ocid", &tender.ocid)
            .text("bidder", &bidder.firm)
            .int("amount", tender.estimate / 1000 * tender.bond_permille)
            .text("acct_h", &bidder.account)
            .text("payer_name_h", &format!("h:name-{}", bidder.mark))
            .time("at", at);
        if kind == "proc.bond.paid" {
            line = line.text("kind", "transfer");
        }
        line.done();
    }

    fn panel(&mut self, town: &mut Town, tender: &Tender, drawn: Local) {
        town.book
            .line("proc.expert.requested", &self.office, drawn.plus_minutes(-30))
            .text("ocid", &tender.ocid)
            .texts("majors", ["M1", "M2", "M3", "M4"])
            .int("need", tender.experts.len() as i64)
            .done();
        for nth in &tender.experts {
            town.book
                .line("proc.expert.drawn", &self.office, drawn)
                .text("ocid", &tender.ocid)
                .text("draw_no", &format!("CQ-{}", &tender.ocid[12..]))
                .text("expert_id", &expert(*nth))
                .flag("random", true)
                .time("drawn_at", drawn)
                .text("major", &major(*nth))
                .text("role", "expert")
                .done();
        }
    }

    fn submit(
        &mut self,
        town: &mut Town,
        tender: &Tender,
        (nth, bidder): (usize, &Bidder),
        sent: Local,
    ) {
        let mark = &bidder.mark;
        // Hours apart from what the others saved.
        let edited = sent.plus_minutes(-(nth as i64) * 700 - self.rng.range(600, 900));
        town.book
            .line("proc.bid.submitted", &self.office, sent)
            .text("ocid", &tender.ocid)
            .text("lot", "1")
            .text("bidder", &bidder.firm)
            .time("at", sent)
            .int("price", bidder.price)
            .text("file_hash", &format!("{:016x}{:016x}", self.rng.next(), self.rng.next()))
            .text("tool_machine_h", &format!("h:tool-{mark}"))
            .texts("mac_h", [format!("h:mac-{mark}")])
            .text("ip_h", &bidder.ip)
            .text("disk_serial_h", &bidder.disk)
            .text("cpu_h", &format!("h:cpu-{mark}"))
            .text("author_h", &format!("h:author-{mark}"))
            .time("last_modified", edited)
            .text("contact_h", &bidder.contact)
            .text("legal_rep_h", &format!("h:rep-{mark}"))
            .text("agent_h", &format!("h:agent-{mark}"))
            .text("pm_h", &bidder.pm)
            .text("upload_account_h", &format!("h:login-{mark}"))
            .text("site", bidder.site)
            .text("text_simhash", &format!("{:016x}", bidder.simhash))
            .texts("typo_set_h", &bidder.typos)
            .text("name_h", &format!("h:name-{mark}"))
            .done();
    }

    fn open(&mut self, town: &mut Town, tender: &Tender, opened: Local) {
        town.book
            .line("proc.opening.held", &self.office, opened)
            .lag(4)
            .text("ocid", &tender.ocid)
            .time("at", opened)
            .int("bidder_count", tender.bidders.len() as i64)
            .text("place", "开标一室")
            .text("lot", "1")
            .done();
    }

    /// Scores of all experts for all bidders; returns when the report was delivered.
    fn evaluate(&mut self, town: &mut Town, tender: &Tender, day: Day) -> Local {
        let start = at(day, 10, 30);
        town.book
            .line("proc.evaluation.started", &self.office, start)
            .lag(2)
            .text("ocid", &tender.ocid)
            .time("at", start)
            .int("member_count", tender.experts.len() as i64)
            .done();
        for (seat, nth) in tender.experts.iter().enumerate() {
            for (place, bidder) in tender.bidders.iter().enumerate() {
                let begin = start.plus_minutes(10 + place as i64 * 30);
                let end = later(&mut self.rng, begin, 15, 28);
                let off = tender.bias.filter(|(e, b, _)| (*e, *b) == (seat, place));
                let base = 8600 - place as i64 * 300 + off.map_or(0, |(_, _, off)| off);
                let score = base + self.rng.range(-150, 150);
                town.book
                    .line("proc.evaluation.scored", &self.office, end)
                    .lag(1)
                    .text("ocid", &tender.ocid)
                    .text("expert_id", &expert(*nth))
                    .text("bidder", &bidder.firm)
                    .text("lot", "1")
                    .json(
                        "items",
                        &format!(
                            r#"[{{"item":"technical","score":{}.{:02}}}]"#,
                            score / 100,
                            score % 100
                        ),
                    )
                    .time("started", begin)
                    .time("ended", end)
                    .done();
            }
        }
        let finished = at(day, 16, 30);
        town.book
            .line("proc.evaluation.finished", &self.office, finished)
            .lag(4)
            .text("ocid", &tender.ocid)
            .time("at", finished)
            .texts("ranks", tender.bidders.iter().map(|bidder| bidder.firm.as_str()))
            .time("report_at", finished)
            .text("lot", "1")
            .done();
        finished
    }

    /// Candidates the next day, the award after their publicity; returns its day.
    fn award(&mut self, town: &mut Town, tender: &Tender, finished: Local) -> Day {
        let shown = at(finished.day().plus(1), 9, 0);
        // Three whole days, and the last is a working day.
        let until = at(town.clock.open(shown.day().plus(3)), 18, 0);
        let ranked = tender.bidders.iter().take(3).map(|bidder| bidder.firm.as_str());
        town.book
            .line("proc.candidates.published", &self.office, shown)
            .lag(2)
            .text("ocid", &tender.ocid)
            .time("at", shown)
            .time("until", until)
            .texts("candidates", ranked)
            .text("lot", "1")
            .done();
        for bidder in &tender.bidders {
            if let Some(excused) = bidder.gives_up {
                let left = at(until.day(), 10, 0);
                town.book
                    .line("proc.bid.withdrawn", &self.office, left)
                    .text("ocid", &tender.ocid)
                    .text("bidder", &bidder.firm)
                    .text(
                        "reason",
                        if excused {
                            "不可抗力，已核实"
                        } else {
                            "自愿放弃中标资格"
                        },
                    )
                    .text("lot", "1")
                    .time("at", left)
                    .flag("excused", excused)
                    .done();
            }
        }
        let awarded = at(town.clock.wd(until.day(), 1), 9, 30);
        let winner = &tender.bidders[tender.winner];
        town.book
            .line("proc.award.decided", &self.office, awarded)
            .lag(3)
            .text("ocid", &tender.ocid)
            .text("supplier", &winner.firm)
            .int("amount", winner.price)
            .int("rank", tender.winner as i64 + 1)
            .text("lot", "1")
            .time("at", awarded)
            .time("announced_at", awarded.plus_minutes(30))
            .done();
        if let Some(answered) = tender.objection {
            self.object(town, tender, at(shown.day(), 15, 0), answered);
        }
        awarded.day()
    }

    fn object(&mut self, town: &mut Town, tender: &Tender, asked: Local, days: i32) {
        let no = format!("YY-{}", &tender.ocid[12..]);
        town.book
            .line("proc.challenge.received", &self.office, asked)
            .text("ocid", &tender.ocid)
            .time("at", asked)
            .text("kind", "objection")
            .text("stage", "result")
            .text("challenge_no", &no)
            .done();
        let answered = at(asked.day().plus(days), 11, 0);
        town.book
            .line("proc.challenge.answered", &self.office, answered)
            .text("ocid", &tender.ocid)
            .text("challenge_no", &no)
            .time("at", answered)
            .text("result", "异议不成立")
            .done();
    }

    fn perform(&mut self, town: &mut Town, tender: &Tender, awarded: Day) {
        let winner = &tender.bidders[tender.winner];
        let losers = at(town.clock.wd(awarded, 3), 10, 0);
        for (place, bidder) in tender.bidders.iter().enumerate() {
            if place != tender.winner {
                self.bond(town, tender, bidder, losers, "proc.bond.returned");
            }
        }
        let signed = at(awarded.plus(tender.contract_days), 10, 0);
        town.book
            .line("proc.contract.signed", &self.office, signed)
            .lag(5)
            .text("ocid", &tender.ocid)
            .text("supplier", &winner.firm)
            .int("amount", winner.price)
            .time("at", signed)
            .int("performance_bond", winner.price / 10)
            .text("lot", "1")
            .done();
        let back = town.clock.open(signed.day().plus(1));
        self.bond(town, tender, winner, at(back, 10, 0), "proc.bond.returned");
        let filed = at(town.clock.wd(signed.day(), 2), 15, 0);
        town.book
            .line("proc.contract.filed", &self.office, filed)
            .text("ocid", &tender.ocid)
            .time("at", filed)
            .time("published_at", at(town.clock.wd(signed.day(), 1), 15, 0))
            .text("lot", "1")
            .text("supplier", &winner.firm)
            .done();
        let mut month = signed.day();
        for ratio in [3, 6, 9] {
            month = month.plus(30);
            let reached = at(town.clock.open(month), 10, 0);
            town.book
                .line("proc.performance.milestone", &self.office, reached)
                .text("ocid", &tender.ocid)
                .text("milestone", "形象进度")
                .int("ratio", ratio * 10)
                .time("at", reached)
                .text("lot", "1")
                .done();
            let paid = at(town.clock.wd(reached.day(), 4), 15, 0);
            town.book
                .line("proc.performance.payment", &self.office, paid)
                .text("ocid", &tender.ocid)
                .int("amount", winner.price / 10 * 2)
                .text("payee_acct_h", &winner.account)
                .text("invoice_h", &format!("h:inv-{}-{ratio}", &tender.ocid[12..]))
                .time("at", paid)
                .text("lot", "1")
                .done();
        }
        if let Some((permille, basis)) = tender.amended {
            let when = at(town.clock.open(signed.day().plus(20)), 11, 0);
            town.book
                .line("proc.contract.amended", &self.office, when)
                .text("ocid", &tender.ocid)
                .int("delta", winner.price / 1000 * permille)
                .text("reason", "设计变更")
                .time("at", when)
                .text("lot", "1")
                .text("basis", basis)
                .done();
        }
    }
}
