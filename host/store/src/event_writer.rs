//! The writer's side of the event log: decides what an event is to those before it, places it in
//! the tail, seals full blocks and keeps the index.

use crate::api::Appended;
use crate::block::{self, BLOCK_EVENTS, Packer, Prepared, Prints, Stored};
use crate::error::StoreError;
use crate::index::{Class, Dedupe, ENTRIES_PER_KEY, Entry};
use crate::key::{self, Parts};
use crate::log::{Shared, Tail};
use crate::stage::{self, ONE_CHUNK_BYTES_MAX, Stage};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug)]
pub(crate) struct EventWriter {
    shared: Arc<Shared>,
    dedupe: Dedupe,
    packer: Packer,
    /// Events of this group: behind the tail, not yet applied.
    rows: Vec<Stored>,
    entries: Vec<Entry>,
    /// Newest event of the subjects of this group.
    subjects: BTreeMap<u64, EventSeq>,
    /// The block that was read last to verify a fingerprint: repeats come in the same order again.
    block: (EventSeq, Vec<Stored>),
}

/// How a new event compares to the stored ones.
enum Verdict {
    Store(Class),
    Refuse(Appended),
}

impl EventWriter {
    pub(crate) fn new(shared: Arc<Shared>, dedupe: Dedupe) -> Result<Self, StoreError> {
        Ok(Self {
            shared,
            dedupe,
            packer: Packer::new()?,
            rows: Vec::new(),
            entries: Vec::new(),
            subjects: BTreeMap::new(),
            block: (EventSeq(0), Vec::new()),
        })
    }

    pub(crate) fn dedupe(&self) -> &Dedupe {
        &self.dedupe
    }

    /// Takes events into the group.
    pub(crate) fn append(&mut self, events: Vec<Prepared>) -> Result<Vec<Appended>, StoreError> {
        let mut next = EventSeq(self.shared.tail().next().0 + self.rows.len() as u64);
        let mut answers = Vec::with_capacity(events.len());
        for Prepared { body, prints } in events {
            let class = match self.judge(&prints, &body)? {
                Verdict::Store(class) => class,
                Verdict::Refuse(answer) => {
                    answers.push(answer);
                    continue;
                }
            };
            answers.push(match class {
                Class::New { .. } => Appended::New(next),
                Class::Superseding { .. } => Appended::Superseding(next),
                Class::Older { .. } => Appended::Older(next),
            });
            self.dedupe.note(next, class);
            let back = prints.subject.map_or(0, |subject| self.link(subject, next));
            self.rows.push(Stored { back, body });
            self.entries.push(Entry { class, subject: prints.subject });
            next = next.next();
        }
        Ok(answers)
    }

    /// Drops payloads of sealed events, block by block.
    pub(crate) fn blank(
        &mut self,
        seqs: &[EventSeq],
        stage: &mut Stage<'_>,
    ) -> Result<usize, StoreError> {
        // The block that was read last may be one of those.
        self.block = (EventSeq(0), Vec::new());
        let sealed = self.shared.tail().first;
        let mut rest = &seqs[..seqs.partition_point(|seq| *seq < sealed)];
        let mut dropped = 0;
        while let Some(seq) = rest.first() {
            let (first, mut rows) = self.shared.block_at(*seq)?;
            let end = EventSeq(first.0 + rows.len() as u64);
            let (here, later) = rest.split_at(rest.partition_point(|seq| *seq < end));
            let before = dropped;
            for seq in here {
                let row = &mut rows[(seq.0 - first.0) as usize];
                let mut event = row.event()?;
                if !event.is_blank() {
                    event.data = String::new();
                    row.body = Prepared::new(&event)?.body;
                    dropped += 1;
                }
            }
            if dropped > before {
                stage.put(key::block(first), &self.packer.encode(&rows)?)?;
            }
            rest = later;
        }
        Ok(dropped)
    }

