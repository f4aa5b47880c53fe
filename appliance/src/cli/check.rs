//! `check`: is what is on the disk what was written? `doctor`: is the appliance fit for its work?

use super::{Context, DAMAGED, FOUND, OK, ledger};
use crate::app::App;
use crate::cli::out::Out;
use crate::doctor::{self, Finding};
use crate::error::AppError;
use crate::footage::keep;
use crate::home::Home;
use crate::text::{self, Lang};
use crate::{clock, diagnosis};
use plumbline_ledger::{PackageError, verify_package};
use plumbline_store::{Problem, SledStore};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

/// Problems of the store that are shown to people.
const PROBLEMS_SHOWN: usize = 20;

pub(super) fn check(context: &mut Context<'_, '_>) -> Result<u8, AppError> {
    context.home.config()?;
    let serving = context.served()?;
    let problems = match &serving {
        Some(app) => app.check_store()?,
        // A home that does not open any more can be checked all the same.
        None => SledStore::open(&context.home.store_dir())?.check()?,
    };
    let out = &mut *context.out;
    let store = store(&problems, out);
    let ledger = ledger::verify(out, &context.home.ledger_dir(), None)?;
    let packages = packages(&context.home, out)?;
    let footage = match &serving {
        Some(app) => footage(app, out)?,
        None => match App::open(context.home.clone()) {
            Ok(app) => footage(&app, out)?,
            // What keeps the home from being opened was said above.
            Err(_) => OK,
        },
    };
    Ok(store.max(ledger).max(packages).max(footage))
}

/// Reads every piece of footage and compares it with its hash in the ledger.
fn footage(app: &App, out: &mut Out<'_>) -> Result<u8, AppError> {
    let kept = keep::list(app)?.len();
    if kept == 0 {
        return Ok(OK);
    }
    let (missing, altered) = keep::verify(app)?;
    let is_whole = missing.is_empty() && altered.is_empty();
    if out.json {
        out.object(&json!({
            "part": "footage", "ok": is_whole, "missing": missing, "altered": altered,
        }));
        return Ok(if is_whole { OK } else { DAMAGED });
    }
    if is_whole {
        out.say("check.footage", &[("count", &kept.to_string())]);
    }
    for (key, hashes) in [("check.footage-missing", missing), ("check.footage-altered", altered)] {
        hashes.iter().for_each(|sha256| out.say(key, &[("sha256", sha256)]));
    }
    Ok(if is_whole { OK } else { DAMAGED })
}

fn store(problems: &[Problem], out: &mut Out<'_>) -> u8 {
    if out.json {
        let texts: Vec<_> = problems.iter().map(ToString::to_string).collect();
        out.object(&json!({ "part": "store", "ok": texts.is_empty(), "problems": texts }));
    } else if problems.is_empty() {
        out.say("check.store", &[]);
    } else {
        out.say("check.store-damaged", &[("count", &problems.len().to_string())]);
        problems.iter().take(PROBLEMS_SHOWN).for_each(|problem| out.line(format!("  {problem}")));
    }
    if problems.is_empty() { OK } else { DAMAGED }
}

fn packages(home: &Home, out: &mut Out<'_>) -> Result<u8, AppError> {
    let trusted = home.trusted_keys()?;
    let dir = home.packages_dir();
    let mut code = OK;
    let mut count = 0_u64;
    for entry in fs::read_dir(&dir).map_err(|error| AppError::io(&dir, &error))? {
        let path = entry.map_err(|error| AppError::io(&dir, &error))?.path();
        if path.extension().is_none_or(|extension| extension != "wasm") {
            continue;
        }
        count += 1;
        let bytes = fs::read(&path).map_err(|error| AppError::io(&path, &error))?;
        // The name of the file is the hash of the package as it was installed.
        let hash = plumbline_ledger::sha256_hex(&bytes);
        let same = path.file_stem().is_some_and(|stem| stem == hash.as_str());
        let problem = match verify_package(&bytes, &trusted) {
            _ if !same => (DAMAGED, "check.package-changed", String::new()),
            Ok(_) => continue,
            Err(error) => (untrusted(&error), "check.package-refused", error.to_string()),
        };
        code = code.max(problem.0);
        let (file, detail) = (path.display().to_string(), problem.2);
        if out.json {
            out.object(&json!({
                "part": "package", "ok": false, "file": file, "detail": detail,
                "problem": problem.1,
            }));
        } else {
            out.say(problem.1, &[("file", &file), ("detail", &detail)]);
        }
    }
    if code == OK && out.json {
        out.object(&json!({ "part": "packages", "ok": true, "count": count }));
    } else if code == OK {
        out.say("check.packages", &[("count", &count.to_string())]);
    }
    Ok(code)
}

/// Bytes that nobody signed are damage; a key that is no longer trusted is a problem to look into.
fn untrusted(error: &PackageError) -> u8 {
    match error {
        PackageError::OtherBytes => DAMAGED,
        _ => FOUND,
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct DoctorArguments {
    /// 另写一个诊断包（.tar.zst）供远程协助，不含个人信息、业务数据、密钥 / Also write a diagnosis (.tar.zst) for help from afar: no personal data, no payloads, no keys
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

pub(super) fn doctor(
    context: &mut Context<'_, '_>,
    arguments: &DoctorArguments,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let now = clock::now();
    let findings = doctor::examine(&app, now)?;
    let bundled = match &arguments.bundle {
        Some(file) => {
            let file = context.path(file);
            Some((file.display().to_string(), diagnosis::write(&app, &file, now)?))
        }
        None => None,
    };
    let out = &mut *context.out;
    match &bundled {
        Some((file, count)) if out.json => out.object(&json!({ "bundle": file, "files": count })),
        Some((file, count)) => {
            out.say("doctor.bundled", &[("file", file), ("count", &count.to_string())]);
        }
        None => {}
    }
    for finding in &findings {
        if out.json {
            out.object(&as_json(finding));
            continue;
        }
        let values = finding.values();
        out.line(format!("• {}", text::say(out.lang, &finding.key(), &values)));
        out.line(format!("  → {}", text::say(out.lang, &finding.advice(), &values)));
    }
    if findings.is_empty() {
        if out.json {
            out.object(&json!({ "ok": true }));
        } else {
            out.say("doctor.well", &[]);
        }
        return Ok(OK);
    }
    Ok(FOUND)
}

fn as_json(finding: &Finding) -> serde_json::Value {
    let values = finding.values();
    let say = |lang: Lang, key: &str| text::say(lang, key, &values);
    json!({
        "finding": finding.code, "zh": say(Lang::Zh, &finding.key()),
        "en": say(Lang::En, &finding.key()), "advice_zh": say(Lang::Zh, &finding.advice()),
        "advice_en": say(Lang::En, &finding.advice()),
    })
}
