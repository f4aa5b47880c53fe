//! Everything the writer can be asked to do: a closed list.

use crate::api::{Appended, Commit, Committed};
use crate::block::Prepared;
use crate::check::Problem;
use crate::error::StoreError;
use crate::picture::Moment;
use plumbline_contract::id::{DeploymentId, EventSeq, LeafIndex, TableVersion};
use std::sync::mpsc::SyncSender;

#[derive(Debug)]
pub(crate) enum Job {
    Append(Vec<Prepared>),
    /// Drops the payloads at some positions, ascending; the answer says how many.
    Blank(Vec<EventSeq>),
    /// The events of the commit, prepared; its own list of events is not read.
    Commit(Box<Commit>, Vec<Prepared>),
    PushLeaves(Vec<Vec<u8>>),
    /// Removes some leaves; the answer says whether more remain.
    DropLeaves(LeafIndex),
    PutTable {
        name: String,
        rows: Vec<u8>,
    },
    PutMeta {
        key: String,
        value: Vec<u8>,
    },
    DropMeta(String),
    /// Removes some keys of the deployment; the answer says whether more remain.
    DropDeployment(DeploymentId),
    Sync,
    Check,
    /// Begins a picture of the whole tree as it stands before the next group.
    Picture,
}

#[derive(Debug)]
pub(crate) enum Done {
    Appended(Vec<Appended>),
    Committed(Committed),
    Leaf(LeafIndex),
    Table(TableVersion),
    Problems(Vec<Problem>),
    Picture(Moment),
    More(bool),
    Count(usize),
    Nothing,
}

#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) job: Job,
    pub(crate) reply: SyncSender<Result<Done, StoreError>>,
}

impl Job {
    /// Whether the job scans the tree, or shows it, where it would not see the other changes of its group.
    pub(crate) fn is_alone(&self) -> bool {
        matches!(
            self,
            Self::PutTable { .. }
                | Self::Blank(_)
                | Self::DropDeployment(_)
                | Self::Check
                | Self::Picture
        )
    }

    /// Whether the caller waits for the disk.
    pub(crate) fn is_durable(&self) -> bool {
        match self {
            Self::Commit(commit, _) => !commit.lazy,
            Self::Check => false,
            _ => true,
        }
    }

    /// Rough size, for the limit of a group.
    pub(crate) fn bytes(&self) -> usize {
        let events = |events: &[Prepared]| events.iter().map(|event| event.body.len()).sum();
        let leaves = |leaves: &[Vec<u8>]| leaves.iter().map(Vec::len).sum::<usize>();
        match self {
            Self::Append(prepared) => events(prepared),
            Self::Commit(commit, prepared) => {
                let states = commit.states.iter().flat_map(|(_, state)| state);
                let states: usize = states.map(|state| state.state.len()).sum();
                states + leaves(&commit.leaves) + events(prepared)
            }
            Self::PushLeaves(pushed) => leaves(pushed),
            Self::PutTable { rows, .. } => rows.len(),
            Self::PutMeta { value, .. } => value.len(),
            _ => 0,
        }
    }
}
