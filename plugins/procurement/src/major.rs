//! Draws of experts of one major: PROC-C09 专家高频/围库.

use crate::Params;
use crate::clue::{Clue, Clues};
use crate::stat::binomial_at_least;
use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Event, Level, Local, Look, Rule, Stream, Why, apply};
use std::collections::{BTreeMap, BTreeSet};

/// Most draws of one major that are kept, some 60 bytes each; the oldest go first.
const DRAWS_MAX: usize = 2_500;
/// Fewest times that a set of three comes back before its chance is worked out.
const SET_TIMES_MIN: usize = 3;
/// Experts in one set.
const SET: usize = 3;

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Draws {
    major: String,
    /// By process and expert: when, by which event, and from how many.
    draws: BTreeMap<(String, String), (Local, u64, usize)>,
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
        self.draws.insert(key, (at, event.int("evidence")? as u64, pool));
        while self.draws.len() > DRAWS_MAX {
            let oldest =
                self.draws.iter().min_by(|(one, a), (other, b)| (a.0, one).cmp(&(b.0, other)))?;
            let oldest = oldest.0.clone();
            self.draws.remove(&oldest);
        }
        Some(())
    }

    /// Draws of each expert, in the order in which they happened.
    fn of_experts(&self) -> BTreeMap<&str, Vec<(Local, u64)>> {
        let mut experts: BTreeMap<&str, Vec<(Local, u64)>> = BTreeMap::new();
        for ((_, expert), (at, seq, _)) in &self.draws {
            experts.entry(expert).or_default().push((*at, *seq));
        }
        experts.values_mut().for_each(|draws| draws.sort_unstable());
        experts
    }
}

/// Experts of the major: as the platform says, and at least those who were drawn. Where it says
/// nothing the number is too small rather than too large, which makes nobody stand out wrongly.
fn size(draws: &Draws) -> usize {
    let drawn: BTreeSet<_> = draws.draws.keys().map(|(_, expert)| expert.as_str()).collect();
    let told = draws.draws.values().map(|(.., pool)| *pool).max().unwrap_or(0);
    told.max(drawn.len())
}

/// PROC-C09: one card an expert, one a set of three.
fn frequent(draws: &Draws, params: &Params, look: &mut Look<'_>) {
    let mut clues = Clues::default();
    let mut all: Vec<_> = draws.draws.values().map(|(at, ..)| *at).collect();
    all.sort_unstable();
    let experts = draws.of_experts();
    let busiest = experts.values().map(Vec::len).max().unwrap_or(0);
    let pool = size(draws);
    if pool >= params.major_min {
        for (expert, own) in &experts {
            often(expert, own, &all, pool, params, &mut clues);
        }
        sets(draws, pool, params, &mut clues);
    }
    clues.tell(look, || {
        let min = params.draws_min;
        Why::new(
            format!("{} 次抽取，最多一人 {busiest} 次（满 {min} 次才比较），未见异常", all.len()),
            format!("{} draws, the busiest expert {busiest} (compared from {min} on)", all.len()),
        )
        .count("draws", all.len())
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
    for (nth, (at, _)) in own.iter().enumerate() {
        let since = at.day().plus(-params.draw_days);
        let in_window = |time: &Local| time.day() > since && time <= at;
        let mine: Vec<_> = own[..=nth].iter().filter(|(time, _)| in_window(time)).collect();
        let trials = all.iter().filter(|time| in_window(time)).count();
        let (count, chance) = (mine.len(), 1.0 / pool as f64);
        if count < params.draws_min || (count * pool) <= trials {
            continue;
        }
        let p = binomial_at_least(count, trials, chance);
        if p * 1e6 >= params.draw_ppm as f64 {
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
fn sets(draws: &Draws, pool: usize, params: &Params, clues: &mut Clues) {
    let mut panels: BTreeMap<&str, Vec<(&str, Local, u64)>> = BTreeMap::new();
    for ((ocid, expert), (at, seq, _)) in &draws.draws {
        panels.entry(ocid).or_default().push((expert, *at, *seq));
    }
    let mut times: BTreeMap<[&str; SET], Vec<(Local, u64)>> = BTreeMap::new();
    for panel in panels.values().filter(|panel| (SET..=MEMBERS_MAX).contains(&panel.len())) {
        for (a, one) in panel.iter().enumerate() {
            for (b, two) in panel.iter().enumerate().skip(a + 1) {
                for three in &panel[b + 1..] {
                    let last = one.1.max(two.1).max(three.1);
                    times.entry([one.0, two.0, three.0]).or_default().push((last, three.2));
                }
            }
        }
    }
    let sets = choose(pool, SET);
    // The chance that a given set sits on a panel, over all panels.
    let expected: f64 = panels.values().map(|panel| choose(panel.len(), SET) / sets.max(1.0)).sum();
    let mean = expected / panels.len().max(1) as f64;
    for (set, mut seen) in times.into_iter().filter(|(_, seen)| seen.len() >= SET_TIMES_MIN) {
        seen.sort_unstable();
        // Any of all sets might have come back.
        let p = binomial_at_least(seen.len(), panels.len(), mean.min(1.0)) * sets;
        if p * 1e6 >= params.draw_ppm as f64 {
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
