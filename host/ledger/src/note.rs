//! C2SP signed-note: a text with signature lines of several keys.
//!
//! Opening ignores signers that are not known, wants at least one that is, and refuses the note
//! when the signature of any known key is wrong. What the text says is the caller's business.

use crate::error::NoteError;
use crate::key::{SigningKey, TrustedKeys, name_is_valid};
use base64::{Engine, engine::general_purpose::STANDARD};

/// Largest note, in bytes: texts here have a few lines, and 100 signatures have about 30 kB.
pub const NOTE_BYTES_MAX: usize = 64 * 1024;
/// Most signature lines that are read, so that a foreign note cannot keep us busy.
pub const SIGNATURES_MAX: usize = 100;

const SIGNATURE_PREFIX: &str = "\u{2014} ";

/// A note as it is written, with nothing verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The signed text, with its final newline.
    pub text: String,
    pub signatures: Vec<Signature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    pub name: String,
    pub key_hash: [u8; 4],
    pub bytes: Vec<u8>,
}

/// A note that at least one trusted key signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub text: String,
    /// Names of the trusted keys whose signature was verified, in the order of the lines.
    pub signers: Vec<String>,
    /// Names of signers that are not known here; nothing was checked about them.
    pub unknown: Vec<String>,
}

/// Signs `text` with all `keys`.
///
/// # Errors
/// If the text may not stand in a note.
pub fn sign(text: &str, keys: &[&SigningKey]) -> Result<String, NoteError> {
    let mut note = Note { text: text.to_owned(), signatures: Vec::new() };
    for key in keys {
        note.add_signature(key);
    }
    note.to_text()
}

/// Reads `message` and verifies the signatures of all keys that are known.
///
/// # Errors
/// If it is malformed, a known key's signature is wrong, or no known key signed it.
pub fn open(message: &[u8], trusted: &TrustedKeys) -> Result<Opened, NoteError> {
    let note = Note::parse(message)?;
    let (mut signers, mut unknown) = (Vec::new(), Vec::new());
    for Signature { name, key_hash, bytes } in &note.signatures {
        let mut candidates = trusted.find(name, *key_hash).peekable();
        let list = if candidates.peek().is_none() {
            &mut unknown
        } else if candidates.any(|key| key.verifies(note.text.as_bytes(), bytes)) {
            &mut signers
        } else {
            return Err(NoteError::BadSignature { name: name.clone() });
        };
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
    if signers.is_empty() {
        return Err(NoteError::NoTrustedSigner { signers: unknown });
    }
    Ok(Opened { text: note.text, signers, unknown })
}

impl Note {
    /// Reads a note without verifying anything.
    ///
    /// # Errors
    /// If it is malformed or too large.
    pub fn parse(message: &[u8]) -> Result<Self, NoteError> {
        if message.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge { bytes: message.len(), max: NOTE_BYTES_MAX });
        }
        let message =
            std::str::from_utf8(message).map_err(|_| NoteError::Malformed("not UTF-8"))?;
        check_characters(message)?;
        let split = message.rfind("\n\n").ok_or(NoteError::Malformed("no signatures"))?;
        let (text, lines) = (&message[..=split], &message[split + 2..]);
        let lines = lines
            .strip_suffix('\n')
            .ok_or(NoteError::Malformed("no newline after the last signature"))?;
        let mut signatures = Vec::new();
        for line in lines.split('\n') {
            if signatures.len() == SIGNATURES_MAX {
                return Err(NoteError::Malformed("too many signatures"));
            }
            signatures.push(Signature::parse(line)?);
        }
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// Adds the signature of `key`, in place of one that the same key made before.
    pub fn add_signature(&mut self, key: &SigningKey) {
        let (name, key_hash) = (key.name().to_owned(), key.verifying_key().hash());
        self.signatures.retain(|other| other.name != name || other.key_hash != key_hash);
        let bytes = key.sign(self.text.as_bytes()).to_vec();
        self.signatures.push(Signature { name, key_hash, bytes });
    }

    /// The note as it is written.
    ///
    /// # Errors
    /// If the text or the number of signatures may not stand in a note.
    pub fn to_text(&self) -> Result<String, NoteError> {
        check_characters(&self.text)?;
        if !self.text.ends_with('\n') {
            return Err(NoteError::Malformed("the text does not end with a newline"));
        }
        if self.signatures.is_empty() || self.signatures.len() > SIGNATURES_MAX {
            return Err(NoteError::Malformed("no signature, or too many"));
        }
        let mut out = format!("{}\n", self.text);
        for Signature { name, key_hash, bytes } in &self.signatures {
            let encoded = STANDARD.encode([key_hash.as_slice(), bytes].concat());
            out.push_str(&format!("{SIGNATURE_PREFIX}{name} {encoded}\n"));
        }
        if out.len() > NOTE_BYTES_MAX {
            return Err(NoteError::TooLarge { bytes: out.len(), max: NOTE_BYTES_MAX });
        }
        Ok(out)
    }
}

impl Signature {
    fn parse(line: &str) -> Result<Self, NoteError> {
        let (name, encoded) = line
            .strip_prefix(SIGNATURE_PREFIX)
            .and_then(|rest| rest.split_once(' '))
            .ok_or(NoteError::Malformed("not a signature line"))?;
        if !name_is_valid(name) {
            return Err(NoteError::KeyName(name.to_owned()));
        }
        let bytes = STANDARD.decode(encoded).map_err(|_| NoteError::Malformed("not base64"))?;
        match bytes.split_first_chunk::<4>() {
            Some((&key_hash, bytes)) if !bytes.is_empty() => {
                Ok(Self { name: name.to_owned(), key_hash, bytes: bytes.to_vec() })
            }
            _ => Err(NoteError::Malformed("the signature is too short")),
        }
    }
}

fn check_characters(text: &str) -> Result<(), NoteError> {
    if text.bytes().any(|byte| byte < 0x20 && byte != b'\n') {
        return Err(NoteError::Malformed("control character"));
    }
    Ok(())
}

pub(crate) fn too_large(bytes: usize, max: usize) -> NoteError {
    NoteError::TooLarge { bytes, max }
}
