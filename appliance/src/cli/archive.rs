//! `archive`: old stretches of the log as files that can be proven.

use super::backup::passphrase;
use super::{Context, FOUND, OK};
use crate::backup::{Archive, Archiving, archive, verify_archive};
use crate::cli::out::Out;
use crate::clock;
use crate::error::{AppError, Kind};
use plumbline_contract::time::Day;
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 归档某日以前的事件，根摘要记入存证链 / Archive the events before a day; their root goes into the ledger
    Take {
        /// 新建的归档文件，不得已存在 / The file to make; it must not exist
        file: PathBuf,
        /// 归档到这一天以前（不含），按日志时间 / Up to the day before this one, by log time
        #[arg(long, value_name = "YYYY-MM-DD")]
        before: String,
        /// 口令所在的文件（首行） / File whose first line is the passphrase
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
    /// 核验归档文件，并在存证链中找到为它作证的叶 / Verify an archive and find the leaf that vouches for it
    Verify {
        file: PathBuf,
        /// 口令所在的文件（首行） / File whose first line is the passphrase
        #[arg(long, value_name = "FILE")]
        passphrase_file: Option<PathBuf>,
    },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: &Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::Take { file, before, passphrase_file } => {
            let day = Day::parse(before);
            let day = day.ok_or_else(|| AppError::new(Kind::Usage, "day", before))?;
            let passphrase = passphrase(context, passphrase_file.as_deref())?;
            let (passphrase, now) = (passphrase.as_ref(), clock::now());
            let taken = archive(
                &app,
                &Archiving { file: &context.path(file), passphrase, before: day, now },
            )?;
            let out = &mut *context.out;
            if out.json {
                out.object(&json!({ "file": file, "archive": taken }));
            } else {
                out.say("archive.taken", &[("file", &file.display().to_string())]);
                show(out, &taken);
            }
            Ok(OK)
        }
        Command::Verify { file, passphrase_file } => {
            let passphrase = passphrase(context, passphrase_file.as_deref())?;
            let (found, leaf) = verify_archive(&app, &context.path(file), passphrase.as_ref())?;
            let out = &mut *context.out;
            if out.json {
                out.object(&json!({ "archive": found, "leaf": leaf }));
            } else {
                show(out, &found);
                match leaf {
                    Some(leaf) => out.say("archive.proven", &[("leaf", &leaf.to_string())]),
                    None => out.say("archive.unproven", &[]),
                }
            }
            Ok(if leaf.is_some() { OK } else { FOUND })
        }
    }
}

fn show(out: &mut Out<'_>, archive: &Archive) {
    let count = (archive.to - archive.from).to_string();
    let (from, last) = (archive.from.to_string(), (archive.to - 1).to_string());
    let values = [
        ("count", count.as_str()),
        ("from", &from),
        ("last", &last),
        ("before", &archive.before),
        ("root", &archive.root),
    ];
    out.say("archive.content", &values);
}
