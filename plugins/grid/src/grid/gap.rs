//! GRID-D01 分责空白: objects and grids that are nobody's duty, and officers with too many.

use super::{Duty, Grid};
use crate::Params;
use crate::object::NO_GRID;
use crate::period::{self, passed};
use plumbline_guest::{Day, Fire, Level, Look, Why};
use std::collections::{BTreeMap, BTreeSet};

/// Names in the text of a card; the count stands beside them.
const NAMES_MAX: usize = 10;
/// Cards about objects without a grid at one time; a verdict may hold some more.
const CARDS_MAX: usize = 200;

/// A time without duty: what it is about, the last day before it, and the first day after it.
struct Gap<'a> {
    episode: String,
    subject: Option<&'a str>,
    dept: Option<&'a str>,
    from: Day,
    until: Option<Day>,
    evidence: Vec<u64>,
    zh: String,
    en: String,
}

/// GRID-D01.
pub(super) fn uncovered(grid: &Grid, params: &Params, look: &mut Look<'_>) {
    let gaps = if grid.id == NO_GRID { homeless(grid) } else { of_grid(grid) };
    let mut cards = 0;
    for gap in gaps.into_iter().take(CARDS_MAX) {
        cards += i32::from(gap.judge(params, look));
    }
    cards += overloaded(grid, params, look);
    if cards == 0 {
        look.quiet(|| {
            Why::new("没有超过宽限期的分责空白", "no gap of duty beyond the days borne")
                .count("duties", grid.duties.len())
                .count("objects", grid.objects.len())
                .int("gap_wd", params.gap_wd)
        });
    }
}

impl Gap<'_> {
    /// Whether it is a card: longer than the days that are borne.
    fn judge(self, params: &Params, look: &mut Look<'_>) -> bool {
        let Some(due) = period::working(self.from, params.gap_wd, look) else { return false };
        let done = self.until.map(Day::start);
        let why = period::why(self.from, due, done, look);
        if !passed(due, done, look) {
            look.quiet(|| why);
            return false;
        }
        let red = due.max(self.from.plus(params.gap_red_d - 1));
        let level = if passed(red, done, look) { Level::Red } else { Level::Yellow };
        let mut fire = Fire::overdue(level, due)
            .episode(self.episode)
            .evidence(self.evidence)
            .day("from", self.from)
            .text("zh", &self.zh)
            .text("en", &self.en);
        if let Some(subject) = self.subject {
            fire = fire.subject(subject);
        }
        if let Some(dept) = self.dept.filter(|dept| !dept.is_empty()) {
            fire = fire.dept(dept);
        }
        look.fire_because(fire, || why.int("red_d", params.gap_red_d));
        true
    }
}

/// Objects without a grid.
fn homeless(grid: &Grid) -> Vec<Gap<'_>> {
    let gap = |(object, placed)| {
        let placed: &super::Placed = placed;
        let object: &String = object;
        Gap {
            episode: object.clone(),
            subject: Some(object),
            dept: Some(&placed.dept),
            from: placed.since,
            until: placed.until,
            evidence: Vec::new(),
            zh: format!("监管对象 {object} 未划入任何网格"),
            en: format!("object {object} is in no grid"),
        }
    };
    grid.objects.iter().map(gap).collect()
}

/// Times without any officer, and objects whose duty ran out while others are looked after.
fn of_grid(grid: &Grid) -> Vec<Gap<'_>> {
    let mut gaps = without_officer(grid);
    let empty: Vec<_> = gaps.iter().map(|gap| (gap.from, gap.until)).collect();
    let mut expired: BTreeMap<Day, Vec<&Duty>> = BTreeMap::new();
    let mut latest: BTreeMap<&str, (Option<Day>, &Duty)> = BTreeMap::new();
    for duty in grid.duties.iter().filter(|duty| !duty.object.is_empty()) {
        let end = grid.end(duty);
        let known = latest.get(duty.object.as_str()).map(|(end, _)| *end);
        // No end is later than any.
        let is_later = known.is_none_or(|known| match (end, known) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(end), Some(known)) => end > known,
        });
        if is_later {
            latest.insert(&duty.object, (end, duty));
        }
    }
    for (object, (end, duty)) in latest {
        let placed = grid.objects.get(object);
        let gone = placed.and_then(|placed| placed.until);
        let Some(end) = end.filter(|end| gone.is_none_or(|gone| gone > *end)) else { continue };
        let told = empty.iter().any(|(from, until)| *from <= end && until.is_none_or(|u| u > end));
        if !told {
            expired.entry(end).or_default().push(duty);
        }
    }
    gaps.extend(expired.into_iter().map(|(end, duties)| {
        let names: Vec<_> = duties.iter().take(NAMES_MAX).map(|duty| &*duty.object).collect();
        Gap {
            episode: format!("expired/{end}"),
            subject: None,
            dept: duties.first().map(|duty| &*duty.dept),
            from: end,
            until: None,
            evidence: duties.iter().map(|duty| duty.seq).collect(),
            zh: format!("{} 个对象的责任期已满无人接续：{}", duties.len(), names.join("、")),
            en: format!("the duty for {} objects ran out: {}", duties.len(), names.join(", ")),
        }
    }));
    gaps
}

