//! The diagnosis: a file for whoever helps from afar, with figures and findings and nothing about
//! anybody.
//!
//! It is made of what is listed here and of nothing else; no text that came in with an event, a
//! table, a parameter or a plugin's message gets into it, neither does a key, a token, a source's
//! name or a path. Keys of the store name subjects, so even its problems are only counted.

use crate::alert::AlertState;
use crate::app::App;
use crate::backup::{unwritten, write_file};
use crate::doctor::{self, Ages, Finding};
use crate::error::{AppError, Kind};
use plumbline_contract::id::{DeploymentId, EventSeq};
use plumbline_contract::time::Millis;
use plumbline_kernel::{Deployment, Setting};
use plumbline_store::Gap;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;

/// Folder inside the archive.
const FOLDER: &str = "plumbline-diagnosis";
const ZSTD_LEVEL: i32 = 9;
/// Gaps that are told one by one: the newest show what is wrong now.
const GAPS_SHOWN: usize = 100;
/// States counted at once.
const STATES_AT_ONCE: usize = 1024;
/// Values of findings that hold no free text.
const SAFE_VALUES: [&str; 7] = ["last", "count", "free", "plugin", "table", "at", "days"];
/// Traps in the engine's own words. Behind them stand the names of the plugin's functions; any other
/// trap may quote what a plugin or a table says.
const TRAPS: [&str; 8] = [
    "wasm `unreachable` instruction executed",
    "out of bounds memory access",
    "call stack exhausted",
    "integer divide by zero",
    "integer overflow",
    "indirect call type mismatch",
    "undefined element: out of bounds table access",
    "uninitialized element",
];
/// Begin of a trap's account.
const TRAPPED: &str = "the plugin trapped: ";
/// What follows was written by the plugin and may tell of a case.
const PLUGIN_SAYS: &str = "; its last message";

/// One file of the diagnosis.
type Part = (&'static str, Value);

/// Writes the diagnosis as `.tar.zst`; returns how many files are in it.
///
/// # Errors
/// If the file exists, the home cannot be read, or the disk fails.
pub fn write(app: &App, path: &Path, now: Millis) -> Result<usize, AppError> {
    let parts = parts(app, now)?;
    let fill = |file| Ok((pack(file, &parts, now).map_err(|error| unwritten(&error))?, ()));
    let judge = |path: &Path, (): &()| {
        let count = unpack(path).map_err(|error| AppError::io(path, &error))?;
        match count == parts.len() {
            true => Ok(count),
            false => Err(AppError::new(Kind::Failed, "io", path.display())),
        }
    };
    write_file(path, fill, judge).map(|((), count)| count)
}

fn pack(file: File, parts: &[Part], now: Millis) -> std::io::Result<File> {
    let encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
    let mut tar = tar::Builder::new(encoder);
    for (name, value) in parts {
        let text = format!("{value:#}\n");
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o600);
        header.set_mtime(now.0.unsigned_abs() / 1000);
        tar.append_data(&mut header, format!("{FOLDER}/{name}"), text.as_bytes())?;
    }
    let mut encoder = tar.into_inner()?;
    encoder.flush()?;
    encoder.finish()
}

fn unpack(path: &Path) -> std::io::Result<usize> {
    let decoder = zstd::stream::read::Decoder::new(File::open(path)?)?;
    let mut tar = tar::Archive::new(decoder);
    let mut count = 0;
    for entry in tar.entries()? {
        std::io::copy(&mut entry?, &mut std::io::sink())?;
        count += 1;
    }
    Ok(count)
}

fn parts(app: &App, now: Millis) -> Result<Vec<Part>, AppError> {
    let deployments = app.deployments();
    Ok(vec![
        ("about.json", about(app, now)),
        ("machine.json", machine(app)?),
        ("findings.json", findings(&doctor::examine(app, now)?)),
        ("figures.json", figures(app, now)?),
        ("deployments.json", standing(app, &deployments)?),
        ("packages.json", packages(app)?),
        ("tables.json", tables(app)?),
        ("alerts.json", alerts(app)?),
        ("faults.json", faults(app, &deployments)?),
        ("store.json", store(app)?),
    ])
}

