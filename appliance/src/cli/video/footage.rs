//! `video allow`, `video footage`, `video viewer`: what a region allows, what is kept and who may look.

use crate::app::App;
use crate::cli::out::Out;
use crate::cli::show::moment;
use crate::cli::{Context, OK, region};
use crate::clock;
use crate::error::{AppError, Kind};
use crate::footage::allow::{self, Said};
use crate::footage::see::{self, Viewer};
use crate::footage::{Footage, keep, viewer};
use crate::text::{self, Lang};
use plumbline_contract::time::Day;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Switch {
    On,
    Off,
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct AllowArguments {
    /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
    #[arg(long)]
    region: Option<String>,
    /// 片段（缺省关闭）/ Clips (off unless somebody allows them)
    #[arg(long, value_enum)]
    clips: Option<Switch>,
    /// 快照，遮盖区已涂黑（缺省开启）/ Stills with their masks burned in (on by default)
    #[arg(long, value_enum)]
    stills: Option<Switch>,
    /// 保存天数，至少 30 / Days to keep, at least 30
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
    /// 谁决定的，记入存证链 / Who decided it, for the ledger
    #[arg(long, env = "PLUMBLINE_BY")]
    by: Option<String>,
}

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum FootageCommand {
    /// 一条预警的影像，或全部在存的 / Footage of one alert, or all that is kept
    List {
        #[arg(long, value_name = "ID")]
        alert: Option<String>,
    },
    /// 取出一件，记入存证链 / Take a piece out; on record in the ledger
    Get {
        sha256: String,
        /// 写到哪个新文件 / New file to write
        file: PathBuf,
        /// 谁在看 / Who looks
        #[arg(long, env = "PLUMBLINE_BY")]
        by: String,
        /// 为什么 / Why
        #[arg(long)]
        reason: String,
    },
    /// 删除到期的；服务运行时每天自动做 / Delete what is over; a running service does so every day
    Expire {
        /// 只看会删什么 / Only say what would be deleted
        #[arg(long)]
        dry_run: bool,
        /// 按这一天计算；服务运行满十分钟后可省，为今天 / The day to count from; may be left out, for today, once the service has run for ten minutes
        #[arg(long, value_name = "YYYY-MM-DD")]
        today: Option<String>,
    },
}

#[derive(Debug, clap::Subcommand)]
pub(in crate::cli) enum ViewerCommand {
    /// 谁可以在网页上看影像 / Who may look at footage over HTTP
    List,
    /// 准许一人；令牌只显示这一次 / Let somebody look; the token is shown this once
    Add {
        name: String,
        #[arg(long, env = "PLUMBLINE_BY")]
        by: Option<String>,
    },
    /// 收回 / Take the right away
    Remove {
        name: String,
        #[arg(long, env = "PLUMBLINE_BY")]
        by: Option<String>,
    },
}

pub(super) fn run_allow(
    context: &mut Context<'_, '_>,
    arguments: AllowArguments,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let AllowArguments { region, clips, stills, keep_days, by } = arguments;
    let region = region::given(&app, region)?;
    let is_on = |switch: Switch| switch == Switch::On;
    let said = Said {
        region: region.clone(),
        clips: clips.map(is_on),
        stills: stills.map(is_on),
        keep_days,
    };
    if said.clips.is_some() || said.stills.is_some() || keep_days.is_some() {
        allow::say(&app, &said, by.as_deref())?;
    }
    let allowed = allow::allowed(&app, &region)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&json!({ "region": region, "allowed": allowed, "said": allow::said(&app)? }));
        return Ok(OK);
    }
    let word = |on: bool| out.text(if on { "footage.on" } else { "footage.off" });
    let values = [
        ("region", region::shown(out, &region)),
        ("clips", word(allowed.clips)),
        ("stills", word(allowed.stills)),
        ("days", allowed.keep_days.to_string()),
    ];
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
    out.say("footage.allowed", &values);
    Ok(OK)
}

pub(super) fn run(context: &mut Context<'_, '_>, command: FootageCommand) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        FootageCommand::List { alert: Some(id) } => of_alert(&app, context.out, &id)?,
        FootageCommand::List { alert: None } => all(&app, context.out)?,
        FootageCommand::Get { sha256, file, by, reason } => {
            let file = context.path(file);
            if file.exists() {
                return Err(AppError::new(Kind::Usage, "footage-exists", file.display()));
            }
            let piece = see::kept(&app, &sha256, Viewer { by: &by, reason: &reason })?;
            let mut options = OpenOptions::new();
            let options = options.write(true).create_new(true).mode(0o600);
            options
                .open(&file)
                .and_then(|mut out| out.write_all(&piece.bytes))
                .map_err(|error| AppError::io(&file, &error))?;
            let values = [("file", file.display().to_string()), ("sha256", sha256)];
            let values: Vec<_> = values.iter().map(|(name, value)| (*name, &**value)).collect();
            context.out.say("footage.got", &values);
        }
        FootageCommand::Expire { dry_run, today } => expire(&app, context.out, dry_run, today)?,
    }
    Ok(OK)
}

