//! The store of the appliance: reads on the caller's thread, writes through the writer thread.

use crate::api::{
    Appended, Commit, Committed, Cursor, Due, Gap, GapId, KeyId, KeyState, Standing, Store,
    TableRow, Wanted,
};
use crate::block::Prepared;
use crate::check::Problem;
use crate::error::StoreError;
use crate::event_writer::{self, EventWriter};
use crate::index::Subjects;
use crate::job::{Done, Job, Request};
use crate::key::{self, Parts};
use crate::kv::Kv;
use crate::limit;
use crate::log::{Shared, Tail};
use crate::mark::{Mark, Position};
use crate::picture::Picture;
use crate::row;
use crate::stage;
use crate::stretch::Rows;
use crate::upgrade;
use crate::writer::{self, Writer};
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use plumbline_contract::time::Local;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::JoinHandle;

/// Most events in one write: a batch stalls all readers while it is applied. Longer appends are
/// cut, and each part is durable before the next begins.
pub const APPEND_EVENTS_MAX: usize = 4096;

/// Most payloads dropped in one write: up to as many blocks are written anew, and what comes in
/// meanwhile waits.
const BLANK_EVENTS_MAX: usize = 256;

/// A store in a directory, open in one process at a time.
#[derive(Debug)]
pub struct SledStore {
    shared: Arc<Shared>,
    /// Taken only when the store is dropped.
    requests: Option<Sender<Request>>,
    writer: Option<JoinHandle<()>>,
}

impl SledStore {
    /// Opens the directory, or makes a new store in it.
    ///
    /// A damaged directory can make sled panic, which ends the process; a panic hook can tell such
    /// a panic by [`is_engine_panic`](crate::is_engine_panic).
    pub fn open(dir: &Path) -> Result<Self, StoreError> {
        let kv = Kv::open(dir)?;
        upgrade::run(&kv)?;
        let leaf_next = row::counter(stage::read(&kv, &key::next_leaf())?.as_deref())?;
        let shared = Arc::new(Shared::new(kv, Tail::default(), Subjects::default(), leaf_next));
        let dedupe = event_writer::load(&shared)?;
        let events = EventWriter::new(Arc::clone(&shared), dedupe)?;
        let found = Position { events: shared.tail().next(), leaves: leaf_next };
        let mark = Mark::open(dir, found)?;
        let first_leaf = writer::first_leaf(&shared)?;
        let writer = Writer::new(Arc::clone(&shared), events, first_leaf, mark);
        let (requests, receiver) = channel();
        let writer = std::thread::Builder::new()
            .name("store-writer".into())
            .spawn(move || writer.run(&receiver))?;
        Ok(Self { shared, requests: Some(requests), writer: Some(writer) })
    }

    /// Walks everything and returns what does not fit together. Writes wait until it is done.
    pub fn check(&self) -> Result<Vec<Problem>, StoreError> {
        match self.ask(Job::Check)? {
            Done::Problems(problems) => Ok(problems),
            other => Err(unexpected(&other)),
        }
    }

    /// A picture of everything in the store as it stands now, to be read while writes go on. One at
    /// a time.
    ///
    /// # Errors
    /// If another one is being read, or the writer has ended.
    pub fn picture(&self) -> Result<Picture<'_>, StoreError> {
        match self.ask(Job::Picture)? {
            Done::Picture(moment) => Ok(Picture::new(&self.shared, moment)),
            other => Err(unexpected(&other)),
        }
    }

    fn ask(&self, job: Job) -> Result<Done, StoreError> {
        let gone = || StoreError::Stopped("the writer has ended".into());
        let (reply, answer) = sync_channel(1);
        let requests = self.requests.as_ref().ok_or_else(gone)?;
        requests.send(Request { job, reply }).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }

    fn ask_until_done(&self, job: impl Fn() -> Job) -> Result<(), StoreError> {
        while let Done::More(true) = self.ask(job())? {}
        Ok(())
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            // A panic of the writer was reported where it happened.
            let _ = writer.join();
        }
    }
}

impl Store for SledStore {
    fn append(&self, events: &[Event]) -> Result<Vec<Appended>, StoreError> {
        limit::events(events)?;
        let mut answers = Vec::with_capacity(events.len());
        for part in events.chunks(APPEND_EVENTS_MAX) {
            match self.ask(Job::Append(prepare(part)?))? {
                Done::Appended(appended) => answers.extend(appended),
                other => return Err(unexpected(&other)),
            }
        }
        Ok(answers)
    }

    fn next_seq(&self) -> EventSeq {
        self.shared.tail().next()
    }

    fn rows(&self, from: EventSeq, max: usize) -> Result<Rows, StoreError> {
        self.shared.rows(from, max)
    }

