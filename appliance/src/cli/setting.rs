//! `setting`: what is said for each region, who said so and when, and profiles of many regions.

use super::out::Out;
use super::region;
use super::show::{moment, plain};
use super::{Context, FOUND, OK};
use crate::app::App;
use crate::backing::{Backing, Signature};
use crate::error::{AppError, Kind};
use crate::history::{self, Act};
use crate::{deploy, package, parameter, profile};
use plumbline_contract::manifest::{Manifest, OFF_PARAMETER};
use plumbline_kernel::{Deployment, Mode, SettingChange, Subject, setting_changes};
use serde_json::{Map, Value, json};
use std::fs;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 列出各区划自己的设定 / List what regions say of their own
    List { plugin: Option<String> },
    /// 一个区划实际生效的设定，以及每个值从哪里来 / What holds for a region, and where each value comes from
    Show {
        plugin: String,
        /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
        #[arg(long)]
        region: Option<String>,
    },
    /// 改参数：NAME=VALUE；NAME= 收回 / Change parameters: NAME=VALUE; NAME= takes one back
    Set {
        plugin: String,
        #[command(flatten)]
        place: Place,
        #[arg(required = true, value_name = "NAME=VALUE")]
        values: Vec<String>,
        /// 已有的事件也按新值重算 / Fold the events that are there already by the new values
        #[arg(long)]
        history: bool,
    },
    /// 在一个区划开启 / Switch a plugin on in a region
    On {
        plugin: String,
        #[command(flatten)]
        place: Place,
    },
    /// 在一个区划关闭 / Switch a plugin off in a region
    Off {
        plugin: String,
        #[command(flatten)]
        place: Place,
    },
    /// 收回一个区划的全部设定，由上一级的代替 / Take back all that a region says; the wider one holds again
    Unset {
        plugin: String,
        #[command(flatten)]
        place: Place,
    },
    /// 历次改动：何时、何处、由什么改为什么、第几片叶 / Every change: when, where, from what to what, which leaf
    History { plugin: String },
    /// 导出为区划方案 / Export as a region profile
    Export {
        file: Option<PathBuf>,
        /// 只导出这一区划及其下级 / Only this region and what is inside it
        #[arg(long, default_value = "")]
        region: String,
    },
    /// 审阅并导入区划方案，全部生效或全不生效 / Review and import a region profile, all of it or nothing
    Import {
        file: PathBuf,
        /// 只审阅，不生效 / Review only
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        signed: Signed,
    },
}

/// Where, and on what ground.
#[derive(Debug, clap::Args)]
pub(super) struct Place {
    /// 区划代码，all 为全部；缺省为主目录的区划 / Region code, or all; that of the home if not given
    #[arg(long)]
    region: Option<String>,
    #[command(flatten)]
    backed: Backed,
}

/// On what ground, and who signed.
#[derive(Debug, clap::Args)]
pub(super) struct Backed {
    /// 依据，记入存证链 / Ground, which the ledger names
    #[arg(long)]
    ground: Option<String>,
    #[command(flatten)]
    signed: Signed,
}

/// Who signed, and the law. The ledger keeps it; rule NET-A03 says what was lacking.
#[derive(Debug, clap::Args)]
pub(super) struct Signed {
    /// 签批人 / Who signs
    #[arg(long, value_name = "NAME", env = "PLUMBLINE_BY")]
    by: Option<String>,
    /// 签批人的岗位 / In which role
    #[arg(long, value_name = "ROLE", requires = "by")]
    role: Option<String>,
    /// 第二签批人 / Who signs as the second
    #[arg(long, value_name = "NAME", requires = "by")]
    second: Option<String>,
    /// 第二签批人的岗位 / In which role the second signs
    #[arg(long, value_name = "ROLE", requires = "second")]
    second_role: Option<String>,
    /// 所依法规的编号（基础库 law_ref） / Id of the law that changed, in the table law_ref
    #[arg(long, value_name = "ID")]
    law: Option<String>,
}

impl Signed {
    fn backing(self, ground: Option<String>) -> Backing {
        let first = self.by.map(|by| Signature { by, role: self.role });
        let second = self.second.map(|by| Signature { by, role: self.second_role });
        Backing { ground, law: self.law, signed: first.into_iter().chain(second).collect() }
    }
}

impl Backed {
    pub(super) fn backing(self) -> Backing {
        self.signed.backing(self.ground)
    }
}

