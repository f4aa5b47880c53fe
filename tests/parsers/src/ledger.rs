//! What is signed or sealed: manifests, packages, notes, checkpoints, proofs, keys. A target fails
//! too if something is taken that nobody signed.
//!
//! Streams under a passphrase are no target: a hundred thousand rounds before the first byte leave
//! nothing to try. Their own tests spoil them byte by byte.

use crate::text_of;
use plumbline_contract::manifest::Manifest;
use plumbline_contract::package::MANIFEST_SECTION;
use plumbline_ledger::note::{self, Note};
use plumbline_ledger::{
    Checkpoint, InclusionProof, Ledger, SigningKey, TrustedKeys, inspect_package, seal_package,
    verify_package,
};
use std::sync::OnceLock;

const MANIFEST: &str = include_str!("../../../sdk/contract/tests/data/manifest/whole.toml");
const ORIGIN: &str = "test.invalid/fuzz";
const LEAVES: u64 = 7;
const PROVED: u64 = 4;

pub(crate) fn manifest(bytes: &[u8]) -> bool {
    Manifest::from_toml(&text_of(bytes)).is_ok()
}

pub(crate) fn package(bytes: &[u8]) -> bool {
    let verified = verify_package(bytes, trusted());
    assert!(verified.is_err() || inspect_package(bytes).is_ok());
    // Nobody signed a changed one.
    assert!(verified.is_err() || made().iter().any(|made| made == bytes), "a forged package");
    inspect_package(bytes).is_ok()
}

/// What is read of a note is what stands there.
pub(crate) fn note(bytes: &[u8]) -> bool {
    let parsed = Note::parse(bytes);
    if let Ok(parsed) = &parsed {
        let again = parsed.to_text().unwrap();
        assert_eq!(Note::parse(again.as_bytes()).unwrap(), *parsed, "another note");
    }
    if let Ok(opened) = note::open(bytes, trusted()) {
        assert!(
            notes().iter().any(|note| text_of(note).starts_with(&opened.text)),
            "a forged note"
        );
    }
    parsed.is_ok()
}

pub(crate) fn checkpoint(bytes: &[u8]) -> bool {
    let opened = Checkpoint::open(bytes, trusted());
    if let Ok(checkpoint) = &opened {
        let text = &sealed().0;
        assert_eq!((checkpoint.size(), checkpoint.origin()), (LEAVES, ORIGIN), "{text}");
    }
    opened.is_ok()
}

pub(crate) fn proof(bytes: &[u8]) -> bool {
    let Ok(proof) = InclusionProof::open(&text_of(bytes), trusted()) else { return false };
    let verified = proof.verify(&leaf(PROVED));
    assert!(verified.is_err() || proof.index() == PROVED, "a forged proof");
    verified.is_ok()
}

pub(crate) fn keys(bytes: &[u8]) -> bool {
    let text = text_of(bytes);
    let _ = SigningKey::from_text(&text);
    TrustedKeys::from_text(&text).is_ok_and(|keys| !keys.keys().is_empty())
}

fn leaf(number: u64) -> Vec<u8> {
    format!("leaf {number}").into_bytes()
}

/// Always the same key, so that a failing input fails again.
fn key() -> SigningKey {
    SigningKey::from_seed("fuzz", [7; 32]).unwrap()
}

fn trusted() -> &'static TrustedKeys {
    static TRUSTED: OnceLock<TrustedKeys> = OnceLock::new();
    TRUSTED.get_or_init(|| key().verifying_key().into())
}

/// A checkpoint and a proof under it.
fn sealed() -> &'static (String, String) {
    static SEALED: OnceLock<(String, String)> = OnceLock::new();
    SEALED.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let mut ledger = Ledger::create(&dir.path().join("ledger"), ORIGIN, key()).unwrap();
        ledger.append(&(0..LEAVES).map(leaf).collect::<Vec<_>>()).unwrap();
        let checkpoint = ledger.seal().unwrap();
        (checkpoint.note().to_owned(), ledger.prove_inclusion(PROVED).unwrap().to_string())
    })
}

/// A component with nothing but a manifest, plain and signed.
fn made() -> &'static [Vec<u8>; 2] {
    static MADE: OnceLock<[Vec<u8>; 2]> = OnceLock::new();
    MADE.get_or_init(|| {
        let mut content = vec![MANIFEST_SECTION.len() as u8];
        content.extend_from_slice(MANIFEST_SECTION.as_bytes());
        content.extend_from_slice(MANIFEST.as_bytes());
        let mut component = b"\0asm\x0d\0\x01\0\0".to_vec();
        let mut length = content.len();
        while length > 127 {
            component.push((length & 127) as u8 | 128);
            length >>= 7;
        }
        component.push(length as u8);
        component.extend_from_slice(&content);
        let signed = seal_package(&component, &key()).unwrap();
        [component, signed]
    })
}

pub(crate) fn manifests() -> Vec<Vec<u8>> {
    vec![MANIFEST.into()]
}

pub(crate) fn packages() -> Vec<Vec<u8>> {
    made().to_vec()
}

pub(crate) fn notes() -> Vec<Vec<u8>> {
    vec![sealed().0.clone().into()]
}

pub(crate) fn proofs() -> Vec<Vec<u8>> {
    vec![sealed().1.clone().into()]
}

pub(crate) fn key_texts() -> Vec<Vec<u8>> {
    vec![key().verifying_key().to_string().into()]
}
