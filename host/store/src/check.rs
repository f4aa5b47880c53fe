//! Walks everything and reports what does not fit together (fsck). It repairs nothing.

use crate::block::{self, Prints, Stored};
use crate::error::StoreError;
use crate::event_writer::{EventWriter, classify_stored};
use crate::index::{Dedupe, ENTRIES_PER_KEY, Entry, Subjects};
use crate::key::{self, Parts};
use crate::log::Shared;
use crate::row;
use crate::stage;
use plumbline_contract::id::{DeploymentId, EventSeq};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::atomic::Ordering;

/// Most problems that one check reports: the first ones tell what happened.
const PROBLEMS_MAX: usize = 1000;

/// One thing that does not fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem(pub String);

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Runs on the writer's thread, so nothing changes meanwhile.
pub(crate) fn run(shared: &Shared, writer: &EventWriter) -> Result<Vec<Problem>, StoreError> {
    let mut check = Check { shared, problems: Vec::new() };
    check.events(writer)?;
    check.states()?;
    check.outbox()?;
    check.rows()?;
    Ok(check.problems)
}

struct Check<'a> {
    shared: &'a Shared,
    problems: Vec<Problem>,
}

/// The index as it should be, built up from the events.
#[derive(Default)]
struct Expected {
    next: EventSeq,
    dedupe: Dedupe,
    subjects: Subjects,
    /// Entries of the events from the last multiple of [`ENTRIES_PER_KEY`] on.
    entries: Vec<Entry>,
}

