//! `backup` and `restore`: one file that holds a home, and a home made from one.

use super::{Context, OK};
use crate::backup::{Backup, Report, Restore, backup, read, restore};
use crate::cli::out::Out;
use crate::clock;
use crate::error::{AppError, Kind};
use plumbline_ledger::Passphrase;
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// Largest file of a passphrase or a checkpoint, in bytes.
const TEXT_BYTES_MAX: u64 = 64 * 1024;
/// Stands for standard input.
const STDIN: &str = "-";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 新建的备份文件，不得已存在 / The file to make; it must not exist
    file: PathBuf,
    /// 口令所在的文件（首行），“-”为标准输入；备份因此加密并含密钥 / File whose first line is the passphrase, "-" for standard input; the backup is sealed and holds the keys
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// 不加密也写入密钥：谁拿到文件，谁就能以本机关名义签名 / Put the keys into a backup that is not sealed: who has the file can sign for the office
    #[arg(long, conflicts_with = "passphrase_file")]
    with_keys: bool,
}

#[derive(Debug, clap::Args)]
pub(super) struct RestoreArguments {
    /// 备份文件 / The backup
    file: PathBuf,
    /// 新的主目录：空目录，或尚不存在 / The new home: a folder that is empty or does not exist
    #[arg(long, value_name = "DIR", required_unless_present = "check")]
    into: Option<PathBuf>,
    /// 只核验备份，不恢复 / Only judge the backup
    #[arg(long, conflicts_with = "into")]
    check: bool,
    /// 口令所在的文件（首行），“-”为标准输入 / File whose first line is the passphrase, "-" for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
    /// 备份不含密钥时，另行保管的 keys 目录 / The folder of keys kept apart, for a backup without keys
    #[arg(long, value_name = "DIR")]
    keys: Option<PathBuf>,
    /// 他处（上级机关、见证方）持有的本链最新检查点 / The newest checkpoint of this ledger that somebody else holds
    #[arg(long, value_name = "FILE")]
    seen: Option<PathBuf>,
    /// 他处的检查点比备份新，仍要续写：将出现两份不一致的签名 / Go on although a later checkpoint was seen: two histories will have been signed
    #[arg(long, requires = "seen")]
    accept_split: bool,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: &Arguments) -> Result<u8, AppError> {
    let app = context.open()?;
    let passphrase = passphrase(context, arguments.passphrase_file.as_deref())?;
    let file = context.path(&arguments.file);
    let request = Backup {
        file: &file,
        passphrase: passphrase.as_ref(),
        with_keys: arguments.with_keys,
        now: clock::now(),
    };
    let report = backup(&app, &request)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&json!({ "file": arguments.file, "backup": report }));
        return Ok(OK);
    }
    out.say("backup.taken", &[("file", &arguments.file.display().to_string())]);
    show(out, &report);
    if !report.header.keys {
        let keys = app.home().dir().join("keys").display().to_string();
        out.say("backup.no-keys", &[("keys", &keys)]);
    } else if !report.sealed {
        out.say("backup.keys-open", &[]);
    }
    Ok(OK)
}

pub(super) fn run_restore(
    context: &mut Context<'_, '_>,
    arguments: &RestoreArguments,
) -> Result<u8, AppError> {
    let passphrase = passphrase(context, arguments.passphrase_file.as_deref())?;
    let seen = arguments.seen.as_deref().map(text).transpose()?;
    let out = &mut *context.out;
    let Some(into) = &arguments.into else {
        let report = read(&arguments.file, passphrase.as_ref(), &mut |_, _| Ok(()))?;
        if out.json {
            out.object(&json!({ "ok": true, "backup": report }));
        } else {
            out.say("backup.sound", &[("file", &arguments.file.display().to_string())]);
            show(out, &report);
        }
        return Ok(OK);
    };
    let request = Restore {
        file: &arguments.file,
        passphrase: passphrase.as_ref(),
        into,
        keys: arguments.keys.as_deref(),
        seen: seen.as_deref(),
        accept_split: arguments.accept_split,
        now: clock::now(),
    };
    let restored = restore(&request)?;
    if out.json {
        out.object(&json!({ "home": into, "restored": restored }));
        return Ok(OK);
    }
    out.say("backup.restored", &[("home", &into.display().to_string())]);
    show(out, &restored.report);
    if restored.lost_leaves > 0 {
        out.say("backup.split", &[("count", &restored.lost_leaves.to_string())]);
    }
    out.say("backup.go-on", &[("at", &restored.report.header.taken_at)]);
    Ok(OK)
}

fn show(out: &mut Out<'_>, report: &Report) {
    let header = &report.header;
    let mut items: BTreeMap<&str, u64> = BTreeMap::new();
    for section in &report.sections {
        *items.entry(&section.name).or_default() += section.items;
    }
    let count = |name: &str| items.get(name).copied().unwrap_or_default().to_string();
    let (events, leaves) = (header.next_seq.to_string(), header.ledger_size.to_string());
    let mib = report.file_bytes.div_ceil(1024 * 1024).to_string();
    let values = [
        ("at", header.taken_at.as_str()),
        ("origin", &header.origin),
        ("events", &events),
        ("states", &count("states")),
        ("leaves", &leaves),
        ("files", &count("files")),
        ("mib", &mib),
        ("digest", &report.digest),
    ];
    out.say("backup.content", &values);
    let sealed = if report.sealed { "backup.is-sealed" } else { "backup.is-plain" };
    out.say(sealed, &[]);
}

/// A passphrase comes from a file or from standard input, never from the command line, which every
/// user of the machine can see.
pub(super) fn passphrase(
    context: &Context<'_, '_>,
    file: Option<&Path>,
) -> Result<Option<Passphrase>, AppError> {
    let Some(file) = file else { return Ok(None) };
    // The standard input of the service is not the caller's.
    if file == Path::new(STDIN) && context.serving.is_some() {
        return Err(AppError::new(Kind::Usage, "not-inside", "--passphrase-file -"));
    }
    let text = if file == Path::new(STDIN) { text(file)? } else { text(&context.path(file))? };
    let line = text.lines().next().unwrap_or_default();
    Passphrase::new(line).map(Some).map_err(|error| AppError::new(Kind::Usage, "passphrase", error))
}

fn text(file: &Path) -> Result<String, AppError> {
    let io = |error: io::Error| AppError::io(file, &error);
    let mut text = String::new();
    let read = if file == Path::new(STDIN) {
        io::stdin().take(TEXT_BYTES_MAX).read_to_string(&mut text)
    } else {
        fs::File::open(file).map_err(io)?.take(TEXT_BYTES_MAX).read_to_string(&mut text)
    };
    read.map_err(io)?;
    Ok(text)
}