fn about(app: &App, now: Millis) -> Value {
    let config = app.config();
    json!({
        "version": env!("CARGO_PKG_VERSION"), "store_schema": plumbline_store::SCHEMA_VERSION,
        "at": app.zone().rfc3339(now), "origin": config.origin, "region": config.region,
        "zone": config.zone, "listens_on_loopback_only": config.listen.starts_with("127."),
    })
}

fn machine(app: &App) -> Result<Value, AppError> {
    let dir = app.home().dir();
    let disk = rustix::fs::statvfs(dir).map_err(|error| AppError::io(dir, &error.into()))?;
    // Where the system does not tell, the diagnosis is the poorer for it and no more.
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    Ok(json!({
        "arch": std::env::consts::ARCH, "kernel": kernel.trim(),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "memory": memory.lines().next().unwrap_or_default(),
        "disk_bytes": disk.f_blocks.saturating_mul(disk.f_frsize),
        "disk_free_bytes": disk.f_bavail.saturating_mul(disk.f_frsize),
        "store_bytes": bytes_in(&app.home().store_dir()),
        "ledger_bytes": bytes_in(&app.home().ledger_dir()),
    }))
}

/// Files come and go while the appliance works: what cannot be read counts nothing.
fn bytes_in(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).into_iter().flatten().flatten();
    let bytes = entries.map(|entry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes_in(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    });
    bytes.sum()
}

fn findings(findings: &[Finding]) -> Value {
    let one = |finding: &Finding| {
        let values = finding.values();
        let safe = values.iter().filter(|(name, _)| SAFE_VALUES.contains(name));
        let safe: Map<_, _> =
            safe.map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        json!({ "finding": finding.code, "values": safe })
    };
    findings.iter().map(one).collect()
}

fn figures(app: &App, now: Millis) -> Result<Value, AppError> {
    let store = app.store();
    let logged = |seq: Option<u64>| -> Result<Option<String>, AppError> {
        let event = seq.map(|seq| store.get(EventSeq(seq))).transpose()?.flatten();
        Ok(event.map(|event| app.zone().rfc3339(event.logged)))
    };
    let next = store.next_seq().0;
    let (sealed, unsealed) = app.with_ledger(|ledger| {
        let sealed = ledger.checkpoint().size();
        (sealed, ledger.size() - sealed)
    });
    let ages = Ages::of(app, now)?;
    Ok(json!({
        "events": next, "first_logged": logged((next > 0).then_some(0))?,
        "last_logged": logged(next.checked_sub(1))?, "leaves": sealed,
        "unsealed_leaves": unsealed, "outbox": store.next_leaf().0.saturating_sub(sealed),
        "backup_age_ms": ages.backup_ms, "reconciled_age_ms": ages.reconciled_ms,
    }))
}

/// What a setting says, without the values of its parameters: they may be texts.
fn setting(setting: &Setting) -> Value {
    let names: Vec<_> = setting.parameters.keys().collect();
    json!({
        "region": setting.region, "package": setting.package, "on": setting.on, "sets": names,
    })
}

fn standing(app: &App, deployments: &[Deployment]) -> Result<Value, AppError> {
    let mut all = Vec::new();
    for deployment in deployments {
        let cursor = app.store().cursor(deployment.id)?.seq.0;
        all.push(json!({
            "id": deployment.id, "plugin": deployment.plugin, "mode": deployment.mode,
            "scope": deployment.scope,
            "settings": deployment.settings.iter().map(setting).collect::<Vec<_>>(),
            "from": deployment.from, "cursor": cursor,
            "lag": app.store().next_seq().0.saturating_sub(cursor),
            "states": states(app, deployment.id)?,
            "gaps": app.store().gaps(deployment.id)?.len(),
        }));
    }
    Ok(all.into())
}

