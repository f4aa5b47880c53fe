//! Who may look at footage over HTTP: a name with a token of its own for each person. The token of
//! the service does not open footage. Of a token only its digest is kept; both making and removing
//! one are acts in the ledger.

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::{act, clock};
use plumbline_ledger::sha256_hex;
use serde_json::json;

/// Name in the store, followed by the viewer's.
const META: &str = "footage/viewer/";
/// Longest name, in characters.
const NAME_CHARS_MAX: usize = 40;
/// What stands in a name besides letters and digits, so that it can be sent as a user's name.
const NAME_MARKS: [char; 3] = ['-', '_', '.'];

/// Names of those who may look.
///
/// # Errors
/// If the store fails.
pub fn names(app: &App) -> Result<Vec<String>, AppError> {
    let all = app.store().meta_scan(META)?;
    Ok(all.into_iter().map(|(name, _)| name[META.len()..].to_owned()).collect())
}

/// Lets somebody look; returns the token, which is shown this once. One that had a token gets another.
///
/// # Errors
/// If the name cannot be one, or the store fails.
pub fn add(app: &App, name: &str, by: Option<&str>) -> Result<String, AppError> {
    let is_name = |c: char| c.is_alphanumeric() || NAME_MARKS.contains(&c);
    let length = name.chars().count();
    if !(1..=NAME_CHARS_MAX).contains(&length) || !name.chars().all(is_name) {
        return Err(AppError::new(Kind::Usage, "viewer-name", name));
    }
    let token = plumbline_ledger::random_hex()
        .map_err(|error| AppError::new(Kind::Failed, "key", error))?;
    record(app, "added", name, by)?;
    app.store().put_meta(&format!("{META}{name}"), sha256_hex(token.as_bytes()).as_bytes())?;
    Ok(token)
}

/// Takes the right to look away.
///
/// # Errors
/// If nobody has this name, or the store fails.
pub fn remove(app: &App, name: &str, by: Option<&str>) -> Result<(), AppError> {
    let key = format!("{META}{name}");
    if app.store().meta(&key)?.is_none() {
        return Err(AppError::new(Kind::NotFound, "no-viewer", name));
    }
    // The act first: one too many after a crash is harmless, one missing is not.
    record(app, "removed", name, by)?;
    Ok(app.store().drop_meta(&key)?)
}

fn record(app: &App, what: &str, name: &str, by: Option<&str>) -> Result<(), AppError> {
    let told = json!({ "act": what, "viewer": name, "by": by });
    app.record(&[act::leaf("footage-viewer", clock::now(), app.zone(), told)])
}

/// The name of who has this token. All digests are compared, all bytes of them, so that the time it
/// takes says nothing.
///
/// # Errors
/// If the store fails.
pub fn who(app: &App, token: &[u8]) -> Result<Option<String>, AppError> {
    let digest = sha256_hex(token);
    let mut found = None;
    for (name, known) in app.store().meta_scan(META)? {
        let pairs = known.iter().zip(digest.as_bytes());
        let differences = pairs.fold(0, |differences, (a, b)| differences | (a ^ b));
        if differences == 0 && known.len() == digest.len() {
            found = Some(name[META.len()..].to_owned());
        }
    }
    Ok(found)
}
