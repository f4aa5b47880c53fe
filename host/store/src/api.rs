//! The trait that the driver is written against, and its types. No implementation is here.

use crate::error::StoreError;
use crate::stretch::Rows;
use plumbline_contract::event::Event;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use plumbline_contract::time::{Day, Local};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Longest stream name, key, table name, table key or settings key, in bytes: such texts become
/// parts of storage keys, and a leaf page of the tree holds up to 16 keys inline.
pub const KEY_BYTES_MAX: usize = 1024;
/// Largest ledger leaf, in bytes: what the ledger's format holds (C2SP tlog-tiles, 16-bit length).
pub const LEAF_BYTES_MAX: usize = 65_535;
/// Largest row of a standing alert, in bytes: a few names and dates.
pub const STANDING_BYTES_MAX: usize = 4 * 1024;
/// Largest settings value, in bytes: an installation record with its manifest is some 100 KiB.
pub const META_BYTES_MAX: usize = 4 * 1024 * 1024;
/// Largest row of a reference table, in bytes of JSON text.
pub const TABLE_ROW_BYTES_MAX: usize = 64 * 1024;

/// What became of one event that was handed in. Identity is (`source`, `id`, `dataversion`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Appended {
    /// Stored: the first version seen of this fact.
    New(EventSeq),
    /// Not stored: the same version with the same content is there already. `logged` does not
    /// count as content, because the host sets it anew at each receipt.
    Repeat,
    /// Not stored: the same version is there already, at this place, with another content.
    Conflict(EventSeq),
    /// Stored: a higher version than any known of this fact.
    Superseding(EventSeq),
    /// Stored as history: a lower version than one that is known.
    Older(EventSeq),
}

impl Appended {
    /// Where the event was stored, if it was.
    #[must_use]
    pub fn seq(self) -> Option<EventSeq> {
        match self {
            Self::New(seq) | Self::Superseding(seq) | Self::Older(seq) => Some(seq),
            Self::Repeat | Self::Conflict(_) => None,
        }
    }
}

/// One event with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub seq: EventSeq,
    /// Shared by all who read it at the same time.
    pub event: Arc<Event>,
}

/// One keyed state: within one deployment, `stream` and `key` name it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct KeyId {
    pub stream: String,
    pub key: String,
}

/// What a plugin keeps for one key, and when it wants to be woken.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyState {
    pub state: Vec<u8>,
    pub wake: Option<Local>,
    /// Region of the key's newest event: its setting holds when time alone makes the key looked at.
    pub region: String,
}

/// An alert that stands, of one key of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub id: KeyId,
    /// Identity of the alert.
    pub alert: String,
    /// What the host keeps of it; the store does not look inside.
    pub row: Vec<u8>,
}

/// A key that wants to be woken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due {
    pub wake: Local,
    pub id: KeyId,
}

/// How far a deployment has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The next event to read.
    pub seq: EventSeq,
    /// Progress inside the tick at `seq`: the last wake that was handled. `None` outside a tick.
    pub tick_after: Option<(Local, KeyId)>,
}

/// Everything one batch of verdicts changes. It takes effect as a whole or not at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Commit {
    pub deployment: DeploymentId,
    /// The cursor that the batch started from; if it is no longer the stored one, nothing happens.
    pub from: Cursor,
    pub to: Cursor,
    /// New states; `None` forgets the key and its wake.
    pub states: Vec<(KeyId, Option<KeyState>)>,
    /// Facts for the log, deduplicated like any other event.
    pub events: Vec<Event>,
    /// Ledger leaves for the outbox.
    pub leaves: Vec<Vec<u8>>,
    pub gaps: Vec<GapRow>,
    /// Open gaps whose events have been seen now.
    pub gaps_closed: Vec<GapId>,
    /// Alerts that stand from now on, or, without a row, no longer.
    pub standing: Vec<(KeyId, String, Option<Vec<u8>>)>,
    /// Do not wait for the disk. A later durable call or [`Store::sync`] makes it durable; until
    /// then a power cut may take this deployment back to an earlier commit, never to a torn one.
    pub lazy: bool,
}

/// What a commit has stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// One for each of [`Commit::events`].
    pub events: Vec<Appended>,
    /// Number of the first of [`Commit::leaves`]; the others follow without a hole.
    pub first_leaf: LeafIndex,
}

/// A stretch of events (监察空白) that a failed plugin did not see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GapRow {
    /// First and last position of the inputs that were not seen, both inclusive.
    pub from: EventSeq,
    pub to: EventSeq,
    pub id: KeyId,
    /// Stable code of the fault, for instance `trap`.
    pub code: String,
    /// The fault in words.
    pub fault: String,
}

/// Number of a gap within its deployment, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GapId(pub u64);

impl fmt::Display for GapId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A recorded gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    pub id: GapId,
    pub row: GapRow,
}

/// One row of a reference table (基础库), in force on the days from `effective_from` to
/// `effective_to`, both inclusive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableRow {
    pub key: String,
    pub effective_from: Option<Day>,
    pub effective_to: Option<Day>,
    /// One JSON object as text.
    pub json: String,
}

/// Whether a reader wants the events of a type.
pub type Wanted<'a> = dyn FnMut(&str) -> bool + 'a;

