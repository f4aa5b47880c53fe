//! The history of deployments: which settings hold from which place of the log on. The log itself
//! is where they stand; this is read from it.

use crate::error::{AppError, Kind};
use plumbline_contract::event::SETTING_TYPE;
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_kernel::{Deployment, Mode};
use plumbline_store::Store;
use std::collections::BTreeMap;

/// Most changes that are found again at start: ten a day for ten years.
const CHANGES_MAX: usize = 40_000;

/// See the module.
#[derive(Clone, Debug, Default)]
pub struct SettingHistory {
    /// (position of the `plumbline.setting` event, the deployment from there on), ascending.
    changes: Vec<(EventSeq, Deployment)>,
}

impl SettingHistory {
    /// Reads the history from the log.
    ///
    /// # Errors
    /// If the store fails, or an event is not what the host writes.
    pub fn load(store: &dyn Store) -> Result<Self, AppError> {
        let mut history = Self::default();
        for seq in store.by_subject(SETTING_TYPE, CHANGES_MAX)? {
            if let Some(event) = store.get(seq)?.filter(|event| event.kind == SETTING_TYPE) {
                let deployment = serde_json::from_str(&event.data)
                    .map_err(|error| AppError::new(Kind::Integrity, "store-corrupt", error))?;
                history.note(seq, deployment);
            }
        }
        Ok(history)
    }

    /// Takes note of a change.
    pub fn note(&mut self, seq: EventSeq, deployment: Deployment) {
        self.changes.push((seq, deployment));
    }

    /// All deployments as they are now, in the order of their numbers.
    #[must_use]
    pub fn newest(&self) -> Vec<Deployment> {
        let newest: BTreeMap<_, _> = self.changes.iter().map(|(_, one)| (one.id, one)).collect();
        newest.into_values().cloned().collect()
    }

    /// Those of [`SettingHistory::newest`] that have not ended.
    #[must_use]
    pub fn running(&self) -> Vec<Deployment> {
        let mut running = self.newest();
        running.retain(|deployment| deployment.mode != Mode::Ended);
        running
    }

    /// One deployment with the places of its changes, oldest first.
    pub fn of(&self, id: DeploymentId) -> impl Iterator<Item = &(EventSeq, Deployment)> {
        self.changes.iter().filter(move |(_, one)| one.id == id)
    }

    /// A deployment as it holds for an event at `seq`, with the place where that was said: what it began with counts from its first
    /// event on, wherever it was written down.
    #[must_use]
    pub fn at(&self, id: DeploymentId, seq: EventSeq) -> Option<&(EventSeq, Deployment)> {
        let holds = |(at, one): &&(EventSeq, Deployment)| match one.since {
            Some(since) => since <= seq,
            None => *at < seq,
        };
        self.of(id).filter(holds).last().or_else(|| self.of(id).next())
    }

    /// The changes that hold from a place before their event.
    #[must_use]
    pub fn backdated(&self, id: DeploymentId) -> Vec<(EventSeq, Deployment)> {
        self.of(id).filter(|(_, one)| one.since.is_some()).cloned().collect()
    }

    /// The number of the next deployment.
    #[must_use]
    pub fn next_id(&self) -> DeploymentId {
        DeploymentId(self.changes.iter().map(|(_, one)| one.id.0 + 1).max().unwrap_or(1))
    }
}
