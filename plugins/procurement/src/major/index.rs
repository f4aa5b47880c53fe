//! The draws of one major sorted by time, by expert and by process, kept up to date draw by draw.
//! It judges nothing and is not part of what is kept of a key.

use super::Draw;
use plumbline_guest::Local;
use std::collections::BTreeMap;

/// Processes in one word of a set of them.
const WORD: usize = u64::BITS as usize;

/// See the module.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    /// When anybody was drawn, in order.
    times: Vec<Local>,
    experts: BTreeMap<String, Expert>,
    /// Number of each process, in the order in which they came.
    numbers: BTreeMap<String, usize>,
    /// Who was drawn for each process, with when and by which event.
    panels: Vec<BTreeMap<String, (Local, u64)>>,
    /// The largest number of experts that the platform tells.
    told: usize,
}

#[derive(Clone, Debug, Default)]
struct Expert {
    /// When and by which event, in order.
    draws: Vec<(Local, u64)>,
    /// Numbers of his processes, one bit each.
    panels: Vec<u64>,
}

/// Three experts with the time and the event of each process that they share.
pub(super) type Triple<'a> = ([&'a str; 3], Vec<(Local, u64)>);

impl Index {
    /// Adds a draw; that of one expert for one process must not be there yet.
    pub(super) fn add(&mut self, ocid: &str, expert: &str, (at, seq, pool): Draw) {
        insert(&mut self.times, at);
        self.told = self.told.max(pool);
        let next = self.panels.len();
        let number = *self.numbers.entry(ocid.to_owned()).or_insert(next);
        if number == next {
            self.panels.push(BTreeMap::new());
        }
        self.panels[number].insert(expert.to_owned(), (at, seq));
        let expert = self.experts.entry(expert.to_owned()).or_default();
        insert(&mut expert.draws, (at, seq));
        if expert.panels.len() <= number / WORD {
            expert.panels.resize(number / WORD + 1, 0);
        }
        expert.panels[number / WORD] |= 1 << (number % WORD);
    }

    /// Experts of the major: as the platform says, and at least those who were drawn. Where it says
    /// nothing the number is too small rather than too large, which makes nobody stand out wrongly.
    pub(super) fn pool(&self) -> usize {
        self.told.max(self.experts.len())
    }

    pub(super) fn times(&self) -> &[Local] {
        &self.times
    }

    /// Each expert with his draws in order.
    pub(super) fn experts(&self) -> impl Iterator<Item = (&str, &[(Local, u64)])> {
        self.experts.iter().map(|(name, expert)| (name.as_str(), expert.draws.as_slice()))
    }

    /// How many experts were drawn for each process, in the order of their names.
    pub(super) fn sizes(&self) -> Vec<usize> {
        self.numbers.values().map(|number| self.panels[*number].len()).collect()
    }

    /// Sets of three experts that share at least `least` processes, by name; processes with more
    /// than `members_max` experts do not count.
    pub(super) fn triples(&self, least: usize, members_max: usize) -> Vec<Triple<'_>> {
        let counted = bits(self.panels.iter().map(|panel| panel.len() <= members_max));
        let busy = self.experts.iter().map(|(name, expert)| (name, meet(&expert.panels, &counted)));
        let busy: Vec<_> = busy.filter(|(_, panels)| count(panels) >= least).collect();
        let mut triples = Vec::new();
        for (first, (a, of_one)) in busy.iter().enumerate() {
            for (second, (b, of_two)) in busy.iter().enumerate().skip(first + 1) {
                if common(of_one, of_two) < least {
                    continue;
                }
                let of_both = meet(of_one, of_two);
                for (c, of_three) in &busy[second + 1..] {
                    if common(&of_both, of_three) >= least {
                        let shared = meet(&of_both, of_three);
                        triples.push(([a.as_str(), b, c], self.seen([a, b, c], &shared)));
                    }
                }
            }
        }
        triples
    }

    /// When the last of a set was drawn for each of some processes, and the event of its last name.
    fn seen(&self, set: [&str; 3], panels: &[u64]) -> Vec<(Local, u64)> {
        let is_in = |number: &usize| panels[number / WORD] & (1 << (number % WORD)) != 0;
        let numbers = (0..panels.len() * WORD).filter(is_in);
        let seen = numbers.map(|number| {
            let draws = set.map(|name| self.panels[number][name]);
            (draws[0].0.max(draws[1].0).max(draws[2].0), draws[2].1)
        });
        seen.collect()
    }
}

/// Inserts into a sorted list.
fn insert<T: Ord>(list: &mut Vec<T>, item: T) {
    let place = list.partition_point(|known| *known <= item);
    list.insert(place, item);
}

fn bits(flags: impl Iterator<Item = bool>) -> Vec<u64> {
    let mut words = Vec::new();
    for (at, flag) in flags.enumerate() {
        if at % WORD == 0 {
            words.push(0);
        }
        words[at / WORD] |= u64::from(flag) << (at % WORD);
    }
    words
}

fn meet(one: &[u64], other: &[u64]) -> Vec<u64> {
    one.iter().zip(other).map(|(one, other)| one & other).collect()
}

fn count(words: &[u64]) -> usize {
    words.iter().map(|word| word.count_ones() as usize).sum()
}

fn common(one: &[u64], other: &[u64]) -> usize {
    one.iter().zip(other).map(|(one, other)| (one & other).count_ones() as usize).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Processes of five out of nine experts each, so that many sets come back.
    const PROCESSES: usize = 100;

    fn panel(process: usize) -> Vec<String> {
        (0..5)
            .map(|nth| format!("e{}", (process * process + nth * (1 + process % 2)) % 9))
            .collect()
    }

    fn index() -> Index {
        let mut index = Index::default();
        for process in 0..PROCESSES {
            for (nth, expert) in panel(process).iter().enumerate() {
                let at = Local((process * 7919 % 100) as i64);
                index.add(&format!("p{process}"), expert, (at, (process * 10 + nth) as u64, 0));
            }
        }
        index
    }

    #[test]
    fn sets_that_share_processes_are_those_that_counting_finds() {
        let mut counted: BTreeMap<[String; 3], usize> = BTreeMap::new();
        for process in 0..PROCESSES {
            let mut panel = panel(process);
            panel.sort_unstable();
            for (a, one) in panel.iter().enumerate() {
                for (b, two) in panel.iter().enumerate().skip(a + 1) {
                    for three in &panel[b + 1..] {
                        *counted.entry([one, two, three].map(Clone::clone)).or_default() += 1;
                    }
                }
            }
        }
        let (least, index) = (20, index());
        counted.retain(|_, times| *times >= least);
        assert!(counted.len() > 5, "{} sets", counted.len());
        let triples = index.triples(least, 5);
        let found: BTreeMap<_, _> =
            triples.iter().map(|(set, seen)| (set.map(str::to_owned), seen.len())).collect();
        assert_eq!(found, counted);
        assert!(index.triples(least, 4).is_empty(), "processes with five experts do not count");
    }

    #[test]
    fn times_and_draws_are_in_order_whatever_the_order_of_arrival() {
        let index = index();
        assert_eq!(index.times().len(), PROCESSES * 5);
        assert!(index.times().is_sorted());
        assert!(index.experts().all(|(_, draws)| draws.is_sorted()));
        assert_eq!((index.pool(), index.sizes().len()), (9, PROCESSES));
    }
}