    /// Stages the events of the group: full blocks with their index entries, the rest as tail.
    /// Returns the tail as it is once the group is applied.
    pub(crate) fn seal(&mut self, stage: &mut Stage<'_>) -> Result<Option<Tail>, StoreError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        let mut tail = self.shared.tail().clone();
        let saved = tail.rows.len();
        tail.rows.append(&mut self.rows);
        tail.entries.append(&mut self.entries);
        let sealed = tail.rows.len() / BLOCK_EVENTS * BLOCK_EVENTS;
        for index in 0..saved.min(sealed) {
            stage.remove(key::tail(EventSeq(tail.first.0 + index as u64)))?;
        }
        for (index, rows) in tail.rows[..sealed].chunks(BLOCK_EVENTS).enumerate() {
            let first = EventSeq(tail.first.0 + (index * BLOCK_EVENTS) as u64);
            let mut put = |first, block: &[u8]| stage.put_new(key::block(first), block);
            self.packer.seal(first, rows, ONE_CHUNK_BYTES_MAX, &mut put)?;
        }
        write_entries(tail.first, &tail.entries[..sealed], stage)?;
        for index in saved.max(sealed)..tail.rows.len() {
            let seq = EventSeq(tail.first.0 + index as u64);
            stage.put_new(key::tail(seq), &block::encode_tail(&tail.rows[index]));
        }
        tail.first.0 += sealed as u64;
        tail.rows.drain(..sealed);
        tail.entries.drain(..sealed);
        Ok(Some(tail))
    }

    /// Shows the applied group to readers.
    pub(crate) fn publish(&mut self, tail: Option<Tail>) {
        let Some(tail) = tail else { return };
        *self.shared.tail_mut() = tail;
        // After the tail: who finds a position by subject can read it.
        let mut subjects = self.shared.subjects_mut();
        std::mem::take(&mut self.subjects)
            .into_iter()
            .for_each(|(subject, seq)| subjects.note(subject, seq));
    }

    fn judge(&mut self, prints: &Prints, body: &[u8]) -> Result<Verdict, StoreError> {
        let identity = prints.identity;
        let candidates = self.dedupe.candidates(identity);
        if candidates.is_empty() {
            return Ok(Verdict::Store(Class::New { identity }));
        }
        let event = block::decode_event(body)?.to_event();
        let Some((old, known)) = self.find(candidates, &event, None)? else {
            return Ok(Verdict::Store(Class::New { identity }));
        };
        if prints.version > known.dataversion {
            let old_versioned = Prints::of(&known).versioned;
            return Ok(Verdict::Store(Class::Superseding { identity, old, old_versioned }));
        }
        let same_version = if prints.version == known.dataversion {
            Some((old, known))
        } else {
            let candidates = self.dedupe.candidates(prints.versioned);
            self.find(candidates, &event, Some(prints.version))?
        };
        Ok(match same_version {
            None => Verdict::Store(Class::Older { versioned: prints.versioned }),
            Some((_, known)) if same_content(&known, &event) => Verdict::Refuse(Appended::Repeat),
            Some((known, _)) => Verdict::Refuse(Appended::Conflict(known)),
        })
    }

    /// Among the candidates, the event with the same source and id: the one with the version that
    /// is asked for, else the one with the highest.
    fn find(
        &mut self,
        candidates: Vec<EventSeq>,
        event: &Event,
        version: Option<u32>,
    ) -> Result<Option<(EventSeq, Event)>, StoreError> {
        let mut found: Option<(EventSeq, Event)> = None;
        for seq in candidates {
            let known = self.event_at(seq)?;
            let same = known.source == event.source
                && known.id == event.id
                && version.is_none_or(|version| version == known.dataversion);
            if same && found.as_ref().is_none_or(|(_, best)| best.dataversion < known.dataversion) {
                found = Some((seq, known));
            }
        }
        Ok(found)
    }

    fn event_at(&mut self, seq: EventSeq) -> Result<Event, StoreError> {
        let applied = self.shared.tail().next();
        if let Some(index) = seq.0.checked_sub(applied.0)
            && let Some(row) = self.rows.get(index as usize)
        {
            return row.event();
        }
        self.shared.row_at(seq, &mut self.block)?.event()
    }

    /// Makes `seq` the newest event about the subject; returns its distance to the one before.
    fn link(&mut self, subject: u64, seq: EventSeq) -> u64 {
        let before =
            self.subjects.insert(subject, seq).or_else(|| self.shared.subjects().newest(subject));
        before.map_or(0, |before| seq.0 - before.0)
    }
}

