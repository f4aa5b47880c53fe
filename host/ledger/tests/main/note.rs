//! Keys and signed notes, with the examples of the formats' authors.

use crate::support::named_key;
use plumbline_ledger::note::{self, Note, SIGNATURES_MAX};
use plumbline_ledger::{NoteError, SigningKey, TrustedKeys, VerifyingKey};
use std::os::unix::fs::PermissionsExt;

// From the documentation of Go's golang.org/x/mod/sumdb/note.
const PETER: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const PETER_PUBLIC: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETER_NOTE: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n\
    \n\
    — PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

fn keys(texts: &[&str]) -> TrustedKeys {
    TrustedKeys::from_text(&texts.join("\n")).unwrap()
}

#[test]
fn the_note_of_another_implementation() {
    let key = SigningKey::from_text(PETER).unwrap();
    assert_eq!(key.verifying_key().to_string(), PETER_PUBLIC);
    assert_eq!(key.to_text(), PETER);
    let opened = note::open(PETER_NOTE.as_bytes(), &keys(&[PETER_PUBLIC])).unwrap();
    assert_eq!(opened.signers, ["PeterNeumann"]);
    assert_eq!(note::sign(&opened.text, &[&key]).unwrap(), PETER_NOTE);
    assert!(!format!("{key:?}").contains("AYEKFALVFGyNhPJEMzD1QIDr"), "the secret is shown");
}

#[test]
fn several_signers() {
    let (vendor, lab, other) =
        (named_key("vendor", 1), named_key("测评中心", 2), named_key("other", 3));
    let text = note::sign("甲\n\n乙\n", &[&vendor, &lab]).unwrap();
    let public = |key: &SigningKey| key.verifying_key().to_string();
    let opened = note::open(text.as_bytes(), &keys(&[&public(&lab)])).unwrap();
    assert_eq!(opened.text, "甲\n\n乙\n");
    assert_eq!((opened.signers, opened.unknown), (vec!["测评中心".into()], vec!["vendor".into()]));
    let opened = note::open(text.as_bytes(), &keys(&[&public(&lab), &public(&vendor)])).unwrap();
    assert_eq!(opened.signers, ["vendor", "测评中心"]);

    let unknown = note::open(text.as_bytes(), &keys(&[&public(&other)])).unwrap_err();
    assert!(matches!(unknown, NoteError::NoTrustedSigner { signers } if signers.len() == 2));
    // A second key of the same name is another key.
    let impostor = named_key("vendor", 9);
    assert!(note::open(text.as_bytes(), &keys(&[&public(&impostor)])).is_err());
    // One wrong signature of a known key spoils the note, although the other one is right.
    let mut parsed = Note::parse(text.as_bytes()).unwrap();
    parsed.signatures[0].bytes[10] ^= 1;
    let spoiled = parsed.to_text().unwrap();
    let both = keys(&[&public(&lab), &public(&vendor)]);
    let error = note::open(spoiled.as_bytes(), &both).unwrap_err();
    assert!(matches!(error, NoteError::BadSignature { name } if name == "vendor"));
    assert!(note::open(spoiled.as_bytes(), &keys(&[&public(&lab)])).is_ok());
    // Signing again replaces the signature.
    parsed.add_signature(&vendor);
    assert_eq!(parsed.signatures.len(), 2);
    assert!(note::open(parsed.to_text().unwrap().as_bytes(), &both).is_ok());
}

#[test]
fn every_flip_of_a_note_is_refused() {
    let trusted = keys(&[PETER_PUBLIC]);
    for at in 0..PETER_NOTE.len() {
        for bit in 0..8 {
            let mut bytes = PETER_NOTE.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            assert!(note::open(&bytes, &trusted).is_err(), "bit {bit} of byte {at}");
        }
    }
}

#[test]
fn malformed_notes() {
    let signature = PETER_NOTE.split_once("\n\n").unwrap().1;
    let too_many = format!("x\n\n{}", signature.repeat(SIGNATURES_MAX + 1));
    let rows: &[(&str, &str)] = &[
        ("", "no signatures"),
        ("text\n", "no signatures"),
        ("text\n\n", "no newline"),
        ("text\n\nline\n", "signature line"),
        ("text\n\n— name\n", "signature line"),
        ("text\n\n— na+me AAAAAAAA\n", "key name"),
        ("text\n\n— name A!AAAAAA\n", "base64"),
        ("text\n\n— name AAAA\n", "too short"),
        ("te\txt\n\n— name AAAAAAAA\n", "control"),
        (&too_many, "too many"),
    ];
    for (text, wanted) in rows {
        let error = Note::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text:?} gave {error:?}");
    }
    let huge = "x".repeat(note::NOTE_BYTES_MAX + 1);
    assert!(matches!(Note::parse(huge.as_bytes()), Err(NoteError::TooLarge { .. })));
    assert!(Note::parse(b"\xff\n\n").is_err());
    let key = named_key("a", 1);
    assert!(note::sign("no newline", &[&key]).is_err());
    assert!(note::sign("no key\n", &[]).is_err());
}

#[test]
fn malformed_keys() {
    let rows = [
        ("", "name+hash+base64"),
        ("PeterNeumann+c74f20a3", "name+hash+base64"),
        ("PeterNeumann+c74f20a3+!", "base64"),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "does not match"),
        ("PeterNeumann+C74F20A3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "does not match"),
        ("Peter Neumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "key name"),
        ("PeterNeumann+c74f20a3+Ahpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "type 1"),
        ("PeterNeumann+c74f20a3+AQ==", "32 bytes"),
    ];
    for (text, wanted) in rows {
        let error = VerifyingKey::from_text(text).unwrap_err().to_string();
        assert!(error.contains(wanted), "{text:?} gave {error:?}");
    }
    assert!(SigningKey::from_text(PETER_PUBLIC).is_err());
    assert!(SigningKey::from_text(&PETER.replace("c74f", "c74e")).is_err());
    assert!(SigningKey::generate("no spaces").is_err());
    assert!(TrustedKeys::from_text("# 县级\n\nnot a key\n").is_err());
    assert_eq!(
        TrustedKeys::from_text(&format!("# 县级\n\n{PETER_PUBLIC}\n")).unwrap().keys().len(),
        1
    );
}

#[test]
fn key_files() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("key");
    let key = SigningKey::generate("县.example").unwrap();
    let other = SigningKey::generate("县.example").unwrap();
    assert_ne!(key.to_text(), other.to_text());
    key.save(&path).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(SigningKey::load(&path).unwrap().to_text(), key.to_text());
    assert!(matches!(other.save(&path), Err(NoteError::Io { .. })), "a key was overwritten");
    std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
    assert!(matches!(SigningKey::load(&path), Err(NoteError::KeyFileMode { mode: 0o640, .. })));
}
