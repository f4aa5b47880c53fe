//! What the host observes about itself and its sources, as events `platform.*` of the log: records
//! that came again with other content, what becomes of alerts, changed settings, silent sources.
//!
//! Only observations: what they mean is the plugins' to say. They stand in the log like any other
//! event, so that a replay derives the same from them, and nothing is written that no running
//! plugin takes. Their ids are made of what was observed: the same observation twice is a repeat.
//!
//! An alert about supervision must not be observed again, or each would bring forth another: see
//! [`Takers::tells`].

pub mod alert;
pub mod ledger;
pub mod record;
pub mod setting;
pub mod source;

use crate::app::App;
use plumbline_contract::event::{Event, FACT_TYPE_PREFIX, PLATFORM_TYPE_PREFIX};
use plumbline_contract::id::DeploymentId;
use plumbline_contract::manifest::{Manifest, kind_matches};
use plumbline_contract::time::Millis;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Source of the observations; no outsider may use it.
pub const SOURCE: &str = "plumbline:host";
/// Rules whose alerts are not observed: those about the supervision itself.
const UNOBSERVED: [&str; 2] = ["HOST-", "NET-"];

/// Where an observation belongs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// When it was observed; log time as well.
    pub(crate) at: Millis,
    pub(crate) region: &'a str,
    pub(crate) dept: &'a str,
}

/// An observation as an event. `id` says what was observed, in words that stay the same.
pub(crate) fn event(
    app: &App,
    kind: &str,
    id: String,
    place: Place<'_>,
    subject: &str,
    data: &Value,
) -> Event {
    let region = if place.region.is_empty() { &app.config().region } else { place.region };
    Event {
        id,
        source: SOURCE.to_owned(),
        kind: kind.to_owned(),
        subject: subject.to_owned(),
        time: place.at,
        recorded: place.at,
        corrected: None,
        logged: place.at,
        region: region.to_owned(),
        dept: place.dept.to_owned(),
        serial: None,
        actor: None,
        dataversion: 1,
        data: data.to_string(),
    }
}

/// How the alerts of a stream came about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// From events of sources alone.
    Sources,
    /// From facts of a plugin that takes observations: perhaps from one.
    Facts,
    Observations,
}

/// What the running plugins take of the observations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Takers {
    patterns: BTreeSet<String>,
    /// Streams whose alerts may rest on observations.
    origins: BTreeMap<(DeploymentId, String), bool>,
}

impl Takers {
    /// Adds a package that a running deployment uses.
    pub(crate) fn add(&mut self, deployment: DeploymentId, manifest: &Manifest) {
        let takes = |prefix: &str, events: &[String]| {
            events.iter().any(|pattern| pattern.starts_with(prefix))
        };
        let is_taker =
            manifest.streams.iter().any(|stream| takes(PLATFORM_TYPE_PREFIX, &stream.events));
        for stream in manifest.streams.iter().filter(|_| is_taker) {
            let own = stream.events.iter().filter(|it| it.starts_with(PLATFORM_TYPE_PREFIX));
            self.patterns.extend(own.cloned());
            let is_direct = takes(PLATFORM_TYPE_PREFIX, &stream.events);
            if is_direct || takes(FACT_TYPE_PREFIX, &stream.events) {
                let place = (deployment, stream.name.clone());
                *self.origins.entry(place).or_default() |= is_direct;
            }
        }
    }

    /// Whether somebody takes observations of this type.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        self.patterns.iter().any(|pattern| kind_matches(pattern, kind))
    }

    fn origin(&self, deployment: DeploymentId, stream: &str) -> Origin {
        match self.origins.get(&(deployment, stream.to_owned())) {
            None => Origin::Sources,
            Some(false) => Origin::Facts,
            Some(true) => Origin::Observations,
        }
    }

    /// Whether the alerts of a rule and stream are observed. Those about the supervision are not,
    /// nor are those of a stream that takes observations. A stream that takes facts which may come
    /// from one is asked for its evidence: `rests_on_sources` says whether all of it is events of
    /// sources.
    #[must_use]
    pub fn tells(
        &self,
        rule: &str,
        deployment: DeploymentId,
        stream: &str,
        rests_on_sources: impl FnOnce() -> bool,
    ) -> bool {
        if UNOBSERVED.iter().any(|prefix| rule.starts_with(prefix)) {
            return false;
        }
        match self.origin(deployment, stream) {
            Origin::Sources => true,
            Origin::Facts => rests_on_sources(),
            Origin::Observations => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn manifest(streams: &[(&str, &[&str])]) -> Manifest {
        let mut text = "[plugin]\nid = \"p\"\nversion = \"1\"\nrelease = 1\ncontract = \"0.1\"\n\
            domain = \"p\"\nvendor = \"v\"\nname_zh = \"某\"\nname_en = \"p\"\n"
            .to_owned();
        for (name, events) in streams {
            text +=
                &format!("[[stream]]\nname = \"{name}\"\nevents = {events:?}\nkey = [\"day\"]\n");
        }
        toml::from_str(&text).unwrap()
    }

    #[test]
    fn alerts_that_may_rest_on_observations_are_not_observed_again() {
        let mut takers = Takers::default();
        assert!(!takers.takes("platform.alert.raised"));
        takers.add(DeploymentId(1), &manifest(&[("case", &["approval.*"]), ("f", &["fact.q.x"])]));
        assert_eq!(takers, Takers::default(), "a plugin that takes nothing of it changes nothing");
        let streams: [(&str, &[&str]); 3] = [
            ("case", &["a.*"]),
            ("alert", &["platform.alert.*", "fact.p.x"]),
            ("f", &["fact.p.y"]),
        ];
        takers.add(DeploymentId(2), &manifest(&streams));
        assert!(takers.takes("platform.alert.raised") && !takers.takes("platform.source.day"));
        let tells = |rule: &str, deployment: u16, stream: &str, by_sources: bool| {
            takers.tells(rule, DeploymentId(deployment), stream, || by_sources)
        };
        assert!(tells("X-1", 1, "f", false), "facts of a plugin that takes no observations");
        assert!(tells("X-1", 2, "case", false) && !tells("X-1", 2, "alert", true));
        assert!(tells("X-1", 2, "f", true) && !tells("X-1", 2, "f", false));
        assert!(!tells("NET-A01", 1, "case", true) && !tells("HOST-S01", 0, "host", true));
    }
}
