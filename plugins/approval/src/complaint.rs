//! One complaint, or one bad rating that the stream `rating` tells of: APPR-C01 投诉差评逾期.

use crate::Params;
use crate::period::{self, daily_timer};
use crate::rating::can_answer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{
    Day, Event, Facts, Fire, Level, Local, Look, Rule, Stream, Unit, Why, apply,
};

/// What is said in the matter.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Word {
    Filed { can_answer: bool },
    Closed,
}

/// A bad rating as its case knows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
struct Rating {
    case_no: String,
    dept: String,
    given: Local,
    score: i64,
    is_open: bool,
    handled: Option<Local>,
    rev: i64,
    seq: u64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Complaint {
    words: Facts<Word>,
    rating: Option<Rating>,
}

impl Complaint {
    fn told(&mut self, event: &Event<'_>) -> Option<()> {
        let rating = Rating {
            case_no: event.text("case_no")?,
            dept: event.text("dept")?,
            given: Local(event.int("given")?),
            score: event.int("score")?,
            is_open: event.flag("open")?,
            handled: event.int("handled").map(Local),
            rev: event.int("rev")?,
            seq: event.seq,
        };
        if self.rating.as_ref().is_none_or(|known| known.rev <= rating.rev) {
            self.rating = Some(rating);
        }
        Some(())
    }
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Complaints;

impl Stream for Complaints {
    const NAME: &'static str = "complaint";
    type State = Complaint;
    type Params = Params;

    fn take(complaint: &mut Complaint, event: &Event<'_>, _: &Params) {
        let word = match event.kind {
            "approval.complaint.filed" => Word::Filed { can_answer: can_answer(event) },
            "approval.complaint.closed" => Word::Closed,
            "fact.approval.rating" => return complaint.told(event).unwrap_or_default(),
            _ => return,
        };
        complaint.words.put(event, word);
    }

    fn check(complaint: &Complaint, params: &Params, look: &mut Look<'_>) {
        let rules: &[Rule<Complaint, Params>] = &[("APPR-C01", unanswered)];
        apply(rules, &params.off, complaint, params, look);
    }
}

/// APPR-C01: yellow after the limit, red after the doubled one.
fn unanswered(complaint: &Complaint, params: &Params, look: &mut Look<'_>) {
    let limits = &params.limits;
    if let Some(rating) = &complaint.rating {
        if !rating.is_open {
            return look.exempt(|| no_answer().int("score", rating.score));
        }
        let (given, handled) = (rating.given.day(), rating.handled);
        let Some((fire, why)) = overdue(given, handled, limits.rating_wd, look) else { return };
        let fire = fire
            .subject(&rating.case_no)
            .dept(&rating.dept)
            .evidence([rating.seq])
            .int("score", rating.score)
            .text("zh", "差评")
            .text("en", "bad rating");
        return look.fire_because(fire, || why);
    }
    let filed = complaint.words.iter().find_map(|entry| match entry.fact {
        Word::Filed { can_answer } => Some((entry, can_answer)),
        Word::Closed => None,
    });
    let Some((filed, can_answer)) = filed else {
        return look.unknown("approval.complaint.filed");
    };
    if !can_answer {
        return look.exempt(|| no_answer().day("filed_on", filed.time.day()));
    }
    let closed = complaint.words.iter().find(|entry| matches!(entry.fact, Word::Closed));
    let closed_at = closed.map(|closed| closed.time);
    let from = filed.time.day();
    let Some((fire, why)) = overdue(from, closed_at, limits.complaint_wd, look) else { return };
    let evidence = [Some(filed.seq), closed.map(|closed| closed.seq)];
    let fire = fire
        .dept(&filed.dept)
        .evidence(evidence.into_iter().flatten())
        .text("zh", "投诉")
        .text("en", "complaint");
    look.fire_because(fire, || why);
}

fn no_answer() -> Why {
    let en = "anonymous without contact, or no bad rating";
    Why::new("匿名且无联系方式，或已不属差评", en).flag("can_answer", false)
}

fn overdue(
    from: Day,
    answered: Option<Local>,
    days: i32,
    look: &mut Look<'_>,
) -> Option<(Fire, Why)> {
    let due = look.add(from, days, Unit::WorkingDay, true);
    if due.provisional {
        look.provisional();
        return None;
    }
    if !passed(due.day, answered, look) {
        let why = period::why(from, (answered, days), due.day, look);
        look.quiet(|| why);
        return None;
    }
    let double = look.add(from, days * 2, Unit::WorkingDay, true);
    let is_red = !double.provisional && passed(double.day, answered, look);
    let level = if is_red { Level::Red } else { Level::Yellow };
    let doubled = days.saturating_mul(2);
    let why = period::why(from, (answered, days), due.day, look).and(
        Why::new(
            format!("加倍期限 {doubled} 个工作日起为红牌"),
            format!("red from the doubled limit of {doubled} working days on"),
        )
        .int("red_wd", doubled),
    );
    Some((Fire::overdue(level, due.day).int("limit_wd", days.into()).day("due", due.day), why))
}

/// Whether the day went by without an answer.
fn passed(due: Day, answered: Option<Local>, look: &mut Look<'_>) -> bool {
    match answered {
        Some(answered) => answered.day() > due,
        None => look.reached(daily_timer(due.plus(1))),
    }
}
