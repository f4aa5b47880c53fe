//! A county's log, made up: cases from the queue ticket to the rating, spread over working days,
//! some of them late, irregular or corrected. The same number of cases gives the same log.

use plumbline_contract::event::Event;
use plumbline_contract::time::{Day, Local, Zone};
use serde_json::{Value, json};
use std::fmt::Write as _;

const DEPTS: u64 = 40;
const ITEMS: u64 = 240;
const OFFICERS: u64 = 320;
const WINDOWS: u64 = 60;
/// Cases received on one working day.
const CASES_PER_DAY: usize = 250;
const REGION: &str = "370203";
const MINUTE: i64 = 60_000;

/// Reference tables by name, as CSV.
#[must_use]
pub fn tables() -> Vec<(&'static str, String)> {
    let mut items = String::from(
        "item_code,name,item_type,dept,statutory_wd,promised_wd,on_spot,steps,materials,fee_codes,\
         special_links,result_kind,status,effective_from,effective_to,source_doc,signer\n",
    );
    let mut grants = String::from("officer,role,item_code,region,valid_from,valid_to\n");
    for item in 0..ITEMS {
        let dept = item % DEPTS;
        let steps = r#""[{""step"":""review"",""role"":""reviewer""},{""step"":""site_check"",""role"":""inspector""}]""#;
        let materials = r#""[{""code"":""M1"",""mandatory"":true},{""code"":""M2"",""mandatory"":true},{""code"":""M3"",""mandatory"":false}]""#;
        let _ = writeln!(
            items,
            "XK-{item:04},事项 {item} 许可,XK,D-{dept:03},20,{},false,{steps},{materials},FEE-{:02},[],licence,active,2020-01-01,,示例文件〔2020〕{item}号,示例局长",
            5 + item % 10,
            item % 20,
        );
        let _ = writeln!(grants, "o-{dept:03}0,head,XK-{item:04},{REGION},2020-01-01,2030-12-31");
    }
    let mut tariff = String::from("fee_code,name,unit,price,cap,basis,effective_from\n");
    for fee in 0..20 {
        let _ =
            writeln!(tariff, "FEE-{fee:02},工本费,件,{},,示例文件,2020-01-01", 1000 + fee * 100);
    }
    let account = "acct,bank,kind,valid_from\nh:czzh-0001,示例银行,treasury,2020-01-01\n";
    vec![
        ("item", items),
        ("authority_grant", grants),
        ("tariff", tariff),
        ("collection_account", account.to_owned()),
    ]
}

/// First working day of the log, where it does not matter which.
#[must_use]
pub fn usual_start() -> Day {
    Day::from_ymd(2025, 1, 6).expect("a date")
}

/// The log of so many cases in the order in which they were recorded: about six and a half events
/// a case.
#[must_use]
pub fn log(cases: usize, first: Day, zone: &Zone) -> Vec<Event> {
    let dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut maker = Maker { zone, dice, serials: [0; DEPTS as usize], events: Vec::new() };
    let working: Vec<Day> = (0..)
        .map(|offset| first.plus(offset))
        .filter(|day| !matches!(day.weekday(), 6 | 7))
        .take(cases / CASES_PER_DAY + 60)
        .collect();
    for number in 0..cases {
        maker.case(number as u64, &working[number / CASES_PER_DAY..]);
    }
    let mut events = maker.events;
    events.sort_by(|a, b| (a.recorded, &a.id).cmp(&(b.recorded, &b.id)));
    events
}

/// The event as a line of CloudEvents.
#[must_use]
pub fn line(event: &Event, zone: &Zone) -> String {
    let data = serde_json::value::RawValue::from_string(event.data.clone()).unwrap();
    let envelope = json!({
        "specversion": "1.0", "id": event.id, "source": event.source, "type": event.kind,
        "time": zone.rfc3339(event.time), "recordedtime": zone.rfc3339(event.recorded),
        "region": event.region, "dept": event.dept, "actor": event.actor,
    });
    let text = envelope.to_string();
    format!("{},\"data\":{}}}", &text[..text.len() - 1], data.get())
}

/// A reproducible sequence (xorshift*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % bound
    }

    fn percent(&mut self, share: u64) -> bool {
        self.below(100) < share
    }
}

struct Maker<'a> {
    zone: &'a Zone,
    dice: Dice,
    /// The last number that each department gave to an application.
    serials: [u64; DEPTS as usize],
    events: Vec<Event>,
}

/// Where and by whom something happens.
struct Place {
    dept: u64,
    officer: u64,
}