fn states(app: &App, deployment: DeploymentId) -> Result<u64, AppError> {
    let (mut count, mut after) = (0, None);
    loop {
        let page = app.store().states(deployment, after.as_ref(), STATES_AT_ONCE)?;
        count += page.len() as u64;
        match page.into_iter().next_back() {
            Some((id, _)) => after = Some(id),
            None => return Ok(count),
        }
    }
}

fn packages(app: &App) -> Result<Value, AppError> {
    let one =
        |package: Result<plumbline_contract::package::VerifiedPackage, AppError>| match package {
            Ok(package) => json!({
                "sha256": package.hash(), "plugin": package.manifest().plugin.id,
                "version": package.manifest().plugin.version,
                "release": package.manifest().plugin.release, "bytes": package.component().len(),
            }),
            Err(error) => json!({ "refused": error.message }),
        };
    Ok(crate::package::list(app)?.into_iter().map(one).collect())
}

fn tables(app: &App) -> Result<Value, AppError> {
    let history = app.tables();
    let mut names: Vec<_> = history.changes().iter().map(|(_, table, _)| table.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    let mut all = Vec::new();
    for name in names {
        let versions = app.store().table_versions(name)?;
        let rows = match versions.last() {
            Some(last) => app.store().table(name, *last)?.map(|rows| rows.len()),
            None => None,
        };
        all.push(json!({ "table": name, "versions": versions.len(), "rows": rows }));
    }
    Ok(all.into())
}

fn alerts(app: &App) -> Result<Value, AppError> {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    app.alerts_from(0, &mut |alert| {
        let state = match alert.state {
            AlertState::Open => "open",
            AlertState::Withdrawn => "withdrawn",
            AlertState::Closed => "closed",
        };
        let kind = format!("{} {} {state}", alert.rule, alert.level.as_str());
        *counts.entry(kind).or_default() += 1;
        true
    })?;
    Ok(json!(counts))
}

fn faults(app: &App, deployments: &[Deployment]) -> Result<Value, AppError> {
    let mut all = Vec::new();
    let mut numbers = BTreeMap::new();
    for deployment in deployments {
        let gaps = app.store().gaps(deployment.id)?;
        for Gap { id, row } in gaps.iter().rev().take(GAPS_SHOWN) {
            // Tells which faults are the same one; a digest could be found by trying.
            let fresh = numbers.len();
            let number = *numbers.entry(row.fault.clone()).or_insert(fresh);
            all.push(json!({
                "deployment": deployment.id, "gap": id.0, "from": row.from, "to": row.to,
                "stream": row.id.stream, "code": row.code,
                "fault": safe_fault(&row.code, &row.fault),
                "same_fault": number,
            }));
        }
    }
    Ok(all.into())
}

/// What of a fault was written by the engine. Other faults quote the plugin from the first word on.
fn safe_fault<'a>(code: &str, fault: &'a str) -> Option<&'a str> {
    match code {
        "trap" => {
            let own = fault.split(PLUGIN_SAYS).next()?;
            let trap = own.strip_prefix(TRAPPED)?;
            TRAPS.iter().any(|known| trap.starts_with(known)).then_some(own)
        }
        "fuel_spent" | "memory_full" => Some(fault),
        _ => None,
    }
}

/// Problems of the store by their first word, which is the store's own.
fn store(app: &App) -> Result<Value, AppError> {
    let problems = app.check_store()?;
    let mut kinds: BTreeMap<String, u64> = BTreeMap::new();
    for problem in &problems {
        let word = problem.0.split_whitespace().next().unwrap_or_default();
        *kinds.entry(word.to_owned()).or_default() += 1;
    }
    Ok(json!({ "problems": problems.len(), "kinds": kinds }))
}
