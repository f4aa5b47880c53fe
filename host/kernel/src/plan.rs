//! Routing a stretch of the log to the keys of one deployment, and each to the package and the
//! parameters that judge it.

use crate::{Deployment, Grants, KernelError};
use plumbline_contract::event::{EventRef, HOST_TYPE_PREFIX};
use plumbline_contract::id::{DeploymentId, PackageHash, region_contains, region_prefix};
use plumbline_contract::manifest::Manifest;
use plumbline_contract::route;
use plumbline_contract::time::Zone;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// For grouping what is sorted afterwards: some of it for each event of the log.
#[expect(clippy::disallowed_types, reason = "its own order is never seen")]
type Groups<K, V> = std::collections::HashMap<K, V, foldhash::fast::RandomState>;
/// The variant that looks at events of a type in a region, with the streams of its manifest that
/// take them; `None` if nothing looks.
type Looker = Option<(usize, Vec<usize>)>;

/// What of a batch concerns a deployment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Routed {
    /// Places in the batch of the events that some key gets, ascending: the inputs.
    pub events: Vec<usize>,
    /// In the order of (stream, key).
    pub tasks: Vec<KeyTask>,
}

/// Which inputs go to one key, in log order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTask {
    /// Index of the variant that judges them.
    pub variant: usize,
    /// Index of the stream in [`Plan::streams`].
    pub stream: usize,
    pub key: String,
    /// Region of the last input.
    pub region: String,
    /// A key whose inputs are judged by several variants has several tasks, which follow each
    /// other; this counts them from 0.
    pub part: usize,
    /// Indices into the inputs, of which [`Routed::events`] tells.
    pub inputs: Vec<usize>,
}

/// One package with one set of parameters.
#[derive(Clone, Debug)]
pub struct Variant {
    pub package: PackageHash,
    pub manifest: Arc<Manifest>,
    pub grants: Grants,
    /// The complete parameters as canonical JSON.
    pub parameters: String,
    /// SHA-256 of `parameters`, in hexadecimal.
    pub parameters_sha256: String,
    /// Index in [`Plan::streams`] of each stream of the manifest.
    streams: Vec<usize>,
}

/// How one deployment reads the log.
#[derive(Clone, Debug)]
pub struct Plan {
    deployment: DeploymentId,
    scope: String,
    variants: Vec<Variant>,
    /// Roots of subtrees, the nearest first, with what judges there; `None` where it is off.
    regions: Vec<(String, Option<usize>)>,
    streams: Vec<String>,
    /// Of all packages that settings name, at work or off.
    manifests: Vec<Arc<Manifest>>,
    zone: Arc<Zone>,
}

impl Plan {
    /// A plan, if the grants cover what the manifests ask for. `digest` gives the SHA-256 of bytes
    /// in hexadecimal.
    ///
    /// # Errors
    /// Names the package, capability or parameter that is wrong.
    pub fn new(
        deployment: &Deployment,
        manifests: &BTreeMap<PackageHash, Arc<Manifest>>,
        zone: Arc<Zone>,
        digest: fn(&[u8]) -> String,
    ) -> Result<Self, KernelError> {
        let mut plan = Self {
            deployment: deployment.id,
            scope: deployment.scope.clone(),
            variants: Vec::new(),
            regions: Vec::new(),
            streams: Vec::new(),
            manifests: manifests.values().cloned().collect(),
            zone,
        };
        for setting in &deployment.settings {
            let region = setting.region.clone();
            let Some(effective) = deployment.effective(&region) else { continue };
            let package = effective.package.value;
            let missing = || KernelError::NoPackage { package: package.to_string() };
            let manifest = manifests.get(&package).ok_or_else(missing)?;
            let parameters = manifest
                .parameters(&effective.set_parameters())
                .map_err(|error| KernelError::Parameter { region: region.clone(), error })?;
            let ungranted = || KernelError::NoGrants { package: package.to_string() };
            let grants = deployment.granted(package).ok_or_else(ungranted)?;
            grants.cover(package, manifest)?;
            let judge = effective.is_on().then(|| {
                plan.variant(manifest, grants, Value::Object(parameters).to_string(), digest)
            });
            plan.regions.push((region, judge));
        }
        plan.regions.sort_by_key(|(region, _)| std::cmp::Reverse(region_prefix(region).len()));
        Ok(plan)
    }

    /// The variant of a package with parameters, which may be there already.
    fn variant(
        &mut self,
        manifest: &Arc<Manifest>,
        grants: &Grants,
        parameters: String,
        digest: fn(&[u8]) -> String,
    ) -> usize {
        let package = grants.package;
        let same = |known: &Variant| known.package == package && known.parameters == parameters;
        if let Some(known) = self.variants.iter().position(same) {
            return known;
        }
        let streams = manifest.streams.iter().map(|stream| self.stream(&stream.name)).collect();
        self.variants.push(Variant {
            package,
            manifest: manifest.clone(),
            grants: grants.clone(),
            parameters_sha256: digest(parameters.as_bytes()),
            parameters,
            streams,
        });
        self.variants.len() - 1
    }

    fn stream(&mut self, name: &str) -> usize {
        if let Some(known) = self.stream_named(name) {
            return known;
        }
        self.streams.push(name.to_owned());
        self.streams.len() - 1
    }

    #[must_use]
    pub fn deployment(&self) -> DeploymentId {
        self.deployment
    }

    #[must_use]
    pub fn variants(&self) -> &[Variant] {
        &self.variants
    }

    /// Names of the streams of all variants.
    #[must_use]
    pub fn streams(&self) -> &[String] {
        &self.streams
    }

