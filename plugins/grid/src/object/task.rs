//! GRID-T01 漏检: an inspection that is due and was not made.

use super::table;
use super::{Kind, Object, Said, Visit};
use crate::Params;
use crate::period::{self, daily_timer, passed};
use plumbline_guest::json;
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::BTreeMap;

/// Periods of one task that are judged: two years of monthly inspections; older ones are history
/// that no card is raised on any more, and stay as they are.
const PERIODS_MAX: usize = 400;
/// Rows of the plan table for one department and class.
const ROWS_MAX: u32 = 32;

/// One inspection that is due.
struct Due<'a> {
    episode: String,
    task: &'a str,
    from: Day,
    due: Day,
    done: Option<&'a Visit>,
    seq: Option<u64>,
    dept: &'a str,
}

/// GRID-T01: by plan, by the tasks of a duty, and by the table of plans.
pub(super) fn missed(object: &Object, params: &Params, look: &mut Look<'_>) {
    let mut count = 0;
    planned(object, params, look, &mut count);
    let rhythms = rhythms(object);
    for (task, rhythm) in &rhythms {
        rhythm.judge(object, task, params, look, &mut count);
    }
    tabled(object, &rhythms, params, look, &mut count);
    if count == 0 {
        look.quiet(|| Why::new("没有应完成的检查任务", "no inspection is due").count("tasks", 0));
    }
}

/// Whether an inspection fulfils a task. One that names neither task nor plan is a full check.
fn fulfils(visit: &Visit, task: &str, plan_no: Option<&str>, dept: &str) -> bool {
    if visit.kind == Kind::Patrol || (visit.dept != dept && !visit.joint) {
        return false;
    }
    let plan = visit.plan_no.as_deref().filter(|number| !number.is_empty());
    match (&visit.task, plan) {
        (_, Some(plan)) if Some(plan) == plan_no => true,
        (Some(named), _) => named == task,
        // Another plan's inspection, unless a rhythm asks: any full check keeps it.
        (None, Some(_)) => plan_no.is_none(),
        (None, None) => true,
    }
}

fn planned(object: &Object, params: &Params, look: &mut Look<'_>, count: &mut usize) {
    let mut plans: BTreeMap<&str, (Due<'_>, bool)> = BTreeMap::new();
    for entry in &object.facts {
        let Said::Plan { plan_no, task, due, cancelled } = &entry.fact else { continue };
        let Some(due) = *due else {
            look.unknown("due");
            continue;
        };
        let day = entry.time.day();
        // What changes a plan after its last day comes too late.
        if plans.get(plan_no.as_str()).is_some_and(|(known, _)| day > known.due) {
            continue;
        }
        let from = plans.get(plan_no.as_str()).map_or(day, |(known, _)| known.from);
        let (episode, seq, dept) = (plan_no.clone(), Some(entry.seq), &*entry.dept);
        let plan = Due { episode, task, from, due, done: None, seq, dept };
        plans.insert(plan_no, (plan, *cancelled));
    }
    for (plan_no, (mut plan, cancelled)) in plans {
        *count += 1;
        if cancelled {
            look.exempt(|| {
                Why::new("计划已取消", "the plan was cancelled").text("plan_no", plan_no)
            });
            continue;
        }
        let fits = |visit: &&Visit| {
            visit.started.day() >= plan.from && fulfils(visit, plan.task, Some(plan_no), plan.dept)
        };
        plan.done = object.visits.iter().find(fits);
        plan.judge(object, params, look);
    }
}

/// How often a task is due: from which day on, every how many days, until when.
struct Rhythm<'a> {
    dept: &'a str,
    parts: Vec<(Day, i32, Option<Day>, Option<u64>)>,
}

/// The tasks of all duties for the object, by code; a later duty takes the place of an earlier one.
fn rhythms(object: &Object) -> BTreeMap<String, Rhythm<'_>> {
    let mut rhythms: BTreeMap<String, Rhythm<'_>> = BTreeMap::new();
    for entry in &object.facts {
        let Said::Duty { tasks, from, to, .. } = &entry.fact else { continue };
        for (task, days) in tasks {
            let rhythm = rhythms
                .entry(task.clone())
                .or_insert_with(|| Rhythm { dept: &entry.dept, parts: Vec::new() });
            rhythm.parts.push((*from, *days, *to, Some(entry.seq)));
        }
    }
    for rhythm in rhythms.values_mut() {
        rhythm.parts.sort_by_key(|(from, days, ..)| (*from, *days));
        for index in 1..rhythm.parts.len() {
            let next = rhythm.parts[index].0;
            let end = &mut rhythm.parts[index - 1].2;
            *end = Some(end.map_or(next.plus(-1), |end| end.min(next.plus(-1))));
        }
    }
    rhythms
}