/// The store. All methods may be called from any thread; writes that wait at the same time share
/// one group and one sync. A write that returns `Ok` is on the disk, except lazy commits.
pub trait Store: fmt::Debug + Send + Sync {
    /// Appends events in order, each one exactly once however often it is handed in.
    fn append(&self, events: &[Event]) -> Result<Vec<Appended>, StoreError>;
    /// Position that the next stored event will get.
    fn next_seq(&self) -> EventSeq;
    /// At most `max` events from a position on, in order.
    fn rows(&self, from: EventSeq, max: usize) -> Result<Rows, StoreError>;
    /// The events of some types between two positions, at most `max`, for a reader far behind the end
    /// of the log to whom the other events are of no use.
    fn sift(
        &self,
        from_until: (EventSeq, EventSeq),
        max: usize,
        wanted: &mut Wanted<'_>,
    ) -> Result<Rows, StoreError>;
    /// The same as [`Store::rows`] with texts of their own, for who keeps or changes them.
    fn read(&self, from: EventSeq, max: usize) -> Result<Vec<Row>, StoreError> {
        let rows = self.rows(from, max)?;
        Ok((0..rows.len()).map(|place| rows.row(place)).collect())
    }
    fn get(&self, seq: EventSeq) -> Result<Option<Event>, StoreError>;
    /// Positions of the newest `max` events about a subject, ascending. Never for the empty subject.
    fn by_subject(&self, subject: &str, max: usize) -> Result<Vec<EventSeq>, StoreError>;
    /// Drops the payloads of some events for good; their envelopes, positions and identities stay.
    /// Positions from [`Store::sealed_until`] on are passed over. Returns how many payloads were
    /// dropped.
    fn blank(&self, seqs: &[EventSeq]) -> Result<usize, StoreError>;
    /// Events below can be blanked; the newest ones are not in a block yet.
    fn sealed_until(&self) -> EventSeq;

    /// Where a deployment stands; a new one stands at the start of the log.
    fn cursor(&self, deployment: DeploymentId) -> Result<Cursor, StoreError>;
    /// The states of some keys, in the order asked.
    fn load_states(
        &self,
        deployment: DeploymentId,
        ids: &[KeyId],
    ) -> Result<Vec<Option<KeyState>>, StoreError>;
    /// States in the order of their ids, after `after`, at most `max`.
    fn states(
        &self,
        deployment: DeploymentId,
        after: Option<&KeyId>,
        max: usize,
    ) -> Result<Vec<(KeyId, KeyState)>, StoreError>;
    /// Wakes at or before `until` in the order of (wake, stream, key), after `after`, at most `max`.
    fn due(
        &self,
        deployment: DeploymentId,
        until: Local,
        after: Option<&(Local, KeyId)>,
        max: usize,
    ) -> Result<Vec<Due>, StoreError>;
    /// One atomic batch, guarded by the cursor.
    fn commit(&self, commit: Commit) -> Result<Committed, StoreError>;
    /// The alerts that stand, in the order of (stream, key, alert), after `after`, at most `max`.
    fn standing(
        &self,
        deployment: DeploymentId,
        after: Option<(&KeyId, &str)>,
        max: usize,
    ) -> Result<Vec<Standing>, StoreError>;
    /// The alerts of one key that stand, in the order of their identities.
    fn standing_of(
        &self,
        deployment: DeploymentId,
        id: &KeyId,
    ) -> Result<Vec<Standing>, StoreError>;
    /// Forgets a deployment: cursor, states, wakes, standing alerts and gaps. Its events and leaves remain.
    fn drop_deployment(&self, deployment: DeploymentId) -> Result<(), StoreError>;

    /// Durable leaves of the outbox from a number on, at most `max`, without a hole.
    fn leaves(&self, from: LeafIndex, max: usize) -> Result<Vec<(LeafIndex, Vec<u8>)>, StoreError>;
    /// Puts acts of people and of the host into the outbox; the number of the first is returned.
    fn push_leaves(&self, leaves: &[Vec<u8>]) -> Result<LeafIndex, StoreError>;
    /// Removes the leaves below a number, once the ledger has sealed them.
    fn drop_leaves(&self, below: LeafIndex) -> Result<(), StoreError>;
    /// Number that the next leaf will get.
    fn next_leaf(&self) -> LeafIndex;

    /// Stores the rows, in the given order, as the next version of a table.
    fn put_table(&self, name: &str, rows: &[TableRow]) -> Result<TableVersion, StoreError>;
    fn table(&self, name: &str, version: TableVersion)
    -> Result<Option<Vec<TableRow>>, StoreError>;
    /// Versions of one table, ascending.
    fn table_versions(&self, name: &str) -> Result<Vec<TableVersion>, StoreError>;

    /// Settings, deployments, installation records: small values by name.
    fn put_meta(&self, key: &str, value: &[u8]) -> Result<(), StoreError>;
    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;
    /// All values whose name starts with `prefix`, in the order of names.
    fn meta_scan(&self, prefix: &str) -> Result<Vec<(String, Vec<u8>)>, StoreError>;
    fn drop_meta(&self, key: &str) -> Result<(), StoreError>;

    /// Gaps of a deployment that are still open, oldest first.
    fn gaps(&self, deployment: DeploymentId) -> Result<Vec<Gap>, StoreError>;

    /// Makes everything durable that was committed lazily.
    fn sync(&self) -> Result<(), StoreError>;
}
