//! Walks the top-level sections of a WebAssembly component, which is foreign input.
//!
//! Only custom sections are looked into; nested modules and components are skipped whole, so a
//! section inside them never counts as ours.

use crate::error::PackageError;
use plumbline_contract::package::{MANIFEST_SECTION, NOTE_SECTION, PACKAGE_BYTES_MAX};

/// Most top-level sections of a package: component tools write a few hundred.
pub const SECTIONS_MAX: usize = 65_536;
/// Magic, component version and layer.
const COMPONENT_PREAMBLE: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CUSTOM_SECTION: u8 = 0;

/// A package taken apart.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// All bytes before the note section.
    pub(super) body: &'a [u8],
    pub(super) manifest: Option<&'a [u8]>,
    pub(super) note: Option<&'a [u8]>,
}

pub(super) fn parts(bytes: &[u8]) -> Result<Parts<'_>, PackageError> {
    if bytes.len() > PACKAGE_BYTES_MAX {
        return Err(PackageError::TooLarge { bytes: bytes.len() });
    }
    if !bytes.starts_with(&COMPONENT_PREAMBLE) {
        return Err(PackageError::NotAComponent);
    }
    let mut reader = Reader { bytes, at: COMPONENT_PREAMBLE.len() };
    let mut parts = Parts { body: bytes, manifest: None, note: None };
    let mut sections = 0;
    while reader.at < bytes.len() {
        let start = reader.at;
        sections += 1;
        if sections > SECTIONS_MAX {
            return Err(PackageError::TooManySections { max: SECTIONS_MAX });
        }
        let id = reader.take(1, start)?[0];
        let length = reader.number()?;
        let content = reader.take(length, start)?;
        let custom = if id == CUSTOM_SECTION { Some(custom(content, start)?) } else { None };
        match custom {
            Some((name, _)) if parts.note.is_some() && name == NOTE_SECTION.as_bytes() => {
                return Err(PackageError::TwoNotes);
            }
            _ if parts.note.is_some() => return Err(PackageError::AfterNote),
            Some((name, payload)) if name == NOTE_SECTION.as_bytes() => {
                // The note cannot sign its own section, so that has to have exactly one spelling.
                if bytes[start..reader.at] != custom_section(NOTE_SECTION, payload) {
                    let what = "the numbers of the note section are not written the short way";
                    return Err(PackageError::Section { at: start, what });
                }
                parts.body = &bytes[..start];
                parts.note = Some(payload);
            }
            Some((name, _)) if name == MANIFEST_SECTION.as_bytes() && parts.manifest.is_some() => {
                return Err(PackageError::TwoManifests);
            }
            Some((name, payload)) if name == MANIFEST_SECTION.as_bytes() => {
                parts.manifest = Some(payload);
            }
            _ => {}
        }
    }
    Ok(parts)
}

/// A custom section as it is written, with all numbers the short way.
pub(super) fn custom_section(name: &str, payload: &[u8]) -> Vec<u8> {
    let mut content = leb128(name.len());
    content.extend_from_slice(name.as_bytes());
    content.extend_from_slice(payload);
    let mut section = vec![CUSTOM_SECTION];
    section.extend_from_slice(&leb128(content.len()));
    section.extend_from_slice(&content);
    section
}

/// Splits the content of a custom section into name and payload.
fn custom(content: &[u8], section: usize) -> Result<(&[u8], &[u8]), PackageError> {
    let mut reader = Reader { bytes: content, at: 0 };
    let what = "the name of the custom section does not fit";
    let bad = PackageError::Section { at: section, what };
    let Ok(length) = reader.number() else { return Err(bad) };
    let name = reader.take(length, section).map_err(|_| bad)?;
    Ok((name, &content[reader.at..]))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize, section: usize) -> Result<&'a [u8], PackageError> {
        let what = "it is longer than the package";
        let rest = &self.bytes[self.at..];
        let taken = rest.get(..length).ok_or(PackageError::Section { at: section, what })?;
        self.at += length;
        Ok(taken)
    }

    /// A LEB128 number of 32 bits: at most five bytes, of which the last has four bits.
    fn number(&mut self) -> Result<usize, PackageError> {
        let start = self.at;
        let bad = PackageError::Number { at: start };
        let mut value = 0_u32;
        for shift in [0, 7, 14, 21, 28] {
            let Some(&byte) = self.bytes.get(self.at) else { return Err(bad) };
            self.at += 1;
            if shift == 28 && byte > 0x0f {
                return Err(bad);
            }
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value as usize);
            }
        }
        Err(bad)
    }
}

fn leb128(number: usize) -> Vec<u8> {
    let mut rest = number;
    let mut out = Vec::new();
    while rest > 0x7f {
        out.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    out.push(rest as u8);
    out
}
