//! `shadow`: trying a package or parameters beside what is in force, and putting them into force.

use super::out::Out;
use super::plugin::{Agreed, grown};
use super::setting::Backed;
use super::show::{level, pad};
use super::{Context, OK, region};
use crate::app::App;
use crate::backing::Backing;
use crate::error::{AppError, Kind};
use crate::report::file;
use crate::shadow::{self, Candidate, ShadowReport, Tried, xlsx};
use crate::{deploy, package, parameter};
use plumbline_contract::id::{DeploymentId, PackageHash};
use plumbline_contract::manifest::Manifest;
use plumbline_kernel::{Colours, Figures, Mode, Side};
use plumbline_ledger::sha256_hex;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Cards that a report names for people unless they ask for more; JSON and XLSX hold all.
const CARDS_SHOWN: usize = 20;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 用全部历史试算一次，什么也不留下 / Try over the whole log once; it leaves nothing behind
    Run {
        #[command(flatten)]
        tried: Asked,
        #[command(flatten)]
        report: Shape,
    },
    /// 开始试运行，与正式的并行 / Start a shadow run that goes on beside what is in force
    Start {
        #[command(flatten)]
        tried: Asked,
        /// 从现在还是从日志开头看起 / Look from now on, or at the whole log
        #[arg(long, value_enum, default_value = "start")]
        from: super::plugin::From,
    },
    /// 列出试运行 / List the shadow runs
    List,
    /// 试运行与正式的差别 / How a shadow run differs from what is in force
    Report {
        id: u16,
        #[command(flatten)]
        report: Shape,
    },
    /// 转为正式：试过什么就生效什么 / Promote: what was tried comes into force
    Promote {
        id: u16,
        #[command(flatten)]
        agreed: Agreed,
        #[command(flatten)]
        backed: Backed,
    },
    /// 结束试运行，不留状态 / End a shadow run; its states are forgotten
    End { id: u16 },
}

/// What is to be tried.
#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    #[arg(long)]
    plugin: String,
    /// 插件包散列 / Hash of the package
    #[arg(long, conflicts_with = "version")]
    package: Option<String>,
    /// 已安装的版本 / Installed version
    #[arg(long)]
    version: Option<String>,
    /// 参数，可多次；NAME= 收回 / A parameter, several times; NAME= takes one back
    #[arg(long, value_name = "NAME=VALUE")]
    set: Vec<String>,
    /// 参数文件，JSON 或 TOML / Parameters, JSON or TOML
    #[arg(long)]
    params: Option<PathBuf>,
    /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
    #[arg(long)]
    region: Option<String>,
}

/// How the report comes.
#[derive(Debug, clap::Args)]
pub(super) struct Shape {
    /// 另写成 XLSX / Also as a workbook
    #[arg(long)]
    xlsx: Option<PathBuf>,
    /// 替换已有的文件 / Replace a file that is there
    #[arg(long)]
    force: bool,
    /// 列出多少张牌 / How many cards to name
    #[arg(long, default_value_t = CARDS_SHOWN)]
    cards: usize,
}

impl Shape {
    fn check(&self) -> Result<(), AppError> {
        self.xlsx.as_ref().map_or(Ok(()), |path| file::check(path, self.force))
    }
}

impl Command {
    /// With files where the caller sees them.
    fn seen_from(mut self, context: &Context<'_, '_>) -> Self {
        let (mut params, mut xlsx) = (None, None);
        match &mut self {
            Self::Run { tried, report } => {
                (params, xlsx) = (tried.params.as_mut(), report.xlsx.as_mut());
            }
            Self::Start { tried, .. } => params = tried.params.as_mut(),
            Self::Report { report, .. } => xlsx = report.xlsx.as_mut(),
            Self::List | Self::Promote { .. } | Self::End { .. } => {}
        }
        for path in params.into_iter().chain(xlsx) {
            *path = context.path(&*path);
        }
        self
    }
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let command = command.seen_from(context);
    let out = &mut *context.out;
    match command {
        Command::Run { tried, report } => {
            // Before the work, not after it.
            report.check()?;
            let tried = Resolved::new(&app, tried)?;
            app.settle()?;
            let found = shadow::run(&app, &tried.candidate())?;
            shaped(out, &found, &report)?;
        }
        Command::Start { tried, from } => {
            let tried = Resolved::new(&app, tried)?;
            let from_start = from == super::plugin::From::Start;
            let started = shadow::start(&app, &tried.candidate(), from_start)?;
            app.settle()?;
            if out.json {
                out.object(&started);
                return Ok(OK);
            }
            let (id, region) = (started.id.to_string(), region::shown(out, &started.scope));
            let values = [("id", id.as_str()), ("plugin", &started.plugin), ("region", &region)];
            out.say("shadow.started", &values);
        }
        Command::List => list(&app, out)?,
        Command::Report { id, report } => {
            let found = shadow::report(&app, DeploymentId(id))?;
            shaped(out, &found, &report)?;
        }
        Command::Promote { id, agreed, backed } => {
            promote(&app, out, DeploymentId(id), (agreed, &backed.backing()))?;
        }
        Command::End { id } => {
            shadow::end(&app, DeploymentId(id))?;
            if out.json {
                out.object(&json!({ "ended": id }));
            } else {
                out.say("shadow.ended", &[("id", &id.to_string())]);
            }
        }
    }
    Ok(OK)
}

