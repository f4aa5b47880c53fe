//! Archives: a stretch of the event log as a file of its own, whose Merkle root is in the ledger, so
//! that a kept copy can be proven event by event for as long as the ledger is.
//!
//! It drops nothing itself: that is done by the rules of retention (`retention.rs`), for what is archived.

use super::container::{Packed, Unpacked, write_file};
use super::frame::{
    EVENTS, FRAME_BYTES, FrameReader, FrameWriter, Trailer, parts, push_part, wrong,
};
use super::{FORMAT, outside};
use crate::act;
use crate::app::App;
use crate::error::{AppError, Kind};
use plumbline_contract::event::Event;
use plumbline_contract::id::EventSeq;
use plumbline_contract::time::{Day, Millis};
use plumbline_ledger::Passphrase;
use plumbline_ledger::tree::{Frontier, leaf_hash};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fs::File;
use std::path::Path;

/// Kind of file in the header.
const KIND: &str = "archive";
/// Setting that says up to which position the log is archived.
const ARCHIVED_META: &str = "archive/next";
/// Name of the act in the ledger.
const ACT: &str = "archived";
/// Events and leaves read at once.
const READ_AT_ONCE: usize = 1024;

/// What to archive: from the end of the archive before up to the first event of `before` or later,
/// by log time in the region's zone.
#[derive(Clone, Copy, Debug)]
pub struct Archiving<'a> {
    /// The file to make; it must not exist.
    pub file: &'a Path,
    pub passphrase: Option<&'a Passphrase>,
    pub before: Day,
    /// The present instant.
    pub now: Millis,
}

/// What an archive says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct ArchiveHeader {
    format: u32,
    kind: String,
    program: String,
    origin: String,
    taken_at: String,
    before: String,
    from: u64,
    to: u64,
}

/// What an archive that was read to its end holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Archive {
    pub origin: String,
    pub taken_at: String,
    pub before: String,
    /// The events from `from` up to `to`, which is not in it.
    pub from: u64,
    pub to: u64,
    /// Root of the tree over the events (RFC 6962; a leaf is an event as JSON), in hexadecimal.
    pub root: String,
    pub file_bytes: u64,
    pub sealed: bool,
}

/// Makes an archive, reads it again, names it, and puts its root into the ledger.
///
/// # Errors
/// If nothing is old enough, the file exists, something cannot be read or written, or what was read
/// back is not what was there.
pub fn archive(app: &App, request: &Archiving<'_>) -> Result<Archive, AppError> {
    outside(app, request.file)?;
    let from = archived_until(app)?.0;
    let to = end(app, from, request.before)?;
    if from == to {
        return Err(AppError::new(Kind::Usage, "archive-nothing", request.before));
    }
    let header = ArchiveHeader {
        format: FORMAT,
        kind: KIND.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        origin: app.config().origin.clone(),
        taken_at: app.zone().rfc3339(request.now),
        before: request.before.to_string(),
        from,
        to,
    };
    let fill = |file: File| {
        let packed = Packed::begin(file, request.passphrase)?;
        let (packed, filled) = content(app, &header, packed)?;
        Ok((packed.finish()?, filled))
    };
    let judge = |path: &Path, (trailer, root): &(Trailer, String)| {
        let (archive, digest) = read(path, request.passphrase)?;
        match archive.root == *root && digest == trailer.sha256 {
            true => Ok(archive),
            false => Err(wrong("what was read back is not what was written")),
        }
    };
    let (_, archive) = write_file(request.file, fill, judge)?;
    let particulars = json!({
        "from": from, "to": to, "before": archive.before, "root": archive.root,
        "sealed": archive.sealed,
    });
    app.record(&[act::leaf(ACT, request.now, app.zone(), particulars)])?;
    app.store().put_meta(ARCHIVED_META, to.to_string().as_bytes())?;
    Ok(archive)
}

/// The first event that is in no archive.
///
/// # Errors
/// If the store fails.
pub fn archived_until(app: &App) -> Result<EventSeq, AppError> {
    let next = app.store().meta(ARCHIVED_META)?;
    let next = next.and_then(|bytes| String::from_utf8(bytes).ok()?.parse().ok());
    Ok(EventSeq(next.unwrap_or(0)))
}

