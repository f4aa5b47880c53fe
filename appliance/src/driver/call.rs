//! The calls of one plugin instance within a batch: which of them failed, and on what.
//!
//! A call that fails is repeated task by task and then input by input, to find the culprit: what
//! becomes a gap is one input, however the log was cut into batches.

use super::{Runner, TASKS_PER_CALL};
use plumbline_contract::task::{Fault, Task, Verdict};
use plumbline_engine::Instance;
use plumbline_kernel::{InputMark, KeyTask};

/// A task, or a part of one, and what became of it.
pub(super) type Answer = (KeyTask, Result<Verdict, Fault>);

/// Calls of one instance, whose answers are collected.
pub(super) struct Call<'a> {
    pub(super) runner: &'a Runner,
    pub(super) instance: &'a mut Option<Instance>,
    pub(super) marks: &'a [InputMark],
    pub(super) fuel: u64,
    pub(super) answers: Vec<Answer>,
}

impl Call<'_> {
    pub(super) fn run(&mut self, keys: &[KeyTask], tasks: &[Task<'_>]) {
        for (keys, tasks) in keys.chunks(TASKS_PER_CALL).zip(tasks.chunks(TASKS_PER_CALL)) {
            match self.runner.call(self.instance, tasks) {
                Ok((verdicts, fuel)) => {
                    self.fuel += fuel;
                    for ((key, task), verdict) in keys.iter().zip(tasks).zip(verdicts) {
                        let answer = self.judge(key, verdict);
                        self.take(key, task, answer);
                    }
                }
                Err(fault) if tasks.len() == 1 => self.take(&keys[0], &tasks[0], Err(fault)),
                Err(_) => {
                    for (key, task) in keys.iter().zip(tasks) {
                        let answer = self.one(key, task);
                        self.take(key, task, answer);
                    }
                }
            }
        }
    }

    fn take(&mut self, key: &KeyTask, task: &Task<'_>, answer: Result<Verdict, Fault>) {
        if answer.is_ok() || task.inputs.len() == 1 {
            self.answers.push((key.clone(), answer));
            return;
        }
        let mut state = task.state.to_vec();
        for (input, place) in task.inputs.iter().zip(&key.inputs) {
            let key = KeyTask { inputs: vec![*place], ..key.clone() };
            let inputs = vec![input.clone()];
            let part = Task { stream: task.stream, key: task.key, state: &state, inputs };
            let answer = self.one(&key, &part);
            if let Ok(verdict) = &answer {
                state = verdict.state.clone();
            }
            self.answers.push((key, answer));
        }
    }

    fn one(&mut self, key: &KeyTask, task: &Task<'_>) -> Result<Verdict, Fault> {
        let (mut verdicts, fuel) = self.runner.call(self.instance, std::slice::from_ref(task))?;
        self.fuel += fuel;
        // The engine checked that there is one verdict for each task.
        self.judge(key, verdicts.remove(0))
    }

    fn judge(&self, key: &KeyTask, verdict: Verdict) -> Result<Verdict, Fault> {
        self.runner.plan.judge(key, self.marks, &verdict).map(|()| verdict)
    }
}
