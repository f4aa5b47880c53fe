//! Builds small crates with whatever toolchain this machine has for WebAssembly.
#![allow(clippy::unwrap_used)]

use plumbline_build::{BuildError, BuildOptions, build};
use std::fs;
use std::path::Path;

const MANIFEST: &str = "[plugin]\nid = \"small\"\nversion = \"0.1.0\"\nrelease = 1\n\
    contract = \"0.1\"\ndomain = \"test\"\nvendor = \"v\"\nname_zh = \"试验\"\nname_en = \"test\"\n";
const CDYLIB: &str = "crate-type = [\"cdylib\"]";
/// The smallest library: no imports, no exports that a world would have to name.
const SOURCE: &str = "#![no_std]\n\
    #[panic_handler]\nfn panic(_: &core::panic::PanicInfo<'_>) -> ! { loop {} }\n";

/// Writes a crate into `folder` and builds it there.
fn try_build(
    folder: &Path,
    target: &str,
    lib: &str,
    source: &str,
    manifest: &str,
) -> Result<Vec<u8>, BuildError> {
    let cargo = format!(
        "[package]\nname = \"small\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
         [lib]\n{lib}\n[workspace]\n"
    );
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("Cargo.toml"), cargo).unwrap();
    fs::write(folder.join("src/lib.rs"), source).unwrap();
    fs::write(folder.join("manifest.toml"), manifest).unwrap();
    build(&BuildOptions {
        crate_dir: folder.into(),
        package: "small".into(),
        target_dir: Path::new(env!("CARGO_TARGET_TMPDIR")).join(target),
        manifest_path: folder.join("manifest.toml"),
        release: true,
    })
}

#[test]
fn the_same_source_gives_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let one = try_build(folder.path(), "one", CDYLIB, SOURCE, MANIFEST).unwrap();
    let two = try_build(folder.path(), "two", CDYLIB, SOURCE, MANIFEST).unwrap();
    assert_eq!(one, two);
    assert!(one.starts_with(b"\0asm\x0d\0\x01\0"));
    let text = String::from_utf8_lossy(&one).into_owned();
    assert!(text.ends_with(MANIFEST));
    assert!(!text.contains(&*folder.path().to_string_lossy()), "a path of this machine is inside");
}

#[test]
fn what_cannot_be_built_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = MANIFEST.replace("\"small\"", "\"Not Plain\"");
    let foreign = format!(
        "{SOURCE}#[link(wasm_import_module = \"env\")] unsafe extern \"C\" {{ fn clock() -> u64; }}\n\
         #[unsafe(no_mangle)] pub extern \"C\" fn run() -> u64 {{ unsafe {{ clock() }} }}\n"
    );
    let cases = [
        (CDYLIB, SOURCE, wrong.as_str(), "`plugin.id` is empty or malformed: `Not Plain`"),
        (CDYLIB, "fn broken( {}", MANIFEST, "package `small` does not compile"),
        ("", SOURCE, MANIFEST, "needs `crate-type = [\"cdylib\"]`"),
        (CDYLIB, &foreign, MANIFEST, "cannot be made a component"),
    ];
    for (lib, source, manifest, expected) in cases {
        let error = try_build(folder.path(), "one", lib, source, manifest).unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}
