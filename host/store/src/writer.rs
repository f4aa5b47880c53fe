//! The one thread that writes. Requests that wait at the same time form a group: one atomic batch,
//! one sync, then all answers. After a failed write it refuses everything until reopened, because
//! what is in memory may be ahead of what is on the disk.

use crate::api::{Commit, Committed, GapId, GapRow, KeyId, KeyState};
use crate::block::Prepared;
use crate::check;
use crate::error::StoreError;
use crate::event_writer::EventWriter;
use crate::job::{Done, Job, Request};
use crate::key::{self, Parts};
use crate::log::Shared;
use crate::mark::{Mark, Position};
use crate::picture::Moment;
use crate::row;
use crate::stage::Stage;
use plumbline_contract::id::{DeploymentId, LeafIndex, TableVersion};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Receiver;

/// Most bytes in one group: the batch is held in memory twice and stalls readers while it is
/// applied. A single request may be larger.
const GROUP_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Most groups that are not synced because all their requests are lazy: what a power cut takes
/// back is at most so much work.
const LAZY_GROUPS_MAX: usize = 64;
/// Most keys that one removing request removes, so that others are served in between.
const DROP_KEYS_MAX: usize = 1024;

#[derive(Debug)]
pub(crate) struct Writer {
    shared: Arc<Shared>,
    events: EventWriter,
    leaf_first: u64,
    leaf_next: u64,
    /// Groups applied since the last sync.
    unsynced_groups: usize,
    mark: Mark,
    stopped: Option<StoreError>,
}

impl Writer {
    pub(crate) fn new(
        shared: Arc<Shared>,
        events: EventWriter,
        leaf_first: u64,
        mark: Mark,
    ) -> Self {
        let leaf_next = shared.leaf_next.load(Ordering::Acquire);
        Self { shared, events, leaf_first, leaf_next, unsynced_groups: 0, mark, stopped: None }
    }

    /// Serves requests until all senders are gone.
    pub(crate) fn run(mut self, requests: &Receiver<Request>) {
        let mut waiting = VecDeque::new();
        while let Some(first) = waiting.pop_front().or_else(|| requests.recv().ok()) {
            waiting.extend(requests.try_iter());
            let mut group = vec![first];
            if !group[0].job.is_alone() {
                let mut bytes = group[0].job.bytes();
                while let Some(next) = waiting.pop_front() {
                    if next.job.is_alone() || bytes >= GROUP_BYTES_MAX {
                        waiting.push_front(next);
                        break;
                    }
                    bytes += next.job.bytes();
                    group.push(next);
                }
            }
            self.serve(group);
        }
        // What was committed lazily is kept by an orderly end. Nobody is left to hear of an error,
        // and whoever needed the data durable has asked for a sync.
        let _ = self.sync();
    }

    fn serve(&mut self, group: Vec<Request>) {
        let (jobs, replies): (Vec<_>, Vec<_>) =
            group.into_iter().map(|request| (request.job, request.reply)).unzip();
        let answers = match &self.stopped {
            Some(error) => Err(StoreError::Stopped(error.to_string())),
            None => self.write(jobs).inspect_err(|error| self.stopped = Some(error.clone())),
        };
        match answers {
            // A caller that no longer waits for its answer is no concern of the others.
            Ok(answers) => answers.into_iter().zip(replies).for_each(|(answer, reply)| {
                let _ = reply.send(answer);
            }),
            Err(error) => replies.into_iter().for_each(|reply| {
                let _ = reply.send(Err(error.clone()));
            }),
        }
    }

