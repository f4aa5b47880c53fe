//! Whether persons are counted at the cameras, and by which model: the table `[detector]` of the file
//! of addresses. What is wrong with it is said and stops no camera: how many there are is then
//! unknown.

use super::{Stamp, stamp};
use crate::error::{AppError, Kind};
use plumbline_camera::{Counting, DETECT_EVERY_US, Detector};
use plumbline_ledger::sha256_hex;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Seconds between two looks at a camera, at least: 45 cameras then take two thirds of a core.
const EVERY_MIN_S: u64 = 5;
/// ... and at most: seldom as that, nine minutes of ten say nothing about persons.
const EVERY_MAX_S: u64 = 600;
const US_PER_S: i64 = 1_000_000;
/// Digits of a SHA-256.
const SHA256_DIGITS: usize = 64;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    model: String,
    sha256: String,
    every_s: Option<u64>,
}

/// A model as the file names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) model: PathBuf,
    pub(super) sha256: String,
    pub(super) every_us: i64,
}

/// Whether persons are counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Persons {
    /// No model is named.
    NotSet,
    /// At each camera, once in so many seconds at most.
    Counted { every_s: i64 },
    /// A model is named that cannot be used.
    Failed { why: String },
}

/// Reads the table; a path is one in the folder of the home if it does not begin at the root.
pub(super) fn parse(table: toml::Value, home: &Path) -> Result<Named, String> {
    let entry: Entry = table.try_into().map_err(|error: toml::de::Error| {
        // The path of a model and its hash are no secrets, so the message may quote them.
        let message = error.message().lines().next().unwrap_or_default().to_owned();
        format!("detector: {message}")
    })?;
    let Entry { model, sha256, every_s } = entry;
    if model.trim().is_empty() {
        return Err("detector: model".to_owned());
    }
    let is_hash = sha256.len() == SHA256_DIGITS && sha256.bytes().all(|b| b.is_ascii_hexdigit());
    if !is_hash {
        return Err(format!("detector: sha256: {SHA256_DIGITS} × 0–9 a–f"));
    }
    let every_us = match every_s {
        None => DETECT_EVERY_US,
        Some(seconds) if (EVERY_MIN_S..=EVERY_MAX_S).contains(&seconds) => {
            i64::try_from(seconds).map_or(DETECT_EVERY_US, |seconds| seconds * US_PER_S)
        }
        Some(_) => return Err(format!("detector: every_s: {EVERY_MIN_S}–{EVERY_MAX_S}")),
    };
    Ok(Named { model: home.join(model), sha256, every_us })
}

/// Reads the model that is named.
pub(super) fn load(named: &Named) -> Result<Arc<Detector>, AppError> {
    let loaded = Detector::load(&named.model, &named.sha256, &sha256_hex);
    loaded.map(Arc::new).map_err(|error| AppError::new(Kind::Usage, "video", error))
}

/// What the file says about a model, and the model: it is read again only if another one is named or
/// its file has changed.
#[derive(Debug, Default)]
pub(super) struct Model {
    said: Option<Result<Named, AppError>>,
    kept: Option<Kept>,
}

#[derive(Debug)]
struct Kept {
    path: PathBuf,
    sha256: String,
    stamp: Option<Stamp>,
    detector: Result<Arc<Detector>, AppError>,
}

impl Kept {
    fn is_of(&self, named: &Named) -> bool {
        (&self.path, &self.sha256) == (&named.model, &named.sha256) && self.is_fresh()
    }

    fn is_fresh(&self) -> bool {
        stamp(&self.path) == self.stamp
    }
}

impl Model {
    /// Whether the file of the model is the one that was read.
    pub(super) fn is_fresh(&self) -> bool {
        self.kept.as_ref().is_none_or(Kept::is_fresh)
    }

    /// Takes what the file says now.
    pub(super) fn name(
        &mut self,
        said: Option<Result<Named, AppError>>,
        load: impl FnOnce(&Named) -> Result<Arc<Detector>, AppError>,
    ) {
        let mut is_news = said != self.said;
        self.said = said;
        let named = self.said.as_ref().and_then(|said| said.as_ref().ok());
        self.kept = self.kept.take().filter(|kept| named.is_some_and(|named| kept.is_of(named)));
        if let (None, Some(named)) = (&self.kept, named) {
            let (path, sha256) = (named.model.clone(), named.sha256.clone());
            // The stamp is that of before: a file that changes meanwhile is read again.
            let stamp = stamp(&path);
            self.kept = Some(Kept { path, sha256, stamp, detector: load(named) });
            is_news = true;
        }
        if is_news {
            self.log();
        }
    }

    /// What the file says is as it was, or not known; the model may have changed.
    pub(super) fn refresh(&mut self, load: impl FnOnce(&Named) -> Result<Arc<Detector>, AppError>) {
        self.name(self.said.clone(), load);
    }

    /// How persons are counted, if they are.
    pub(super) fn counting(&self) -> Option<Counting> {
        let named = self.said.as_ref()?.as_ref().ok()?;
        let detector = self.kept.as_ref()?.detector.as_ref().ok()?;
        Some(Counting { detector: Arc::clone(detector), every_us: named.every_us })
    }