/// Builds the index at opening: from the entries of sealed events, then from the tail.
pub(crate) fn load(shared: &Shared) -> Result<Dedupe, StoreError> {
    let mut dedupe = Dedupe::default();
    let first = load_entries(shared, &mut dedupe)?;
    if shared.sealed_end()? != first {
        return Err(StoreError::Corrupt(format!("index ends at event {first}, the blocks do not")));
    }
    let mut rows = Vec::new();
    let from = key::kind(key::TAIL);
    for pair in stage::values(shared.kv.range(&from, &key::after_prefix(&from))) {
        let (key, value) = pair?;
        if Parts::of(&key)?.u64()? != first.0 + rows.len() as u64 {
            return Err(StoreError::Corrupt(format!("hole in the tail from event {first} on")));
        }
        rows.push(block::decode_tail(&value)?);
    }
    // The rows first, because an entry may have to be found by reading one of them.
    *shared.tail_mut() = Tail { first, rows: rows.clone(), entries: Vec::new() };
    for (row, seq) in rows.iter().zip(first.0..) {
        let entry = classify_stored(shared, &dedupe, &row.event()?)?;
        note(shared, &mut dedupe, EventSeq(seq), entry);
        shared.tail_mut().entries.push(entry);
    }
    Ok(dedupe)
}

/// Notes the entries of all sealed events; returns the position after them.
fn load_entries(shared: &Shared, dedupe: &mut Dedupe) -> Result<EventSeq, StoreError> {
    let mut next = EventSeq(0);
    let from = key::kind(key::DEDUPE);
    for pair in stage::values(shared.kv.range(&from, &key::after_prefix(&from))) {
        let (key, value) = pair?;
        if Parts::of(&key)?.u64()? != next.0 {
            return Err(StoreError::Corrupt(format!("index lacks event {next}")));
        }
        for entry in Entry::decode_all(&value)? {
            note(shared, dedupe, next, entry);
            next = next.next();
        }
    }
    Ok(next)
}

/// The entry of an event that is stored, given those before it.
pub(crate) fn classify_stored(
    shared: &Shared,
    dedupe: &Dedupe,
    event: &Event,
) -> Result<Entry, StoreError> {
    let prints = Prints::of(event);
    let mut block = (EventSeq(0), Vec::new());
    let mut newest: Option<(EventSeq, Event)> = None;
    for seq in dedupe.candidates(prints.identity) {
        let known = shared.row_at(seq, &mut block)?.event()?;
        let same = known.source == event.source && known.id == event.id;
        if same && newest.as_ref().is_none_or(|(_, best)| best.dataversion < known.dataversion) {
            newest = Some((seq, known));
        }
    }
    let identity = prints.identity;
    let class = match newest {
        None => Class::New { identity },
        Some((old, known)) if known.dataversion < prints.version => {
            Class::Superseding { identity, old, old_versioned: Prints::of(&known).versioned }
        }
        Some(_) => Class::Older { versioned: prints.versioned },
    };
    Ok(Entry { class, subject: prints.subject })
}

/// Appends entries to the values of the index; `first` is the position of the first entry.
fn write_entries(
    first: EventSeq,
    entries: &[Entry],
    stage: &mut Stage<'_>,
) -> Result<(), StoreError> {
    let mut at = first.0;
    let mut entries = entries;
    while !entries.is_empty() {
        let slot = at / ENTRIES_PER_KEY * ENTRIES_PER_KEY;
        let space = (slot + ENTRIES_PER_KEY - at) as usize;
        let (now, later) = entries.split_at(space.min(entries.len()));
        let key = key::number(key::DEDUPE, slot);
        let mut value = if at == slot { None } else { stage.read(&key)? }.unwrap_or_default();
        now.iter().for_each(|entry| entry.encode(&mut value));
        stage.put_new(key, &value);
        at += now.len() as u64;
        entries = later;
    }
    Ok(())
}

fn note(shared: &Shared, dedupe: &mut Dedupe, seq: EventSeq, entry: Entry) {
    dedupe.note(seq, entry.class);
    if let Some(subject) = entry.subject {
        shared.subjects_mut().note(subject, seq);
    }
}

/// The host stamps each receipt anew, so `logged` is no content. Of a payload that was dropped nobody
/// can tell.
pub(crate) fn same_content(known: &Event, new: &Event) -> bool {
    let mut stamped = Event { logged: known.logged, ..new.clone() };
    if known.is_blank() {
        stamped.data.clear();
    }
    *known == stamped
}
