//! Whether a verdict keeps the contract and the grants. One that does not is a fault of the plugin.

use crate::Plan;
use plumbline_contract::task::{Fault, Finding, Verdict};
use plumbline_contract::time::Local;

/// Log times of a task's inputs.
pub(crate) struct Bounds<'a> {
    pub(crate) stream: usize,
    pub(crate) logged: &'a [Local],
    /// Positions at or above this are not yet in the log.
    pub(crate) next_seq: u64,
}

pub(crate) fn judge(plan: &Plan, bounds: &Bounds<'_>, verdict: &Verdict) -> Result<(), Fault> {
    let last = bounds.logged.iter().copied().max().unwrap_or(Local(i64::MIN));
    for finding in &verdict.findings {
        judge_finding(plan, bounds, finding)?;
    }
    for gone in &verdict.withdrawals {
        known_input(bounds, gone.input)?;
        if plan.manifest().rule(&gone.rule).is_none() {
            return Err(Fault::BadOutput(format!("unknown rule `{}`", gone.rule)));
        }
    }
    for record in verdict.facts.iter().chain(&verdict.measures) {
        known_input(bounds, record.input)?;
    }
    for fact in &verdict.facts {
        if !plan.grants().may_publish(&fact.name) {
            return Err(Fault::Refused(format!("fact `{}`", fact.name)));
        }
    }
    if verdict.wake.is_some_and(|wake| wake <= last) {
        return Err(Fault::BadOutput("the wake is not after the last input".to_owned()));
    }
    Ok(())
}

fn judge_finding(plan: &Plan, bounds: &Bounds<'_>, finding: &Finding) -> Result<(), Fault> {
    known_input(bounds, finding.input)?;
    let Some(rule) = plan.manifest().rule(&finding.rule) else {
        return Err(Fault::BadOutput(format!("unknown rule `{}`", finding.rule)));
    };
    if plan.manifest().streams[bounds.stream].name != rule.stream {
        return Err(Fault::BadOutput(format!("rule `{}` is not of this stream", rule.id)));
    }
    if !rule.levels.contains(&finding.level) {
        let level = finding.level.as_str();
        return Err(Fault::BadOutput(format!("rule `{}` has no level {level}", rule.id)));
    }
    if Some(finding.level) > plan.grants().highest_level() {
        return Err(Fault::Refused(format!("level {}", finding.level.as_str())));
    }
    if let Some(seq) = finding.evidence.iter().find(|seq| **seq >= bounds.next_seq) {
        return Err(Fault::BadOutput(format!("evidence {seq} is not in the log")));
    }
    Ok(())
}

fn known_input(bounds: &Bounds<'_>, input: u32) -> Result<(), Fault> {
    if (input as usize) < bounds.logged.len() {
        return Ok(());
    }
    Err(Fault::BadOutput(format!("input {input} is not in the task")))
}
