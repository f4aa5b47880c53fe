//! One reason, in the words of one department, by which alerts were answered or closed. It raises
//! nothing: it tells the alerts for which the reason was used once too often (NET-A02).

use crate::Params;
use crate::shelf::Shelf;
use crate::told::Told;
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Local, Look, Stream};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most uses of one reason that are kept: far beyond what makes it suspicious.
const USES_MAX: usize = 500;

/// One use.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Use {
    alert: String,
    /// Closed by the host, or by two officers who signed together.
    lawful: bool,
}

/// A use that is one too many.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Reuse {
    at: Local,
    seq: u64,
    nth: i64,
}

/// The uses of a reason.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Reason {
    /// `department/digest`.
    name: String,
    uses: Shelf<Use>,
    /// By alert.
    reused: Told<Reuse>,
}

impl Reason {
    /// Uses for different alerts, of which so many lie within the window.
    fn reused(&self, params: &Params) -> BTreeMap<String, Reuse> {
        let mut seen = BTreeSet::new();
        let mut times: VecDeque<Local> = VecDeque::new();
        let mut reused = BTreeMap::new();
        for item in self.uses.iter().filter(|item| !item.fact.lawful) {
            let alert = item.fact.alert.as_str();
            if !seen.insert(alert) {
                continue;
            }
            let since = item.time.day().plus(-params.repeat_days);
            while times.front().is_some_and(|at| at.day() < since) {
                times.pop_front();
            }
            times.push_back(item.time);
            let nth = times.len();
            if nth >= params.reason_n {
                let reuse = Reuse { at: item.time, seq: item.seq, nth: nth as i64 };
                reused.insert(alert.to_owned(), reuse);
            }
        }
        reused
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Reasons;

impl Stream for Reasons {
    const NAME: &'static str = "reason";
    type State = Reason;
    type Params = Params;

    fn take(reason: &mut Reason, event: &Event<'_>, params: &Params) {
        let text = |name: &str| event.text(name).unwrap_or_default();
        reason.name = format!("{}/{}", text("by_dept"), text("reason_hash"));
        let second = text("second");
        let is_dual = !second.is_empty() && second != text("by");
        let lawful = event.flag("auto") == Some(true) || is_dual;
        if reason.uses.put(event, Use { alert: text("alert"), lawful }, USES_MAX) {
            let reused = reason.reused(params);
            reason.reused.set(reused);
        }
    }

    fn check(reason: &Reason, _: &Params, look: &mut Look<'_>) {
        for (alert, reuse, turn) in reason.reused.turns() {
            look.fact_of_turn(("reused", alert), (alert, turn), || {
                let head = Writer::default().text("alert", alert).text("reason", &reason.name);
                let head = head.int("turn", turn);
                match reuse {
                    Some(reuse) => head
                        .int("at", reuse.at.0)
                        .int("seq", reuse.seq as i64)
                        .int("nth", reuse.nth),
                    None => head,
                }
            });
        }
    }
}
