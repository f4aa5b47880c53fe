//! `ledger`: verify, prove, export. Verifying needs neither a key of ours nor a ledger that opens.

use super::{Context, DAMAGED, OK};
use crate::cli::out::Out;
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::text;
use plumbline_ledger::{Checkpoint, Damage, LedgerError, TrustedKeys, VerifyingKey};
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 逐字节核验；受损时退出码 4，并指出第一片坏叶 / Check every byte; on damage exit code 4 and the first bad leaf
    Verify {
        /// 另从可信途径取得的公钥 / Public key that you got on another way
        #[arg(long)]
        vkey: Option<PathBuf>,
        /// 存证链目录，缺省为主目录中的 / Folder of the ledger; that of the home if not given
        #[arg(long)]
        dir: Option<PathBuf>,
    },
    /// 一片叶或一条预警的存在证明 / Proof that a leaf or an alert is in the ledger
    Prove {
        /// 叶的序号，或预警编号 / Index of a leaf, or id of an alert
        #[arg(value_name = "INDEX|ID")]
        leaf: String,
        #[arg(long)]
        out: Option<PathBuf>,
    },
    /// 导出为标准 tlog-tiles / Export as standard tlog-tiles
    Export { dir: PathBuf },
    /// 最新的签名检查点 / The last signed checkpoint
    Checkpoint,
    /// 显示一片叶 / Show a leaf
    Show {
        #[arg(value_name = "INDEX|ID")]
        leaf: String,
    },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::Verify { vkey, dir } => {
            let dir = dir.map_or_else(|| context.home.ledger_dir(), |dir| context.path(dir));
            let vkey = vkey.map(|vkey| context.path(vkey));
            verify(context.out, &dir, vkey.as_deref())
        }
        Command::Prove { leaf, out } => {
            let out = out.map(|out| context.path(out));
            prove(context, &leaf, out.as_deref())
        }
        Command::Export { dir } => export(context, &context.path(dir)),
        Command::Checkpoint => checkpoint(&context.home, context.out),
        Command::Show { leaf } => show(context, &leaf),
    }
}

/// Verifies the ledger in a folder and says what was found.
pub(super) fn verify(out: &mut Out<'_>, dir: &Path, vkey: Option<&Path>) -> Result<u8, AppError> {
    if !dir.is_dir() {
        return Err(AppError::new(Kind::NotFound, "no-ledger", dir.display()));
    }
    let report = match trusted(dir, vkey)? {
        Ok(trusted) => plumbline_ledger::verify(dir, &trusted),
        Err(damage) => Err(damage),
    };
    let report = match report {
        Ok(report) => report,
        Err(Damage::Unreadable(LedgerError::Io { path, source }))
            if source.kind() == std::io::ErrorKind::PermissionDenied =>
        {
            return Err(AppError::io(&path, &source));
        }
        Err(damage) => return Ok(damaged(out, &damage)),
    };
    let (size, root) = (report.checkpoint.size(), report.checkpoint.root().to_string());
    let (origin, unsealed) = (report.checkpoint.origin(), report.unsealed_leaves);
    if out.json {
        out.object(&json!({
            "ok": true, "origin": origin, "leaves": size, "root": root,
            "unsealed_leaves": unsealed, "leaf_bytes": report.leaf_bytes,
        }));
        return Ok(OK);
    }
    let size = size.to_string();
    out.say("ledger.sound", &[("leaves", &size), ("origin", origin), ("root", &root)]);
    if unsealed > 0 {
        out.say("ledger.unsealed", &[("count", &unsealed.to_string())]);
    }
    Ok(OK)
}

/// The keys to verify with; a key file of the ledger that is no key any more is damage.
fn trusted(dir: &Path, vkey: Option<&Path>) -> Result<Result<TrustedKeys, Damage>, AppError> {
    if let Some(path) = vkey {
        let text = fs::read_to_string(path).map_err(|error| AppError::io(path, &error))?;
        let keys = TrustedKeys::from_text(&text);
        return keys.map(Ok).map_err(|error| AppError::new(Kind::Usage, "key", error));
    }
    let path = dir.join("vkey");
    let damage = |what| Ok(Err(Damage::File { path: path.clone(), what }));
    let Ok(bytes) = fs::read(&path) else { return damage("the file is missing") };
    let key = String::from_utf8(bytes).ok();
    let key = key.and_then(|text| VerifyingKey::from_text(text.trim_end()).ok());
    match key {
        Some(key) => Ok(Ok(TrustedKeys::from(&key))),
        None => damage("not a public key"),
    }
}

