//! Sets of minutes of one day as runs: a camera that behaves leaves one run, so a day is a few bytes
//! and adding the next minute moves one number. What a minute means is not known here.

use plumbline_guest::serde::{Deserialize, Serialize};

/// Minutes of a day.
pub(crate) const DAY_MINUTES: u16 = 1_440;
/// Runs of one set: more means flicker of a broken camera; what lies beyond is not kept, so that the
/// state of a key stays far below its limit.
const RUNS_MAX: usize = 300;

/// What is noted of a run besides its minutes.
pub(crate) trait Mark: Copy {
    /// Whether a minute with mark `other` continues a run with this one.
    fn joins(&self, other: &Self) -> bool;
}

impl Mark for () {
    fn joins(&self, (): &()) -> bool {
        true
    }
}

/// Position of the event of a run's first minute.
impl Mark for u64 {
    fn joins(&self, _: &Self) -> bool {
        true
    }
}

/// Minutes from `from` up to, not including, `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Run<M> {
    pub(crate) from: u16,
    pub(crate) to: u16,
    pub(crate) mark: M,
}

impl<M> Run<M> {
    pub(crate) fn len(&self) -> u16 {
        self.to - self.from
    }
}

/// Runs in order, none touching another with a mark that joins.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Runs<M>(Vec<Run<M>>);

impl<M> Default for Runs<M> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<M: Mark> Runs<M> {
    /// Adds a minute that is in no run. True if it lengthened the last run, as time does.
    pub(crate) fn put(&mut self, minute: u16, mark: M) -> bool {
        if let Some(last) = self.0.last_mut()
            && last.to == minute
            && last.mark.joins(&mark)
        {
            last.to += 1;
            return true;
        }
        let place = self.0.partition_point(|run| run.from <= minute);
        let joins_before =
            place > 0 && self.0[place - 1].to == minute && self.0[place - 1].mark.joins(&mark);
        let joins_after =
            self.0.get(place).is_some_and(|run| run.from == minute + 1 && mark.joins(&run.mark));
        match (joins_before, joins_after) {
            (true, true) => {
                self.0[place - 1].to = self.0[place].to;
                self.0.remove(place);
            }
            (true, false) => self.0[place - 1].to += 1,
            (false, true) => {
                self.0[place].from = minute;
                self.0[place].mark = mark;
            }
            (false, false) if self.0.len() < RUNS_MAX => {
                self.0.insert(place, Run { from: minute, to: minute + 1, mark });
            }
            (false, false) => {}
        }
        false
    }

    /// Takes a minute out, for a correction.
    pub(crate) fn remove(&mut self, minute: u16) {
        let Some(index) = self.0.iter().position(|run| run.from <= minute && minute < run.to)
        else {
            return;
        };
        let run = self.0.remove(index);
        let parts = [Run { to: minute, ..run }, Run { from: minute + 1, ..run }];
        let parts = parts.into_iter().filter(|part| part.from < part.to);
        self.0.splice(index..index, parts);
    }

    pub(crate) fn contains(&self, minute: u16) -> bool {
        let place = self.0.partition_point(|run| run.to <= minute);
        self.0.get(place).is_some_and(|run| run.from <= minute)
    }

    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Run<M>> {
        self.0.iter()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// End of the last run: the minute after the latest.
    pub(crate) fn end(&self) -> Option<u16> {
        self.0.last().map(|run| run.to)
    }
}

impl Runs<()> {
    /// Reads what [`span_texts`] wrote; what is no run of a day is left out.
    pub(crate) fn read(texts: &[String]) -> Self {
        let run = |text: &String| {
            let (from, to) = text.split_once('-')?;
            let (from, to) = (from.parse::<u16>().ok()?, to.parse::<u16>().ok()?);
            (from < to && to <= DAY_MINUTES).then_some(Run { from, to, mark: () })
        };
        Self(texts.iter().filter_map(run).take(RUNS_MAX).collect())
    }

    /// Spans in any order, overlapping or not.
    pub(crate) fn joined(spans: &[(u16, u16)]) -> Self {
        let mut spans = spans.to_vec();
        spans.sort_unstable();
        let mut runs: Vec<Run<()>> = Vec::new();
        for (from, to) in spans {
            match runs.last_mut() {
                Some(last) if from <= last.to => last.to = last.to.max(to),
                _ => runs.push(Run { from, to, mark: () }),
            }
        }
        Self(runs)
    }

    /// The stretches of the day that are in no run.
    pub(crate) fn gaps(&self) -> Vec<(u16, u16)> {
        let ends = self.0.iter().map(|run| run.to);
        let begins = self.0.iter().map(|run| run.from);
        let stretches = std::iter::once(0).chain(ends).zip(begins.chain([DAY_MINUTES]));
        stretches.filter(|(from, to)| from < to).collect()
    }
}

/// Reads what [`span_texts`] wrote as plain spans.
pub(crate) fn spans_of(texts: &[String]) -> Vec<(u16, u16)> {
    Runs::read(texts).iter().map(|run| (run.from, run.to)).collect()
}

/// Spans as texts `from-to`.
pub(crate) fn span_texts(spans: &[(u16, u16)]) -> Vec<String> {
    spans.iter().map(|(from, to)| format!("{from}-{to}")).collect()
}

/// Minutes that two lists of spans have in common.
pub(crate) fn common(a: &[(u16, u16)], b: &[(u16, u16)]) -> Vec<(u16, u16)> {
    let pairs = a.iter().flat_map(|a| b.iter().map(move |b| (a.0.max(b.0), a.1.min(b.1))));
    pairs.filter(|(from, to)| from < to).collect()
}

/// Minutes in spans.
pub(crate) fn length(spans: &[(u16, u16)]) -> i64 {
    spans.iter().map(|(from, to)| i64::from(to - from)).sum()
}

/// A minute of the day as a clock shows it.
pub(crate) fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

#[cfg(test)]
mod tests {
    use super::{DAY_MINUTES, Runs, span_texts};

    /// Whatever the order in which minutes come and go, the runs are those of the set.
    #[test]
    fn runs_are_the_set() {
        let mut seed = 7u32;
        for _ in 0..50 {
            let mut runs = Runs::<()>::default();
            let mut set = std::collections::BTreeSet::new();
            for _ in 0..300 {
                seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                let minute = (seed >> 16) as u16 % 90;
                if set.insert(minute) {
                    runs.put(minute, ());
                } else if seed.is_multiple_of(3) {
                    set.remove(&minute);
                    runs.remove(minute);
                }
            }
            for minute in 0..DAY_MINUTES {
                assert_eq!(runs.contains(minute), set.contains(&minute), "{minute}");
            }
            assert_eq!(runs.iter().map(|run| usize::from(run.len())).sum::<usize>(), set.len());
            let spans: Vec<_> = runs.iter().map(|run| (run.from, run.to)).collect();
            assert_eq!(Runs::read(&span_texts(&spans)), runs);
            assert!(runs.iter().zip(runs.iter().skip(1)).all(|(a, b)| a.to < b.from));
        }
    }
}