fn of_alert(app: &App, out: &mut Out<'_>, id: &str) -> Result<(), AppError> {
    let alert = app.alert(id)?.ok_or_else(|| AppError::new(Kind::NotFound, "no-alert", id))?;
    for footage in &alert.footage {
        match out.json {
            true => out.object(footage),
            false => out.line(line(out.lang, footage)),
        }
    }
    if alert.footage.is_empty() && !out.json {
        out.say("footage.none", &[]);
    }
    Ok(())
}

fn all(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    let kept = keep::list(app)?;
    for one in &kept {
        kept_line(out, "footage.kept", one);
    }
    if kept.is_empty() && !out.json {
        out.say("footage.none", &[]);
    }
    Ok(())
}

fn kept_line(out: &mut Out<'_>, key: &str, one: &keep::Kept) {
    if out.json {
        return out.object(one);
    }
    let leaves: Vec<_> = one.leaves.iter().map(u64::to_string).collect();
    let (bytes, until, leaves) = (kib(one.bytes), one.keep_until.to_string(), leaves.join(", "));
    let values =
        [("sha256", one.sha256.as_str()), ("bytes", &bytes), ("until", &until), ("leaf", &leaves)];
    out.say(key, &values);
}

fn expire(
    app: &App,
    out: &mut Out<'_>,
    dry_run: bool,
    today: Option<String>,
) -> Result<(), AppError> {
    let present = app.zone().local(clock::now().min(app.log_time())).day();
    let sure = app.sure_time().map(|now| app.zone().local(now).day());
    let today = match (today, sure) {
        // A day to come would delete what must still be kept.
        (Some(text), _) => Day::parse(&text)
            .filter(|day| *day <= present)
            .ok_or_else(|| AppError::new(Kind::Usage, "day", text))?,
        (None, Some(today)) => today,
        (None, None) if dry_run => present,
        // The clock alone does not delete for good: a person says with it which day it is.
        (None, None) => return Err(AppError::new(Kind::Usage, "footage-clock", present)),
    };
    let over = keep::expire(app, today, dry_run)?;
    let key = if dry_run { "footage.would-delete" } else { "footage.deleted" };
    for one in &over {
        kept_line(out, key, one);
    }
    if over.is_empty() && !out.json {
        out.say("footage.nothing-over", &[]);
    }
    Ok(())
}

pub(super) fn run_viewer(
    context: &mut Context<'_, '_>,
    command: &ViewerCommand,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let out = &mut *context.out;
    match command {
        ViewerCommand::List => {
            for name in viewer::names(&app)? {
                match out.json {
                    true => out.object(&json!({ "viewer": name })),
                    false => out.line(name),
                }
            }
        }
        ViewerCommand::Add { name, by } => {
            let token = viewer::add(&app, name, by.as_deref())?;
            match out.json {
                true => out.object(&json!({ "viewer": name, "token": token })),
                false => out.say("footage.viewer-added", &[("name", name), ("token", &token)]),
            }
        }
        ViewerCommand::Remove { name, by } => {
            viewer::remove(&app, name, by.as_deref())?;
            out.say("footage.viewer-removed", &[("name", name)]);
        }
    }
    Ok(OK)
}

/// A piece of an alert's footage, or that there is none, in one line.
pub(in crate::cli) fn line(lang: Lang, footage: &Footage) -> String {
    let kind = text::say(lang, &format!("footage.{}", form(footage)), &[]);
    let (sha256, until) = (
        footage.sha256.as_deref().unwrap_or_default(),
        footage.keep_until.as_deref().unwrap_or_default(),
    );
    let (bytes, at) = (kib(footage.bytes.unwrap_or_default()), moment(&footage.moment));
    let lacking = footage.lacking.as_deref().unwrap_or_default();
    let why = crate::hall::why(lang, lacking);
    let leaf = footage.leaf.to_string();
    let values = [
        ("kind", kind.as_str()),
        ("cam", &footage.cam),
        ("at", &at),
        ("sha256", sha256),
        ("bytes", &bytes),
        ("until", until),
        ("why", &why),
        ("leaf", &leaf),
    ];
    let key = match (footage.lacking.is_some(), footage.deleted) {
        (true, _) => "footage.lacking",
        (false, true) => "footage.gone",
        (false, false) => "footage.piece",
    };
    text::say(lang, key, &values)
}

fn form(footage: &Footage) -> &'static str {
    use crate::footage::Form;
    match footage.kind {
        Form::Clip => "clip",
        Form::Still | Form::Live => "still",
    }
}

fn kib(bytes: u64) -> String {
    format!("{} KiB", bytes.div_ceil(1024))
}