    /// Writes a group. An inner error concerns one request, which has changed nothing.
    fn write(&mut self, jobs: Vec<Job>) -> Result<Vec<Result<Done, StoreError>>, StoreError> {
        let shared = Arc::clone(&self.shared);
        let mut stage = Stage::new(&shared.kv);
        let durable = jobs.iter().any(Job::is_durable);
        let mut answers = Vec::with_capacity(jobs.len());
        for job in jobs {
            match self.stage(job, &mut stage) {
                Err(error @ (StoreError::Fenced { .. } | StoreError::Pictured)) => {
                    answers.push(Err(error));
                }
                answer => answers.push(Ok(answer?)),
            }
        }
        let tail = self.events.seal(&mut stage)?;
        if !stage.is_empty() {
            shared.picture.apply(&shared.kv, stage.into_changes())?;
            self.unsynced_groups += 1;
        }
        self.events.publish(tail);
        shared.leaf_next.store(self.leaf_next, Ordering::Release);
        if durable || self.unsynced_groups >= LAZY_GROUPS_MAX {
            self.sync()?;
        }
        Ok(answers)
    }

    fn sync(&mut self) -> Result<(), StoreError> {
        if self.unsynced_groups > 0 {
            self.shared.kv.sync()?;
            self.unsynced_groups = 0;
            let events = self.shared.tail().next();
            self.mark.set(Position { events, leaves: self.leaf_next })?;
        }
        self.shared.leaf_durable.store(self.leaf_next, Ordering::Release);
        Ok(())
    }

    fn stage(&mut self, job: Job, stage: &mut Stage<'_>) -> Result<Done, StoreError> {
        Ok(match job {
            Job::Append(events) => Done::Appended(self.events.append(events)?),
            Job::Blank(seqs) => Done::Count(self.events.blank(&seqs, stage)?),
            Job::Commit(commit, events) => Done::Committed(self.commit(*commit, events, stage)?),
            Job::PushLeaves(leaves) => Done::Leaf(self.push_leaves(&leaves, stage)),
            Job::DropLeaves(below) => Done::More(self.drop_leaves(below, stage)?),
            Job::PutTable { name, rows } => {
                let version = last_table_version(stage, &name)?;
                let version = TableVersion(version.map_or(1, |version| version.0 + 1));
                stage.put_new(key::table(&name, version), &rows);
                Done::Table(version)
            }
            Job::PutMeta { key, value } => {
                stage.put(key::meta(&key), &value)?;
                Done::Nothing
            }
            Job::DropMeta(name) => {
                stage.remove(key::meta(&name))?;
                Done::Nothing
            }
            Job::DropDeployment(deployment) => Done::More(drop_deployment(deployment, stage)?),
            Job::Sync => Done::Nothing,
            Job::Check => Done::Problems(check::run(&self.shared, &self.events)?),
            Job::Picture => {
                self.shared.picture.begin()?;
                Done::Picture(self.moment())
            }
        })
    }

    fn commit(
        &mut self,
        commit: Commit,
        events: Vec<Prepared>,
        stage: &mut Stage<'_>,
    ) -> Result<Committed, StoreError> {
        let of = commit.deployment;
        let cursor_key = key::deployment(key::CURSORS, of);
        let found = row::cursor(stage.read(&cursor_key)?.as_deref())?;
        if found != commit.from {
            let (expected, found) = (Box::new(commit.from), Box::new(found));
            return Err(StoreError::Fenced { deployment: of, expected, found });
        }
        stage.put(cursor_key, &row::encode_cursor(&commit.to)?)?;
        for (id, state) in &commit.states {
            put_state(of, id, state.as_ref(), stage)?;
        }
        for (id, alert, row) in &commit.standing {
            stage.replace(key::standing(of, id, alert), row.as_deref())?;
        }
        for gap in &commit.gaps_closed {
            stage.remove(key::gap(of, *gap))?;
        }
        put_gaps(of, &commit.gaps, stage)?;
        let events = self.events.append(events)?;
        Ok(Committed { events, first_leaf: self.push_leaves(&commit.leaves, stage) })
    }

    fn moment(&self) -> Moment {
        Moment {
            next_seq: self.shared.tail().next(),
            first_leaf: LeafIndex(self.leaf_first),
            next_leaf: LeafIndex(self.leaf_next),
        }
    }

