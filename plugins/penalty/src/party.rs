//! Decisions against one party: PEN-D04 一事二罚. It also tells the department when the exemption
//! of a first violation was used a second time (PEN-D03).

use crate::Params;
use crate::params::Limits;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::BTreeMap;

/// Most decisions of one party that are kept, the latest: a transport firm has some hundreds.
const CASES_MAX: usize = 800;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Ruling {
    rev: i64,
    at: Local,
    seq: u64,
    dept: String,
    year: i64,
    cause: String,
    /// Day, place and cause of the act; empty if not all are known.
    act: String,
    /// A fine that stands.
    fined: bool,
    /// The reason for not punishing.
    reason: String,
    /// The case in which the exemption was used before; empty if this is the first.
    before: String,
    /// How often that changed.
    turn: i64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Record {
    party: String,
    cases: BTreeMap<String, Ruling>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Parties;

impl Stream for Parties {
    const NAME: &'static str = "party";
    type State = Record;
    type Params = Params;

    fn take(record: &mut Record, event: &Event<'_>, params: &Params) {
        // A ruling that lacks a field was not written by this plugin and says nothing.
        record.put(event, &params.limits).unwrap_or_default();
    }

    fn check(record: &Record, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Record, Params>] = &[("PEN-D04", twice_fined)];
        apply(rules, &params.off, record, params, look);
        for (case_no, ruling) in record.cases.iter().filter(|(_, ruling)| ruling.turn > 0) {
            look.fact_of_turn(("twice", case_no), (case_no, ruling.turn), || {
                Writer::default()
                    .text("case_no", case_no)
                    .text("party", &record.party)
                    .text("dept", &ruling.dept)
                    .int("year", ruling.year)
                    .int("at", ruling.at.0)
                    .text("before", &ruling.before)
                    .int("turn", ruling.turn)
            });
        }
    }
}

impl Record {
    fn put(&mut self, event: &Event<'_>, limits: &Limits) -> Option<()> {
        let (case_no, rev) = (event.text("case_no")?, event.int("rev")?);
        self.party = event.text("party")?;
        let known = self.cases.get(&case_no);
        if known.is_some_and(|known| known.rev > rev) {
            return None;
        }
        let (before, turn) =
            known.map_or((String::new(), 0), |known| (known.before.clone(), known.turn));
        let text = |name: &str| event.text(name).unwrap_or_default();
        let ruling = Ruling {
            rev,
            at: Local(event.int("at")?),
            seq: event.seq,
            dept: text("dept"),
            year: event.int("year")?,
            cause: text("cause"),
            act: text("act"),
            fined: text("kind") == "fine" && event.flag("corrected") != Some(true),
            reason: text("reason"),
            before,
            turn,
        };
        self.cases.insert(case_no, ruling);
        if self.cases.len() > CASES_MAX {
            let first = self.cases.iter().min_by_key(|(_, one)| one.at).map(|(no, _)| no.clone());
            self.cases.remove(&first?);
        }
        self.rank(limits);
        Some(())
    }

    /// Finds for each exemption as first violation the one before it.
    fn rank(&mut self, limits: &Limits) {
        let is_first = |ruling: &Ruling| limits.first_reasons.contains(&ruling.reason);
        let mut used: Vec<(Local, String, String)> = Vec::new();
        for (case_no, ruling) in self.cases.iter().filter(|(_, ruling)| is_first(ruling)) {
            used.push((ruling.at, case_no.clone(), ruling.cause.clone()));
        }
        used.sort_unstable();
        for (case_no, ruling) in &mut self.cases {
            let earlier = used.iter().find(|(at, other, cause)| {
                let same_act = limits.first_any_cause || *cause == ruling.cause;
                (*at, other) < (ruling.at, case_no) && same_act
            });
            let before = earlier.filter(|_| limits.first_reasons.contains(&ruling.reason));
            let before = before.map_or("", |(_, case_no, _)| case_no.as_str());
            if before != ruling.before {
                before.clone_into(&mut ruling.before);
                ruling.turn += 1;
            }
        }
    }
}

/// PEN-D04: red for each fine after the first on one act.
fn twice_fined(record: &Record, _: &Params, look: &mut Look<'_>) {
    let mut fines: Vec<_> =
        record.cases.iter().filter(|(_, one)| one.fined && !one.act.is_empty()).collect();
    fines.sort_by_key(|(case_no, one)| (one.at, *case_no));
    let mut fired = false;
    for (nth, (case_no, one)) in fines.iter().enumerate() {
        let Some((first_no, first)) = fines[..nth].iter().find(|(_, other)| other.act == one.act)
        else {
            continue;
        };
        fired = true;
        let fire = Fire::new(Level::Red, one.at)
            .episode(*case_no)
            .subject(*case_no)
            .dept(&*one.dept)
            .evidence([first.seq, one.seq])
            .text("case_no", case_no)
            .text("first", first_no)
            .text("act", &one.act);
        look.fire_because(fire, || {
            Why::new(
                format!("同一行为 {} 已由案件 {first_no} 罚款", one.act),
                format!("the act {} was fined in case {first_no} before", one.act),
            )
        });
    }
    if !fired {
        let (cases, acts) = (record.cases.len(), fines.len());
        look.quiet(|| {
            Why::new(
                format!("该当事人 {cases} 件决定，{acts} 件罚款可比对，没有同一行为"),
                format!("{cases} decisions, {acts} comparable fines, none for the same act"),
            )
            .count("cases", cases)
            .count("fines", acts)
        });
    }
}
