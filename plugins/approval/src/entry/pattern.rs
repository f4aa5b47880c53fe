//! Patterns of entry that are not late, but that daily work does not leave: many steps within
//! minutes, acts in the small hours, a decision entered before the acceptance. Whether it is an
//! officer's first is decided in the stream `officer`, which answers with a rank.

use super::{File, Line, Said};
use crate::{Params, excuse};
use plumbline_guest::json::Writer;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Entry, Fire, Level, Local, Look, MS_PER_MINUTE, Why};
use std::collections::BTreeMap;

/// End of the small hours, minutes after midnight.
const NIGHT_END_MIN: i64 = 5 * 60;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) enum Pattern {
    Burst,
    Night,
    Order,
}

impl Pattern {
    const ALL: [Self; 3] = [Self::Burst, Self::Night, Self::Order];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Burst => "burst",
            Self::Night => "night",
            Self::Order => "order",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.as_str() == text)
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Burst => ("多个环节集中录入", "several steps entered within minutes"),
            Self::Night => ("环节时间在凌晨", "acts stamped in the small hours"),
            Self::Order => ("决定先于受理录入", "the decision was entered before the acceptance"),
        }
    }
}

/// A pattern that was found, with its lines.
struct Found {
    at: Local,
    dept: String,
    seqs: Vec<u64>,
}

type Patterns = BTreeMap<(Pattern, String), Found>;

/// Publishes what was found and fires what the officer's stream has ranked.
pub(super) fn cards(file: &File, params: &Params, look: &mut Look<'_>) {
    let found = patterns(file, params, look);
    for ((pattern, officer), found) in &found {
        tell(file, *pattern, officer, Ok(found.at), look);
        let Some(rank) = file.ranks.get(&(*pattern, officer.clone())) else { continue };
        let (zh, en) = pattern.words();
        let level = if rank.first { Level::Notice } else { Level::Yellow };
        let episode = format!("{}/{officer}", pattern.as_str());
        let fire = Fire::new(level, found.at)
            .episode(episode)
            .dept(&found.dept)
            .evidence(found.seqs.iter().copied())
            .text("officer", officer)
            .text("zh", zh)
            .text("en", en);
        look.fire_because(fire, || {
            let (nth_zh, nth_en) = if rank.first {
                ("该人员当年首次", "first")
            } else {
                ("该人员当年再次", "again")
            };
            Why::new(
                format!("{zh}（{officer}，{nth_zh}）"),
                format!("{en} ({officer}, {nth_en} in the year)"),
            )
            .text("pattern", pattern.as_str())
            .flag("first_of_year", rank.first)
        });
    }
    if found.is_empty() {
        look.quiet(|| {
            let (steps, min) = (params.limits.burst_steps, params.limits.burst_min);
            Why::new(
                format!("未见集中录入（{min} 分钟内 {steps} 个环节）、凌晨办理、决定先于受理录入"),
                format!("no burst ({steps} steps in {min} minutes), no act at night, no decision before acceptance"),
            )
            .count("burst_steps", steps)
            .int("burst_min", min)
        });
    }
    // What was told and is no longer so is taken back.
    for ((pattern, officer), rank) in &file.ranks {
        if !found.contains_key(&(*pattern, officer.clone())) {
            tell(file, *pattern, officer, Err(rank.year), look);
        }
    }
}

/// Tells the officer's stream of a pattern that came about at a moment, or that one of a year is gone.
fn tell(file: &File, pattern: Pattern, officer: &str, at: Result<Local, i64>, look: &mut Look<'_>) {
    let year = at.map_or_else(|year| year, |at| at.day().ymd().0.into());
    let data = Writer::default()
        .text("officer", officer)
        .int("year", year)
        .text("case_no", &file.case_no)
        .text("kind", pattern.as_str())
        .int("rev", file.revision);
    let data = match at {
        Ok(at) => data.int("at", at.0),
        Err(_) => data.flag("gone", true),
    };
    look.fact("clue", officer, data);
}

fn patterns(file: &File, params: &Params, look: &Look<'_>) -> Patterns {
    let mut patterns = Patterns::new();
    let mut note = |pattern, line: &Entry<Line>, at, seqs: &[u64]| {
        let officer = &line.fact.officer;
        if officer.is_empty() {
            return;
        }
        let found = Found { at, dept: line.dept.clone(), seqs: seqs.to_vec() };
        let known = patterns.entry((pattern, officer.clone())).or_insert(found);
        if !seqs.iter().all(|seq| known.seqs.contains(seq)) {
            known.seqs.extend(seqs);
        }
    };
    for line in file.lines.iter().filter(|line| is_night(line) && is_daily(file, line, look)) {
        note(Pattern::Night, line, line.time, &[line.seq]);
    }
    if let Some(steps) = burst(file, params, look) {
        let last = steps[steps.len() - 1];
        let seqs: Vec<_> = steps.iter().map(|step| step.seq).collect();
        note(Pattern::Burst, last, last.recorded, &seqs);
    }
    let first = |said| file.of(said).min_by_key(|line| (line.recorded, line.fact.identity));
    if let (Some(accepted), Some(decided)) = (first(&Said::Accepted), first(&Said::Decided))
        && decided.recorded < accepted.recorded
        && [accepted, decided].iter().all(|line| is_untroubled(file, line, look))
    {
        let seqs = [accepted.seq, decided.seq];
        note(Pattern::Order, decided, decided.recorded, &seqs);
    }
    patterns
}

fn is_night(line: &Entry<Line>) -> bool {
    let is_act = matches!(line.fact.said, Said::Accepted | Said::Step | Said::Decided);
    is_act && line.time.minute_of_day() < NIGHT_END_MIN
}

/// Not a line of an approved migration.
fn is_daily(file: &File, line: &Entry<Line>, look: &Look<'_>) -> bool {
    let day = line.recorded.day();
    !excuse::is_approved_batch(look, &line.fact.batch, file.item(), day)
}

/// Neither migrated nor done while the system was down: what is entered after an outage comes in
/// bursts and in any order.
fn is_untroubled(file: &File, line: &Entry<Line>, look: &Look<'_>) -> bool {
    let outages = excuse::outages(look, &line.source, line.recorded.day());
    is_daily(file, line, look) && !excuse::is_within(&outages, line.time)
}

/// The first steps that were entered within the minutes of a burst.
fn burst<'a>(file: &'a File, params: &Params, look: &Look<'_>) -> Option<Vec<&'a Entry<Line>>> {
    let limits = &params.limits;
    let mut steps: Vec<_> = file.of(&Said::Step).collect();
    if steps.len() < limits.burst_steps {
        return None;
    }
    steps.sort_by_key(|step| (step.recorded, step.fact.identity));
    let span_ms = limits.burst_min * MS_PER_MINUTE;
    let is_close = |steps: &[&Entry<Line>]| {
        let (first, last) = (steps[0], steps[steps.len() - 1]);
        last.recorded.0 - first.recorded.0 <= span_ms
    };
    if !steps.windows(limits.burst_steps).any(is_close) {
        return None;
    }
    // The tables are asked only where a burst is likely.
    steps.retain(|step| is_untroubled(file, step, look));
    let close = steps.windows(limits.burst_steps).find(|steps| is_close(steps))?;
    let day = close[0].time.day();
    (!excuse::is_on_spot(look, file.item(), day)).then(|| close.to_vec())
}