impl Command {
    /// With files where the caller sees them.
    fn seen_from(self, context: &Context<'_, '_>) -> Self {
        match self {
            Self::Export { file, region } => {
                Self::Export { file: file.map(|file| context.path(file)), region }
            }
            Self::Import { file, dry_run, signed } => {
                Self::Import { file: context.path(file), dry_run, signed }
            }
            other => other,
        }
    }
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let command = command.seen_from(context);
    let out = &mut *context.out;
    match command {
        Command::List { plugin } => list(&app, out, plugin.as_deref()),
        Command::Show { plugin, region } => show(&app, out, &plugin, region)?,
        Command::Set { plugin, place, values, history } => {
            let region = region::given(&app, place.region.clone())?;
            let before = deploy::live_of(&app, &plugin)?;
            let manifest = manifest(&app, &before, &region)?;
            let values = parameter::read_words(&manifest, &values)?;
            let asked = (&values, None);
            say(&app, out, (&before, &region), asked, &place.backed.backing(), history)?;
        }
        Command::On { plugin, place } => switch(&app, out, &plugin, place, true)?,
        Command::Off { plugin, place } => switch(&app, out, &plugin, place, false)?,
        Command::Unset { plugin, place } => {
            let region = region::given(&app, place.region.clone())?;
            let before = deploy::live_of(&app, &plugin)?;
            let from = app.with_ledger(|ledger| ledger.size());
            let changed = deploy::unset(&app, &plugin, &region, &place.backed.backing())?;
            app.settle()?;
            told(&app, out, (Some(&before), &changed), from, "setting")?;
        }
        Command::History { plugin } => {
            for act in history::history(&app, &plugin)? {
                one_act(&app, out, &act);
            }
        }
        Command::Export { file, region } => {
            export(&app, out, file.as_deref(), &region::code(&region)?)?;
        }
        Command::Import { file, dry_run, signed } => {
            return import(&app, out, &file, dry_run, &signed.backing(None));
        }
    }
    Ok(OK)
}

fn list(app: &App, out: &mut Out<'_>, plugin: Option<&str>) {
    let is_it = |one: &&Deployment| {
        one.mode == Mode::Live && plugin.is_none_or(|plugin| plugin == one.plugin)
    };
    let deployments = app.deployments();
    for one in deployments.iter().filter(is_it) {
        for setting in &one.settings {
            if out.json {
                out.object(&json!({
                    "plugin": one.plugin, "deployment": one.id, "region": setting.region,
                    "package": setting.package, "on": setting.on, "parameters": setting.parameters,
                }));
                continue;
            }
            let region = region::shown(out, &setting.region);
            out.say("setting.region", &[("plugin", &one.plugin), ("region", &region)]);
            let alone = Deployment { settings: vec![setting.clone()], ..one.clone() };
            changes(app, out, &setting_changes(None, &alone), false);
        }
    }
    if !deployments.iter().any(|one| is_it(&one)) {
        out.note("rules.none", &[]);
    }
}

fn manifest(app: &App, deployment: &Deployment, region: &str) -> Result<Manifest, AppError> {
    let place = || format!("{} {region}", deployment.plugin);
    let missing = || AppError::new(Kind::NotFound, "no-deployment", place());
    let effective = deployment.effective(region).ok_or_else(missing)?;
    Ok(package::installed(app, effective.package.value)?.manifest().clone())
}

fn show(
    app: &App,
    out: &mut Out<'_>,
    plugin: &str,
    region: Option<String>,
) -> Result<(), AppError> {
    let region = region::given(app, region)?;
    let shown = effective(app, plugin, &region)?;
    if out.json {
        out.object(&shown);
        return Ok(());
    }
    let text = |value: &Value| plain(value);
    let origin = |out: &Out<'_>, from: &Value| match from.as_str() {
        None => out.text("setting.default"),
        Some(from) => region::shown(out, from),
    };
    let at = region::shown(out, &region);
    let values = [("plugin", plugin), ("region", at.as_str())];
    out.say("setting.region", &values);
    let from = origin(out, &shown["package"]["from"]);
    let (version, hash) = (text(&shown["package"]["version"]), text(&shown["package"]["hash"]));
    out.say("setting.package", &[("version", &version), ("package", &hash), ("from", &from)]);
    let key = if shown["on"]["value"] == true { "setting.is-on" } else { "setting.is-off" };
    let from = origin(out, &shown["on"]["from"]);
    let state = out.text(key);
    out.say("setting.state", &[("state", &state), ("from", &from)]);
    for one in shown["parameters"].as_array().into_iter().flatten() {
        let title = out
            .lang
            .pick(
                one["name_zh"].as_str().unwrap_or_default(),
                one["name_en"].as_str().unwrap_or_default(),
            )
            .to_owned();
        let from = origin(out, &one["from"]);
        let (name, value, unit) = (text(&one["name"]), text(&one["value"]), text(&one["unit"]));
        let values = [
            ("name", name.as_str()),
            ("title", &title),
            ("value", &value),
            ("unit", &unit),
            ("from", &from),
        ];
        out.say("setting.parameter", &values);
    }
    if let Some(ground) = shown["ground"].as_str() {
        out.say("setting.ground", &[("ground", ground)]);
    }
    Ok(())
}

