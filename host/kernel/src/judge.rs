//! Whether a verdict keeps the contract and the grants. One that does not is a fault of the plugin.

use crate::{InputMark, KeyTask, Plan};
use plumbline_contract::manifest::Rule;
use plumbline_contract::task::{
    EVIDENCE_MAX, Fault, Finding, NAME_BYTES_MAX, VERDICT_TEXT_BYTES_MAX, Verdict,
};

impl Plan {
    /// Whether a verdict on `task` keeps the contract and the grants.
    ///
    /// `marks[i]` describes input `i` of the batch, to which the task refers. What is judged of one
    /// input depends on that input alone, so that it does not matter how the log was cut.
    ///
    /// # Errors
    /// The fault of the plugin.
    pub fn judge(
        &self,
        task: &KeyTask,
        marks: &[InputMark],
        verdict: &Verdict,
    ) -> Result<(), Fault> {
        let known = |input: u32| {
            let missing = || Fault::BadOutput(format!("input {input} is not in the task"));
            task.inputs.get(input as usize).map(|at| marks[*at]).ok_or_else(missing)
        };
        for finding in &verdict.findings {
            judge_finding(self, task, known(finding.input)?, finding)?;
        }
        for gone in &verdict.withdrawals {
            known(gone.input)?;
            self.rule_of(task, &gone.rule)?;
            bounded(&[&gone.episode, &gone.reason])?;
        }
        for record in verdict.facts.iter().chain(&verdict.measures) {
            known(record.input)?;
        }
        for fact in &verdict.facts {
            bounded(&[&fact.name, &fact.key, &fact.region, &fact.dept])?;
            if !self.variants()[task.variant].grants.may_publish(&fact.name) {
                return Err(Fault::Refused(format!("fact `{}`", fact.name)));
            }
            self.own_region(&fact.region)?;
        }
        let logged = |at: &usize| self.zone().local(marks[*at].logged);
        if verdict.wake.is_some_and(|wake| task.inputs.iter().any(|at| wake <= logged(at))) {
            return Err(Fault::BadOutput("the wake is not after the last input".to_owned()));
        }
        Ok(())
    }

    /// A rule of the task's own stream.
    fn rule_of(&self, task: &KeyTask, id: &str) -> Result<&Rule, Fault> {
        let Some(rule) = self.variants()[task.variant].manifest.rule(id) else {
            return Err(Fault::BadOutput(format!("unknown rule `{id}`")));
        };
        if self.streams()[task.stream] != rule.stream {
            return Err(Fault::BadOutput(format!("rule `{id}` is not of this stream")));
        }
        Ok(rule)
    }

    /// A deployment speaks of the regions only that it looks at.
    fn own_region(&self, region: &str) -> Result<(), Fault> {
        if self.judge_of(region).is_some() {
            return Ok(());
        }
        Err(Fault::Refused(format!("region `{region}`")))
    }
}

/// Names go into keys and into leaves, whose length is bounded.
fn bounded(names: &[&String]) -> Result<(), Fault> {
    if names.iter().any(|name| name.len() > NAME_BYTES_MAX) {
        return Err(Fault::BadOutput(format!("a name is longer than {NAME_BYTES_MAX} bytes")));
    }
    if names.iter().any(|name| name.chars().any(char::is_control)) {
        return Err(Fault::BadOutput("a name holds a control character".to_owned()));
    }
    Ok(())
}

fn judge_finding(
    plan: &Plan,
    task: &KeyTask,
    mark: InputMark,
    finding: &Finding,
) -> Result<(), Fault> {
    let rule = plan.rule_of(task, &finding.rule)?;
    if !rule.levels.contains(&finding.level) {
        let level = finding.level.as_str();
        return Err(Fault::BadOutput(format!("rule `{}` has no level {level}", rule.id)));
    }
    if Some(finding.level) > plan.variants()[task.variant].grants.highest_level() {
        return Err(Fault::Refused(format!("level {}", finding.level.as_str())));
    }
    // As the leaf will hold them, which may be longer than as the plugin wrote them.
    let values = serde_json::from_str::<serde_json::Value>(&finding.values);
    let values = values.map_err(|error| Fault::BadOutput(format!("values: {error}")))?;
    if values.to_string().len() > VERDICT_TEXT_BYTES_MAX {
        let what =
            format!("the values of a finding are longer than {VERDICT_TEXT_BYTES_MAX} bytes");
        return Err(Fault::BadOutput(what));
    }
    bounded(&[&finding.episode, &finding.subject, &finding.region, &finding.dept])?;
    plan.own_region(&finding.region)?;
    if finding.evidence.len() > EVIDENCE_MAX {
        return Err(Fault::BadOutput(format!("more than {EVIDENCE_MAX} events are cited")));
    }
    if let Some(seq) = finding.evidence.iter().find(|seq| **seq > mark.seq.0) {
        let what = format!("evidence {seq} comes after the event that the finding follows from");
        return Err(Fault::BadOutput(what));
    }
    Ok(())
}