/// Sweeps over the days on which something begins or ends.
fn without_officer(grid: &Grid) -> Vec<Gap<'_>> {
    let ends: Vec<_> = grid.duties.iter().map(|duty| (duty.from, grid.end(duty))).collect();
    let mut days: BTreeSet<Day> = BTreeSet::new();
    for (from, end) in &ends {
        days.extend([Some(*from), end.map(|end| end.plus(1))].into_iter().flatten());
    }
    for placed in grid.objects.values() {
        days.extend([Some(placed.since), placed.until].into_iter().flatten());
    }
    let first_duty = ends.iter().map(|(from, _)| *from).min();
    let has_objects = |day: Day| match grid.objects.is_empty() {
        // A county that reports duties only: what was once somebody's duty is there.
        true => first_duty.is_some_and(|first| first <= day),
        false => {
            let mut objects = grid.objects.values();
            objects.any(|o| o.since <= day && o.until.is_none_or(|until| until > day))
        }
    };
    let is_covered =
        |day: Day| ends.iter().any(|(from, end)| *from <= day && end.is_none_or(|end| end >= day));
    let mut gaps: Vec<Gap<'_>> = Vec::new();
    let mut open: Option<Day> = None;
    for day in days {
        let is_empty = has_objects(day) && !is_covered(day);
        match (open, is_empty) {
            (None, true) => {
                open = Some(day);
                // After a duty, its last day; else the day on which the object came.
                let after_duty = ends.iter().any(|(_, end)| *end == Some(day.plus(-1)));
                let from = if after_duty { day.plus(-1) } else { day };
                gaps.push(Gap {
                    episode: format!("officer/{from}"),
                    subject: None,
                    dept: None,
                    from,
                    until: None,
                    evidence: grid.duties.iter().rev().take(1).map(|duty| duty.seq).collect(),
                    zh: "网格没有责任人".to_owned(),
                    en: "the grid has no officer".to_owned(),
                });
            }
            (Some(_), false) => {
                open = None;
                if let Some(gap) = gaps.last_mut() {
                    gap.until = Some(day);
                }
            }
            _ => {}
        }
    }
    gaps
}

/// Officers with more objects in this grid than one person can look after.
fn overloaded(grid: &Grid, params: &Params, look: &mut Look<'_>) -> i32 {
    let mut officers: BTreeMap<&str, Vec<&Duty>> = BTreeMap::new();
    for duty in &grid.duties {
        officers.entry(&duty.officer).or_default().push(duty);
    }
    if officers.values().all(|duties| duties.len() <= params.load_max) {
        return 0;
    }
    let mut by_object: BTreeMap<&str, Vec<&Duty>> = BTreeMap::new();
    for duty in &grid.duties {
        by_object.entry(&duty.object).or_default().push(duty);
    }
    let mut cards = 0;
    // Fewer duties than the limit cannot exceed it.
    for (officer, duties) in officers.into_iter().filter(|(_, d)| d.len() > params.load_max) {
        let ends: Vec<_> = duties.iter().map(|duty| load_end(grid, &by_object, duty)).collect();
        let load = |day: Day| {
            let now = duties
                .iter()
                .zip(&ends)
                .filter(|(duty, end)| duty.from <= day && end.is_none_or(|end| end >= day));
            now.map(|(duty, _)| duty.object.as_str()).collect::<BTreeSet<_>>().len()
        };
        let days: BTreeSet<_> = duties.iter().map(|duty| duty.from).collect();
        let first =
            days.into_iter().map(|day| (day, load(day))).find(|(_, n)| *n > params.load_max);
        let Some((day, count)) = first.filter(|(day, _)| look.reached(day.start())) else {
            continue;
        };
        cards += 1;
        let fire = Fire::new(Level::Yellow, day.start())
            .episode(format!("load/{officer}"))
            .dept(&duties[0].dept)
            .day("from", day)
            .text("zh", &format!("{officer} 负责对象 {count} 个，超过 {} 个", params.load_max))
            .text("en", &format!("{officer} has {count} objects, more than {}", params.load_max));
        look.fire_because(fire, || {
            Why::new("人均对象数过多", "too many objects for one officer")
                .text("officer", officer)
                .count("load", count)
                .count("load_max", params.load_max)
        });
    }
    cards
}

/// A duty that another officer has taken over weighs no more.
fn load_end(grid: &Grid, by_object: &BTreeMap<&str, Vec<&Duty>>, duty: &Duty) -> Option<Day> {
    let duties = by_object.get(duty.object.as_str()).into_iter().flatten();
    let mut later = duties.filter(|other| {
        other.officer != duty.officer
            && (other.assigned, other.identity) > (duty.assigned, duty.identity)
    });
    let over = later.next().map(|next| next.from.plus(-1));
    [grid.end(duty), over].into_iter().flatten().min()
}
