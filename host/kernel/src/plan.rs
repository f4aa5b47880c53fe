//! Routing a stretch of the log to the keys of one deployment.

use crate::{Deployment, Grants, KernelError};
use plumbline_contract::event::Event;
use plumbline_contract::id::{EventSeq, region_contains};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::route;
use plumbline_contract::time::Zone;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Which inputs of a batch go to one key, in log order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTask {
    /// Index of the stream in the manifest.
    pub stream: usize,
    pub key: String,
    /// Indices into the batch.
    pub inputs: Vec<usize>,
}

/// How one deployment reads the log.
#[derive(Clone, Debug)]
pub struct Plan {
    manifest: Arc<Manifest>,
    grants: Grants,
    region: String,
    zone: Arc<Zone>,
}

impl Plan {
    /// A plan, if the grants cover what the manifest asks for.
    ///
    /// # Errors
    /// Names the capability that is missing.
    pub fn new(
        deployment: &Deployment,
        manifest: Arc<Manifest>,
        zone: Arc<Zone>,
    ) -> Result<Self, KernelError> {
        deployment.grants.cover(deployment.package, &manifest)?;
        let grants = deployment.grants.clone();
        Ok(Self { manifest, grants, region: deployment.region.clone(), zone })
    }

    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.grants
    }

    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Root of the region subtree.
    #[must_use]
    pub fn region(&self) -> &str {
        &self.region
    }

    /// Whether the deployment looks at this event at all.
    #[must_use]
    pub fn concerns(&self, event: &Event) -> bool {
        !event.is_host()
            && region_contains(&self.region, &event.region)
            && self.manifest.may_see(&event.kind)
    }

    /// The (stream, key) pairs of one event.
    #[must_use]
    pub fn keys(&self, event: &Event) -> Vec<(usize, String)> {
        if !self.concerns(event) {
            return Vec::new();
        }
        let streams = self.manifest.streams.iter().enumerate();
        let taking = streams.filter(|(_, stream)| route::takes(stream, &event.kind));
        let keyed = taking.flat_map(|(index, stream)| {
            let keys = route::keys(&stream.key, event, &self.zone);
            keys.into_iter().map(move |key| (index, key))
        });
        keyed.collect()
    }

    /// Groups a batch by key, in the order of (stream, key); each key's inputs are in log order.
    #[must_use]
    pub fn tasks<'a>(
        &self,
        batch: impl IntoIterator<Item = (EventSeq, &'a Event)>,
    ) -> Vec<KeyTask> {
        let mut by_key: BTreeMap<(usize, String), Vec<usize>> = BTreeMap::new();
        for (index, (_, event)) in batch.into_iter().enumerate() {
            for id in self.keys(event) {
                by_key.entry(id).or_default().push(index);
            }
        }
        let task = |((stream, key), inputs)| KeyTask { stream, key, inputs };
        by_key.into_iter().map(task).collect()
    }
}
