//! The calls of a batch, spread over the threads.

use super::call::{Answer, Asked, Call, Round, calls};
use super::{Runner, TASKS_FOR_THREADS};
use plumbline_engine::Instance;
use plumbline_kernel::KeyTask;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// What one thread has got: the answers of each call that it made, with the number of the call, and
/// its fuel by stream.
type Part<'t> = (Vec<(usize, Vec<Answer<'t>>)>, BTreeMap<usize, u64>);

impl Runner {
    /// The answers to some of the tasks, variant by variant and call by call.
    pub(super) fn round<'t>(
        &mut self,
        places: &[usize],
        tasks: &'t [KeyTask],
        round: Round<'_, '_>,
    ) -> Vec<Vec<Answer<'t>>> {
        let mut answers = Vec::new();
        for variant in 0..self.plan().variants().len() {
            let own = places.iter().copied().filter(|at| tasks[*at].variant == variant);
            let asked: Vec<Asked<'_>> = own.map(|at| (at, &tasks[at])).collect();
            if !asked.is_empty() {
                answers.extend(self.answers(variant, &asked, round));
            }
        }
        answers
    }

    /// Each thread takes the next call that no other has taken: the tasks of one stream may cost
    /// ten times those of another.
    fn answers<'t>(
        &mut self,
        variant: usize,
        asked: &[Asked<'t>],
        round: Round<'_, '_>,
    ) -> Vec<Vec<Answer<'t>>> {
        let mut instances = std::mem::take(&mut self.instances);
        let threads = if asked.len() < TASKS_FOR_THREADS { 1 } else { instances.len() };
        let (this, calls, taken) = (&*self, calls(asked), AtomicUsize::new(0));
        let work = |instances: &mut Vec<Option<Instance>>| -> Part<'t> {
            let mut call = Call::new(this, variant, &mut instances[variant], round);
            let mut answers = Vec::new();
            while let number = taken.fetch_add(1, Ordering::Relaxed)
                && let Some(asked) = calls.get(number)
            {
                answers.push((number, call.run(asked)));
            }
            (answers, call.fuel)
        };
        let parts: Vec<Part<'t>> = std::thread::scope(|scope| {
            let (first, others) = instances[..threads].split_first_mut().expect("one thread");
            let spawn = |instances| scope.spawn(|| work(instances));
            let handles: Vec<_> = others.iter_mut().map(spawn).collect();
            let first = work(first);
            let rest = handles.into_iter().map(|handle| handle.join().expect("a panic aborts"));
            std::iter::once(first).chain(rest).collect()
        });
        self.instances = instances;
        let mut answers = Vec::new();
        for (part, fuel) in parts {
            answers.extend(part);
            self.stats.burn(fuel);
        }
        answers.sort_by_key(|(number, _)| *number);
        answers.into_iter().map(|(_, answers)| answers).collect()
    }
}

/// The answers in the order of their tasks. Those of one round are; those of several lie between
/// each other.
pub(super) fn in_order(answers: Vec<Vec<Answer<'_>>>) -> Vec<Vec<Answer<'_>>> {
    if answers.iter().flatten().is_sorted_by_key(|answer| answer.at) {
        return answers;
    }
    let mut answers: Vec<_> = answers.into_iter().flatten().collect();
    answers.sort_by_key(|answer| answer.at);
    vec![answers]
}
