//! What a deployment did since the start of the process: the figures of rule health.

use super::call::Answer;
use plumbline_contract::alert::Level;
use serde::Serialize;
use std::collections::BTreeMap;

/// See the module.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    pub streams: BTreeMap<String, StreamStats>,
    pub rules: BTreeMap<String, RuleStats>,
    /// By place in the plan; named when the answers are counted.
    #[serde(skip)]
    fuel: BTreeMap<usize, u64>,
}

/// Figures of one stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct StreamStats {
    /// Keys that were handed to the plugin, each time anew.
    pub tasks: u64,
    pub inputs: u64,
    pub faults: u64,
    pub fuel: u64,
}

/// Leaves of one rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RuleStats {
    pub raised: u64,
    pub escalated: u64,
    pub lowered: u64,
    pub withdrawn: u64,
}

impl Stats {
    #[must_use]
    pub fn fuel(&self) -> u64 {
        self.streams.values().map(|stream| stream.fuel).sum()
    }

    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.streams.values().map(|stream| stream.tasks).sum()
    }

    pub(super) fn burn(&mut self, fuel: BTreeMap<usize, u64>) {
        for (stream, fuel) in fuel {
            *self.fuel.entry(stream).or_default() += fuel;
        }
    }

    /// Takes in answers; `streams` are the names of the plan.
    pub(super) fn count(&mut self, streams: &[String], answers: &[Answer<'_>]) {
        for answers in answers.chunk_by(|a, b| a.task.stream == b.task.stream) {
            let stream = answers[0].task.stream;
            let fuel = self.fuel.remove(&stream).unwrap_or_default();
            let known = self.streams.entry(streams[stream].clone()).or_default();
            known.fuel += fuel;
            for answer in answers {
                known.tasks += 1;
                known.inputs += answer.task.inputs.len() as u64;
                known.faults += u64::from(answer.result.is_err());
            }
        }
        answers.iter().for_each(|answer| self.count_leaves(answer));
    }

    fn count_leaves(&mut self, answer: &Answer<'_>) {
        let Ok(verdict) = &answer.result else { return };
        for finding in &verdict.findings {
            let rule = self.rules.entry(finding.rule.clone()).or_default();
            match (finding.was, finding.level) {
                (None, _) => rule.raised += 1,
                (Some(was), now) if was < now => rule.escalated += 1,
                (Some(was), now) if was > now => rule.lowered += 1,
                (Some(Level::Notice | Level::Yellow | Level::Red), _) => {}
            }
        }
        for gone in &verdict.withdrawals {
            self.rules.entry(gone.rule.clone()).or_default().withdrawn += 1;
        }
    }
}
