//! Complaints of one department that were closed falsely in one month: CPL-R02 虚假办结. What shows
//! a closing to be false is found where the complaint is known, in the stream `complaint`.

use crate::Params;
use crate::told::Told;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Fire, Level, Local, Look, Rule, Stream, Why, apply};

/// Most false closings of a department and month: more than a county gets complaints.
const CLOSES_MAX: usize = 1_000;

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Close {
    done: Local,
    done_seq: u64,
    at: Local,
    seq: u64,
    by: String,
    score: Option<i64>,
    is_unknown: bool,
}

/// The department's month.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Closing {
    dept: String,
    closes: Told<Close>,
}

impl Closing {
    fn hear(&mut self, event: &Event<'_>) -> Option<()> {
        let seq = |name| event.int(name).and_then(|seq| u64::try_from(seq).ok());
        self.dept = event.text("dept")?;
        let close = event.int("at").and_then(|at| {
            Some(Close {
                done: Local(event.int("done")?),
                done_seq: seq("done_seq")?,
                at: Local(at),
                seq: seq("seq")?,
                by: event.text("by")?,
                score: event.int("score"),
                is_unknown: event.flag("unknown")?,
            })
        });
        self.closes.hear(event.text("complaint_no")?, close, event.int("turn")?, CLOSES_MAX);
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Closings;

impl Stream for Closings {
    const NAME: &'static str = "closing";
    type State = Closing;
    type Params = Params;

    fn take(closing: &mut Closing, event: &Event<'_>, _: &Params) {
        // A fact that lacks a field was not written by this plugin and says nothing.
        closing.hear(event).unwrap_or_default();
    }

    fn check(closing: &Closing, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Closing, Params>] = &[("CPL-R02", falsely)];
        apply(rules, &params.off, closing, params, look);
    }
}

/// CPL-R02: a notice each, from the third of the month on red.
fn falsely(closing: &Closing, params: &Params, look: &mut Look<'_>) {
    let mut closes: Vec<_> = closing.closes.holding().collect();
    closes.sort_by_key(|(complaint_no, close)| (close.at, *complaint_no));
    let mut nth = 0;
    for (complaint_no, close) in closes {
        if close.is_unknown {
            look.unknown("new_facts");
            continue;
        }
        nth += 1;
        let level = if nth >= params.false_close_red { Level::Red } else { Level::Notice };
        let (zh, en) = match (close.score, close.by.as_str()) {
            (Some(score), _) => (format!("评价 {score} 分"), format!("rated {score}")),
            (None, "") => ("重新提出".to_owned(), "brought forward again".to_owned()),
            (None, by) => (format!("再次投诉（{by}）"), format!("complained of again ({by})")),
        };
        let fire = Fire::new(level, close.at)
            .subject(complaint_no)
            .episode(complaint_no)
            .dept(&closing.dept)
            .evidence([close.done_seq, close.seq])
            .day("closed_on", close.done.day())
            .int("nth", nth as i64)
            .text("zh", &zh)
            .text("en", &en);
        look.fire_because(fire, || {
            let red = params.false_close_red;
            Why::new(
                format!("{complaint_no} 办结后{zh}，本月第 {nth} 件，第 {red} 件起红牌"),
                format!(
                    "{complaint_no} was closed and {en}, number {nth} this month, red from {red} on"
                ),
            )
            .text("complaint_no", complaint_no)
            .count("red_from", red)
        });
    }
    if nth == 0 {
        look.quiet(|| {
            Why::new("本月没有疑似虚假办结", "no suspected false closing this month")
                .int("count", 0)
        });
    }
}