    fn sift(
        &self,
        range: (EventSeq, EventSeq),
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Rows, StoreError> {
        self.shared.sift(range, max, wanted)
    }

    fn get(&self, seq: EventSeq) -> Result<Option<Event>, StoreError> {
        if seq >= self.next_seq() {
            return Ok(None);
        }
        let mut block = (EventSeq(0), Vec::new());
        self.shared.row_at(seq, &mut block)?.event().map(Some)
    }

    fn by_subject(&self, subject: &str, max: usize) -> Result<Vec<EventSeq>, StoreError> {
        self.shared.by_subject(subject, max)
    }

    fn blank(&self, seqs: &[EventSeq]) -> Result<usize, StoreError> {
        let mut dropped = 0;
        for part in seqs.chunks(BLANK_EVENTS_MAX) {
            let answer = self.ask(Job::Blank(part.to_vec()));
            self.shared.recent.forget();
            match answer? {
                Done::Count(count) => dropped += count,
                other => return Err(unexpected(&other)),
            }
        }
        Ok(dropped)
    }

    fn sealed_until(&self) -> EventSeq {
        self.shared.tail().first
    }

    fn cursor(&self, deployment: DeploymentId) -> Result<Cursor, StoreError> {
        let key = key::deployment(key::CURSORS, deployment);
        row::cursor(stage::read(&self.shared.kv, &key)?.as_deref())
    }

    fn load_states(
        &self,
        deployment: DeploymentId,
        ids: &[KeyId],
    ) -> Result<Vec<Option<KeyState>>, StoreError> {
        let load = |id| {
            let value = stage::read(&self.shared.kv, &key::state(deployment, id))?;
            value.map(|value| row::state(&value)).transpose()
        };
        ids.iter().map(load).collect()
    }

    fn states(
        &self,
        deployment: DeploymentId,
        after: Option<&KeyId>,
        max: usize,
    ) -> Result<Vec<(KeyId, KeyState)>, StoreError> {
        let all = key::deployment(key::STATES, deployment);
        let from = after.map(|id| key::after_prefix(&key::state(deployment, id)));
        let range = self.shared.kv.range(from.as_ref().unwrap_or(&all), &key::after_prefix(&all));
        let state = |pair: Result<stage::Value, StoreError>| {
            let (key, value) = pair?;
            let mut parts = Parts::of(&key)?;
            parts.u16()?;
            Ok((parts.key_id()?, row::state(&value)?))
        };
        stage::values(range).take(max).map(state).collect()
    }

    fn due(
        &self,
        deployment: DeploymentId,
        until: Local,
        after: Option<&(Local, KeyId)>,
        max: usize,
    ) -> Result<Vec<Due>, StoreError> {
        let from = match after {
            Some((wake, id)) => key::after_prefix(&key::wake(deployment, *wake, id)),
            None => key::deployment(key::WAKES, deployment),
        };
        let range = self.shared.kv.range(&from, &key::wake_end(deployment, until));
        let due = |pair: Result<crate::kv::Pair, StoreError>| {
            let (key, _) = pair?;
            let mut parts = Parts::of(&key)?;
            parts.u16()?;
            Ok(Due { wake: parts.local()?, id: parts.key_id()? })
        };
        range.take(max).map(due).collect()
    }

    fn commit(&self, mut commit: Commit) -> Result<Committed, StoreError> {
        limit::commit(&commit)?;
        let events = prepare(&std::mem::take(&mut commit.events))?;
        match self.ask(Job::Commit(Box::new(commit), events))? {
            Done::Committed(committed) => Ok(committed),
            other => Err(unexpected(&other)),
        }
    }

    fn standing(
        &self,
        deployment: DeploymentId,
        after: Option<(&KeyId, &str)>,
        max: usize,
    ) -> Result<Vec<Standing>, StoreError> {
        let all = key::deployment(key::STANDING, deployment);
        let after = after.map(|(id, alert)| key::standing(deployment, id, alert));
        let from = after.map(|key| key::after_prefix(&key));
        let range = self.shared.kv.range(from.as_ref().unwrap_or(&all), &key::after_prefix(&all));
        stage::values(range).take(max).map(standing).collect()
    }

    fn standing_of(
        &self,
        deployment: DeploymentId,
        id: &KeyId,
    ) -> Result<Vec<Standing>, StoreError> {
        let from = key::standing_of(deployment, id);
        let range = self.shared.kv.range(&from, &key::after_prefix(&from));
        stage::values(range).map(standing).collect()
    }

    fn drop_deployment(&self, deployment: DeploymentId) -> Result<(), StoreError> {
        self.ask_until_done(|| Job::DropDeployment(deployment))
    }

    fn leaves(&self, from: LeafIndex, max: usize) -> Result<Vec<(LeafIndex, Vec<u8>)>, StoreError> {
        let durable = || self.shared.leaf_durable.load(Ordering::Acquire);
        if durable() < self.next_leaf().0 {
            self.sync()?;
        }
        let range = self.shared.kv.range(&key::leaf(from), &key::leaf(LeafIndex(durable())));
        let leaf = |pair: Result<stage::Value, StoreError>| {
            let (key, value) = pair?;
            Ok((LeafIndex(Parts::of(&key)?.u64()?), value))
        };
        stage::values(range).take(max).map(leaf).collect()
    }

    fn push_leaves(&self, leaves: &[Vec<u8>]) -> Result<LeafIndex, StoreError> {
        limit::leaves(leaves)?;
        match self.ask(Job::PushLeaves(leaves.to_vec()))? {
            Done::Leaf(first) => Ok(first),
            other => Err(unexpected(&other)),
        }
    }

    fn drop_leaves(&self, below: LeafIndex) -> Result<(), StoreError> {
        self.ask_until_done(|| Job::DropLeaves(below))
    }

    fn next_leaf(&self) -> LeafIndex {
        LeafIndex(self.shared.leaf_next.load(Ordering::Acquire))
    }

    fn put_table(&self, name: &str, rows: &[TableRow]) -> Result<TableVersion, StoreError> {
        limit::table(name, rows)?;
        let rows = row::encode_table(rows)?;
        match self.ask(Job::PutTable { name: name.into(), rows })? {
            Done::Table(version) => Ok(version),
            other => Err(unexpected(&other)),
        }
    }

    fn table(
        &self,
        name: &str,
        version: TableVersion,
    ) -> Result<Option<Vec<TableRow>>, StoreError> {
        let value = stage::read(&self.shared.kv, &key::table(name, version))?;
        value.map(|value| row::table(&value)).transpose()
    }

    fn table_versions(&self, name: &str) -> Result<Vec<TableVersion>, StoreError> {
        let mut versions = Vec::new();
        let end = key::after_prefix(&key::table_name(name));
        let mut from = key::table(name, TableVersion(0));
        // From version to version, without reading the rows between.
        while let Some((key, _)) = self.shared.kv.range(&from, &end).next().transpose()? {
            let mut parts = Parts::of(&key)?;
            parts.text()?;
            let version = TableVersion(parts.u32()?);
            versions.push(version);
            from = key::after_prefix(&key::table(name, version));
        }
        Ok(versions)
    }

    fn put_meta(&self, key: &str, value: &[u8]) -> Result<(), StoreError> {
        limit::meta(key, value)?;
        self.ask(Job::PutMeta { key: key.into(), value: value.into() }).map(|_| ())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError> {
        stage::read(&self.shared.kv, &key::meta(key))
    }

    fn meta_scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError> {
        let from = key::meta_prefix(prefix);
        let mut names = Vec::new();
        for pair in self.shared.kv.range(&from, &key::after_prefix(&from)) {
            let (key, _) = pair?;
            let mut parts = Parts::of(&key)?;
            let name = parts.text()?;
            if parts.is_empty() {
                names.push(name);
            }
        }
        // Read one by one, so that a value replaced meanwhile is the old one or the new one.
        let value = |name: String| Ok(self.meta(&name)?.map(|value| (name, value)));
        names.into_iter().filter_map(|name| value(name).transpose()).collect()
    }

    fn drop_meta(&self, key: &str) -> Result<(), StoreError> {
        self.ask(Job::DropMeta(key.into())).map(|_| ())
    }

    fn gaps(&self, deployment: DeploymentId) -> Result<Vec<Gap>, StoreError> {
        let from = key::deployment(key::GAPS, deployment);
        let gap = |pair: Result<stage::Value, StoreError>| {
            let (key, value) = pair?;
            let mut parts = Parts::of(&key)?;
            parts.u16()?;
            Ok(Gap { id: GapId(parts.u64()?), row: row::gap(&value)? })
        };
        stage::values(self.shared.kv.range(&from, &key::after_prefix(&from))).map(gap).collect()
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.ask(Job::Sync).map(|_| ())
    }
}

fn standing(pair: Result<stage::Value, StoreError>) -> Result<Standing, StoreError> {
    let (key, row) = pair?;
    let mut parts = Parts::of(&key)?;
    parts.u16()?;
    Ok(Standing { id: parts.key_id()?, alert: parts.text()?, row })
}

fn prepare(events: &[Event]) -> Result<Vec<Prepared>, StoreError> {
    events.iter().map(Prepared::new).collect()
}

fn unexpected(done: &Done) -> StoreError {
    StoreError::Stopped(format!("the writer answered {done:?}"))
}
