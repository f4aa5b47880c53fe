//! From verdicts to effects: states, leaves, facts and gaps, in an order that does not depend on
//! how the log was cut into batches.

use crate::StandingAlert;
use crate::leaf::{LeafContext, Made, Place};
use crate::plan::KeyTask;
use plumbline_contract::event::{Event, EventRef, FACT_TYPE_PREFIX, fingerprint};
use plumbline_contract::id::EventSeq;
use plumbline_contract::task::{Fault, Record, Verdict};
use plumbline_contract::time::{Local, Millis};
use std::borrow::Cow;

/// One input of a batch, as far as its effects need it.
#[derive(Clone, Copy, Debug)]
pub struct InputMark {
    pub seq: EventSeq,
    pub logged: Millis,
    /// Log time is the source's own (an import): what came about before counts as seen then.
    pub import: bool,
}

/// Serial of a fact that follows from an imported event: facts need no running number of their own.
const IMPORTED_FACT: u64 = 0;

/// Whether an event's log time is its source's own, as in an import.
#[must_use]
pub fn is_import<'a>(event: impl Into<EventRef<'a>>) -> bool {
    let event = event.into();
    if event.kind.starts_with(FACT_TYPE_PREFIX) {
        return event.serial == Some(IMPORTED_FACT);
    }
    event.logged == event.corrected.unwrap_or(event.recorded)
}

/// New state of one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyEffect {
    pub stream: usize,
    pub key: String,
    pub state: Vec<u8>,
    pub wake: Option<Local>,
    /// Region of the key's newest event.
    pub region: String,
}

/// An alert that stands from now on, or, without a row, no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingEffect {
    pub stream: usize,
    pub key: String,
    /// Identity of the alert.
    pub alert: String,
    pub now: Option<StandingAlert>,
}

/// A key whose inputs were not supervised.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GapEffect {
    pub stream: usize,
    pub key: String,
    pub from: EventSeq,
    pub to: EventSeq,
    pub fault: Fault,
}

/// What a batch changes.
#[derive(Clone, Debug, Default)]
pub struct Effects {
    pub states: Vec<KeyEffect>,
    pub leaves: Vec<Vec<u8>>,
    /// In the order of the leaves that brought them about.
    pub standing: Vec<StandingEffect>,
    pub facts: Vec<Event>,
    pub measures: Vec<Record>,
    pub gaps: Vec<GapEffect>,
}

/// Leaves are ordered by what caused them: (position, place of the task, log time of the look, what
/// is gone before what has come, number within).
type Order = (u64, usize, Local, bool, usize);

/// Turns the verdicts of a batch, which [`Plan::judge`](crate::Plan::judge) let pass, into effects.
/// A fault becomes a gap of its key; the others take effect.
///
/// `marks[i]` describes input `i` of the batch, to which the tasks refer. A task may have been cut
/// into several that follow each other; the last state counts.
#[must_use]
pub fn settle<'a>(
    context: &LeafContext<'_>,
    marks: &[InputMark],
    answers: impl Iterator<Item = (Cow<'a, KeyTask>, Result<Verdict, Fault>)>,
) -> Effects {
    let mut effects = Effects::default();
    let mut leaves: Vec<(Order, Made, usize, String)> = Vec::new();
    let mut facts: Vec<(EventSeq, Local, Event)> = Vec::new();
    for (place, (task, answer)) in answers.enumerate() {
        let mut settler = Settler {
            context,
            marks,
            task: &task,
            place,
            effects: &mut effects,
            leaves: &mut leaves,
            facts: &mut facts,
        };
        match answer {
            Ok(verdict) => settler.take(verdict),
            Err(fault) => settler.gap(fault),
        }
    }
    // In the order of what they follow from: whoever reads the facts of many keys sees log time
    // advance, also where a batch is weeks of an import.
    facts.sort_by_key(|(cause, seen, _)| (*cause, *seen));
    effects.facts.extend(facts.into_iter().map(|(.., fact)| fact));
    leaves.sort_by_key(|(order, ..)| *order);
    for (_, made, stream, key) in leaves {
        effects.leaves.push(made.bytes());
        let (alert, now) = made.standing();
        effects.standing.push(StandingEffect { stream, key, alert, now });
    }
    effects
}