impl Maker<'_> {
    /// A moment in office hours of a day, not before `from`.
    fn moment(&mut self, day: Day, from: Local) -> Local {
        let minute = 9 * 60 + self.dice.below(7 * 60) as i64;
        let at = day.start().plus_minutes(minute);
        if at > from { at } else { from.plus_minutes(1 + self.dice.below(9) as i64) }
    }

    fn push(&mut self, kind: &str, id: String, at: Local, place: &Place, data: &Value) {
        // One in fifty is typed in some hours later.
        let lag = if self.dice.percent(2) { 240 * MINUTE } else { 20_000 };
        let time = self.zone.instant(at);
        let recorded = self.zone.instant(Local(at.0 + lag));
        self.events.push(Event {
            subject: data["case_no"].as_str().unwrap_or_default().to_owned(),
            id,
            source: format!("/{REGION}/hall/{:02}", place.dept),
            kind: kind.to_owned(),
            time,
            recorded,
            corrected: None,
            logged: recorded,
            region: REGION.to_owned(),
            dept: format!("D-{:03}", place.dept),
            serial: None,
            actor: Some(officer(place.officer)),
            dataversion: 1,
            data: data.to_string(),
        });
    }

    fn case(&mut self, number: u64, days: &[Day]) {
        // Few items make up most of the work, as everywhere.
        let item = self.dice.below(ITEMS) * self.dice.below(ITEMS) / ITEMS;
        let dept = item % DEPTS;
        let clerk =
            Place { dept, officer: dept + DEPTS * (1 + self.dice.below(OFFICERS / DEPTS - 1)) };
        let case = format!("C{}-{number:07}", days[0].ymd().0);
        let id = |what: &str| format!("{case}-{what}");
        let received = self.moment(days[0], Local(0));
        let window = self.dice.below(WINDOWS);
        self.serials[dept as usize] += 1;
        let data = json!({
            "case_no": case, "serial": self.serials[dept as usize], "item_code": format!("XK-{item:04}"),
            "applicant_ref": format!("h:{:016x}{:016x}", self.dice.below(1 << 30), number),
            "applicant_kind": if self.dice.percent(60) { "org" } else { "person" },
            "channel": if self.dice.percent(70) { "window" } else { "online" },
            "materials": [
                { "code": "M1", "provided": true, "shared": true },
                { "code": "M2", "provided": true, "shared": false },
                { "code": "M3", "provided": self.dice.percent(80), "shared": false },
            ],
            "window_id": format!("W{window:02}"), "queue_no": format!("A{:03}", number % 400),
        });
        self.push("approval.case.received", id("received"), received, &clerk, &data);
        let first = self.dice.below(2) as usize;
        let accepted = self.moment(days[first], received);
        if self.dice.percent(3) {
            let data = json!({ "case_no": case, "receipt_no": format!("BYSL-{number:07}"),
                "officer": officer(clerk.officer), "reason_code": "R03",
                "reason_text": "申请事项不属于本机关职权范围，依法不予受理", "remedy_told": true });
            self.push("approval.case.rejected", id("rejected"), accepted, &clerk, &data);
            return;
        }
        let data = json!({ "case_no": case, "receipt_no": format!("SL-{number:07}"),
            "officer": officer(clerk.officer), "item_code": format!("XK-{item:04}"),
            "promised_due": days[first + 12].to_string(), "track": "ordinary",
            "local_form": "受理通知书（一式两份，申请人与窗口各执一份）" });
        self.push("approval.case.accepted", id("accepted"), accepted, &clerk, &data);
        self.work(&case, (item, number), &clerk, accepted, &days[first..]);
    }

    /// What follows the acceptance.
    fn work(
        &mut self,
        case: &str,
        (item, number): (u64, u64),
        clerk: &Place,
        accepted: Local,
        days: &[Day],
    ) {
        let id = |what: &str| format!("{case}-{what}");
        let span = if self.dice.percent(4) { 24 } else { 2 + self.dice.below(5) as usize };
        let mut at = accepted;
        for (index, (step, role)) in
            [("review", "reviewer"), ("site_check", "inspector")].into_iter().enumerate()
        {
            let started = at;
            at = self.moment(days[span * (index + 1) / 3], at);
            let inspector = clerk.dept + DEPTS * (1 + self.dice.below(OFFICERS / DEPTS - 1));
            let data = json!({ "case_no": case, "step": step, "officer": officer(inspector),
                "role": role, "decision": "pass", "started_at": self.stamp(started),
                "opinion": "经审查，申请材料齐全，符合法定形式，现场情况与申报一致，建议进入下一环节。" });
            let place = Place { dept: clerk.dept, officer: inspector };
            self.push("approval.case.step_done", id(step), at, &place, &data);
        }
        if self.dice.percent(30) {
            let data = json!({ "case_no": case, "fee_code": format!("FEE-{:02}", item % 20),
                "qty": 1000, "window_id": format!("W{:02}", number % WINDOWS),
                "amount": 1000 + (item % 20) * 100, "receipt_no": format!("PJ-{number:08}"),
                "payee_acct": "h:czzh-0001", "note": "工本费，凭非税收入统一票据收取" });
            let paid = at.plus_minutes(7);
            self.push("approval.case.fee_charged", id("fee"), paid, clerk, &data);
        }
        let decided = self.moment(days[span], at);
        let grant = !self.dice.percent(5);
        let data = json!({ "case_no": case, "result": if grant { "grant" } else { "refuse" },
            "officer": officer(clerk.officer), "signer": officer(clerk.dept), "signer_role": "head",
            "doc_no": format!("许决字〔2025〕{number}号"), "remedy_told": true,
            "reason_text": "申请人的申请符合法定条件、标准，依据行政许可法第三十八条作出本决定。" });
        self.push("approval.case.decided", id("decided"), decided, clerk, &data);
        let wait = 1 + self.dice.below(3) as usize;
        let delivered = self.moment(days[span + wait], decided);
        let data = json!({ "case_no": case, "cert_no": format!("ZZ-{number:08}"),
            "mode": if self.dice.percent(50) { "window" } else { "post" },
            "licence_from": delivered.day().to_string(),
            "licence_to": delivered.day().plus(1825).to_string(),
            "note": "决定书与证照一并送达，申请人签收" });
        self.push("approval.case.delivered", id("delivered"), delivered, clerk, &data);
        if self.dice.percent(25) {
            let score = if self.dice.percent(3) { 2 } else { 5 };
            let data =
                json!({ "case_no": case, "score": score, "text": "窗口工作人员态度好，办理很快" });
            let rated = delivered.plus_minutes(30);
            self.push("approval.rating.given", id("rating"), rated, clerk, &data);
        }
    }

    fn stamp(&self, at: Local) -> String {
        self.zone.rfc3339(self.zone.instant(at))
    }
}

fn officer(number: u64) -> String {
    format!("o-{:03}{}", number % DEPTS, number / DEPTS)
}
