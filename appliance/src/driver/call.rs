//! The calls of one plugin instance within a batch: which of them failed, and on what.
//!
//! A call that fails is repeated task by task and then input by input, each on a new instance, to find
//! the culprit: what becomes a gap is one input, however the log was cut into batches and whatever was
//! looked up before.

use super::{INPUTS_PER_CALL, Runner, TASKS_PER_CALL};
use plumbline_contract::task::{Fault, Input, Task, Verdict};
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

/// The inputs of a task.
pub(super) type Inputs<'a, 'i> = dyn Fn(&KeyTask) -> Vec<Input<'i>> + Sync + 'a;

/// What all calls go by that may run at the same time.
#[derive(Clone, Copy)]
pub(super) struct Round<'a, 'i> {
    /// One for each task of the batch.
    pub(super) states: &'a [Vec<u8>],
    pub(super) marks: &'a [InputMark],
    /// They are asked for call by call: the inputs of a call are in the processor's cache when they
    /// are handed over, those of a batch are not.
    pub(super) inputs: &'a Inputs<'a, 'i>,
}

/// Calls of one instance, whose answers are collected.
pub(super) struct Call<'a, 'i, 't> {
    runner: &'a Runner,
    variant: usize,
    instance: &'a mut Option<Instance>,
    round: Round<'a, 'i>,
    /// Fuel by stream.
    pub(super) fuel: BTreeMap<usize, u64>,
    answers: Vec<Answer<'t>>,
}

impl<'a, 'i, 't> Call<'a, 'i, 't> {
    pub(super) fn new(
        runner: &'a Runner,
        variant: usize,
        instance: &'a mut Option<Instance>,
        round: Round<'a, 'i>,
    ) -> Self {
        Self { runner, variant, instance, round, fuel: BTreeMap::new(), answers: Vec::new() }
    }

    /// Makes one of the calls.
    pub(super) fn run(&mut self, asked: &[Asked<'t>]) -> Vec<Answer<'t>> {
        self.answers = Vec::with_capacity(asked.len());
        self.some(asked);
        std::mem::take(&mut self.answers)
    }

    fn some(&mut self, asked: &[Asked<'t>]) {
        let Round { states, inputs, .. } = self.round;
        let streams = self.runner.plan().streams();
        let given = asked.iter().map(|(at, task)| {
            let (key, state) = (task.key.as_str(), states[*at].as_slice());
            Task { stream: &streams[task.stream], key, state, inputs: inputs(task) }
        });
        let given: Vec<_> = given.collect();
        fetch(&given);
        let is_new = self.instance.is_none();
        match self.ask(asked[0].1.stream, &given) {
            Ok(verdicts) => {
                for ((asked, task), verdict) in asked.iter().zip(&given).zip(verdicts) {
                    let answer = self.judge(asked.1, verdict);
                    self.take(asked, task, answer);
                }
            }
            Err(fault) if asked.len() == 1 && is_new => self.take(&asked[0], &given[0], Err(fault)),
            Err(_) => {
                for (asked, task) in asked.iter().zip(&given) {
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

    /// Calls a new instance: it has looked up nothing yet, and has the fuel of a task alone.
    fn one(&mut self, key: &KeyTask, task: &Task<'_>) -> Result<Verdict, Fault> {
        *self.instance = None;
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
        self.runner.plan().judge(key, self.round.marks, &verdict).map(|()| verdict)
    }
}

/// Cuts tasks, which are in the order of their streams, into calls. Each call has tasks of one
/// stream, so that its fuel is that stream's.
pub(super) fn calls<'a, 't>(asked: &'a [Asked<'t>]) -> Vec<&'a [Asked<'t>]> {
    let mut calls = Vec::new();
    for mut rest in asked.chunk_by(|(_, a), (_, b)| a.stream == b.stream) {
        while !rest.is_empty() {
            let (call, later) = rest.split_at(tasks_of_call(rest));
            calls.push(call);
            rest = later;
        }
    }
    calls
}

/// How many of these tasks go into one call.
fn tasks_of_call(tasks: &[Asked<'_>]) -> usize {
    let mut inputs = 0;
    let fits = |(_, task): &&Asked<'_>| {
        inputs += task.inputs.len();
        inputs <= INPUTS_PER_CALL
    };
    tasks.iter().take(TASKS_PER_CALL).take_while(fits).count().max(1)
}

/// Bytes that come from memory at once.
const LINE_BYTES: usize = 64;

/// Has the processor fetch what a call is about to hand over. The texts of a call lie anywhere in
/// those of its batch, and handing them over one after the other would wait for memory at each;
/// these reads do not depend on each other, so they wait together.
fn fetch(tasks: &[Task<'_>]) {
    let mut all = 0;
    let mut read = |bytes: &[u8]| {
        let lines = bytes.iter().step_by(LINE_BYTES).chain(bytes.last());
        all = lines.fold(all, |all, byte| all ^ byte);
    };
    for task in tasks {
        read(task.state);
        for input in &task.inputs {
            if let Input::Event(event) = input {
                read(event.source.as_bytes());
                read(event.data.as_bytes());
            }
        }
    }
    std::hint::black_box(all);
}
