//! REC-R02 决定未履行: the respondent has not complied when the term of the decision ends.

use super::case::{Act, Decision, first, stops};
use crate::Params;
use crate::term::{self, Reach, Stop};
use plumbline_guest::{Day, Entry, Facts, Fire, Level, Look, Unit, Why};

/// The result that always asks for an act of the respondent.
const ORDER: &str = "order_perform";

/// Red for the respondent. A suit stays nothing, an order of the court does.
pub(crate) fn missing(acts: &Facts<Act>, _: &Params, look: &mut Look<'_>) {
    let decided = acts.iter().rev().find_map(|entry| match &entry.fact {
        Act::Decided(decision) => Some((entry, decision)),
        _ => None,
    });
    let Some((entry, decision)) = decided else {
        return look
            .quiet(|| Why::new("尚未作出复议决定", "not decided yet").flag("decided", false));
    };
    let stays = stops(
        acts,
        |act| matches!(act, Act::Stayed { by_court: true }),
        |act| matches!(act, Act::StayEnded),
    );
    let reach = match (decision.comply_by, decision.comply_days) {
        (Some(day), _) => fixed(entry.time.day(), day, &stays),
        (None, Some(days)) => {
            let from = decision.served_on.unwrap_or(entry.time.day());
            term::due(look, from, (days, Unit::CalendarDay), &stays)
        }
        (None, None) if decision.result.as_deref() == Some(ORDER) => {
            return look.unknown("comply_by");
        }
        (None, None) => {
            return look.quiet(|| {
                let result = decision.result.as_deref().unwrap_or("?");
                Why::new("决定没有履行期限", "the decision sets no term").text("result", result)
            });
        }
    };
    let due = match reach {
        Reach::On(due) => due,
        Reach::Provisional => return look.provisional(),
        Reach::Stands => {
            return look.exempt(|| {
                Why::new("法院裁定停止执行", "a court has stayed the execution")
                    .count("stays", stays.len())
            });
        }
    };
    let done = first(acts, |act| matches!(act, Act::Complied | Act::Executed));
    judge((entry, decision), due, done, look);
}

fn judge(
    (entry, decision): (&Entry<Act>, &Decision),
    due: Day,
    done: Option<&Entry<Act>>,
    look: &mut Look<'_>,
) {
    let day = done.map(|entry| entry.time.day());
    let why = || {
        let head = Why::new(format!("履行期限至 {due}"), format!("to be complied with by {due}"));
        let head = head.day("last_day", due).day("decided_on", entry.time.day());
        match day {
            Some(day) => head.and(
                Why::new(format!("履行于 {day}"), format!("done on {day}")).day("done_on", day),
            ),
            None => head.and(Why::new("没有履行记录", "no compliance on record")),
        }
    };
    if !term::is_late(look, due, day) {
        return look.quiet(why);
    }
    let fire = Fire::overdue(Level::Red, due)
        .dept(decision.respondent.as_deref().unwrap_or(&entry.dept))
        .evidence([Some(entry.seq), done.map(|done| done.seq)].into_iter().flatten())
        .text("result", decision.result.as_deref().unwrap_or(""))
        .day("due", due);
    look.fire_because(fire, why);
}

/// A date that the decision itself sets moves by the days of a stay that began before it, and not
/// to a working day.
fn fixed(from: Day, day: Day, stays: &[Stop]) -> Reach {
    let days = (day.0 - from.0).max(0);
    term::calendar_due(from, days, stays).map_or(Reach::Stands, Reach::On)
}
