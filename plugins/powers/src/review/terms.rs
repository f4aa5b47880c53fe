//! REC-T01 复议期限: to examine the application, to send its copy, to answer and to decide.

use super::case::{Act, Extension, first, stops};
use crate::Params;
use crate::term::{self, Reach, Stop};
use plumbline_guest::{Day, Entry, Facts, Fire, Level, Look, Unit, Why};

/// A term of the case.
struct Term<'a> {
    /// Tells the cards of one case apart.
    episode: String,
    zh: &'static str,
    en: &'static str,
    from: Day,
    length: (i32, Unit),
    done: Option<&'a Entry<Act>>,
    level: Level,
    dept: &'a str,
    evidence: u64,
}

/// How a case went on after its receipt.
struct Course<'a> {
    acts: &'a Facts<Act>,
    received: &'a Entry<Act>,
    accepted: Option<&'a Entry<Act>>,
    /// From when the case is under review, accepted or deemed so.
    start: Option<Day>,
    is_simple: bool,
    ended: Option<&'a Entry<Act>>,
    stops: Vec<Stop>,
}

/// One card for each term: red for the decision, yellow for the others.
pub(crate) fn exceeded(acts: &Facts<Act>, params: &Params, look: &mut Look<'_>) {
    let opened = first(acts, |act| matches!(act, Act::Received { .. }))
        .or_else(|| first(acts, |act| matches!(act, Act::Accepted { .. })));
    let Some(received) = opened else { return look.unknown("review.received") };
    let mut course = Course {
        acts,
        received,
        accepted: first(acts, |act| matches!(act, Act::Accepted { .. })),
        start: None,
        is_simple: is_simple(acts),
        ended: first(acts, |act| matches!(act, Act::Decided(_) | Act::Terminated | Act::Rejected)),
        stops: stops(acts, |act| matches!(act, Act::Paused), |act| matches!(act, Act::Resumed)),
    };
    let deemed = examine(&course, params, look);
    let accepted = course.accepted.map(|entry| entry.time.day());
    course.start = [accepted, deemed].into_iter().flatten().min();
    let Some(start) = course.start else { return };
    copy(&course, start, params, look);
    answer(&course, params, look);
    decide(&course, start, params, look);
}

/// The latest word on the procedure holds.
fn is_simple(acts: &Facts<Act>) -> bool {
    let mut procedures = acts.iter().filter_map(|entry| match &entry.fact {
        Act::Accepted { procedure } | Act::Switched { procedure } => procedure.as_deref(),
        _ => None,
    });
    procedures.next_back() == Some("simple")
}

/// Each application, and each completed one, is answered in time. Returns the day on which the case
/// counts as accepted because nobody answered.
fn examine(course: &Course<'_>, params: &Params, look: &mut Look<'_>) -> Option<Day> {
    let opens = |act: &Act| matches!(act, Act::Received { .. } | Act::CorrectionSupplied);
    let mut deemed = None;
    for (nth, opened) in course.acts.iter().filter(|entry| opens(&entry.fact)).enumerate() {
        let later = course.acts.iter().skip_while(|entry| entry.seq != opened.seq).skip(1);
        let answered = later.into_iter().find(|entry| {
            matches!(
                entry.fact,
                Act::Accepted { .. } | Act::Rejected | Act::CorrectionRequested | Act::Terminated
            )
        });
        let is_settled = course
            .acts
            .iter()
            .any(|entry| entry.time <= opened.time && matches!(entry.fact, Act::Accepted { .. }));
        if is_settled && nth > 0 {
            continue;
        }
        let term = Term {
            episode: if nth == 0 { "examine".to_owned() } else { format!("examine/{}", nth + 1) },
            zh: "审查受理",
            en: "examination",
            from: opened.time.day(),
            length: (params.review.examine_wd, Unit::WorkingDay),
            done: answered,
            level: Level::Yellow,
            dept: &opened.dept,
            evidence: opened.seq,
        };
        if let Some(due) = judge(&term, &[], look) {
            deemed = deemed.or(Some(due));
        }
    }
    deemed
}

fn copy(course: &Course<'_>, start: Day, params: &Params, look: &mut Look<'_>) {
    let limits = &params.review;
    let sent = first(course.acts, |act| matches!(act, Act::CopySent { .. }));
    let days = if course.is_simple { limits.copy_simple_wd } else { limits.copy_wd };
    let term = Term {
        episode: "copy".to_owned(),
        zh: "发送申请书副本",
        en: "copy to the respondent",
        from: start,
        length: (days, Unit::WorkingDay),
        done: earlier(sent, course.ended),
        level: Level::Yellow,
        dept: &course.received.dept,
        evidence: course.accepted.map_or(course.received.seq, |entry| entry.seq),
    };
    judge(&term, &course.stops, look);
}

