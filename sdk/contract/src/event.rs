//! The event: one normalized fact from a source system, immutable once appended.
//!
//! The envelope is CloudEvents 1.0; the attributes that supervision adds are CloudEvents extension
//! attributes in lower case. Reading foreign JSON is the business of `host/ingest`.

use crate::id::DeploymentId;
use crate::time::Millis;
use serde::{Deserialize, Serialize};

/// Largest `data` of one event, in bytes. A case file's structured part is a few KiB; larger
/// material belongs outside and is referred to by hash.
pub const DATA_BYTES_MAX: usize = 64 * 1024;
/// Largest attribute of the envelope, in bytes.
pub const ATTRIBUTE_BYTES_MAX: usize = 256;

/// Types that start with this are written by the host itself; sources may not send them.
pub const HOST_TYPE_PREFIX: &str = "plumbline.";
/// The host's note that time has passed: `data` is a [`Tick`].
pub const TICK_TYPE: &str = "plumbline.tick";
/// The host's note that a reference table has a new version: `data` is a [`TableLoaded`].
pub const TABLE_TYPE: &str = "plumbline.table";
/// The host's note that a deployment is another from here on; its data are the deployment.
pub const SETTING_TYPE: &str = "plumbline.setting";
/// The host's note that keys of a deployment are folded anew from the log; see [`Rebuild`].
pub const REBUILD_TYPE: &str = "plumbline.rebuild";
/// Types that start with this are facts published by plugins for other plugins.
pub const FACT_TYPE_PREFIX: &str = "fact.";
/// Types that start with this say what became of the supervision itself: its sources, alerts and
/// settings. The host writes them as it observes them; who could send them could hush up a card.
pub const PLATFORM_TYPE_PREFIX: &str = "platform.";
/// The one of them that another host may deliver: a lower platform's count of its records.
pub const PLATFORM_COUNT_TYPE: &str = "platform.ledger.count";

/// One event of the log.
///
/// Identity is (`source`, `id`, `dataversion`): a repeat is dropped, a higher `dataversion`
/// supersedes the lower one, which is kept as history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// CloudEvents `id`: unique within the source.
    pub id: String,
    /// CloudEvents `source`: the connector or department system that reports.
    pub source: String,
    /// CloudEvents `type`, for instance `approval.case.accepted`.
    pub kind: String,
    /// CloudEvents `subject`: the entity that the event is about, for instance the case number.
    /// Empty if there is none.
    pub subject: String,
    /// CloudEvents `time`: when it happened.
    pub time: Millis,
    /// Extension `recordedtime`: when the row was created in the source system. Of a higher
    /// `dataversion` it is the creation of the original row.
    pub recorded: Millis,
    /// Extension `correctedtime`: when the correction was made, for a higher `dataversion`.
    pub corrected: Option<Millis>,
    /// Log time: the time of receipt for live events, `recorded` for imported ones
    /// (`corrected` where that is given). Set by the host.
    pub logged: Millis,
    /// Extension `region`: GB/T 2260 code, 6 digits, or 9 or 12 for street and community.
    pub region: String,
    /// Extension `dept`: 18-character unified social credit code, or a local code.
    pub dept: String,
    /// Extension `serial`: the source's own running number for this type.
    pub serial: Option<u64>,
    /// Extension `actor`: the officer who acted.
    pub actor: Option<String>,
    /// Extension `dataversion`, counted from 1.
    pub dataversion: u32,
    /// CloudEvents `data`: one JSON object, as text without insignificant white space.
    pub data: String,
}

/// An [`Event`] whose texts lie elsewhere, field by field the same: a reader of the log needs no
/// text of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
pub struct EventRef<'a> {
    pub id: &'a str,
    pub source: &'a str,
    pub kind: &'a str,
    pub subject: &'a str,
    pub time: Millis,
    pub recorded: Millis,
    pub corrected: Option<Millis>,
    pub logged: Millis,
    pub region: &'a str,
    pub dept: &'a str,
    pub serial: Option<u64>,
    pub actor: Option<&'a str>,
    pub dataversion: u32,
    pub data: &'a str,
}