struct Settler<'a, 'b> {
    context: &'a LeafContext<'a>,
    marks: &'a [InputMark],
    task: &'a KeyTask,
    place: usize,
    effects: &'b mut Effects,
    leaves: &'b mut Vec<(Order, Made, usize, String)>,
    facts: &'b mut Vec<(EventSeq, Local, Event)>,
}

impl Settler<'_, '_> {
    fn mark(&self, input: u32) -> &InputMark {
        &self.marks[self.task.inputs[input as usize]]
    }

    /// Region of an input of the batch, so that it does not depend on where the batch was cut.
    fn region(&self, input: usize) -> &str {
        self.context.regions.get(input).copied().unwrap_or(&self.task.region)
    }

    fn issued(&self, mark: &InputMark, seen: Local) -> Millis {
        if mark.import { self.context.plan.zone().instant(seen) } else { mark.logged }
    }

    fn leaf(
        &mut self,
        input: u32,
        seen: Local,
        number: (bool, usize),
        make: impl FnOnce(&LeafContext<'_>, Place<'_>) -> Made,
    ) {
        let mark = self.mark(input);
        let (seq, issued) = (mark.seq.0, self.issued(mark, seen));
        let KeyTask { variant, stream, key, .. } = self.task;
        let region = self.region(self.task.inputs[input as usize]);
        let name = &self.context.plan.streams()[*stream];
        let place = Place { variant: *variant, stream: name, key, region, issued };
        let made = make(self.context, place);
        let order = (seq, self.place, seen, number.0, number.1);
        self.leaves.push((order, made, *stream, key.clone()));
    }

    fn take(&mut self, verdict: Verdict) {
        for (number, gone) in verdict.withdrawals.iter().enumerate() {
            self.leaf(gone.input, gone.seen, (false, number), |context, place| {
                context.withdrawal(place, gone)
            });
        }
        for (number, finding) in verdict.findings.iter().enumerate() {
            self.leaf(finding.input, finding.seen, (true, number), |context, place| {
                context.finding(place, finding)
            });
        }
        for record in verdict.facts {
            let (cause, seen) = (self.mark(record.input).seq, record.seen);
            let fact = self.fact(record);
            self.facts.push((cause, seen, fact));
        }
        self.effects.measures.extend(verdict.measures);
        let (stream, key) = (self.task.stream, self.task.key.clone());
        let last = self.task.inputs.last().copied();
        let region = last.map_or(&*self.task.region, |last| self.region(last)).to_owned();
        let states = &mut self.effects.states;
        if states.last().is_some_and(|last| (last.stream, &last.key) == (stream, &key)) {
            states.pop();
        }
        states.push(KeyEffect { stream, key, state: verdict.state, wake: verdict.wake, region });
    }

    fn fact(&self, record: Record) -> Event {
        let mark = self.mark(record.input);
        // What follows from time alone counts from then, not from the input that let time pass.
        let logged = self.issued(mark, record.seen);
        let plugin = &self.context.plan.variants()[self.task.variant].manifest.plugin;
        let deployment = self.context.plan.deployment();
        let content = fingerprint(&[record.key.as_bytes(), record.data.as_bytes()]);
        Event {
            id: format!("{deployment}/{}/{content:016x}", record.name),
            source: format!("plumbline:{}", plugin.id),
            kind: format!("{FACT_TYPE_PREFIX}{}.{}", plugin.domain, record.name),
            subject: record.key,
            time: logged,
            recorded: logged,
            corrected: None,
            logged,
            region: record.region,
            dept: record.dept,
            // A fact of an import is one itself, and carries that mark; see `is_import`.
            serial: mark.import.then_some(IMPORTED_FACT),
            actor: None,
            dataversion: 1,
            data: record.data,
        }
    }

    fn gap(&mut self, fault: Fault) {
        let seqs: Vec<_> = self.task.inputs.iter().map(|input| self.marks[*input].seq).collect();
        let (Some(from), Some(to)) = (seqs.first().copied(), seqs.last().copied()) else {
            return;
        };
        let evidence: Vec<_> = seqs.iter().map(|seq| seq.0).collect();
        let seen = self.context.plan.zone().local(self.mark(0).logged);
        self.leaf(0, seen, (true, 0), |context, place| context.gap(place, &fault, &evidence));
        let (stream, key) = (self.task.stream, self.task.key.clone());
        self.effects.gaps.push(GapEffect { stream, key, from, to, fault });
    }
}
