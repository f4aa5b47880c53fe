//! Signed packages, and every way in which one is refused.

use crate::support::named_key;
use plumbline_contract::id::PackageHash;
use plumbline_contract::package::{MANIFEST_SECTION, NOTE_SECTION, PACKAGE_BYTES_MAX};
use plumbline_ledger::{
    Kind, NoteError, PACKAGE_NOTE_BYTES_MAX, PackageError, SECTIONS_MAX, SigningKey, TrustedKeys,
    inspect_package, note, seal_package, sha256, sha256_hex, verify_package,
};

const MANIFEST: &str = include_str!("manifest.toml");
const PREAMBLE: &[u8] = b"\0asm\x0d\0\x01\0";

fn leb(mut n: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while n > 127 {
        out.push(u8::try_from(n & 127).unwrap() | 128);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap());
    out
}

fn section(id: u8, content: &[u8]) -> Vec<u8> {
    [&[id][..], &leb(content.len()), content].concat()
}

fn custom(name: &str, payload: &[u8]) -> Vec<u8> {
    section(0, &[&leb(name.len())[..], name.as_bytes(), payload].concat())
}

/// A component as tools write it: other sections around the manifest.
fn component() -> Vec<u8> {
    [
        PREAMBLE,
        &section(1, &[b"\0asm\x01\0\0\0".as_slice(), &custom(MANIFEST_SECTION, b"inner")].concat()),
        &custom(MANIFEST_SECTION, MANIFEST.as_bytes()),
        &custom("name", b"xyz"),
    ]
    .concat()
}

fn vendor() -> SigningKey {
    named_key("vendor.example", 1)
}

fn trust(keys: &[&SigningKey]) -> TrustedKeys {
    keys.iter().map(|key| key.verifying_key().clone()).collect()
}

#[test]
fn sealed_and_verified() {
    let package = seal_package(&component(), &vendor()).unwrap();
    assert!(package.starts_with(&component()));
    let verified = verify_package(&package, &trust(&[&vendor()])).unwrap();
    assert_eq!(verified.hash(), PackageHash(sha256(&package)));
    assert_eq!(verified.component(), package);
    assert_eq!(verified.signers(), ["vendor.example"]);
    assert_eq!(verified.manifest().plugin.id, "approval");
    let text = String::from_utf8_lossy(&package);
    let signed = format!(
        "plumbline-plugin/v1\napproval\n1.4.0\n7\nsha256:{}\n\n— vendor.example ",
        sha256_hex(&component())
    );
    assert!(text.contains(&signed), "{text}");
}

#[test]
fn a_second_signature() {
    let (vendor, lab) = (vendor(), named_key("测评中心", 2));
    let once = seal_package(&component(), &vendor).unwrap();
    let twice = seal_package(&once, &lab).unwrap();
    for (keys, wanted) in [
        (trust(&[&vendor]), &["vendor.example"][..]),
        (trust(&[&lab]), &["测评中心"]),
        (trust(&[&vendor, &lab]), &["vendor.example", "测评中心"]),
    ] {
        assert_eq!(verify_package(&twice, &keys).unwrap().signers(), wanted);
    }
    assert_eq!(seal_package(&once, &vendor).unwrap(), once, "the same key signs once");
    let inspected = inspect_package(&twice).unwrap();
    assert_eq!(inspected.manifest.plugin.release, 7);
    let names: Vec<_> = inspected.signers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["vendor.example", "测评中心"]);
    assert_eq!(inspected.signers[1].1, lab.verifying_key().hash());
    assert!(inspect_package(&component()).unwrap().signers.is_empty());
    // A changed package gets no second signature that would make it look right.
    let mut changed = once.clone();
    changed[component().len() - 1] ^= 1;
    assert!(matches!(seal_package(&changed, &lab), Err(PackageError::OtherBytes)));
}

#[test]
fn every_flip_is_refused() {
    let package = seal_package(&component(), &vendor()).unwrap();
    let trusted = trust(&[&vendor()]);
    for at in 0..package.len() {
        for bit in 0..8 {
            let mut changed = package.clone();
            changed[at] ^= 1 << bit;
            assert!(verify_package(&changed, &trusted).is_err(), "bit {bit} of byte {at}");
        }
    }
    for length in 0..package.len() {
        assert!(verify_package(&package[..length], &trusted).is_err(), "cut to {length}");
    }
}

#[test]
fn every_flip_of_a_package_with_two_signatures_is_refused_or_loses_a_signer() {
    let (vendor, lab) = (vendor(), named_key("lab.example", 2));
    let once = seal_package(&component(), &vendor).unwrap();
    let package = seal_package(&once, &lab).unwrap();
    let trusted = trust(&[&vendor, &lab]);
    for at in 0..package.len() {
        let mut changed = package.clone();
        changed[at] ^= 1;
        if let Ok(verified) = verify_package(&changed, &trusted) {
            assert!(at > component().len(), "byte {at} of the body");
            assert_eq!(verified.signers().len(), 1, "byte {at}");
            assert_ne!(verified.hash(), PackageHash(sha256(&package)));
        }
    }
}

/// Signs any text, as someone with a trusted key and bad intent could.
fn with_note(body: &[u8], text: &str) -> Vec<u8> {
    let note = note::sign(text, &[&vendor()]).unwrap();
    [body, &custom(NOTE_SECTION, note.as_bytes())].concat()
}