/// Reads an archive to its end and finds the leaf that vouches for it in the ledger of a home.
///
/// # Errors
/// If it cannot be read or is not sound.
pub fn verify(
    app: &App,
    file: &Path,
    passphrase: Option<&Passphrase>,
) -> Result<(Archive, Option<u64>), AppError> {
    let (archive, _) = read(file, passphrase)?;
    let size = app.with_ledger(|ledger| ledger.checkpoint().size());
    for first in (0..size).step_by(READ_AT_ONCE) {
        let last = size.min(first + READ_AT_ONCE as u64);
        let leaves =
            app.with_ledger(|ledger| ledger.leaves(first..last)?.collect::<Result<Vec<_>, _>>())?;
        for (leaf, index) in leaves.iter().zip(first..) {
            if vouches(leaf, &archive) {
                return Ok((archive, Some(index)));
            }
        }
    }
    Ok((archive, None))
}

fn vouches(leaf: &[u8], archive: &Archive) -> bool {
    let Ok(leaf) = serde_json::from_slice::<Value>(leaf) else { return false };
    leaf["leaf"] == ACT
        && leaf["root"] == archive.root.as_str()
        && leaf["from"] == archive.from
        && leaf["to"] == archive.to
}

/// The first position from `from` on whose log time is on `before` or later.
fn end(app: &App, from: u64, before: Day) -> Result<u64, AppError> {
    let mut at = from;
    loop {
        let rows = app.store().read(EventSeq(at), READ_AT_ONCE)?;
        if rows.is_empty() {
            return Ok(at);
        }
        for row in rows {
            if app.zone().local(row.event.logged).day() >= before {
                return Ok(row.seq.0);
            }
            at = row.seq.0 + 1;
        }
    }
}

fn content(
    app: &App,
    header: &ArchiveHeader,
    packed: Packed,
) -> Result<(Packed, (Trailer, String)), AppError> {
    let mut frames = FrameWriter::begin(packed, header)?;
    let mut tree = Frontier::default();
    let (mut at, mut content, mut items) = (header.from, Vec::new(), 0);
    while at < header.to {
        let room = (header.to - at).min(READ_AT_ONCE as u64);
        for row in app.store().read(EventSeq(at), room as usize)? {
            let event = serde_json::to_vec(&*row.event)
                .map_err(|error| AppError::new(Kind::Failed, "store", error))?;
            tree.push(leaf_hash(&event), |_, _| {});
            push_part(&mut content, &event);
            (at, items) = (at + 1, items + 1);
            if content.len() >= FRAME_BYTES {
                frames.put("events", EVENTS, &content, items)?;
                content.clear();
                items = 0;
            }
        }
    }
    if items > 0 {
        frames.put("events", EVENTS, &content, items)?;
    }
    let (packed, trailer) = frames.finish()?;
    Ok((packed, (trailer, tree.root().to_string())))
}

/// Reads an archive to its end and judges it, without asking a ledger: the archive, and the digest of
/// its frames.
///
/// # Errors
/// If it cannot be read or is not sound.
pub fn read(path: &Path, passphrase: Option<&Passphrase>) -> Result<(Archive, String), AppError> {
    let unpacked = Unpacked::open(path, passphrase)?;
    let (sealed, file_bytes) = (unpacked.sealed, unpacked.file_bytes);
    let (mut frames, header) = FrameReader::begin::<ArchiveHeader>(unpacked, KIND)?;
    let mut tree = Frontier::default();
    while let Some(record) = frames.next()? {
        if record.kind != EVENTS {
            return Err(wrong("a record of another kind of file"));
        }
        let events = parts(&record.content)?;
        frames.count(events.len() as u64);
        for event in events {
            serde_json::from_slice::<Event>(event).map_err(|error| wrong(&error.to_string()))?;
            tree.push(leaf_hash(event), |_, _| {});
        }
    }
    let (unpacked, trailer) = frames.finish()?;
    unpacked.finish()?;
    let ArchiveHeader { origin, taken_at, before, from, to, .. } = header;
    if Some(tree.size()) != to.checked_sub(from) {
        return Err(wrong("its events are not as many as its header says"));
    }
    let root = tree.root().to_string();
    let archive = Archive { origin, taken_at, before, from, to, root, file_bytes, sealed };
    Ok((archive, trailer.sha256))
}