fn damaged(out: &mut Out<'_>, damage: &Damage) -> u8 {
    let detail = damage.to_string();
    let leaf = damage.leaf();
    let shown = leaf.map(|leaf| leaf.to_string()).unwrap_or_default();
    let key = match damage {
        Damage::Leaf { .. } | Damage::Tile { .. } => "damage.leaf",
        Damage::Unsealed { .. } => "damage.unsealed",
        Damage::Root { .. } => "damage.root",
        Damage::Checkpoint(_) => "damage.checkpoint",
        Damage::File { .. } | Damage::Unreadable(_) => "damage.file",
    };
    let values = [("leaf", shown.as_str()), ("detail", detail.as_str())];
    if out.json {
        let (zh, en) = (text::Lang::Zh, text::Lang::En);
        out.object(&json!({
            "ok": false, "leaf": leaf, "detail": detail,
            "zh": text::say(zh, key, &values), "en": text::say(en, key, &values),
        }));
    } else {
        out.say(key, &values);
        out.say("damage.advice", &[]);
    }
    DAMAGED
}

/// The index of a leaf: as it was given, or the newest leaf of an alert.
fn index(app: &crate::App, leaf: &str) -> Result<u64, AppError> {
    if let Some(alert) = app.alert(leaf)? {
        return Ok(alert.leaf);
    }
    leaf.parse().map_err(|_| AppError::new(Kind::NotFound, "no-leaf", leaf))
}

fn prove(context: &mut Context<'_, '_>, leaf: &str, file: Option<&Path>) -> Result<u8, AppError> {
    let app = context.open()?;
    let index = index(&app, leaf)?;
    let proof = app.with_ledger(|ledger| ledger.prove_inclusion(index))?.to_string();
    let bytes = app.with_ledger(|ledger| ledger.leaf(index))?;
    let out = &mut *context.out;
    if let Some(path) = file {
        fs::write(path, &proof).map_err(|error| AppError::io(path, &error))?;
    }
    if out.json {
        let leaf = String::from_utf8_lossy(&bytes);
        let file = file.map(|path| path.display().to_string());
        out.object(&json!({ "index": index, "leaf": leaf, "proof": proof, "file": file }));
    } else if let Some(path) = file {
        let (index, path) = (index.to_string(), path.display().to_string());
        out.say("ledger.proved", &[("index", &index), ("path", &path)]);
    } else {
        out.raw(proof.as_bytes());
    }
    Ok(OK)
}

fn existing(home: &Home) -> Result<PathBuf, AppError> {
    let dir = home.ledger_dir();
    match dir.is_dir() {
        true => Ok(dir),
        false => Err(AppError::new(Kind::NotFound, "no-ledger", dir.display())),
    }
}

fn export(context: &mut Context<'_, '_>, to: &Path) -> Result<u8, AppError> {
    let exported = plumbline_ledger::export(&existing(&context.home)?, to)?;
    let out = &mut *context.out;
    let (size, files) = (exported.checkpoint.size(), exported.files);
    let (dir, vkey) = (to.display().to_string(), exported.key.to_string());
    if out.json {
        out.object(&json!({ "dir": dir, "leaves": size, "files": files, "vkey": vkey }));
        return Ok(OK);
    }
    let (size, files) = (size.to_string(), files.to_string());
    let values = [("dir", dir.as_str()), ("leaves", &size), ("files", &files), ("vkey", &vkey)];
    out.say("ledger.exported", &values);
    Ok(OK)
}

fn checkpoint(home: &Home, out: &mut Out<'_>) -> Result<u8, AppError> {
    let dir = existing(home)?;
    let trusted = match trusted(&dir, None)? {
        Ok(trusted) => trusted,
        Err(damage) => return Ok(damaged(out, &damage)),
    };
    let path = dir.join("checkpoint");
    let bytes = fs::read(&path).map_err(|error| AppError::io(&path, &error))?;
    let checkpoint = match Checkpoint::open(&bytes, &trusted) {
        Ok(checkpoint) => checkpoint,
        Err(error) => return Ok(damaged(out, &Damage::Checkpoint(error))),
    };
    if out.json {
        out.object(&json!({
            "origin": checkpoint.origin(), "size": checkpoint.size(),
            "root": checkpoint.root().to_string(), "note": checkpoint.note(),
        }));
    } else {
        out.raw(checkpoint.note().as_bytes());
    }
    Ok(OK)
}

fn show(context: &mut Context<'_, '_>, leaf: &str) -> Result<u8, AppError> {
    let app = context.open()?;
    let index = index(&app, leaf)?;
    let bytes = app.with_ledger(|ledger| ledger.leaf(index))?;
    let out = &mut *context.out;
    let value: Option<Value> = serde_json::from_slice(&bytes).ok();
    match value {
        Some(value) if out.json => out.object(&json!({ "index": index, "leaf": value })),
        Some(value) => out.line(format!("{value:#}")),
        None => out.raw(&bytes),
    }
    Ok(OK)
}
