//! A county's approval windows, invented: departments, items, officers, and the events of good and
//! bad cases. Everything is fictitious; the same seed gives the same events.

use plumbline_contract::time::{Day, Local, MS_PER_MINUTE};
use serde_json::{Value, json};

/// A working day's new cases of one department.
const CASES_PER_DAY: u32 = 6;
/// Departments: (code, name, item).
const DEPTS: [(&str, &str, &str); 4] = [
    ("D-WJW", "示例：诊所备案", "XK-DEMO-01"),
    ("D-JTJ", "示例：道路运输许可", "XK-DEMO-02"),
    ("D-WLJ", "示例：演出许可", "XK-DEMO-03"),
    ("D-NYJ", "示例：兽药经营许可", "XK-DEMO-04"),
];

/// What goes wrong in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Story {
    Good,
    /// Never decided.
    Forgotten,
    /// The officer who reviewed also signs.
    OnePerson,
    /// Refused without saying which remedies there are.
    NoRemedy,
    /// Typed in the next afternoon.
    LateEntry,
}

/// The reference tables of the invented departments, as CSV.
pub(super) fn tables() -> Vec<(&'static str, String)> {
    let mut items = String::from(
        "item_code,name,item_type,dept,statutory_wd,promised_wd,steps,result_kind,status,effective_from\n",
    );
    let mut grants = String::from("officer,role,item_code,region,valid_from,valid_to\n");
    for (dept, name, item) in DEPTS {
        let steps = r#""[{""step"":""review"",""role"":""reviewer""}]""#;
        items += &format!("{item},{name},XK,{dept},10,5,{steps},licence,active,2025-01-01\n");
        for signer in ["head", "reviewer"] {
            let officer = officer(dept, signer);
            grants += &format!("{officer},head,{item},370203,2025-01-01,2027-12-31\n");
        }
    }
    vec![("item", items), ("authority_grant", grants)]
}

fn officer(dept: &str, role: &str) -> String {
    format!("o-{}-{role}", dept.trim_start_matches("D-").to_lowercase())
}

/// An event with the moment at which it is reported.
pub(super) struct Reported {
    pub(super) recorded: Local,
    pub(super) line: String,
}

/// The events of cases received on the given working days.
pub(super) fn events(days: &[Day], plus: &dyn Fn(Day, i32) -> Day) -> Vec<Reported> {
    let mut out = Vec::new();
    for (dept_index, (dept, _, item)) in DEPTS.into_iter().enumerate() {
        let mut serial = 0;
        for (day_index, day) in days.iter().enumerate() {
            for slot in 0..CASES_PER_DAY {
                serial += 1;
                let story = story(dept_index, day_index, slot);
                let case = Case { dept, item, serial, day: *day, slot, story };
                case.tell(plus, &mut out);
            }
        }
    }
    out.sort_by(|a, b| (a.recorded, &a.line).cmp(&(b.recorded, &b.line)));
    out
}

/// A few cases go wrong, in fixed places.
fn story(dept: usize, day: usize, slot: u32) -> Story {
    match (dept, day, slot) {
        (0, 1, 3) | (2, 0, 1) => Story::Forgotten,
        (1, 2, 2) => Story::OnePerson,
        (3, 3, 4) => Story::NoRemedy,
        (2, 4, 0) | (0, 3, 5) => Story::LateEntry,
        _ => Story::Good,
    }
}

struct Case {
    dept: &'static str,
    item: &'static str,
    serial: u32,
    day: Day,
    slot: u32,
    story: Story,
}

impl Case {
    fn case_no(&self) -> String {
        format!("{}-{:04}", self.dept.trim_start_matches("D-"), self.serial)
    }

    fn at(&self, day: Day, hour: i64, minute: i64) -> Local {
        let minutes = hour * 60 + minute + i64::from(self.slot) * 7;
        Local(day.start().0 + minutes * MS_PER_MINUTE)
    }

    fn tell(&self, plus: &dyn Fn(Day, i32) -> Day, out: &mut Vec<Reported>) {
        let head = officer(self.dept, "head");
        let reviewer = officer(self.dept, "reviewer");
        let case_no = self.case_no();
        let received = self.at(self.day, 9, 0);
        let mut add = |what: &str, at: Local, late_ms: i64, actor: &str, more: Value| {
            out.push(self.event(what, at, late_ms, actor, more));
        };
        let applicant = format!("h:demo{:04}", self.serial);
        add(
            "received",
            received,
            20_000,
            &reviewer,
            json!({ "serial": self.serial,
            "item_code": self.item, "applicant_ref": applicant, "applicant_kind": "person",
            "channel": "window", "window_id": "W01" }),
        );
        let late = if self.story == Story::LateEntry { 28 * 3_600_000 } else { 20_000 };
        add(
            "accepted",
            self.at(self.day, 9, 40),
            late,
            &reviewer,
            json!({ "receipt_no": format!("R-{case_no}"), "officer": reviewer }),
        );
        let reviewed = plus(self.day, 1);
        let started = format!("{}T09:00:00+08:00", reviewed);
        add(
            "step_done",
            self.at(reviewed, 10, 0),
            20_000,
            &reviewer,
            json!({ "step": "review",
            "officer": reviewer, "role": "reviewer", "started_at": started }),
        );
        if self.story == Story::Forgotten {
            return;
        }
        let decided = plus(self.day, 2 + (self.serial % 3) as i32);
        let signer = if self.story == Story::OnePerson { &reviewer } else { &head };
        let doc_no = format!("决-{case_no}");
        let mut decision = json!({ "result": "grant", "officer": reviewer, "signer": signer,
            "doc_no": doc_no });
        if self.story == Story::NoRemedy {
            decision["result"] = "refuse".into();
            decision["reason_text"] = "材料不符".into();
            decision["remedy_told"] = false.into();
        }
        add("decided", self.at(decided, 14, 0), 20_000, signer, decision);
        if self.story != Story::NoRemedy {
            add(
                "delivered",
                self.at(decided, 15, 30),
                20_000,
                &reviewer,
                json!({ "cert_no": format!("证-{case_no}"), "mode": "window" }),
            );
        }
    }

    fn event(&self, what: &str, at: Local, late_ms: i64, actor: &str, mut data: Value) -> Reported {
        let case_no = self.case_no();
        data["case_no"] = case_no.clone().into();
        let recorded = Local(at.0 + late_ms);
        let line = json!({
            "specversion": "1.0", "id": format!("{case_no}-{what}"),
            "source": format!("/370203/{}", self.dept), "type": format!("approval.case.{what}"),
            "time": stamp(at), "recordedtime": stamp(recorded), "region": "370203",
            "dept": self.dept, "actor": actor, "data": data,
        });
        Reported { recorded, line: line.to_string() }
    }
}

fn stamp(at: Local) -> String {
    let seconds = at.ms_of_day() / 1000;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    format!("{}T{hour:02}:{minute:02}:{second:02}+08:00", at.day())
}
