//! The calls of one plugin instance within a batch: which of them failed, and on what.
//!
//! A call that fails is repeated task by task and then input by input, to find the culprit: what
//! becomes a gap is one input, however the log was cut into batches.

use super::{INPUTS_PER_CALL, Runner, TASKS_PER_CALL};
use plumbline_contract::task::{Fault, Task, Verdict};
use plumbline_engine::Instance;
use plumbline_kernel::{InputMark, KeyTask};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// A task, or a part of one, and what became of it.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    /// Place of the task in its batch.
    pub(super) at: usize,
    pub(super) task: Cow<'a, KeyTask>,
    pub(super) result: Result<Verdict, Fault>,
}

/// A task with its place in the batch.
pub(super) type Asked<'a> = (usize, &'a KeyTask);

/// Calls of one instance, whose answers are collected.
pub(super) struct Call<'a, 't> {
    runner: &'a Runner,
    variant: usize,
    instance: &'a mut Option<Instance>,
    marks: &'a [InputMark],
    /// Fuel by stream.
    pub(super) fuel: BTreeMap<usize, u64>,
    pub(super) answers: Vec<Answer<'t>>,
}

impl<'a, 't> Call<'a, 't> {
    pub(super) fn new(
        runner: &'a Runner,
        variant: usize,
        instance: &'a mut Option<Instance>,
        marks: &'a [InputMark],
    ) -> Self {
        Self { runner, variant, instance, marks, fuel: BTreeMap::new(), answers: Vec::new() }
    }

    /// Calls for all tasks, which are in the order of their streams. `given` is what the plugin
    /// gets of each.
    pub(super) fn run(&mut self, asked: &[Asked<'t>], given: &[Task<'_>]) {
        self.answers.reserve(asked.len());
        // Each call has tasks of one stream, so that its fuel is that stream's.
        let mut at = 0;
        for of_stream in asked.chunk_by(|(_, a), (_, b)| a.stream == b.stream) {
            let end = at + of_stream.len();
            while at < end {
                let until = at + tasks_of_call(&given[at..end]);
                self.some(&asked[at..until], &given[at..until]);
                at = until;
            }
        }
    }

    fn some(&mut self, asked: &[Asked<'t>], given: &[Task<'_>]) {
        match self.ask(asked[0].1.stream, given) {
            Ok(verdicts) => {
                for ((asked, task), verdict) in asked.iter().zip(given).zip(verdicts) {
                    let answer = self.judge(asked.1, verdict);
                    self.take(asked, task, answer);
                }
            }
            Err(fault) if asked.len() == 1 => self.take(&asked[0], &given[0], Err(fault)),
            Err(_) => {
                for (asked, task) in asked.iter().zip(given) {
                    let answer = self.one(asked.1, task);
                    self.take(asked, task, answer);
                }
            }
        }
    }

    fn take(&mut self, (at, key): &Asked<'t>, task: &Task<'_>, answer: Result<Verdict, Fault>) {
        let at = *at;
        if answer.is_ok() || task.inputs.len() == 1 {
            self.answers.push(Answer { at, task: Cow::Borrowed(key), result: answer });
            return;
        }
        let mut state = task.state.to_vec();
        for (input, place) in task.inputs.iter().zip(&key.inputs) {
            let key = KeyTask { inputs: vec![*place], ..(*key).clone() };
            let inputs = vec![input.clone()];
            let part = Task { stream: task.stream, key: task.key, state: &state, inputs };
            let answer = self.one(&key, &part);
            if let Ok(verdict) = &answer {
                state = verdict.state.clone();
            }
            self.answers.push(Answer { at, task: Cow::Owned(key), result: answer });
        }
    }

    fn one(&mut self, key: &KeyTask, task: &Task<'_>) -> Result<Verdict, Fault> {
        let mut verdicts = self.ask(key.stream, std::slice::from_ref(task))?;
        // The engine checked that there is one verdict for each task.
        self.judge(key, verdicts.remove(0))
    }

    fn ask(&mut self, stream: usize, tasks: &[Task<'_>]) -> Result<Vec<Verdict>, Fault> {
        let (verdicts, fuel) = self.runner.call(self.variant, self.instance, tasks)?;
        *self.fuel.entry(stream).or_default() += fuel;
        Ok(verdicts)
    }

    fn judge(&self, key: &KeyTask, verdict: Verdict) -> Result<Verdict, Fault> {
        self.runner.plan().judge(key, self.marks, &verdict).map(|()| verdict)
    }
}

/// How many of these tasks go into one call.
fn tasks_of_call(tasks: &[Task<'_>]) -> usize {
    let mut inputs = 0;
    let fits = |task: &&Task<'_>| {
        inputs += task.inputs.len();
        inputs <= INPUTS_PER_CALL
    };
    tasks.iter().take(TASKS_PER_CALL).take_while(fits).count().max(1)
}