    fn push_leaves(&mut self, leaves: &[Vec<u8>], stage: &mut Stage<'_>) -> LeafIndex {
        let first = LeafIndex(self.leaf_next);
        for leaf in leaves {
            stage.put_new(key::leaf(LeafIndex(self.leaf_next)), leaf);
            self.leaf_next += 1;
        }
        if !leaves.is_empty() {
            stage.put_new(key::next_leaf(), &self.leaf_next.to_le_bytes());
        }
        first
    }

    fn drop_leaves(&mut self, below: LeafIndex, stage: &mut Stage<'_>) -> Result<bool, StoreError> {
        let end = below.0.min(self.leaf_next);
        let until = end.min(self.leaf_first + DROP_KEYS_MAX as u64);
        for leaf in self.leaf_first..until {
            stage.remove(key::leaf(LeafIndex(leaf)))?;
        }
        self.leaf_first = self.leaf_first.max(until);
        Ok(until < end)
    }
}

fn put_state(
    of: DeploymentId,
    id: &KeyId,
    state: Option<&KeyState>,
    stage: &mut Stage<'_>,
) -> Result<(), StoreError> {
    let value = state.map(row::encode_state);
    let old = stage.replace(key::state(of, id), value.as_deref())?;
    let old_wake = old.map(|start| row::wake_of_state(&start)).transpose()?.flatten();
    let wake = state.and_then(|state| state.wake);
    if wake != old_wake {
        if let Some(wake) = old_wake {
            stage.remove_raw(key::wake(of, wake, id));
        }
        if let Some(wake) = wake {
            stage.mark(key::wake(of, wake, id));
        }
    }
    Ok(())
}

fn put_gaps(of: DeploymentId, gaps: &[GapRow], stage: &mut Stage<'_>) -> Result<(), StoreError> {
    if gaps.is_empty() {
        return Ok(());
    }
    let mut next = row::counter(stage.read(&key::next_gap(of))?.as_deref())?;
    for gap in gaps {
        stage.put_new(key::gap(of, GapId(next)), &row::encode_gap(gap)?);
        next += 1;
    }
    stage.put(key::next_gap(of), &next.to_le_bytes())
}

/// Removes states with their wakes first, the cursor last: a deployment that was dropped by halves
/// still has its cursor, and dropping it again ends the work.
fn drop_deployment(of: DeploymentId, stage: &mut Stage<'_>) -> Result<bool, StoreError> {
    for prefix in [key::STATES, key::WAKES, key::STANDING, key::GAPS] {
        let from = key::deployment(prefix, of);
        for pair in stage.kv().range(&from, &key::after_prefix(&from)) {
            let (key, value) = pair?;
            if prefix == key::STATES {
                let mut parts = Parts::of(&key)?;
                parts.u16()?;
                let id = parts.key_id()?;
                if parts.is_empty() {
                    put_state(of, &id, None, stage)?;
                }
            }
            // Further chunks went with their head.
            drop(value);
            stage.remove_raw(key.to_vec());
            if stage.len() >= DROP_KEYS_MAX {
                return Ok(true);
            }
        }
    }
    stage.remove(key::next_gap(of))?;
    stage.remove(key::deployment(key::CURSORS, of))?;
    Ok(false)
}

fn last_table_version(stage: &Stage<'_>, name: &str) -> Result<Option<TableVersion>, StoreError> {
    let from = key::table_name(name);
    let Some((found, _)) = stage.kv().last(&from, &key::after_prefix(&from))? else {
        return Ok(None);
    };
    let mut parts = Parts::of(&found)?;
    if parts.text()? != name {
        return Ok(None);
    }
    Ok(Some(TableVersion(parts.u32()?)))
}

/// Where the outbox begins: its first leaf, or the next one if it is empty.
pub(crate) fn first_leaf(shared: &Shared) -> Result<u64, StoreError> {
    let from = key::kind(key::OUTBOX);
    match shared.kv.range(&from, &key::after_prefix(&from)).next().transpose()? {
        Some((key, _)) => Parts::of(&key)?.u64(),
        None => Ok(shared.leaf_next.load(Ordering::Acquire)),
    }
}