fn answer(course: &Course<'_>, params: &Params, look: &mut Look<'_>) {
    let limits = &params.review;
    let sent = course.acts.iter().find_map(|entry| match &entry.fact {
        Act::CopySent { received_on, respondent } => Some((entry, *received_on, respondent)),
        _ => None,
    });
    let Some((sent, received_on, respondent)) = sent else { return };
    let named = course.acts.iter().find_map(|entry| match &entry.fact {
        Act::Received { respondent } => respondent.as_deref(),
        _ => None,
    });
    let answered = first(course.acts, |act| matches!(act, Act::Answered));
    let days = if course.is_simple { limits.answer_simple_wd } else { limits.answer_wd };
    let term = Term {
        episode: "answer".to_owned(),
        zh: "被申请人答复",
        en: "answer of the respondent",
        from: received_on.unwrap_or(sent.time.day()),
        length: (days, Unit::WorkingDay),
        done: earlier(answered, course.ended),
        level: Level::Yellow,
        dept: respondent.as_deref().or(named).unwrap_or(&sent.dept),
        evidence: sent.seq,
    };
    judge(&term, &course.stops, look);
}

fn decide(course: &Course<'_>, start: Day, params: &Params, look: &mut Look<'_>) {
    let limits = &params.review;
    let basic = if course.is_simple { limits.simple_days } else { limits.decide_days };
    let mut days = basic;
    if let Reach::On(due) = term::due(look, start, (basic, Unit::CalendarDay), &course.stops)
        && !course.is_simple
    {
        let granted = course.acts.iter().filter(|entry| entry.time.day() <= due);
        let added = granted.filter_map(|entry| match &entry.fact {
            Act::Extended(extension) => counted_days(extension, params),
            _ => None,
        });
        days += added.into_iter().next().unwrap_or(0);
    }
    let term = Term {
        episode: "decide".to_owned(),
        zh: "作出复议决定",
        en: "decision",
        from: start,
        length: (days, Unit::CalendarDay),
        done: course.ended,
        level: Level::Red,
        dept: &course.received.dept,
        evidence: course.accepted.map_or(course.received.seq, |entry| entry.seq),
    };
    judge(&term, &course.stops, look);
}

/// What is not reported of an extension is held against nobody.
fn counted_days(extension: &Extension, params: &Params) -> Option<i32> {
    let is_low = extension.rank.as_ref().is_some_and(|rank| !params.extension_ranks.contains(rank));
    if extension.told == Some(false) || extension.unapproved || is_low {
        return None;
    }
    let most = params.review.extend_days;
    Some(extension.days.map_or(most, |days| days.clamp(0, most)))
}

/// An end of the case leaves nothing to do.
fn earlier<'a>(
    done: Option<&'a Entry<Act>>,
    ended: Option<&'a Entry<Act>>,
) -> Option<&'a Entry<Act>> {
    [done, ended].into_iter().flatten().min_by_key(|entry| entry.time)
}

/// Fires if the term was not kept; returns its last day then.
fn judge(term: &Term<'_>, stops: &[Stop], look: &mut Look<'_>) -> Option<Day> {
    let due = match term::due(look, term.from, term.length, stops) {
        Reach::On(due) => due,
        Reach::Provisional => {
            look.provisional();
            return None;
        }
        Reach::Stands => {
            look.quiet(|| {
                Why::new(
                    format!("{}：复议中止，期限停止计算", term.zh),
                    format!("{}: the review is suspended, the clock stands", term.en),
                )
                .count("stops", stops.len())
            });
            return None;
        }
    };
    let done = term.done.map(|entry| entry.time.day());
    let why = || {
        let words = (term.zh, term.en);
        term::why(words, (term.from, due), term.length, done).count("stops", stops.len())
    };
    if !term::is_late(look, due, done) {
        look.quiet(why);
        return None;
    }
    let (days, unit) = term.length;
    let (unit_zh, unit_en) = match unit {
        Unit::WorkingDay => ("个工作日", "working days"),
        _ => ("日", "calendar days"),
    };
    let fire = Fire::overdue(term.level, due)
        .episode(&term.episode)
        .dept(term.dept)
        .evidence([Some(term.evidence), term.done.map(|entry| entry.seq)].into_iter().flatten())
        .text("term_zh", term.zh)
        .text("term_en", term.en)
        .int("limit", days.into())
        .text("unit_zh", unit_zh)
        .text("unit_en", unit_en)
        .day("due", due);
    look.fire_because(fire, why);
    Some(due)
}
