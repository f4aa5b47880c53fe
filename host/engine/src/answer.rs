//! Checks an answer against the contract before anybody else sees it.

use plumbline_contract::task::{
    FACTS_MAX, FINDINGS_MAX, Fault, STATE_BYTES_MAX, Task, VERDICT_TEXT_BYTES_MAX, Verdict,
};
use serde::de::IgnoredAny;

/// Most lines of explanation in one verdict: every rule may look at each of some hundred events.
const TRACE_MAX: usize = 16 * 1024;
/// Most events cited by one finding.
const EVIDENCE_MAX: usize = 1024;

/// Whether `verdicts` answer `tasks` in the form of the contract.
pub(crate) fn check(tasks: &[Task<'_>], verdicts: &[Verdict], trace: bool) -> Result<(), Fault> {
    if tasks.len() != verdicts.len() {
        let (tasks, verdicts) = (tasks.len(), verdicts.len());
        return Err(Fault::BadOutput(format!("{verdicts} verdicts for {tasks} tasks")));
    }
    for (task, verdict) in tasks.iter().zip(verdicts) {
        check_verdict(task, verdict, trace).map_err(|what| {
            let (stream, key) = (task.stream, task.key);
            Fault::BadOutput(format!("{what} (stream `{stream}`, key `{key}`)"))
        })?;
    }
    Ok(())
}

fn check_verdict(task: &Task<'_>, verdict: &Verdict, trace: bool) -> Result<(), String> {
    at_most("bytes of state", verdict.state.len(), STATE_BYTES_MAX)?;
    at_most("findings", verdict.findings.len(), FINDINGS_MAX)?;
    at_most("withdrawals", verdict.withdrawals.len(), FINDINGS_MAX)?;
    at_most("facts", verdict.facts.len(), FACTS_MAX)?;
    at_most("measures", verdict.measures.len(), FACTS_MAX)?;
    at_most("lines of trace", verdict.trace.len(), if trace { TRACE_MAX } else { 0 })?;
    let inputs = task.inputs.len();
    for finding in &verdict.findings {
        named("rule", &finding.rule)?;
        for field in [&finding.episode, &finding.subject, &finding.region, &finding.dept] {
            short("a finding", field)?;
        }
        position(finding.input, inputs)?;
        at_most("events as evidence", finding.evidence.len(), EVIDENCE_MAX)?;
        object("values", &finding.values)?;
    }
    for withdrawal in &verdict.withdrawals {
        named("rule", &withdrawal.rule)?;
        short("episode", &withdrawal.episode)?;
        short("reason", &withdrawal.reason)?;
        position(withdrawal.input, inputs)?;
    }
    for record in verdict.facts.iter().chain(&verdict.measures) {
        named("name", &record.name)?;
        short("key", &record.key)?;
        position(record.input, inputs)?;
        object("data", &record.data)?;
    }
    for check in &verdict.trace {
        named("rule", &check.rule)?;
        short("zh", &check.zh)?;
        short("en", &check.en)?;
        object("values", &check.values)?;
    }
    Ok(())
}

fn at_most(what: &str, found: usize, max: usize) -> Result<(), String> {
    if found <= max { Ok(()) } else { Err(format!("{found} {what}, at most {max} are allowed")) }
}

fn short(what: &str, text: &str) -> Result<(), String> {
    if text.len() <= VERDICT_TEXT_BYTES_MAX {
        return Ok(());
    }
    Err(format!("{what} has {} bytes, at most {VERDICT_TEXT_BYTES_MAX} are allowed", text.len()))
}

fn named(what: &str, text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("an empty {what}"));
    }
    short(what, text)
}

fn position(input: u32, inputs: usize) -> Result<(), String> {
    if (input as usize) < inputs {
        return Ok(());
    }
    Err(format!("input {input} is named, the task has {inputs}"))
}

fn object(what: &str, text: &str) -> Result<(), String> {
    short(what, text)?;
    if text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok() {
        return Ok(());
    }
    let shown: String = text.chars().take(80).collect();
    Err(format!("{what} is no JSON object: `{shown}`"))
}
