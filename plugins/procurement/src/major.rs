//! Draws of experts of one major: PROC-C09 专家高频/围库.

mod index;

use crate::Params;
use crate::clue::{Clue, Clues};
use crate::stat::is_below;
use index::Index;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Level, Local, Look, Rule, Stream, Why, apply};
use std::cell::OnceCell;
use std::collections::BTreeMap;

/// Most draws of one major that are kept, some 60 bytes each; the oldest go first.
const DRAWS_MAX: usize = 2_500;
/// Fewest times that a set of three comes back before its chance is worked out.
const SET_TIMES_MIN: usize = 3;
/// Experts in one set.
const SET: usize = 3;
/// Millionths: the unit of the parameter `draw_ppm`.
const PPM: f64 = 1e6;

/// When, by which event, and from how many.
type Draw = (Local, u64, usize);

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Draws {
    major: String,
    /// By process and expert.
    draws: BTreeMap<(String, String), Draw>,
    /// The draws sorted for the rules. It is made by the first look of a task and kept up to date
    /// until the last one: a task brings dozens of draws, and sorting thousands anew for each took
    /// most of the time of the whole plugin.
    #[serde(skip)]
    index: OnceCell<Index>,
}

/// The stream.
#[derive(Debug)]
pub(crate) struct Majors;

impl Stream for Majors {
    const NAME: &'static str = "major";
    type State = Draws;
    type Params = Params;

    fn take(draws: &mut Draws, event: &Event<'_>, _: &Params) {
        draws.put(event).unwrap_or_default();
    }

    fn check(draws: &Draws, params: &Params, look: &mut Look<'_>) {
        let rules: [Rule<Draws, Params>; 1] = [("PROC-C09", frequent)];
        apply(&rules, &params.off, draws, params, look);
    }
}

impl Draws {
    fn put(&mut self, event: &Event<'_>) -> Option<()> {
        self.major = event.text("major")?;
        let key = (event.text("ocid")?, event.text("expert_id")?);
        let at = Local(event.int("at")?);
        let pool = event.int("pool").and_then(|pool| usize::try_from(pool).ok()).unwrap_or(0);
        let draw = (at, event.int("evidence")? as u64, pool);
        let is_full = self.draws.len() >= DRAWS_MAX;
        match self.index.get_mut() {
            Some(index) if !is_full && !self.draws.contains_key(&key) => {
                index.add(&key.0, &key.1, draw);
            }
            _ => _ = self.index.take(),
        }
        self.draws.insert(key, draw);
        while self.draws.len() > DRAWS_MAX {
            let oldest =
                self.draws.iter().min_by(|(one, a), (other, b)| (a.0, one).cmp(&(b.0, other)))?;
            let oldest = oldest.0.clone();
            self.draws.remove(&oldest);
        }
        Some(())
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| {
            let mut index = Index::default();
            for ((ocid, expert), draw) in &self.draws {
                index.add(ocid, expert, *draw);
            }
            index
        })
    }
}

/// PROC-C09: one card an expert, one a set of three.
fn frequent(draws: &Draws, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let index = draws.index();
    let pool = index.pool();
    if pool >= params.major_min {
        for (expert, own) in index.experts() {
            often(expert, own, index.times(), pool, params, &mut clues);
        }
        sets(index, pool, params, &mut clues);
    }
    clues.tell(look, || {
        let (min, count) = (params.draws_min, index.times().len());
        let busiest = index.experts().map(|(_, own)| own.len()).max().unwrap_or(0);
        Why::new(
            format!("{count} 次抽取，最多一人 {busiest} 次（满 {min} 次才比较），未见异常"),
            format!("{count} draws, the busiest expert {busiest} (compared from {min} on)"),
        )
        .count("draws", count)
        .count("busiest", busiest)
        .count("experts", pool)
    });
}

/// The first window that ends with a draw of the expert and holds more of his draws than chance.
fn often(
    expert: &str,
    own: &[(Local, u64)],
    all: &[Local],
    pool: usize,
    params: &Params,
    clues: &mut Clues,
) {
    // The first draws of an expert are too few to be compared.
    let from = params.draws_min.saturating_sub(1);
    for (nth, (at, _)) in own.iter().enumerate().skip(from) {
        let since = at.day().plus(1 - params.draw_days).start();
        let mine = &own[own.partition_point(|(time, _)| *time < since)..=nth];
        let before = all.partition_point(|time| *time < since);
        let trials = all.partition_point(|time| time <= at) - before;
        let (count, chance) = (mine.len(), 1.0 / pool as f64);
        if count < params.draws_min || (count * pool) <= trials {
            continue;
        }
        let is_rare = |p: f64| p * PPM < params.draw_ppm as f64;
        if !is_below(count, trials, chance, is_rare) {
            continue;
        }
        let expected = format!("{:.1}", trials as f64 * chance);
        let words = (
            format!(
                "专家 {expert} 被抽中 {count} 次，随机期望 {expected} 次（专业 {pool} 人，抽取 {trials} 次）"
            ),
            format!(
                "expert {expert} was drawn {count} times, {expected} expected ({pool} experts, {trials} draws)"
            ),
        );
        let clue = Clue::new(Level::Yellow, *at, words)
            .episode(expert)
            .subject(expert)
            .evidence(mine.iter().map(|(_, seq)| *seq))
            .figure("drawn", count as i64)
            .figure("trials", trials as i64);
        return clues.put(clue);
    }
}

/// Sets of three that come back oftener than chance lets any set of the major.
fn sets(index: &Index, pool: usize, params: &Params, clues: &mut Clues) {
    let (sets, panels) = (choose(pool, SET), index.sizes());
    // The chance that a given set sits on a panel, over all panels.
    let expected: f64 = panels.iter().map(|count| choose(*count, SET) / sets.max(1.0)).sum();
    let mean = (expected / panels.len().max(1) as f64).min(1.0);
    // Any of all sets might have come back.
    let is_rare = |p: f64| p * sets * PPM < params.draw_ppm as f64;
    let stands_out = |times: &usize| is_below(*times, panels.len(), mean, is_rare);
    let Some(least) = (SET_TIMES_MIN..=panels.len()).find(stands_out) else { return };
    for (set, mut seen) in index.triples(least, MEMBERS_MAX) {
        seen.sort_unstable();
        if !stands_out(&seen.len()) {
            continue;
        }
        let (names, count) = (set.join("、"), seen.len());
        let words = (
            format!("专家 {names} 同组 {count} 次，超出随机"),
            format!("experts {} met {count} times, beyond chance", set.join(", ")),
        );
        let at = seen.last().map_or(Local(0), |(at, _)| *at);
        let clue = Clue::new(Level::Notice, at, words)
            .episode(set.join("+"))
            .evidence(seen.iter().map(|(_, seq)| *seq))
            .figure("met", count as i64);
        clues.put(clue);
    }
}

/// Largest committee of one major whose sets are counted.
const MEMBERS_MAX: usize = 13;

fn choose(n: usize, k: usize) -> f64 {
    if n < k {
        return 0.0;
    }
    (0..k).map(|i| (n - i) as f64 / (i + 1) as f64).product()
}