/// What holds for a region: every value with the region that says it, `null` for the manifest.
///
/// # Errors
/// If the plugin is not enabled there.
pub(crate) fn effective(app: &App, plugin: &str, region: &str) -> Result<Value, AppError> {
    let live = deploy::live_of(app, plugin)?;
    let place = || format!("{plugin} {region}");
    let missing = || AppError::new(Kind::NotFound, "no-deployment", place());
    let effective = live.effective(region).ok_or_else(missing)?;
    let package = package::kept(app, effective.package.value)?;
    let manifest = package.manifest();
    let mut parameters: Vec<_> = manifest
        .parameters
        .iter()
        .map(|one| {
            let said = effective.parameters.get(&one.name);
            json!({
                "name": one.name, "name_zh": one.name_zh, "name_en": one.name_en, "kind": one.kind,
                "unit": one.unit, "min": one.min, "max": one.max,
                "value": said.map_or(&one.default, |said| &said.value),
                "from": said.map(|said| &said.region),
            })
        })
        .collect();
    if let Some(said) = effective.parameters.get(OFF_PARAMETER) {
        parameters.push(json!({
            "name": OFF_PARAMETER, "name_zh": "关闭的规则", "name_en": "rules switched off",
            "kind": "list", "unit": "", "value": said.value, "from": said.region,
        }));
    }
    let ground = history::ground(&history::history(app, plugin)?, region);
    Ok(json!({
        "plugin": plugin, "deployment": live.id, "region": region,
        "package": {
            "hash": effective.package.value, "version": manifest.plugin.version,
            "release": manifest.plugin.release, "from": effective.package.region,
        },
        "on": { "value": effective.is_on(), "from": effective.on.map(|on| on.region) },
        "parameters": parameters, "ground": ground,
    }))
}

fn switch(
    app: &App,
    out: &mut Out<'_>,
    plugin: &str,
    place: Place,
    on: bool,
) -> Result<(), AppError> {
    let region = region::given(app, place.region.clone())?;
    let before = deploy::live_of(app, plugin)?;
    let asked = (&Map::new(), Some(on));
    say(app, out, (&before, &region), asked, &place.backed.backing(), false)
}

fn say(
    app: &App,
    out: &mut Out<'_>,
    (before, region): (&Deployment, &str),
    asked: (&Map<String, Value>, Option<bool>),
    backing: &Backing,
    history: bool,
) -> Result<(), AppError> {
    let from = app.with_ledger(|ledger| ledger.size());
    if history {
        deploy::refuse_region_gone(app, before, region)?;
    }
    let changed = deploy::set_backed(app, &before.plugin, region, asked, backing)?;
    if history {
        deploy::fold_region(app, &changed, region)?;
    }
    // Open keys look again at once, not only when the next event comes.
    app.settle()?;
    told(app, out, (Some(before), &changed), from, "setting")
}

/// Tells what an act changed, and its leaf.
pub(super) fn told(
    app: &App,
    out: &mut Out<'_>,
    (before, changed): (Option<&Deployment>, &Deployment),
    from: u64,
    what: &str,
) -> Result<(), AppError> {
    let leaf = history::first_act(app, from, what)?;
    let found = setting_changes(before, changed);
    if out.json {
        out.object(&json!({
            "plugin": changed.plugin, "deployment": changed.id, "changes": found, "leaf": leaf,
        }));
        return Ok(());
    }
    if found.is_empty() {
        out.say("setting.same", &[]);
    }
    changes(app, out, &found, true);
    if let Some(leaf) = leaf {
        out.say("setting.leaf", &[("leaf", &leaf.to_string())]);
    }
    Ok(())
}

