//! Leaves of kind `footage`, and what a list of an alert's footage shows of them.

use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::time::Millis;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FootageAct {
    /// Kept, under the hash.
    Taken,
    /// There was none; `why` says for what reason.
    Lacking,
    /// Somebody has looked at it.
    Seen,
    /// Its time is over: the file is gone, the hash stays.
    Deleted,
}

/// What it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Form {
    /// Some seconds as an MP4 file, as the camera coded them.
    Clip,
    /// One picture as a JPEG file, its privacy masks burned in.
    Still,
    /// A still of now, shown to somebody and not kept.
    Live,
}

impl Form {
    /// The media type of its bytes.
    #[must_use]
    pub fn media(self) -> &'static str {
        match self {
            Self::Clip => "video/mp4",
            Self::Still | Self::Live => "image/jpeg",
        }
    }

    /// The usual ending of a file name.
    #[must_use]
    pub fn extension(self) -> &'static str {
        match self {
            Self::Clip => "mp4",
            Self::Still | Self::Live => "jpg",
        }
    }
}

/// One leaf. The order of the fields is that of the bytes in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FootageLeaf {
    /// Always `footage`.
    leaf: String,
    pub act: FootageAct,
    pub kind: Form,
    /// The alert that it belongs to; empty for a live picture.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub alert: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub rule: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub region: String,
    /// Number of the camera; empty if the evidence names none.
    pub cam: String,
    /// What moment it is of: RFC 3339.
    pub moment: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// Last day on which it is kept, `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_until: Option<String>,
    /// The legal ground on record when it was taken, for rules that need one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ground: Option<String>,
    /// Why there is none, or why it was deleted or looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who looked at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// RFC 3339, by the wall clock.
    pub done_at: String,
}

/// What an act is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct About {
    pub alert: String,
    pub rule: String,
    pub region: String,
    pub cam: String,
    pub moment: String,
}

impl FootageLeaf {
    /// An act that says nothing more than what it is about.
    #[must_use]
    pub fn new(app: &App, act: FootageAct, kind: Form, about: &About, now: Millis) -> Self {
        let About { alert, rule, region, cam, moment } = about.clone();
        Self {
            leaf: "footage".to_owned(),
            act,
            kind,
            alert,
            rule,
            region,
            cam,
            moment,
            sha256: None,
            bytes: None,
            keep_until: None,
            ground: None,
            reason: None,
            by: None,
            done_at: app.zone().rfc3339(now),
        }
    }

    /// What the leaf is about.
    #[must_use]
    pub fn about(&self) -> About {
        let Self { alert, rule, region, cam, moment, .. } = self.clone();
        About { alert, rule, region, cam, moment }
    }

    /// Its bytes in the ledger.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a leaf has only keys that are texts")
    }
}

/// A leaf of kind `footage`; `None` for leaves of other kinds.
///
/// # Errors
/// If it says it is one and is not.
pub fn as_footage(index: u64, bytes: &[u8]) -> Result<Option<FootageLeaf>, AppError> {
    if !bytes.starts_with(br#"{"leaf":"footage","#) {
        return Ok(None);
    }
    let leaf = serde_json::from_slice(bytes);
    leaf.map(Some).map_err(|error| {
        AppError::new(Kind::Integrity, "ledger-damaged", format!("leaf {index}: {error}"))
    })
}

/// A piece of footage of an alert, or that there is none, as lists show it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Footage {
    pub kind: Form,
    pub cam: String,
    pub moment: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_until: Option<String>,
    /// Its time was over: the hash is all that is left.
    pub deleted: bool,
    /// Why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lacking: Option<String>,
    /// Position of its leaf in the ledger.
    pub leaf: u64,
}

impl Footage {
    pub(crate) fn of(index: u64, leaf: FootageLeaf, deleted: bool) -> Self {
        let is_lacking = leaf.act == FootageAct::Lacking;
        Self {
            kind: leaf.kind,
            cam: leaf.cam,
            moment: leaf.moment,
            sha256: leaf.sha256,
            bytes: leaf.bytes,
            keep_until: leaf.keep_until,
            deleted,
            lacking: leaf.reason.filter(|_| is_lacking),
            leaf: index,
        }
    }
}

/// Where the leaves of footage are: folded from the ledger as alerts are.
#[derive(Debug, Default)]
pub struct FootageIndex {
    /// By alert, leaves that say what there is.
    of_alert: BTreeMap<String, Vec<u64>>,
    /// By hash, leaves by which it was taken.
    of_hash: BTreeMap<String, Vec<u64>>,
    deleted: BTreeSet<String>,
}

impl FootageIndex {
    pub(crate) fn take(&mut self, index: u64, leaf: &FootageLeaf) {
        match (leaf.act, &leaf.sha256) {
            (FootageAct::Taken, Some(sha256)) => {
                self.deleted.remove(sha256);
                self.of_hash.entry(sha256.clone()).or_default().push(index);
                self.of_alert.entry(leaf.alert.clone()).or_default().push(index);
            }
            (FootageAct::Lacking, _) => {
                self.of_alert.entry(leaf.alert.clone()).or_default().push(index);
            }
            (FootageAct::Deleted, Some(sha256)) => {
                self.deleted.insert(sha256.clone());
            }
            (FootageAct::Seen | FootageAct::Taken | FootageAct::Deleted, _) => {}
        }
    }

    /// Leaves that say what footage an alert has.
    #[must_use]
    pub fn of_alert(&self, alert: &str) -> &[u64] {
        self.of_alert.get(alert).map_or(&[], Vec::as_slice)
    }

    /// Leaves by which a piece was taken; none if the hash is unknown.
    #[must_use]
    pub fn of_hash(&self, sha256: &str) -> &[u64] {
        self.of_hash.get(sha256).map_or(&[], Vec::as_slice)
    }

    #[must_use]
    pub fn is_deleted(&self, sha256: &str) -> bool {
        self.deleted.contains(sha256)
    }

    /// All pieces that should lie in the home.
    pub fn kept(&self) -> impl Iterator<Item = (&str, &[u64])> {
        let is_kept = |(sha256, _): &(&String, &Vec<u64>)| !self.deleted.contains(*sha256);
        self.of_hash.iter().filter(is_kept).map(|(hash, leaves)| (hash.as_str(), &leaves[..]))
    }
}