#[test]
fn each_refusal_has_its_own_error() {
    use PackageError as E;
    let good = seal_package(&component(), &vendor()).unwrap();
    let body = component();
    let note = &good[body.len()..];
    let manifest = custom(MANIFEST_SECTION, MANIFEST.as_bytes());
    let core = [b"\0asm\x01\0\0\0", &good[8..]].concat();
    let other = MANIFEST.replace("id = \"approval\"", "id = \"penalty\"");
    let other = [PREAMBLE, &custom(MANIFEST_SECTION, other.as_bytes())].concat();
    let text = format!("plumbline-plugin/v1\napproval\n1.4.0\n7\nsha256:{}\n", sha256_hex(&other));
    let many = [PREAMBLE, &[1, 0].repeat(SECTIONS_MAX + 1)].concat();
    let long_note = custom(NOTE_SECTION, &vec![b'x'; PACKAGE_NOTE_BYTES_MAX + 1]);
    // The same length of the note section, written with one byte more.
    let mut long_way = body.clone();
    let content = custom(NOTE_SECTION, b"").len() - 2 + 300;
    long_way.extend_from_slice(&[0, (content & 127) as u8 | 128, (content >> 7) as u8 | 128, 0]);
    long_way.extend_from_slice(&custom(NOTE_SECTION, b"")[2..]);
    long_way.extend_from_slice(&[b'x'; 300]);

    type Row = (&'static str, Vec<u8>, fn(&E) -> bool);
    let rows: Vec<Row> = vec![
        ("empty", vec![], |e| matches!(e, E::NotAComponent)),
        ("core module", core, |e| matches!(e, E::NotAComponent)),
        ("not signed", body.clone(), |e| matches!(e, E::NoNote)),
        ("no sections", PREAMBLE.to_vec(), |e| matches!(e, E::NoNote)),
        ("bytes after", [&good[..], &[1, 0]].concat(), |e| matches!(e, E::AfterNote)),
        ("custom after", [&good[..], &manifest].concat(), |e| matches!(e, E::AfterNote)),
        ("a byte after", [&good[..], &[0]].concat(), |e| matches!(e, E::Number { .. })),
        ("two notes", [&good[..], note].concat(), |e| matches!(e, E::TwoNotes)),
        ("two manifests", [&body[..], &manifest, note].concat(), |e| matches!(e, E::TwoManifests)),
        ("no manifest", with_note(PREAMBLE, "x\n"), |e| matches!(e, E::NoManifest)),
        ("changed body", [PREAMBLE, &manifest, note].concat(), |e| matches!(e, E::OtherBytes)),
        ("other plugin", with_note(&other, &text), |e| matches!(e, E::OtherBytes)),
        ("any text", with_note(&body, "hello\n"), |e| matches!(e, E::OtherBytes)),
        ("length too long", [PREAMBLE, &[0, 5, 1]].concat(), |e| matches!(e, E::Section { .. })),
        ("name too long", [PREAMBLE, &[0, 1, 9]].concat(), |e| matches!(e, E::Section { .. })),
        ("no name", [PREAMBLE, &[0, 0]].concat(), |e| matches!(e, E::Section { .. })),
        ("note length the long way", long_way, |e| matches!(e, E::Section { .. })),
        ("number of six bytes", [PREAMBLE, &[1, 128, 128, 128, 128, 128, 0]].concat(), |e| {
            matches!(e, E::Number { at: 9 })
        }),
        ("number above 32 bits", [PREAMBLE, &[1, 255, 255, 255, 255, 16]].concat(), |e| {
            matches!(e, E::Number { at: 9 })
        }),
        ("number cut off", [PREAMBLE, &[1, 128]].concat(), |e| matches!(e, E::Number { at: 9 })),
        ("too many sections", many, |e| matches!(e, E::TooManySections { .. })),
        ("too large", vec![0; PACKAGE_BYTES_MAX + 1], |e| matches!(e, E::TooLarge { .. })),
        ("note too large", [&body[..], &long_note].concat(), |e| {
            matches!(e, E::Note(NoteError::TooLarge { .. }))
        }),
        ("note malformed", [&body[..], &custom(NOTE_SECTION, b"x")].concat(), |e| {
            matches!(e, E::Note(NoteError::Malformed(_)))
        }),
    ];
    for (name, bytes, wanted) in rows {
        let error = verify_package(&bytes, &trust(&[&vendor()])).expect_err(name);
        assert!(wanted(&error), "{name}: {error}");
    }
    let unknown = verify_package(&good, &trust(&[&named_key("vendor.example", 9)])).unwrap_err();
    assert!(matches!(unknown, E::Note(NoteError::NoTrustedSigner { .. })), "{unknown}");
    assert_eq!(unknown.kind(), Kind::Untrusted);
    assert!(
        verify_package(&good, &TrustedKeys::default()).is_err(),
        "nobody is trusted by default"
    );
}

#[test]
fn bad_manifests_are_not_sealed() {
    let of = |manifest: &[u8]| [PREAMBLE, &custom(MANIFEST_SECTION, manifest)].concat();
    let seal = |manifest: &[u8]| seal_package(&of(manifest), &vendor()).unwrap_err();
    assert!(matches!(seal(b"\xff"), PackageError::ManifestNotText));
    assert!(matches!(seal(b"[plugin]"), PackageError::Manifest(_)));
    let two_lines = MANIFEST.replace("\"1.4.0\"", "\"1.4.0\\nsha256:00\"");
    let error = seal(two_lines.as_bytes());
    assert!(matches!(error, PackageError::ManifestLine(_) | PackageError::Manifest(_)), "{error}");
    assert!(matches!(seal_package(PREAMBLE, &vendor()), Err(PackageError::NoManifest)));
}