/// One line for each change; with its region and what was there before.
fn changes(app: &App, out: &mut Out<'_>, changes: &[SettingChange], both: bool) {
    for change in changes {
        let name = match &change.subject {
            Subject::Package => out.text("setting.name-package"),
            Subject::On => out.text("setting.name-on"),
            Subject::Parameter(name) => name.clone(),
        };
        let side = |side: &Option<Value>| match (side, &change.subject) {
            (None, _) => out.text("setting.nothing"),
            (Some(hash), Subject::Package) => version(app, &plain(hash)),
            (Some(on), Subject::On) => {
                out.text(if *on == true { "setting.is-on" } else { "setting.is-off" })
            }
            (Some(value), Subject::Parameter(_)) => plain(value),
        };
        let (from, to) = (side(&change.from), side(&change.to));
        let region = region::shown(out, &change.region);
        let values = [("region", region.as_str()), ("name", &name), ("from", &from), ("to", &to)];
        out.say(if both { "setting.change" } else { "setting.says" }, &values);
    }
}

/// A package's version with the beginning of its hash.
fn version(app: &App, hash: &str) -> String {
    let short = hash.get(..12).unwrap_or(hash);
    let known = plumbline_contract::id::PackageHash::from_hex(hash);
    match known.and_then(|hash| package::kept(app, hash).ok()) {
        Some(package) => format!("{} [{short}]", package.manifest().plugin.version),
        None => format!("[{short}]"),
    }
}

fn one_act(app: &App, out: &mut Out<'_>, act: &Act) {
    if out.json {
        return out.object(act);
    }
    let (leaf, id) = (act.leaf.to_string(), act.deployment.to_string());
    let (at, mode) = (moment(&act.done_at), out.text(&format!("mode.{}", act.mode.as_str())));
    let what = out.text(&format!("act.{}", act.what));
    let values = [
        ("leaf", leaf.as_str()),
        ("at", &at),
        ("what", &what),
        ("deployment", &id),
        ("mode", &mode),
    ];
    out.say("setting.act", &values);
    changes(app, out, &act.changes, true);
    let grounds = act.told.get("ground").and_then(Value::as_object);
    for (_, ground) in grounds.into_iter().flatten() {
        out.say("setting.ground", &[("ground", &plain(ground))]);
    }
    if let Some(law) = act.told.get("law") {
        out.say("setting.law", &[("law", &plain(law))]);
    }
    for signed in act.told.get("signed").and_then(Value::as_array).into_iter().flatten() {
        let role = signed["role"].as_str().unwrap_or("-");
        out.say("setting.signed", &[("by", &plain(&signed["by"])), ("role", role)]);
    }
    for name in ["report", "profile"] {
        if let Some(hash) = act.told.get(name) {
            out.line(format!("    {name}: {}", plain(hash)));
        }
    }
}

fn export(app: &App, out: &mut Out<'_>, file: Option<&Path>, region: &str) -> Result<(), AppError> {
    let text = profile::export(app, region)?;
    match file {
        Some(path) => {
            fs::write(path, &text).map_err(|error| AppError::io(path, &error))?;
            let file = path.display().to_string();
            if out.json {
                out.object(&json!({ "file": file }));
            } else {
                out.say("profile.exported", &[("file", &file)]);
            }
        }
        None if out.json => out.object(&json!({ "profile": text })),
        None => out.raw(text.as_bytes()),
    }
    Ok(())
}

fn import(
    app: &App,
    out: &mut Out<'_>,
    file: &Path,
    dry_run: bool,
    backing: &Backing,
) -> Result<u8, AppError> {
    let bytes = fs::read(file).map_err(|error| AppError::io(file, &error))?;
    let profile = profile::read(&bytes)?;
    let reviewed = profile::review(app, &profile)?;
    let leaf = match dry_run || reviewed.is_empty() {
        true => None,
        false => Some(profile::apply(app, &profile, &reviewed, backing)?),
    };
    app.settle()?;
    let code = if dry_run && !reviewed.is_empty() { FOUND } else { OK };
    if out.json {
        out.object(&json!({
            "sha256": profile.sha256, "review": reviewed, "applied": leaf.is_some(), "leaf": leaf,
        }));
        return Ok(code);
    }
    out.say("profile.file", &[("sha256", &profile.sha256)]);
    for one in &reviewed {
        out.line(&one.plugin);
        changes(app, out, &one.changes, true);
        for (region, ground) in &one.ground {
            out.say("profile.ground", &[("region", region), ("ground", ground)]);
        }
    }
    match leaf {
        Some(leaf) => out.say("profile.applied", &[("leaf", &leaf.to_string())]),
        None if reviewed.is_empty() => out.say("profile.same", &[]),
        None => out.say("profile.reviewed", &[]),
    }
    Ok(code)
}
