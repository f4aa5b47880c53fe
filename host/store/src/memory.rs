//! The store without a disk, for replay, shadow runs and simulation: the same behaviour, kept in
//! ordered maps behind one lock. Everything counts as durable.

use crate::api::{
    Appended, Commit, Committed, Cursor, Due, Gap, GapId, GapRow, KeyId, KeyState, Standing, Store,
    TableRow, Wanted,
};
use crate::error::StoreError;
use crate::event_writer::same_content;
use crate::limit;
use crate::stretch::{Rows, Stretch};
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use plumbline_contract::time::Local;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    events: Vec<Arc<Event>>,
    /// (source, id) to versions to positions.
    identities: BTreeMap<(String, String), BTreeMap<u32, EventSeq>>,
    subjects: BTreeMap<String, Vec<EventSeq>>,
    deployments: BTreeMap<DeploymentId, Deployment>,
    leaves: BTreeMap<LeafIndex, Vec<u8>>,
    next_leaf: LeafIndex,
    tables: BTreeMap<String, Vec<Vec<TableRow>>>,
    meta: BTreeMap<String, Vec<u8>>,
}

#[derive(Debug, Default)]
struct Deployment {
    cursor: Cursor,
    states: BTreeMap<KeyId, KeyState>,
    wakes: BTreeSet<(Local, KeyId)>,
    standing: BTreeMap<(KeyId, String), Vec<u8>>,
    gaps: BTreeMap<GapId, GapRow>,
    next_gap: u64,
}

impl MemoryStore {
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Drops all leaves, for a run that writes none; their numbers stay used.
    pub fn forget_leaves(&self) {
        self.state().leaves.clear();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Only a panic inside this file can poison the lock, and nothing here panics halfway.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn append(&mut self, event: &Event) -> Appended {
        let seq = EventSeq(self.events.len() as u64);
        let identity = (event.source.clone(), event.id.clone());
        let versions = self.identities.entry(identity).or_default();
        if let Some(at) = versions.get(&event.dataversion) {
            let same = same_content(&self.events[at.0 as usize], event);
            return if same { Appended::Repeat } else { Appended::Conflict(*at) };
        }
        let answer = match versions.last_key_value() {
            None => Appended::New(seq),
            Some((newest, _)) if *newest < event.dataversion => Appended::Superseding(seq),
            Some(_) => Appended::Older(seq),
        };
        versions.insert(event.dataversion, seq);
        if !event.subject.is_empty() {
            self.subjects.entry(event.subject.clone()).or_default().push(seq);
        }
        self.events.push(Arc::new(event.clone()));
        answer
    }

    fn push_leaves(&mut self, leaves: &[Vec<u8>]) -> LeafIndex {
        let first = self.next_leaf;
        for leaf in leaves {
            self.leaves.insert(self.next_leaf, leaf.clone());
            self.next_leaf.0 += 1;
        }
        first
    }
}

impl Deployment {
    fn put(&mut self, id: KeyId, state: Option<KeyState>) {
        let wake = state.as_ref().and_then(|state| state.wake);
        let (old, id) = match (self.states.entry(id), state) {
            (Entry::Occupied(mut place), Some(state)) => {
                let old = place.insert(state).wake;
                if old == wake {
                    return;
                }
                (old, place.key().clone())
            }
            (Entry::Occupied(place), None) => {
                let (id, old) = place.remove_entry();
                (old.wake, id)
            }
            (Entry::Vacant(place), Some(state)) => {
                let id = place.key().clone();
                place.insert(state);
                (None, id)
            }
            (Entry::Vacant(place), None) => (None, place.into_key()),
        };
        let mut place = (Local(0), id);
        if let Some(old) = old {
            place.0 = old;
            self.wakes.remove(&place);
        }
        self.wakes.extend(wake.map(|wake| (wake, place.1)));
    }
}

impl Store for MemoryStore {
    fn append(&self, events: &[Event]) -> Result<Vec<Appended>, StoreError> {
        limit::events(events)?;
        let mut state = self.state();
        Ok(events.iter().map(|event| state.append(event)).collect())
    }

    fn next_seq(&self) -> EventSeq {
        EventSeq(self.state().events.len() as u64)
    }