    /// The same for people.
    pub(super) fn persons(&self) -> Persons {
        let of_kept = self.kept.as_ref().and_then(|kept| kept.detector.as_ref().err());
        match (&self.said, of_kept) {
            (Some(Err(error)), _) | (_, Some(error)) => {
                Persons::Failed { why: error.detail.clone() }
            }
            (Some(Ok(named)), None) => Persons::Counted { every_s: named.every_us / US_PER_S },
            (None, None) => Persons::NotSet,
        }
    }

    fn log(&self) {
        match self.persons() {
            Persons::Failed { why } => {
                tracing::error!(
                    why,
                    "persons are not counted; the cameras are watched all the same"
                );
            }
            Persons::Counted { every_s } => tracing::info!(every_s, "persons are counted"),
            Persons::NotSet => tracing::info!("persons are no longer counted"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use std::cell::Cell;
    use std::fs;

    const HASH: &str = "00112233445566778899aabbccddeeffABCDEFABCDEFABCDEFABCDEFABCDEF00";

    fn table(more: &str) -> Result<Named, String> {
        parse(toml::Value::Table(toml::from_str(more).unwrap()), Path::new("/home/p"))
    }

    #[test]
    fn a_table_is_read_or_its_defect_named() {
        let good = format!("model = \"models/m.onnx\"\nsha256 = \"{HASH}\"\n");
        let named = table(&good).unwrap();
        assert_eq!(named.model, Path::new("/home/p/models/m.onnx"));
        assert_eq!((named.sha256.as_str(), named.every_us), (HASH, DETECT_EVERY_US));
        let elsewhere = table(&good.replace("models/", "/opt/")).unwrap();
        assert_eq!(elsewhere.model, Path::new("/opt/m.onnx"));
        for seconds in [5, 600] {
            let named = table(&format!("{good}every_s = {seconds}\n")).unwrap();
            assert_eq!(named.every_us, seconds * US_PER_S);
        }
        for (text, named) in [
            (String::new(), "model"),
            ("model = \"m\"\n".to_owned(), "sha256"),
            (format!("model = \" \"\nsha256 = \"{HASH}\"\n"), "detector: model"),
            (good.replace(HASH, "00"), "sha256: 64"),
            (good.replace(HASH, &"g".repeat(64)), "sha256: 64"),
            (format!("{good}every_s = 4\n"), "every_s: 5–600"),
            (format!("{good}every_s = 601\n"), "every_s: 5–600"),
            (format!("{good}every_s = -1\n"), "detector: "),
            (format!("{good}class = 1\n"), "class"),
        ] {
            let error = table(&text).unwrap_err();
            assert!(error.contains(named), "{text}: {error}");
        }
        assert!(parse(toml::Value::Boolean(true), Path::new("")).is_err());
    }

    #[test]
    fn a_model_is_read_once_and_again_only_if_it_changed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("m.onnx");
        let named = Named { model: path.clone(), sha256: HASH.to_owned(), every_us: US_PER_S };
        let (mut model, loads) = (Model::default(), Cell::new(0));
        let name = |model: &mut Model, said: Option<Result<Named, AppError>>| {
            model.name(said, |named| {
                loads.set(loads.get() + 1);
                Err(AppError::new(Kind::Usage, "video", named.model.display()))
            });
            loads.get()
        };
        assert_eq!(model.persons(), Persons::NotSet);
        assert_eq!(name(&mut model, Some(Ok(named.clone()))), 1);
        let why = path.display().to_string();
        assert_eq!(model.persons(), Persons::Failed { why });
        assert!(model.counting().is_none());
        let slower = Named { every_us: 9 * US_PER_S, ..named.clone() };
        assert_eq!(name(&mut model, Some(Ok(slower))), 1, "the same model");
        assert!(model.is_fresh());
        // The file that was missing is there, and then another one.
        for (text, loads) in [("a", 2), ("ab", 3)] {
            fs::write(&path, text).unwrap();
            assert!(!model.is_fresh());
            assert_eq!(name(&mut model, Some(Ok(named.clone()))), loads);
            assert!(model.is_fresh());
        }
        fs::write(&path, "abc").unwrap();
        model.refresh(|_| Err(AppError::new(Kind::Usage, "video", "again")));
        assert_eq!(model.persons(), Persons::Failed { why: "again".to_owned() });
        assert!(model.is_fresh());
        let other = Named { sha256: HASH.to_lowercase(), ..named };
        assert_eq!(name(&mut model, Some(Ok(other))), 4);
        let wrong = AppError::new(Kind::Usage, "cameras-file", "every_s");
        assert_eq!(name(&mut model, Some(Err(wrong))), 4);
        assert_eq!(model.persons(), Persons::Failed { why: "every_s".to_owned() });
        assert_eq!(name(&mut model, None), 4);
        assert_eq!(model.persons(), Persons::NotSet);
    }

    #[cfg(not(feature = "detector"))]
    #[test]
    fn a_program_without_the_detector_says_so() {
        let named = table(&format!("model = \"m\"\nsha256 = \"{HASH}\"\n")).unwrap();
        let mut model = Model::default();
        model.name(Some(Ok(named)), load);
        let Persons::Failed { why } = model.persons() else { panic!("{model:?}") };
        assert!(why.contains("feature detector"), "{why}");
    }
}