    #[must_use]
    pub fn stream_named(&self, name: &str) -> Option<usize> {
        self.streams.iter().position(|known| known == name)
    }

    #[must_use]
    pub fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Index of the variant that judges a region; `None` where nothing looks.
    #[must_use]
    pub fn judge_of(&self, region: &str) -> Option<usize> {
        if !region_contains(&self.scope, region) {
            return None;
        }
        let holds = |(root, _): &&(String, _)| region_contains(root, region);
        self.regions.iter().find(holds)?.1
    }

    /// Whether all packages of this plan can go on with what those of `former` kept.
    #[must_use]
    pub fn reads_states_of(&self, former: &Self) -> bool {
        self.manifests
            .iter()
            .all(|now| former.manifests.iter().all(|then| now.reads_states_of(then)))
    }

    /// Whether one of the packages, at work or off, looks at an event of one of these types.
    #[must_use]
    pub fn may_see<'a>(&self, mut kinds: impl Iterator<Item = &'a str>) -> bool {
        kinds.any(|kind| self.manifests.iter().any(|manifest| manifest.may_see(kind)))
    }

    /// Tells which types concern this deployment: those that one of its packages may see, and the
    /// host's own.
    pub fn sieve(&self) -> impl FnMut(&str) -> bool {
        let mut known: Groups<String, bool> = Groups::default();
        move |kind| {
            if let Some(known) = known.get(kind) {
                return *known;
            }
            let concerns = kind.starts_with(HOST_TYPE_PREFIX) || self.may_see([kind].into_iter());
            known.insert(kind.to_owned(), concerns);
            concerns
        }
    }

    /// The variant that looks at events of a type in a region.
    fn looker(&self, region: &str, kind: &str) -> Option<usize> {
        let variant = self.judge_of(region)?;
        self.variants[variant].manifest.may_see(kind).then_some(variant)
    }

    /// The variant that looks at an event, and the (stream, key) pairs.
    #[must_use]
    pub fn keys<'a>(
        &self,
        event: impl Into<EventRef<'a>>,
    ) -> Option<(usize, Vec<(usize, String)>)> {
        let event = event.into();
        if event.is_host() || event.is_blank() {
            return None;
        }
        let variant = self.looker(event.region, event.kind)?;
        let streams = self.streams_of(variant, event.kind);
        Some((variant, self.keys_of(variant, &streams, event).collect()))
    }

    /// The streams of a variant's manifest, by their index there, that take events of a type.
    fn streams_of(&self, variant: usize, kind: &str) -> Vec<usize> {
        let streams = self.variants[variant].manifest.streams.iter().enumerate();
        streams.filter(|(_, stream)| route::takes(stream, kind)).map(|(index, _)| index).collect()
    }

    fn keys_of<'a>(
        &self,
        variant: usize,
        streams: &[usize],
        event: EventRef<'a>,
    ) -> impl Iterator<Item = (usize, String)> {
        let variant = &self.variants[variant];
        streams.iter().flat_map(move |index| {
            let keys = route::keys(&variant.manifest.streams[*index].key, event, &self.zone);
            keys.into_iter().map(move |key| (variant.streams[*index], key))
        })
    }

    /// Groups a batch by key; each key's inputs are in log order.
    #[must_use]
    pub fn route<'a, E: Into<EventRef<'a>>>(&self, batch: impl IntoIterator<Item = E>) -> Routed {
        let mut routed = Routed::default();
        // The newest task of each key, which gets its name at the end.
        let mut by_key: Groups<(usize, String), usize> = Groups::default();
        // A batch has few types and regions, and most of them do not concern this deployment.
        let mut lookers: Groups<(&str, &str), Looker> = Groups::default();
        for (place, event) in batch.into_iter().enumerate() {
            let event = event.into();
            let looker = lookers.entry((event.region, event.kind)).or_insert_with(|| {
                let variant = self.looker(event.region, event.kind)?;
                Some((variant, self.streams_of(variant, event.kind)))
            });
            let Some((variant, streams)) = looker else { continue };
            if event.is_host() || event.is_blank() {
                continue;
            }
            let input = routed.events.len();
            let mut is_given = false;
            for key in self.keys_of(*variant, streams, event) {
                routed.give(input, key, (*variant, event.region), &mut by_key);
                is_given = true;
            }
            routed.events.extend(is_given.then_some(place));
        }
        for ((_, key), task) in by_key {
            routed.tasks[task].key = key;
        }
        routed
            .tasks
            .sort_unstable_by(|a, b| (a.stream, &a.key, a.part).cmp(&(b.stream, &b.key, b.part)));
        routed
    }
}

impl Routed {
    /// Hands an input to a key: to its newest task, unless another variant judges from here on.
    fn give(
        &mut self,
        input: usize,
        key: (usize, String),
        (variant, region): (usize, &str),
        by_key: &mut Groups<(usize, String), usize>,
    ) {
        let mut part = 0;
        if let Some(newest) = by_key.get(&key) {
            let newest = &mut self.tasks[*newest];
            if newest.variant == variant {
                newest.inputs.push(input);
                if newest.region != region {
                    region.clone_into(&mut newest.region);
                }
                return;
            }
            newest.key.clone_from(&key.1);
            part = newest.part + 1;
        }
        let (stream, inputs) = (key.0, vec![input]);
        by_key.insert(key, self.tasks.len());
        let (key, region) = (String::new(), region.to_owned());
        self.tasks.push(KeyTask { variant, stream, key, region, part, inputs });
    }
}