/// What was asked for, with packages found and parameters read.
struct Resolved {
    plugin: String,
    region: String,
    package: Option<PackageHash>,
    parameters: Map<String, Value>,
}

impl Resolved {
    fn new(app: &App, asked: Asked) -> Result<Self, AppError> {
        let region = region::given(app, asked.region)?;
        let package = named(app, &asked.plugin, asked.package, asked.version.as_deref())?;
        let manifest = manifest(app, &asked.plugin, &region, package)?;
        if manifest.plugin.id != asked.plugin {
            return Err(AppError::new(Kind::NotFound, "no-package", asked.plugin));
        }
        let mut parameters = match asked.params {
            Some(path) => parameter::read_file(&path)?,
            None => Map::new(),
        };
        parameter::check(&manifest, &parameters)?;
        parameters.extend(parameter::read_words(&manifest, &asked.set)?);
        Ok(Self { plugin: asked.plugin, region, package, parameters })
    }

    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            plugin: &self.plugin,
            region: &self.region,
            package: self.package,
            parameters: &self.parameters,
        }
    }
}

fn named(
    app: &App,
    plugin: &str,
    hash: Option<String>,
    version: Option<&str>,
) -> Result<Option<PackageHash>, AppError> {
    if let Some(text) = hash {
        let hash = PackageHash::from_hex(&text);
        return hash.map(Some).ok_or_else(|| AppError::new(Kind::NotFound, "no-package", text));
    }
    // A plugin that is not at work anywhere is tried in its newest release.
    if version.is_none() && deploy::live(app, plugin).is_some() {
        return Ok(None);
    }
    let fitting = package::list(app)?.into_iter().filter_map(Result::ok).filter(|package| {
        let own = &package.manifest().plugin;
        own.id == plugin && version.is_none_or(|version| own.version == version)
    });
    let newest = fitting.max_by_key(|package| package.manifest().plugin.release);
    let missing = || {
        let detail = format!("{plugin} {}", version.unwrap_or_default());
        AppError::new(Kind::NotFound, "no-package", detail.trim_end())
    };
    newest.map(|package| Some(package.hash())).ok_or_else(missing)
}

fn manifest(
    app: &App,
    plugin: &str,
    region: &str,
    package: Option<PackageHash>,
) -> Result<Manifest, AppError> {
    let hash = match package {
        Some(hash) => hash,
        None => {
            let missing =
                || AppError::new(Kind::NotFound, "no-deployment", format!("{plugin} {region}"));
            let live = deploy::live_of(app, plugin)?;
            live.effective(region).ok_or_else(missing)?.package.value
        }
    };
    Ok(package::installed(app, hash)?.manifest().clone())
}

fn list(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    let mut is_any = false;
    for one in app.deployments().into_iter().filter(|one| one.mode == Mode::Shadow) {
        is_any = true;
        let gaps = app.store().gaps(one.id)?.len();
        if out.json {
            out.object(&json!({
                "deployment": one.id, "plugin": one.plugin, "region": one.scope,
                "from": one.from, "settings": one.settings, "gaps": gaps,
            }));
            continue;
        }
        let (id, region) = (one.id.to_string(), region::shown(out, &one.scope));
        let (from, gaps) = (one.from.to_string(), gaps.to_string());
        let values = [
            ("id", id.as_str()),
            ("plugin", &one.plugin),
            ("region", &region),
            ("from", &from),
            ("gaps", &gaps),
        ];
        out.say("shadow.row", &values);
    }
    if !is_any && !out.json {
        out.say("shadow.none", &[]);
    }
    Ok(())
}

fn promote(
    app: &App,
    out: &mut Out<'_>,
    id: DeploymentId,
    (agreed, backing): (Agreed, &Backing),
) -> Result<(), AppError> {
    let promoted = shadow::promote(app, id, agreed.both(), backing);
    if let Err(error) = &promoted
        && error.message == "rights-grew"
        && let Ok(shadow) = shadow::find(app, id)
        && let Some(effective) = shadow.effective(&shadow.scope)
    {
        grown(app, out, effective.package.value);
    }
    let (live, report, sha256) = promoted?;
    app.settle()?;
    let kept = app.home().report_file(&sha256).display().to_string();
    if out.json {
        out.object(&json!({
            "deployment": live, "report": report, "sha256": sha256, "file": kept,
        }));
        return Ok(());
    }
    table(out, &report, CARDS_SHOWN);
    let region = region::shown(out, &report.region);
    out.say("shadow.promoted", &[("plugin", &live.plugin), ("region", &region)]);
    out.say("shadow.report-kept", &[("sha256", &sha256), ("file", &kept)]);
    Ok(())
}

