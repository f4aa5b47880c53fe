//! The calls of one plugin instance within a batch: which of them failed, and on what.
//!
//! A call that fails is repeated task by task and then input by input, to find the culprit: what
//! becomes a gap is one input, however the log was cut into batches.

use super::{INPUTS_PER_CALL, Runner, TASKS_PER_CALL};
use plumbline_contract::task::{Fault, Task, Verdict};
use plumbline_engine::Instance;
use plumbline_kernel::{InputMark, KeyTask};
use std::collections::BTreeMap;

/// A task, or a part of one, and what became of it.
#[derive(Debug)]
pub(super) struct Answer {
    /// Place of the task in its batch.
    pub(super) at: usize,
    pub(super) task: KeyTask,
    pub(super) result: Result<Verdict, Fault>,
}

/// A task with its place in the batch and what the plugin gets of it.
type Asked<'a> = (usize, &'a KeyTask, Task<'a>);

/// Calls of one instance, whose answers are collected.
pub(super) struct Call<'a> {
    runner: &'a Runner,
    variant: usize,
    instance: &'a mut Option<Instance>,
    marks: &'a [InputMark],
    /// Fuel by stream.
    pub(super) fuel: BTreeMap<usize, u64>,
    pub(super) answers: Vec<Answer>,
}

impl<'a> Call<'a> {
    pub(super) fn new(
        runner: &'a Runner,
        variant: usize,
        instance: &'a mut Option<Instance>,
        marks: &'a [InputMark],
    ) -> Self {
        Self { runner, variant, instance, marks, fuel: BTreeMap::new(), answers: Vec::new() }
    }

    /// Calls for all tasks, which are in the order of their streams.
    pub(super) fn run(&mut self, tasks: &[Asked<'_>]) {
        // Each call has tasks of one stream, so that its fuel is that stream's.
        for tasks in tasks.chunk_by(|(_, a, _), (_, b, _)| a.stream == b.stream) {
            let mut rest = tasks;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(tasks_of_call(rest));
                self.some(now);
                rest = later;
            }
        }
    }

    fn some(&mut self, asked: &[Asked<'_>]) {
        let tasks: Vec<_> = asked.iter().map(|(_, _, task)| task.clone()).collect();
        match self.ask(asked[0].1.stream, &tasks) {
            Ok(verdicts) => {
                for (asked, verdict) in asked.iter().zip(verdicts) {
                    let answer = self.judge(asked.1, verdict);
                    self.take(asked, answer);
                }
            }
            Err(fault) if asked.len() == 1 => self.take(&asked[0], Err(fault)),
            Err(_) => {
                for asked in asked {
                    let answer = self.one(asked.1, &asked.2);
                    self.take(asked, answer);
                }
            }
        }
    }

    fn take(&mut self, (at, key, task): &Asked<'_>, answer: Result<Verdict, Fault>) {
        let at = *at;
        if answer.is_ok() || task.inputs.len() == 1 {
            self.answers.push(Answer { at, task: (*key).clone(), result: answer });
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
            self.answers.push(Answer { at, task: key, result: answer });
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
fn tasks_of_call(tasks: &[Asked<'_>]) -> usize {
    let mut inputs = 0;
    let fits = |(_, _, task): &&Asked<'_>| {
        inputs += task.inputs.len();
        inputs <= INPUTS_PER_CALL
    };
    tasks.iter().take(TASKS_PER_CALL).take_while(fits).count().max(1)
}
