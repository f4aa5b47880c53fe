//! Looking at footage: who, when, which hash and why is in the ledger before a byte is handed out.

use super::leaf::{About, FootageAct, FootageLeaf, Form};
use super::vault;
use crate::app::App;
use crate::clock;
use crate::error::{AppError, Kind};
use plumbline_ledger::sha256_hex;

/// Longest reason, in characters: a sentence with the number of a matter.
pub const REASON_CHARS_MAX: usize = 200;
/// Longest name of who looks, in characters.
const NAME_CHARS_MAX: usize = 80;

/// Who looks, and why.
#[derive(Clone, Copy, Debug)]
pub struct Viewer<'a> {
    pub by: &'a str,
    pub reason: &'a str,
}

impl Viewer<'_> {
    /// # Errors
    /// If nobody or no reason is named, or either is too long or has line breaks.
    pub fn check(&self) -> Result<(), AppError> {
        let fits = |text: &str, max: usize| {
            !text.trim().is_empty()
                && text.chars().count() <= max
                && !text.chars().any(char::is_control)
        };
        if !fits(self.reason, REASON_CHARS_MAX) {
            let detail = format!("1–{REASON_CHARS_MAX}");
            return Err(AppError::new(Kind::Usage, "footage-reason", detail));
        }
        if !fits(self.by, NAME_CHARS_MAX) {
            return Err(AppError::new(Kind::Usage, "footage-by", self.by));
        }
        Ok(())
    }
}

/// What of a piece is handed out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    pub kind: Form,
    pub bytes: Vec<u8>,
}

/// Hands out a piece of footage that is kept.
///
/// # Errors
/// If there is none with this hash, its time is over, the file is missing or altered, or the act
/// cannot be recorded; then nothing is handed out. An attempt at a damaged file is on record too.
pub fn kept(app: &App, sha256: &str, viewer: Viewer<'_>) -> Result<Piece, AppError> {
    viewer.check()?;
    // What is deleted while it is read would seem to be missing.
    let _kept = app.keep_footage();
    let leaf = app.with_footage(|footage, ledger| {
        let Some(index) = footage.of_hash(sha256).last() else { return Ok(None) };
        if footage.is_deleted(sha256) {
            return Err(AppError::new(Kind::NotFound, "footage-deleted", sha256));
        }
        super::leaf::as_footage(*index, &ledger.leaf(*index)?)
    })?;
    let leaf = leaf.ok_or_else(|| AppError::new(Kind::NotFound, "no-footage", sha256))?;
    let mut seen = act(app, leaf.kind, &leaf.about(), viewer);
    seen.sha256 = Some(sha256.to_owned());
    app.record(&[seen.to_bytes()])?;
    Ok(Piece { kind: leaf.kind, bytes: vault::read(app.home(), sha256)? })
}

/// Puts on record that somebody is shown what a camera sees now.
///
/// # Errors
/// If nobody or no reason is named, or it cannot be recorded.
pub fn live(app: &App, cam: &str, jpeg: &[u8], viewer: Viewer<'_>) -> Result<(), AppError> {
    viewer.check()?;
    let moment = app.zone().rfc3339(clock::now());
    let about = About { cam: cam.to_owned(), moment, ..About::default() };
    let mut seen = act(app, Form::Live, &about, viewer);
    seen.sha256 = Some(sha256_hex(jpeg));
    seen.bytes = Some(jpeg.len() as u64);
    app.record(&[seen.to_bytes()])
}

fn act(app: &App, kind: Form, about: &About, viewer: Viewer<'_>) -> FootageLeaf {
    let mut seen = FootageLeaf::new(app, FootageAct::Seen, kind, about, clock::now());
    seen.by = Some(viewer.by.to_owned());
    seen.reason = Some(viewer.reason.to_owned());
    seen
}