fn shaped(out: &mut Out<'_>, report: &ShadowReport, shape: &Shape) -> Result<(), AppError> {
    if let Some(path) = &shape.xlsx {
        file::write(path, &xlsx::workbook(report, out.lang)?, shape.force)?;
    }
    if out.json {
        out.object(report);
        return Ok(());
    }
    table(out, report, shape.cards);
    if let Some(path) = &shape.xlsx {
        out.say("shadow.written", &[("file", &path.display().to_string())]);
    }
    Ok(())
}

/// The report for people.
fn table(out: &mut Out<'_>, report: &ShadowReport, cards: usize) {
    let region = region::shown(out, &report.region);
    let (from, until) = (report.from.to_string(), report.until.to_string());
    let values = [
        ("plugin", report.plugin.as_str()),
        ("region", &region),
        ("from", &from),
        ("until", &until),
    ];
    out.say("shadow.head", &values);
    match &report.present {
        Some(present) => side(out, "shadow.present", present),
        None => out.say("shadow.no-present", &[]),
    }
    side(out, "shadow.candidate", &report.candidate);
    if let Some(present) = &report.present
        && present.fuel_per_input() > 0.0
    {
        let ratio = report.candidate.fuel_per_input() / present.fuel_per_input();
        out.say("shadow.ratio", &[("ratio", &format!("{ratio:.2}"))]);
    }
    let same = report.comparison.same.to_string();
    if report.comparison.is_empty() {
        out.say("shadow.same", &[("same", &same)]);
        return;
    }
    groups(out, "shadow.by-rule", &report.by_rule);
    groups(out, "shadow.by-dept", &report.by_dept);
    groups(out, "shadow.by-region", &report.by_region);
    let all: Vec<_> = xlsx::cards(report).collect();
    for (what, change) in all.iter().take(cards) {
        let colour = |out: &Out<'_>, one: &Option<Side>| match one {
            Some(side) => level(out, side.level),
            None => out.text("setting.nothing"),
        };
        let (before, after) = (colour(out, &change.before), colour(out, &change.after));
        let due = |one: &Option<Side>| one.as_ref().and_then(|side| side.due.clone());
        let due = due(&change.after).or_else(|| due(&change.before)).unwrap_or_default();
        let what = out.text(&format!("xlsx.{what}"));
        let (what, rule) = (pad(&what, 10), pad(&change.rule, 12));
        let line = format!(
            "  {what}{rule}{}{before} → {after}  {due}  {} {}",
            pad(&change.subject, 18),
            change.region,
            change.dept
        );
        out.line(line.trim_end());
    }
    if all.len() > cards {
        let (shown, all) = (cards.to_string(), all.len().to_string());
        out.say("shadow.more", &[("shown", &shown), ("all", &all)]);
    }
    out.say("shadow.unchanged", &[("same", &same)]);
    let sha256 = sha256_hex(&report.bytes());
    out.say("shadow.hash", &[("sha256", &sha256)]);
}

fn side(out: &mut Out<'_>, key: &str, tried: &Tried) {
    let short: String = tried.package.to_string().chars().take(12).collect();
    let (standing, gaps) = (tried.standing.to_string(), tried.gaps.to_string());
    let (inputs, per) = (tried.inputs.to_string(), format!("{:.0}", tried.fuel_per_input()));
    let values = [
        ("version", tried.version.as_str()),
        ("package", &short),
        ("standing", &standing),
        ("gaps", &gaps),
        ("inputs", &inputs),
        ("fuel", &per),
    ];
    out.say(key, &values);
}

fn groups(out: &mut Out<'_>, key: &str, groups: &BTreeMap<String, Figures>) {
    out.say(key, &[]);
    for (group, of) in groups {
        let colours = |one: &Colours| format!("{}/{}/{}", one.red, one.yellow, one.notice);
        let (gained, lost) = (colours(&of.gained), colours(&of.lost));
        let (raised, lowered, moved) =
            (of.raised.to_string(), of.lowered.to_string(), of.moved.to_string());
        let group = match group.is_empty() {
            true => out.text("setting.nothing"),
            false => group.clone(),
        };
        let group = pad(&group, 14);
        let values = [
            ("group", group.as_str()),
            ("gained", &gained),
            ("lost", &lost),
            ("raised", &raised),
            ("lowered", &lowered),
            ("moved", &moved),
        ];
        out.say("shadow.group", &values);
    }
}
