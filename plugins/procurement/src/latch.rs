//! What was found over a rolling window stays found when the window moves on. It goes only when one
//! of the records on which it rests is corrected.

use plumbline_guest::serde::{Deserialize, Serialize};
use plumbline_guest::{Level, Local};
use std::collections::BTreeMap;

/// Most findings that are kept of one key: as many as one rule may raise there.
const FOUND_MAX: usize = 60;
/// Most records that one finding names.
const CITED_MAX: usize = 40;

/// A finding and what it rests on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Found {
    pub(crate) is_red: bool,
    pub(crate) at: Local,
    pub(crate) seqs: Vec<u64>,
    pub(crate) cites: Vec<String>,
    pub(crate) zh: String,
    pub(crate) en: String,
}

impl Found {
    pub(crate) fn level(&self) -> Level {
        if self.is_red { Level::Red } else { Level::Yellow }
    }
}

/// Findings by episode.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(crate = "plumbline_guest::serde")]
pub(crate) struct Latch(BTreeMap<String, Found>);

impl Latch {
    pub(crate) fn put(&mut self, episode: String, mut found: Found) {
        if self.0.contains_key(&episode) || self.0.len() < FOUND_MAX {
            found.seqs.truncate(CITED_MAX);
            found.cites.truncate(CITED_MAX);
            match self.0.get_mut(&episode) {
                // The first moment at which it held stays.
                Some(known) if known.at <= found.at => {}
                Some(known) => *known = found,
                None => _ = self.0.insert(episode, found),
            }
        }
    }

    pub(crate) fn has(&self, episode: &str) -> bool {
        self.0.contains_key(episode)
    }

    /// A record was corrected: what rests on it must be found anew.
    pub(crate) fn forget(&mut self, record: &str) {
        self.0.retain(|_, found| !found.cites.iter().any(|cited| cited == record));
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&String, &Found)> {
        self.0.iter()
    }
}
