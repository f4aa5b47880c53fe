//! Reads a backup from its first byte to its last and judges it: seal, compression, counts,
//! digests, and that its leaves have the root that its checkpoint signs.

use super::container::Unpacked;
use super::frame::{FILE, FrameReader, LEAVES, PAIRS, parts, wrong};
use super::{Header, KIND, Report};
use crate::error::AppError;
use plumbline_ledger::tree::{Frontier, leaf_hash};
use plumbline_ledger::{Checkpoint, Passphrase, TrustedKeys, VerifyingKey};
use plumbline_store::Pair;
use std::path::Path;

/// A piece of content, in the order of the file.
#[derive(Debug)]
pub enum Item<'a> {
    /// A stretch of a file; stretches of one file follow one another.
    File {
        path: &'a str,
        begins: bool,
        bytes: &'a [u8],
    },
    Pairs(Vec<Pair>),
    Leaves(Vec<Vec<u8>>),
}

/// Reads all of a backup; `each` is handed every piece, of which the whole is judged at the end
/// only: what it makes of them must not count before this returns.
///
/// # Errors
/// If it cannot be read, is not sound, or `each` fails.
pub fn read(
    path: &Path,
    passphrase: Option<&Passphrase>,
    each: &mut dyn FnMut(&Header, Item<'_>) -> Result<(), AppError>,
) -> Result<Report, AppError> {
    let unpacked = Unpacked::open(path, passphrase)?;
    let (sealed, file_bytes) = (unpacked.sealed, unpacked.file_bytes);
    let (mut frames, header) = FrameReader::begin::<Header>(unpacked, KIND)?;
    let checkpoint = checkpoint(&header)?;
    let mut tree = Frontier::default();
    let mut file = String::new();
    while let Some(record) = frames.next()? {
        let parts = parts(&record.content)?;
        let (item, count) = match record.kind {
            FILE => {
                let [path, bytes] = parts[..] else { return Err(wrong("a file's record")) };
                let path = str::from_utf8(path).map_err(|_| wrong("a file's name"))?;
                let begins = path != file;
                path.clone_into(&mut file);
                (Item::File { path, begins, bytes }, u64::from(begins))
            }
            LEAVES => {
                parts.iter().for_each(|leaf| tree.push(leaf_hash(leaf), |_, _| {}));
                let count = parts.len() as u64;
                (Item::Leaves(parts.into_iter().map(<[u8]>::to_vec).collect()), count)
            }
            PAIRS => {
                let (pairs, []) = parts.as_chunks() else { return Err(wrong("half a pair")) };
                let pair =
                    |[key, value]: &[&[u8]; 2]| Pair { key: key.to_vec(), value: value.to_vec() };
                (Item::Pairs(pairs.iter().map(pair).collect()), pairs.len() as u64)
            }
            _ => return Err(wrong("a record of another kind of file")),
        };
        frames.count(count);
        each(&header, item)?;
    }
    let (unpacked, trailer) = frames.finish()?;
    unpacked.finish()?;
    if tree.size() != checkpoint.size() || tree.root() != checkpoint.root() {
        return Err(wrong("its leaves are not those that its checkpoint signs"));
    }
    let (sections, digest) = (trailer.sections, trailer.sha256);
    Ok(Report { header, sections, digest, file_bytes, sealed })
}

/// The checkpoint of a header, which must be what the header says and signed with its key.
pub(super) fn checkpoint(header: &Header) -> Result<Checkpoint, AppError> {
    let key = key(header)?;
    let note = header.checkpoint.as_bytes();
    let checkpoint = Checkpoint::open(note, &TrustedKeys::from(&key));
    let checkpoint = checkpoint.map_err(|error| wrong(&error.to_string()))?;
    let same = checkpoint.origin() == header.origin
        && checkpoint.size() == header.ledger_size
        && checkpoint.root().to_string() == header.ledger_root
        && (header.first_leaf..=header.next_leaf).contains(&checkpoint.size());
    if same { Ok(checkpoint) } else { Err(wrong("its header and its checkpoint disagree")) }
}

pub(super) fn key(header: &Header) -> Result<VerifyingKey, AppError> {
    VerifyingKey::from_text(&header.vkey).map_err(|error| wrong(&error.to_string()))
}