    fn rows(&self, from: EventSeq, max: usize) -> Result<Rows, StoreError> {
        let state = self.state();
        let events = state.events.iter().skip(from.0 as usize).take(max);
        let mut stretch = Stretch::new(from, events.len(), 0);
        events.into_iter().try_for_each(|event| stretch.push(event.borrowed()))?;
        let mut rows = Rows::new(from);
        rows.extend(stretch.into(), max);
        Ok(rows)
    }

    fn sift(
        &self,
        (from, until): (EventSeq, EventSeq),
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Rows, StoreError> {
        let state = self.state();
        let room = until.0.saturating_sub(from.0) as usize;
        let mut stretch = Stretch::new(from, 0, 0);
        for event in state.events.iter().skip(from.0 as usize).take(room) {
            if stretch.len() == max {
                break;
            }
            if wanted(&event.kind) { stretch.push(event.borrowed())? } else { stretch.pass() }
        }
        let mut rows = Rows::new(from);
        rows.extend(stretch.into(), max);
        Ok(rows)
    }

    fn get(&self, seq: EventSeq) -> Result<Option<Event>, StoreError> {
        Ok(self.state().events.get(seq.0 as usize).map(|event| (**event).clone()))
    }

    fn by_subject(&self, subject: &str, max: usize) -> Result<Vec<EventSeq>, StoreError> {
        let state = self.state();
        let seqs = state.subjects.get(subject).map_or(&[][..], Vec::as_slice);
        Ok(seqs[seqs.len().saturating_sub(max)..].to_vec())
    }

    fn blank(&self, seqs: &[EventSeq]) -> Result<usize, StoreError> {
        let mut state = self.state();
        let mut dropped = 0;
        for seq in seqs {
            let event = state.events.get_mut(seq.0 as usize).filter(|event| !event.is_blank());
            if let Some(event) = event {
                Arc::make_mut(event).data.clear();
                dropped += 1;
            }
        }
        Ok(dropped)
    }

    fn sealed_until(&self) -> EventSeq {
        self.next_seq()
    }

    fn cursor(&self, deployment: DeploymentId) -> Result<Cursor, StoreError> {
        let state = self.state();
        Ok(state.deployments.get(&deployment).map_or_else(Cursor::default, |of| of.cursor.clone()))
    }

    fn load_states(
        &self,
        deployment: DeploymentId,
        ids: &[KeyId],
    ) -> Result<Vec<Option<KeyState>>, StoreError> {
        let state = self.state();
        let of = state.deployments.get(&deployment);
        Ok(ids.iter().map(|id| of.and_then(|of| of.states.get(id)).cloned()).collect())
    }

    fn states(
        &self,
        deployment: DeploymentId,
        after: Option<&KeyId>,
        max: usize,
    ) -> Result<Vec<(KeyId, KeyState)>, StoreError> {
        let state = self.state();
        let Some(of) = state.deployments.get(&deployment) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let states = of.states.range::<KeyId, _>((from, Bound::Unbounded)).take(max);
        Ok(states.map(|(id, state)| (id.clone(), state.clone())).collect())
    }

    fn due(
        &self,
        deployment: DeploymentId,
        until: Local,
        after: Option<&(Local, KeyId)>,
        max: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let state = self.state();
        let Some(of) = state.deployments.get(&deployment) else { return Ok(Vec::new()) };
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let due = of
            .wakes
            .range::<(Local, KeyId), _>((from, Bound::Unbounded))
            .take_while(|(wake, _)| *wake <= until)
            .take(max);
        Ok(due.map(|(wake, id)| Due { wake: *wake, id: id.clone() }).collect())
    }

    fn commit(&self, commit: Commit) -> Result<Committed, StoreError> {
        limit::commit(&commit)?;
        let mut state = self.state();
        let of = state.deployments.entry(commit.deployment).or_default();
        if of.cursor != commit.from {
            return Err(StoreError::Fenced {
                deployment: commit.deployment,
                expected: Box::new(commit.from),
                found: Box::new(of.cursor.clone()),
            });
        }
        of.cursor = commit.to;
        commit.states.into_iter().for_each(|(id, state)| of.put(id, state));
        for (id, alert, row) in commit.standing {
            match row {
                Some(row) => of.standing.insert((id, alert), row),
                None => of.standing.remove(&(id, alert)),
            };
        }
        of.gaps.retain(|gap, _| !commit.gaps_closed.contains(gap));
        for gap in commit.gaps {
            of.gaps.insert(GapId(of.next_gap), gap);
            of.next_gap += 1;
        }
        let events = commit.events.iter().map(|event| state.append(event)).collect();
        Ok(Committed { events, first_leaf: state.push_leaves(&commit.leaves) })
    }

    fn standing(
        &self,
        deployment: DeploymentId,
        after: Option<(&KeyId, &str)>,
        max: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let state = self.state();
        let Some(of) = state.deployments.get(&deployment) else { return Ok(Vec::new()) };
        let after = after.map(|(id, alert)| (id.clone(), alert.to_owned()));
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        Ok(of.standing.range((from, Bound::Unbounded)).take(max).map(standing).collect())
    }

    fn standing_of(
        &self,
        deployment: DeploymentId,
        id: &KeyId,
    ) -> Result<Vec<Standing>, StoreError> {
        let state = self.state();
        let Some(of) = state.deployments.get(&deployment) else { return Ok(Vec::new()) };
        let from = of.standing.range((id.clone(), String::new())..);
        Ok(from.take_while(|((of, _), _)| of == id).map(standing).collect())
    }

    fn drop_deployment(&self, deployment: DeploymentId) -> Result<(), StoreError> {
        self.state().deployments.remove(&deployment);
        Ok(())
    }

    fn leaves(&self, from: LeafIndex, max: usize) -> Result<Vec<(LeafIndex, Vec<u8>)>, StoreError> {
        let state = self.state();
        Ok(state
            .leaves
            .range(from..)
            .take(max)
            .map(|(leaf, bytes)| (*leaf, bytes.clone()))
            .collect())
    }

    fn push_leaves(&self, leaves: &[Vec<u8>]) -> Result<LeafIndex, StoreError> {
        limit::leaves(leaves)?;
        Ok(self.state().push_leaves(leaves))
    }

    fn drop_leaves(&self, below: LeafIndex) -> Result<(), StoreError> {
        let mut state = self.state();
        state.leaves = state.leaves.split_off(&below);
        Ok(())
    }

    fn next_leaf(&self) -> LeafIndex {
        self.state().next_leaf
    }

    fn put_table(&self, name: &str, rows: &[TableRow]) -> Result<TableVersion, StoreError> {
        limit::table(name, rows)?;
        let mut state = self.state();
        let versions = state.tables.entry(name.into()).or_default();
        versions.push(rows.to_vec());
        Ok(TableVersion(versions.len() as u32))
    }

    fn table(
        &self,
        name: &str,
        version: TableVersion,
    ) -> Result<Option<Vec<TableRow>>, StoreError> {
        let state = self.state();
        let index = (version.0 as usize).checked_sub(1);
        Ok(index.and_then(|index| state.tables.get(name)?.get(index).cloned()))
    }

    fn table_versions(&self, name: &str) -> Result<Vec<TableVersion>, StoreError> {
        let count = self.state().tables.get(name).map_or(0, Vec::len) as u32;
        Ok((1..=count).map(TableVersion).collect())
    }

    fn put_meta(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        limit::meta(key, value)?;
        self.state().meta.insert(key.into(), value.into());
        Ok(())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.state().meta.get(key).cloned())
    }

    fn meta_scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let state = self.state();
        let from = state.meta.range::<str, _>((Bound::Included(prefix), Bound::Unbounded));
        let found = from.take_while(|(key, _)| key.starts_with(prefix));
        Ok(found.map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn drop_meta(&self, key: &str) -> Result<(), StoreError> {
        self.state().meta.remove(key);
        Ok(())
    }

    fn gaps(&self, deployment: DeploymentId) -> Result<Vec<Gap>, StoreError> {
        let state = self.state();
        let gaps = state.deployments.get(&deployment).into_iter().flat_map(|of| &of.gaps);
        Ok(gaps.map(|(id, row)| Gap { id: *id, row: row.clone() }).collect())
    }

    fn sync(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn standing(((id, alert), row): (&(KeyId, String), &Vec<u8>)) -> Standing {
    Standing { id: id.clone(), alert: alert.clone(), row: row.clone() }
}