impl Event {
    /// The same with borrowed texts.
    #[must_use]
    pub fn borrowed(&self) -> EventRef<'_> {
        EventRef {
            id: &self.id,
            source: &self.source,
            kind: &self.kind,
            subject: &self.subject,
            time: self.time,
            recorded: self.recorded,
            corrected: self.corrected,
            logged: self.logged,
            region: &self.region,
            dept: &self.dept,
            serial: self.serial,
            actor: self.actor.as_deref(),
            dataversion: self.dataversion,
            data: &self.data,
        }
    }

    /// Whether the host wrote this event itself.
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.borrowed().is_host()
    }

    /// Whether this is about the supervision itself, written by a host.
    #[must_use]
    pub fn is_platform(&self) -> bool {
        self.kind.starts_with(PLATFORM_TYPE_PREFIX)
    }

    /// Whether the payload was dropped when its time of retention was over. No source can send such
    /// an event: a payload is a JSON object.
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.borrowed().is_blank()
    }

    /// The payload as JSON: `null` if it was dropped.
    #[must_use]
    pub fn payload(&self) -> &str {
        if self.is_blank() { "null" } else { &self.data }
    }

    /// A 64-bit fingerprint of (`source`, `id`): equal for all versions of one fact.
    #[must_use]
    pub fn identity(&self) -> u64 {
        self.borrowed().identity()
    }
}

impl EventRef<'_> {
    /// See [`Event::is_host`].
    #[must_use]
    pub fn is_host(&self) -> bool {
        self.kind.starts_with(HOST_TYPE_PREFIX)
    }

    /// See [`Event::is_blank`].
    #[must_use]
    pub fn is_blank(&self) -> bool {
        self.data.is_empty()
    }

    /// See [`Event::identity`].
    #[must_use]
    pub fn identity(&self) -> u64 {
        fingerprint(&[self.source.as_bytes(), self.id.as_bytes()])
    }

    /// The event with texts of its own.
    #[must_use]
    pub fn to_event(&self) -> Event {
        Event {
            id: self.id.to_owned(),
            source: self.source.to_owned(),
            kind: self.kind.to_owned(),
            subject: self.subject.to_owned(),
            time: self.time,
            recorded: self.recorded,
            corrected: self.corrected,
            logged: self.logged,
            region: self.region.to_owned(),
            dept: self.dept.to_owned(),
            serial: self.serial,
            actor: self.actor.map(str::to_owned),
            dataversion: self.dataversion,
            data: self.data.to_owned(),
        }
    }
}

impl<'a> From<&'a Event> for EventRef<'a> {
    fn from(event: &'a Event) -> Self {
        event.borrowed()
    }
}

/// Data of a [`TICK_TYPE`] event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tick {
    /// All timers due at or before this instant are due now.
    pub time: Millis,
    /// True at the end of an import: log time is the source's own time, so what the tick raises
    /// counts as raised when it fell due, not when the import ended.
    pub import: bool,
}

/// Data of a [`REBUILD_TYPE`] event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    pub deployment: DeploymentId,
    pub keys: RebuildKeys,
    /// Why: `gap`, `history`, `promote` or `rollback`.
    pub reason: String,
}

/// Which keys are folded anew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum RebuildKeys {
    All,
    /// Every key to which an event of this region subtree goes.
    Region(String),
    /// Those that have an open gap at this place.
    Gaps,
}

/// Data of a [`TABLE_TYPE`] event: lookups after this position see the new version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableLoaded {
    pub table: String,
    pub version: u32,
    /// SHA-256 of the imported rows in canonical form, in hexadecimal.
    pub sha256: String,
    pub rows: u64,
    /// Name of the file that it came from, without its folder.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// SHA-256 of that file, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file_sha256: Option<String>,
    /// Who loaded it, as he named himself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// Number of the act's leaf in the ledger; the act itself cannot name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u64>,
}

/// FNV-1a over length-prefixed parts: a stable fingerprint for grouping, not for security.
/// Source: RFC 9923 (The FNV Non-Cryptographic Hash Algorithm).
#[must_use]
pub fn fingerprint(parts: &[&[u8]]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut eat = |byte: u8| {
        hash ^= u64::from(byte);
        hash = hash.wrapping_mul(0x0000_0100_0000_01b3);
    };
    for part in parts {
        (part.len() as u32).to_le_bytes().into_iter().for_each(&mut eat);
        part.iter().copied().for_each(&mut eat);
    }
    hash
}