impl Rhythm<'_> {
    fn judge(
        &self,
        object: &Object,
        task: &str,
        params: &Params,
        look: &mut Look<'_>,
        count: &mut usize,
    ) {
        let Some(mut start) = self.parts.first().map(|(from, ..)| *from) else { return };
        let mut visits =
            object.visits.iter().filter(|v| fulfils(v, task, None, self.dept)).peekable();
        let mut periods = 0;
        for (from, days, to, seq) in &self.parts {
            loop {
                while let Some(visit) = visits.next_if(|v| v.started.day() < *from) {
                    start = start.max(visit.started.day());
                }
                let due = start.plus(*days).max(*from);
                if to.is_some_and(|to| due > to) || periods >= PERIODS_MAX {
                    break;
                }
                *count += 1;
                periods += 1;
                let (episode, dept) = (format!("{task}/{due}"), self.dept);
                let done = visits.peek().copied();
                Due { episode, task, from: start, due, done, seq: *seq, dept }
                    .judge(object, params, look);
                let Some(visit) = visits.next() else { break };
                start = visit.started.day();
                // Several inspections of one day fulfil one period.
                while visits.next_if(|v| v.started.day() <= start).is_some() {}
            }
        }
    }
}

/// Tasks that the table of plans sets for the object's department and class.
fn tabled(
    object: &Object,
    known: &BTreeMap<String, Rhythm<'_>>,
    params: &Params,
    look: &mut Look<'_>,
    count: &mut usize,
) {
    let registered = object.facts.iter().find(|entry| matches!(entry.fact, Said::Object(_)));
    let Some(registered) = registered else { return };
    let today = look.now().day();
    let (kind, risk) = object.classes(today, look);
    for class in [kind, risk].iter().filter(|class| !class.is_empty()) {
        let prefix = format!("{}/{class}/", registered.dept);
        for (_, row) in look.rows("inspection_plan", &prefix, today, ROWS_MAX).iter() {
            let row = json::Object::parse(row);
            let task = table::text(&row, "task");
            let days = row.get("freq_d").and_then(json::Value::int);
            let Some(days) = days.and_then(|days| i32::try_from(days).ok()) else { continue };
            if known.contains_key(&task) {
                continue;
            }
            let since = Day::parse(&table::text(&row, "effective_from"));
            let from = since.map_or(registered.time.day(), |s| s.max(registered.time.day()));
            let parts = vec![(from, days.max(1), None, Some(registered.seq))];
            Rhythm { dept: &registered.dept, parts }.judge(object, &task, params, look, count);
        }
    }
}

impl Due<'_> {
    fn judge(self, object: &Object, params: &Params, look: &mut Look<'_>) {
        let done = self.done.map(|visit| visit.started);
        let warn = self.due.plus(-params.warn_d).max(self.from.plus(1));
        let why = period::why(self.from, self.due, done, look);
        // Open on the day of the notice: what is done later that day keeps it.
        let open = done.is_none_or(|done| done >= daily_timer(warn));
        if !open || !look.reached(daily_timer(warn)) {
            return look.quiet(|| why.text("task", self.task));
        }
        if !object.is_active(warn, look) {
            let (zh, en) = ("对象已停业、搬迁或注销", "the object is closed or has moved");
            return look.exempt(|| why.and(Why::new(zh, en)).text("task", self.task));
        }
        let is_late = object.is_active(self.due, look) && passed(self.due, done, look);
        // The part of the period rounded up, so that it is a day at least.
        let days = self.due.0 - self.from.0;
        let grace = (days.saturating_mul(params.grace_pct) + 99) / 100;
        let red = self.due.plus(grace);
        let is_red = is_late && object.is_active(red, look) && passed(red, done, look);
        let fire = match (is_late, is_red) {
            (false, _) => Fire::new(Level::Notice, warn.start()).due(self.due),
            (true, false) => Fire::overdue(Level::Yellow, self.due),
            (true, true) => Fire::overdue(Level::Red, self.due),
        };
        let done = self.done.filter(|_| is_late).map(|visit| visit.seq);
        let fire = fire
            .episode(self.episode)
            .dept(self.dept)
            .evidence([self.seq, done].into_iter().flatten())
            .text("task", self.task)
            .day("due", self.due);
        look.fire_because(fire, || why.day("red_after", red));
    }
}
