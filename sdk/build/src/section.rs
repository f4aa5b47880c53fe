//! The custom sections of a package: where they begin and end, and how the manifest gets in.
//!
//! It looks at the outermost sections only and changes nothing inside them.

use crate::error::BuildError;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::{MANIFEST_SECTION, NOTE_SECTION};
use std::ops::Range;

/// Magic, version and layer of a component, as its first eight bytes.
const COMPONENT_HEADER: [u8; 8] = *b"\0asm\x0d\0\x01\0";
const CUSTOM_SECTION: u8 = 0;

/// The component with `manifest_toml` as its manifest section. A manifest or a signature that was
/// there before is removed: neither holds for the new bytes.
///
/// # Errors
/// If the manifest is wrong, naming the field, or the bytes are no component.
pub fn attach_manifest(component: &[u8], manifest_toml: &str) -> Result<Vec<u8>, BuildError> {
    Manifest::from_toml(manifest_toml)?;
    let mut package = COMPONENT_HEADER.to_vec();
    for section in sections(component)? {
        let is_ours = [MANIFEST_SECTION, NOTE_SECTION]
            .iter()
            .any(|name| section.name.as_deref() == Some(name.as_bytes()));
        if !is_ours {
            package.extend_from_slice(&component[section.bytes]);
        }
    }
    let mut content = Vec::new();
    push_number(&mut content, MANIFEST_SECTION.len());
    content.extend_from_slice(MANIFEST_SECTION.as_bytes());
    content.extend_from_slice(manifest_toml.as_bytes());
    package.push(CUSTOM_SECTION);
    push_number(&mut package, content.len());
    package.extend_from_slice(&content);
    Ok(package)
}

#[derive(Debug)]
struct Section {
    /// Of a custom section.
    name: Option<Vec<u8>>,
    /// The whole section with its head.
    bytes: Range<usize>,
}

fn sections(component: &[u8]) -> Result<Vec<Section>, BuildError> {
    if !component.starts_with(&COMPONENT_HEADER) {
        return Err(BuildError::Malformed("the header is not that of a component"));
    }
    let mut found = Vec::new();
    let mut at = COMPONENT_HEADER.len();
    while at < component.len() {
        let start = at;
        let id = component[at];
        at += 1;
        let length = number(component, &mut at)?;
        let end = at.checked_add(length).filter(|end| *end <= component.len());
        let end = end.ok_or(BuildError::Malformed("a section is longer than the file"))?;
        let name = match id {
            CUSTOM_SECTION => Some(name(&component[at..end])?),
            _ => None,
        };
        found.push(Section { name, bytes: start..end });
        at = end;
    }
    Ok(found)
}

fn name(content: &[u8]) -> Result<Vec<u8>, BuildError> {
    let mut at = 0;
    let length = number(content, &mut at)?;
    let name = at.checked_add(length).and_then(|end| content.get(at..end));
    name.map(<[u8]>::to_vec).ok_or(BuildError::Malformed("a section's name is cut off"))
}

/// An unsigned LEB128 number of 32 bits at `at`, which moves behind it.
fn number(bytes: &[u8], at: &mut usize) -> Result<usize, BuildError> {
    let mut value = 0u64;
    for shift in (0..35).step_by(7) {
        let byte = *bytes.get(*at).ok_or(BuildError::Malformed("a number is cut off"))?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 && value <= u64::from(u32::MAX) {
            return Ok(value as usize);
        }
    }
    Err(BuildError::Malformed("a number is too large"))
}

fn push_number(bytes: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        bytes.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    bytes.push(value as u8);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn manifest(id: &str) -> String {
        format!(
            "[plugin]\nid = \"{id}\"\nversion = \"0.1.0\"\nrelease = 1\ncontract = \"0.1\"\n\
             domain = \"test\"\nvendor = \"v\"\nname_zh = \"试验\"\nname_en = \"test\"\n"
        )
    }

    fn custom(name: &str, content: &[u8]) -> Vec<u8> {
        let mut inner = vec![name.len() as u8];
        inner.extend_from_slice(name.as_bytes());
        inner.extend_from_slice(content);
        let mut bytes = vec![CUSTOM_SECTION];
        push_number(&mut bytes, inner.len());
        bytes.extend(inner);
        bytes
    }

    #[test]
    fn the_manifest_replaces_an_older_one_and_the_signature() {
        let other = custom("producers", &[7; 300]);
        let start = [COMPONENT_HEADER.to_vec(), other.clone()].concat();
        let first = attach_manifest(&start, &manifest("one")).unwrap();
        let signed = [first, custom(NOTE_SECTION, b"signature")].concat();
        let second = attach_manifest(&signed, &manifest("two")).unwrap();
        let expected = attach_manifest(&start, &manifest("two")).unwrap();
        assert_eq!(second, expected);
        let text = String::from_utf8_lossy(&second).into_owned();
        assert!(text.ends_with(&manifest("two")) && !text.contains("\"one\""));
        assert!(second.starts_with(&start));
    }

    #[test]
    fn a_wrong_manifest_is_refused_with_its_field() {
        let cases = [
            (manifest("Upper Case"), "`plugin.id` is empty or malformed: `Upper Case`"),
            (manifest("one").replace("\"0.1\"", "\"9\""), "built for contract 9"),
            ("[plugin]\nid = 3".into(), "id"),
        ];
        for (toml, expected) in cases {
            let error = attach_manifest(&COMPONENT_HEADER, &toml).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn what_is_no_component_is_refused() {
        let cut = [&COMPONENT_HEADER[..], &[0, 200, 1, 4]].concat();
        let nameless = [&COMPONENT_HEADER[..], &[0, 1, 9]].concat();
        let endless = [&COMPONENT_HEADER[..], &[0, 0xff, 0xff, 0xff, 0xff, 0xff, 1]].concat();
        for bytes in [b"".to_vec(), b"\0asm\x01\0\0\0".to_vec(), cut, nameless, endless] {
            let error = attach_manifest(&bytes, &manifest("one")).unwrap_err();
            assert!(matches!(error, BuildError::Malformed(_)), "{bytes:?}: {error}");
        }
    }
}