impl Check<'_> {
    fn events(&mut self, writer: &EventWriter) -> Result<(), StoreError> {
        let shared = self.shared;
        let mut expected = Expected::default();
        for pair in self.values(key::EVENTS) {
            let Some((key, value)) = self.ok(pair) else { continue };
            let first = EventSeq(Parts::of(&key)?.u64()?);
            let rows = self.ok(block::decode(&value)).unwrap_or_default();
            for (row, seq) in rows.iter().zip(first.0..) {
                self.event(EventSeq(seq), row, &mut expected)?;
            }
        }
        let sealed = expected.next;
        self.entries(&expected)?;
        for pair in self.values(key::TAIL) {
            let Some((key, value)) = self.ok(pair) else { continue };
            let seq = EventSeq(Parts::of(&key)?.u64()?);
            if let Some(row) = self.ok(block::decode_tail(&value)) {
                self.event(seq, &row, &mut expected)?;
            }
        }
        let tail = shared.tail();
        if (sealed, expected.next) != (tail.first, tail.next()) {
            let (first, next) = (tail.first, tail.next());
            let found = expected.next;
            self.report(format_args!("log ends at {sealed}/{found}, in memory at {first}/{next}"));
        }
        let found = (writer.dedupe().len(), shared.subjects().len());
        let wanted = (expected.dedupe.len(), expected.subjects.len());
        if found != wanted {
            self.report(format_args!(
                "index in memory has {found:?} entries instead of {wanted:?}"
            ));
        }
        self.surplus_entries(sealed)
    }

    fn event(
        &mut self,
        seq: EventSeq,
        row: &Stored,
        expected: &mut Expected,
    ) -> Result<(), StoreError> {
        if seq != expected.next {
            self.report(format_args!("event {seq} follows where {} belongs", expected.next));
        }
        expected.next = seq.next();
        let Some(event) = self.ok(row.event()) else { return Ok(()) };
        let Some(entry) = self.ok(classify_stored(self.shared, &expected.dedupe, &event)) else {
            return Ok(());
        };
        expected.dedupe.note(seq, entry.class);
        expected.entries.push(entry);
        if let Some(subject) = Prints::of(&event).subject {
            let back = expected.subjects.newest(subject).map_or(0, |newest| seq.0 - newest.0);
            if back != row.back {
                self.report(format_args!("event {seq} links back {} instead of {back}", row.back));
            }
            expected.subjects.note(subject, seq);
        }
        if expected.next.0.is_multiple_of(ENTRIES_PER_KEY) {
            self.entries(expected)?;
            expected.entries.clear();
        }
        Ok(())
    }

    /// Compares the stored index with the entries collected since its last key.
    fn entries(&mut self, expected: &Expected) -> Result<(), StoreError> {
        if expected.entries.is_empty() {
            return Ok(());
        }
        let slot = (expected.next.0 - 1) / ENTRIES_PER_KEY * ENTRIES_PER_KEY;
        let value = stage::read(&self.shared.kv, &key::number(key::DEDUPE, slot))?;
        let found = self.ok(Entry::decode_all(&value.unwrap_or_default())).unwrap_or_default();
        if found != expected.entries {
            self.report(format_args!("index entries of the events from {slot} on do not fit"));
        }
        Ok(())
    }

    fn surplus_entries(&mut self, sealed: EventSeq) -> Result<(), StoreError> {
        for pair in self.values(key::DEDUPE) {
            let Some((key, _)) = self.ok(pair) else { continue };
            let slot = Parts::of(&key)?.u64()?;
            if slot >= sealed.0 || !slot.is_multiple_of(ENTRIES_PER_KEY) {
                self.report(format_args!("index entries at {slot} belong to no event"));
            }
        }
        Ok(())
    }

    /// Every wake of a state is in the order of wakes, and no other is.
    fn states(&mut self) -> Result<(), StoreError> {
        let mut wakes = 0_u64;
        for pair in self.values(key::STATES) {
            let Some((key, value)) = self.ok(pair) else { continue };
            let mut parts = Parts::of(&key)?;
            let (deployment, id) = (DeploymentId(parts.u16()?), parts.key_id()?);
            let Some(state) = self.ok(row::state(&value)) else { continue };
            let Some(wake) = state.wake else { continue };
            wakes += 1;
            if self.shared.kv.get(&key::wake(deployment, wake, &id))?.is_none() {
                self.report(format_args!("wake {wake:?} of {id:?} in {deployment} is not queued"));
            }
        }
        let from = key::kind(key::WAKES);
        let queued = self.shared.kv.range(&from, &key::after_prefix(&from)).count() as u64;
        if queued != wakes {
            self.report(format_args!("{queued} wakes are queued, the states have {wakes}"));
        }
        Ok(())
    }

    fn outbox(&mut self) -> Result<(), StoreError> {
        let counter = stage::read(&self.shared.kv, &key::next_leaf())?;
        let end = row::counter(counter.as_deref())?;
        let mut next = None;
        for pair in self.values(key::OUTBOX) {
            let Some((key, _)) = self.ok(pair) else { continue };
            let leaf = Parts::of(&key)?.u64()?;
            if next.is_some_and(|next| next != leaf) {
                self.report(format_args!("leaf {leaf} follows a hole"));
            }
            next = Some(leaf + 1);
        }
        let in_memory = self.shared.leaf_next.load(Ordering::Acquire);
        if next.is_some_and(|next| next != end) || in_memory < end {
            self.report(format_args!("outbox ends at {next:?}, its counter says {end}"));
        }
        Ok(())
    }

    /// Cursors lie within the log; gaps, tables, settings can be read; nothing else is there.
    fn rows(&mut self) -> Result<(), StoreError> {
        let end = self.shared.tail().next();
        for pair in self.values(key::CURSORS) {
            let Some((key, value)) = self.ok(pair) else { continue };
            let deployment = Parts::of(&key)?.u16()?;
            match self.ok(row::cursor(Some(&value))) {
                Some(cursor) if cursor.seq > end => {
                    let at = cursor.seq;
                    self.report(format_args!("cursor {at} of {deployment} is beyond {end}"));
                }
                _ => {}
            }
        }
        for pair in self.values(key::GAPS) {
            let _ = self.ok(pair.and_then(|(_, value)| row::gap(&value)));
        }
        for pair in self.values(key::TABLES) {
            let _ = self.ok(pair.and_then(|(_, value)| row::table(&value)));
        }
        for prefix in [key::STANDING, key::META, key::COUNTERS] {
            for pair in self.values(prefix) {
                let _ = self.ok(pair);
            }
        }
        let mut unknown = BTreeSet::new();
        for pair in self.shared.kv.all() {
            let (key, _) = pair?;
            if !key::KINDS.contains(&key[0]) || key.get(1) != Some(&(key::PARTITIONS - 1)) {
                unknown.insert(key.iter().copied().take(2).collect::<Vec<u8>>());
            }
        }
        for start in unknown {
            self.report(format_args!("unknown keys that start with {}", key::show(&start)));
        }
        Ok(())
    }

    fn values(&self, prefix: u8) -> impl Iterator<Item = Result<stage::Value, StoreError>> + use<> {
        let from = key::kind(prefix);
        stage::values(self.shared.kv.range(&from, &key::after_prefix(&from)))
    }

    /// What is damaged is a problem; the check goes on without it.
    fn ok<T>(&mut self, result: Result<T, StoreError>) -> Option<T> {
        result.map_err(|error| self.report(format_args!("{error}"))).ok()
    }

    fn report(&mut self, problem: fmt::Arguments<'_>) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem(problem.to_string()));
        }
    }
}
