//! APPR-T07 违规延期: extensions that are too long, repeated, not told, or not by the head.

use super::clock::{Reach, extension_max, may_extend};
use super::defect::Defects;
use super::fact::{Extension, Fact};
use super::view::{Act, Case};
use crate::Params;
use plumbline_guest::json::Writer;
use plumbline_guest::{Day, Level, Local, Look, Why};

/// Looks at each extension; one granted after the statutory last day is red.
pub(crate) fn improper(case: &Case<'_>, params: &Params, look: &mut Look<'_>) {
    let clock = case.clock(params, look);
    // The last day without any extension; while the clock stands, no day is the last one.
    let due = clock.statutory.and_then(|limit| match limit.plain {
        Reach::On(due) if !due.provisional => Some(due.day),
        _ => None,
    });
    let max = extension_max(case.item.as_deref(), &params.case);
    let acts = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Extended(said) => Some(Act { entry, said }),
        _ => None,
    });
    let mut defects = Defects::default();
    let (mut none, mut is_late, mut unknown) = (true, false, None);
    for (index, act) in acts.enumerate() {
        none = false;
        if index > 0 {
            defects.add(yellow(act), "再次延期", "a second extension");
        }
        judge(act, max, params, &mut defects);
        if due.is_some_and(|due| act.day() > due) {
            let proof = (Level::Red, act.time(), act.seq());
            defects.add(proof, "期限届满后才延期", "granted after the last day");
            is_late = true;
        }
        unknown = unknown.or(missing(act.said));
    }
    if none {
        return look.quiet(|| Why::new("没有延期", "no extension").count("extensions", 0));
    }
    match unknown {
        Some(field) if defects.is_empty() => look.unknown(field),
        _ => {
            defects.due = due.filter(|_| is_late);
            defects.fire(look, |fire| fire.dept(case.dept()), |_| looked(case, max, due));
        }
    }
}

/// Each extension with its length, rank and whether the applicant was told, against what is allowed.
fn looked(case: &Case<'_>, max: i32, due: Option<Day>) -> Why {
    let acts = case.facts.iter().filter_map(|entry| match &entry.fact {
        Fact::Extended(said) => Some(Act { entry, said }),
        _ => None,
    });
    let acts: Vec<_> = acts.collect();
    let (count, last) = (acts.len(), due.map_or_else(|| "?".to_owned(), |due| due.to_string()));
    let why = Why::new(
        format!("延期 {count} 次，每次上限 {max} 个工作日，法定最后一日 {last}"),
        format!("{count} extensions, {max} working days at most, statutory last day {last}"),
    );
    let why = why.count("extensions", count).int("max_wd", max).text("last_day", &last);
    let lines = acts.iter().map(|act| {
        let Extension { days, rank, told } = act.said;
        let (day, rank) = (act.day(), rank.as_deref().unwrap_or("?"));
        let days = days.map_or_else(|| "?".to_owned(), |days| days.to_string());
        let (told_zh, told_en) = match told {
            Some(true) => ("已告知", "told"),
            Some(false) => ("未告知", "not told"),
            None => ("告知不明", "telling unknown"),
        };
        let figures = Writer::default()
            .text("on", &day.to_string())
            .text("days_wd", &days)
            .text("rank", rank)
            .text("told", told_en);
        let zh = format!("{day} 延 {days} 个工作日，批准职级 {rank}，{told_zh}");
        let en = format!("on {day} by {days} working days, approved by {rank}, {told_en}");
        (Why::new(zh, en), figures)
    });
    let (lines, figures): (Vec<_>, Vec<_>) = lines.unzip();
    lines.into_iter().fold(why, Why::and).objects("acts", figures)
}

fn judge(act: Act<'_, Extension>, max: i32, params: &Params, defects: &mut Defects) {
    if let Some(days) = act.said.days.filter(|days| *days > max) {
        defects.add(
            yellow(act),
            format!("延期 {days} 个工作日，超过 {max} 个工作日"),
            format!("extended by {days} working days, more than {max}"),
        );
    }
    if !may_extend(act.said, &params.case) {
        defects.add(yellow(act), "未经行政机关负责人批准", "not approved by the head");
    }
    if act.said.told == Some(false) {
        defects.add(yellow(act), "未告知申请人", "the applicant was not told");
    }
}

fn yellow(act: Act<'_, Extension>) -> (Level, Local, u64) {
    (Level::Yellow, act.time(), act.seq())
}

/// A field without which an extension cannot be judged whole.
fn missing(said: &Extension) -> Option<&'static str> {
    if said.days.is_none() {
        Some("days_wd")
    } else if said.rank.is_none() {
        Some("approver_rank")
    } else if said.told.is_none() {
        Some("applicant_told")
    } else {
        None
    }
}
