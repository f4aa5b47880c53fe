//! What is final: two persons sign it, its bytes are kept in the home, their SHA-256 is an act in the
//! ledger. A final paper is never changed; a correction is a new edition that names the former.

use super::content::{Content, Stage};
use super::template::Kind;
use crate::app::App;
use crate::error::{AppError, Kind as Wrong};
use crate::{act, clock, history};
use plumbline_ledger::sha256_hex;
use serde::Serialize;
use serde_json::{Value, json};

/// The kind of leaves that are such acts.
const LEAF: &str = "bulletin";
/// Signatures of a final paper.
const PERSONS: usize = 2;

/// How a paper is to be issued.
#[derive(Clone, Debug, Default)]
pub struct Order {
    pub is_final: bool,
    /// Who signs.
    pub by: Vec<String>,
    /// Why an earlier edition is corrected.
    pub erratum: Option<String>,
    /// Why it is final before the window for corrections is over.
    pub early: Option<String>,
}

/// A final paper, as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Issued {
    pub leaf: u64,
    pub done_at: String,
    pub kind: String,
    pub subject: String,
    pub region: String,
    pub edition: u32,
    /// SHA-256 and file name extension of each file; the first stands for the edition.
    pub files: Vec<(String, String)>,
    pub by: Vec<String>,
    pub former: Option<String>,
    pub erratum: Option<String>,
    /// Why it was final before the window for corrections was over.
    pub early: Option<String>,
}

/// All final papers, oldest first.
///
/// # Errors
/// If the ledger cannot be read.
pub fn issued(app: &App) -> Result<Vec<Issued>, AppError> {
    let acts = history::leaves(app, 0)?.into_iter().filter(|(_, act)| act["leaf"] == LEAF);
    Ok(acts.map(|(leaf, act)| read(leaf, &act)).collect())
}

fn read(leaf: u64, act: &Value) -> Issued {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |name: &str| act[name].as_array().cloned().unwrap_or_default();
    Issued {
        leaf,
        done_at: text(&act["done_at"]),
        kind: text(&act["kind"]),
        subject: text(&act["subject"]),
        region: text(&act["region"]),
        edition: act["edition"].as_u64().and_then(|of| u32::try_from(of).ok()).unwrap_or(1),
        files: list("files").iter().map(|of| (text(&of["sha256"]), text(&of["form"]))).collect(),
        by: list("by").iter().map(text).collect(),
        former: act["former"].as_str().map(str::to_owned),
        erratum: act["erratum"].as_str().map(str::to_owned),
        early: act["early"].as_str().map(str::to_owned),
    }
}

/// What the paper will be: a draft, or which edition.
///
/// # Errors
/// If it is not signed by two different persons, is final already without an erratum, or is to be
/// corrected and was never issued.
pub fn next_edition(
    app: &App,
    kind: Kind,
    subject: &str,
    region: &str,
    order: &Order,
) -> Result<Stage, AppError> {
    if !order.is_final {
        return match order.erratum {
            None if order.by.is_empty() => Ok(Stage::Draft),
            _ => Err(AppError::new(Wrong::Usage, "bulletin-draft", subject)),
        };
    }
    let mut persons: Vec<&str> = order.by.iter().map(|name| name.trim()).collect();
    persons.sort_unstable();
    persons.dedup();
    if persons.len() != PERSONS || order.by.len() != PERSONS || persons[0].is_empty() {
        return Err(AppError::new(Wrong::Refused, "bulletin-persons", order.by.join(", ")));
    }
    let is_same =
        |of: &Issued| of.kind == kind.as_str() && of.subject == subject && of.region == region;
    let former = issued(app)?.into_iter().rfind(is_same);
    let said = order.erratum.as_ref().filter(|reason| !reason.trim().is_empty());
    match (former, said) {
        (None, None) if order.erratum.is_none() => Ok(Stage::Final { edition: 1, corrects: None }),
        (Some(former), Some(reason)) => {
            let sha256 = former.files.first().map(|(sha256, _)| sha256.clone());
            let corrects = Some((sha256.unwrap_or_default(), reason.clone()));
            Ok(Stage::Final { edition: former.edition + 1, corrects })
        }
        (Some(former), None) => {
            let detail = format!("{subject}, {}", former.edition);
            Err(AppError::new(Wrong::Refused, "bulletin-final", detail))
        }
        (None, _) => Err(AppError::new(Wrong::NotFound, "bulletin-former", subject)),
    }
}

/// Keeps the files of a final paper and seals their hashes. Returns the leaf.
///
/// # Errors
/// If the files cannot be kept, or the ledger fails.
pub fn issue(
    app: &App,
    content: &Content,
    stage: &Stage,
    order: &Order,
    files: &[(Vec<u8>, &'static str)],
    ground: Value,
) -> Result<Option<u64>, AppError> {
    let Stage::Final { edition, corrects } = stage else { return Ok(None) };
    let mut told = Vec::new();
    for (bytes, form) in files {
        let sha256 = sha256_hex(bytes);
        app.home().keep_paper(&sha256, form, bytes)?;
        told.push(json!({ "sha256": sha256, "form": form, "bytes": bytes.len() }));
    }
    let mut particulars = json!({
        "kind": content.kind.as_str(), "subject": content.subject, "region": content.region,
        "edition": edition, "files": told, "by": order.by, "dated": content.day.to_string(),
        "ground": ground,
    });
    if let Some((former, reason)) = corrects {
        particulars["former"] = json!(former);
        particulars["erratum"] = json!(reason);
    }
    if let Some(reason) = &order.early {
        particulars["early"] = json!(reason);
    }
    let from = app.with_ledger(|ledger| ledger.size());
    app.record(&[act::leaf(LEAF, clock::now(), app.zone(), particulars)])?;
    history::first_act(app, from, LEAF)
}
