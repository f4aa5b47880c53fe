//! `keys/cameras.toml`: where the cameras are, with their passwords. It is a secret: for its owner
//! only, never in a table, never shown, and in a backup only where the keys are.

use super::persons::{self, Named};
use crate::error::{AppError, Kind};
use crate::home::Home;
use plumbline_camera::CAMERAS_MAX;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// How long a camera may take to answer and to bring the next picture, if nothing is said, seconds.
const PATIENCE_S: u64 = 10;
/// Longest patience: longer, and a camera that is gone would be told of too late.
const PATIENCE_MAX_S: u64 = 60;
/// Rights of others, of which the file may give none.
const OTHERS: u32 = 0o077;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    camera: BTreeMap<String, Entry>,
    /// Read by itself, so that what is wrong with it stops no camera.
    detector: Option<toml::Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    address: String,
    patience_s: Option<u64>,
    region: Option<String>,
}

/// Where one camera is.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    /// An RTSP address with user and password, or the path of a recorded file.
    pub address: String,
    pub patience: Duration,
    /// Region of the hall, if it is not the office's own.
    pub region: Option<String>,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address").field("region", &self.region).finish_non_exhaustive()
    }
}

/// What the file says.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By number of the camera.
    pub(super) addresses: BTreeMap<String, Address>,
    /// The model that counts persons; `None` if the file names none.
    pub(super) detector: Option<Result<Named, AppError>>,
}

/// Reads the file; nothing is said if there is none.
///
/// # Errors
/// If others may read the file, or it is malformed; the detail never shows an address.
pub(super) fn read(home: &Home) -> Result<Sheet, AppError> {
    let path = home.cameras_file();
    let about = match fs::metadata(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Sheet::default()),
        about => about.map_err(|error| AppError::io(&path, &error))?,
    };
    let mode = about.permissions().mode() & 0o777;
    if mode & OTHERS != 0 {
        let detail = format!("{}: {mode:04o}", path.display());
        return Err(AppError::new(Kind::Refused, "cameras-wide", detail));
    }
    let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
    parse(&text, &path, home.dir())
}

fn parse(text: &str, path: &Path, home: &Path) -> Result<Sheet, AppError> {
    let wrong = |what: String| {
        AppError::new(Kind::Usage, "cameras-file", format!("{}: {what}", path.display()))
    };
    // The parser's whole message quotes the line, and with it the password.
    let raw: Raw = toml::from_str(text).map_err(|error| {
        let before = error.span().map_or("", |span| text.get(..span.start).unwrap_or_default());
        let line = before.matches('\n').count() + 1;
        wrong(format!("line {line}: {}", unquoted(error.message())))
    })?;
    if raw.camera.len() > CAMERAS_MAX {
        return Err(wrong(format!("{} > {CAMERAS_MAX}", raw.camera.len())));
    }
    let mut addresses = BTreeMap::new();
    for (cam, Entry { address, patience_s, region }) in raw.camera {
        let patience = patience_s.unwrap_or(PATIENCE_S);
        if address.trim().is_empty() {
            return Err(wrong(format!("{cam}: address")));
        }
        if !(1..=PATIENCE_MAX_S).contains(&patience) {
            return Err(wrong(format!("{cam}: patience_s: 1–{PATIENCE_MAX_S}")));
        }
        let is_code = |region: &String| {
            [6, 9, 12].contains(&region.len()) && region.bytes().all(|byte| byte.is_ascii_digit())
        };
        if region.as_ref().is_some_and(|region| !is_code(region)) {
            return Err(wrong(format!("{cam}: region")));
        }
        let patience = Duration::from_secs(patience);
        addresses.insert(cam, Address { address, patience, region });
    }
    let detector = raw.detector.map(|table| persons::parse(table, home).map_err(wrong));
    Ok(Sheet { addresses, detector })
}

/// A message without what it quotes of the file.
fn unquoted(message: &str) -> String {
    let first = message.lines().next().unwrap_or_default();
    let is_name =
        |part: &&str| ["address", "patience_s", "region", "camera", "detector"].contains(part);
    let parts = first.split(['`', '"']).enumerate();
    let parts = parts.map(|(place, part)| match place % 2 {
        1 if !is_name(&part) => "…",
        _ => part,
    });
    parts.collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn each_defect_is_named_and_no_secret_is_shown() {
        let good = "[camera.\"C-1\"]\naddress = \"rtsp://u:geheim@10.0.0.8/s\"\n";
        let read = |text: &str| parse(text, Path::new("cameras.toml"), Path::new("/home/p"));
        let known = read(&format!("{good}patience_s = 20\nregion = \"370203\"\n")).unwrap();
        let known = known.addresses;
        assert_eq!(known["C-1"].patience, Duration::from_secs(20));
        assert_eq!(known["C-1"].region.as_deref(), Some("370203"));
        assert!(!format!("{known:?}").contains("geheim"));
        assert_eq!(read(good).unwrap().addresses["C-1"].patience.as_secs(), PATIENCE_S);
        assert!(read("").unwrap().addresses.is_empty());
        assert!(read(good).unwrap().detector.is_none());
        // What is wrong with the detector leaves the cameras as they are.
        for wrong in ["detector = 1\n", "[detector]\nmodel = 1\n", "[detector]\nmodul = \"\"\n"] {
            let text = if wrong.starts_with('[') {
                format!("{good}{wrong}")
            } else {
                format!("{wrong}{good}")
            };
            let sheet = read(&text).unwrap();
            assert_eq!(sheet.addresses.len(), 1);
            let error = sheet.detector.unwrap().unwrap_err();
            assert!(error.detail.contains("cameras.toml: detector"), "{}", error.detail);
        }
        let many = (0..=CAMERAS_MAX).map(|n| format!("[camera.c{n}]\naddress = \"geheim\"\n"));
        for (text, named) in [
            ("[camera.\"C-1\"]\n".to_owned(), "address"),
            ("[camera.\"C-1\"]\naddress = geheim\n".to_owned(), "line 2"),
            ("[camera.\"C-1\"]\naddress = [\"geheim\"]\n".to_owned(), "line 2"),
            ("[camera.\"C-1\"]\naddress = \" \"\n".to_owned(), "C-1: address"),
            (format!("{good}patience_s = 0\n"), "C-1: patience_s: 1–60"),
            (format!("{good}patience_s = 61\n"), "C-1: patience_s: 1–60"),
            (format!("{good}patience_s = \"geheim\"\n"), "line 3"),
            (format!("{good}region = \"geheim\"\n"), "C-1: region"),
            (format!("{good}password = \"geheim\"\n"), "line 3"),
            (format!("{good}{good}"), "line 3"),
            (many.collect(), "101 > 100"),
        ] {
            let error = read(&text).unwrap_err();
            assert_eq!(error.message, "cameras-file", "{text}");
            assert!(error.detail.contains(named), "{text}: {}", error.detail);
            assert!(!error.detail.contains("geheim"), "{}", error.detail);
        }
    }

    #[test]
    fn a_file_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let home = Home::new(dir.path());
        assert!(read(&home).unwrap().addresses.is_empty(), "no file, no cameras");
        fs::create_dir_all(home.cameras_file().parent().unwrap()).unwrap();
        fs::write(home.cameras_file(), "").unwrap();
        for (mode, refused) in [(0o644, true), (0o640, true), (0o604, true), (0o600, false)] {
            fs::set_permissions(home.cameras_file(), fs::Permissions::from_mode(mode)).unwrap();
            let read = read(&home);
            assert_eq!(read.is_err_and(|error| error.message == "cameras-wide"), refused);
        }
    }
}
