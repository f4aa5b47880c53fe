//! What an administrator does with packages: trust, verify, install, enable, list.

use super::{Agreed, From};
use crate::app::App;
use crate::backing::Backing;
use crate::cli::out::Out;
use crate::cli::{Context, FOUND, OK, region, setting};
use crate::deploy::{self, Enabling};
use crate::error::{AppError, Kind};
use crate::{package, parameter, text};
use plumbline_contract::id::PackageHash;
use plumbline_contract::manifest::{Capability, Manifest, Right};
use plumbline_contract::package::VerifiedPackage;
use plumbline_ledger::{TrustedKeys, verify_package};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

pub(super) fn verify(
    context: &mut Context<'_, '_>,
    file: &Path,
    vkey: Option<&str>,
) -> Result<u8, AppError> {
    let trusted = match vkey {
        Some(vkey) => TrustedKeys::from_text(&key_text(context, vkey)?)
            .map_err(|error| AppError::new(Kind::Usage, "key", error))?,
        None => {
            context.home.config()?;
            context.home.trusted_keys()?
        }
    };
    let bytes = fs::read(file).map_err(|error| AppError::io(file, &error))?;
    let package = verify_package(&bytes, &trusted)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&described(&package));
        return Ok(OK);
    }
    print(out, "plugin.verified", &package);
    rights(out, package.manifest());
    Ok(OK)
}

/// A vkey as it was given, or the text of the file of this name.
fn key_text(context: &Context<'_, '_>, vkey: &str) -> Result<String, AppError> {
    let path = context.path(vkey);
    if path.is_file() {
        return fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error));
    }
    Ok(vkey.to_owned())
}

pub(super) fn trust(context: &mut Context<'_, '_>, key: &str) -> Result<u8, AppError> {
    let app = context.open()?;
    let text = key_text(context, key)?;
    let key = package::trust(&app, &text)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&json!({ "trusted": key.name(), "vkey": key.to_string() }));
    } else {
        out.say("plugin.trusted", &[("name", key.name()), ("vkey", &key.to_string())]);
    }
    Ok(OK)
}

pub(super) fn install(context: &mut Context<'_, '_>, file: &Path) -> Result<u8, AppError> {
    let app = context.open()?;
    let package = package::verify_file(&app, file)?;
    package::install(&app, &package)?;
    let out = &mut *context.out;
    if out.json {
        out.object(&described(&package));
    } else {
        print(out, "plugin.installed", &package);
    }
    Ok(OK)
}

pub(super) fn enable(
    context: &mut Context<'_, '_>,
    plugin: &str,
    (region, params): (Option<String>, Option<&Path>),
    from: From,
    (agreed, backing): (Agreed, &Backing),
) -> Result<u8, AppError> {
    let app = context.open()?;
    let parameters = params.map(parameter::read_file).transpose()?;
    let package = find(&app, plugin)?;
    let region = region::given(&app, region)?;
    // A new release goes on with what the region said of the former one.
    let kept = deploy::live(&app, &package.manifest().plugin.id);
    let kept = kept.and_then(|live| Some(live.setting(&region)?.parameters.clone()));
    let parameters = parameters.or(kept).unwrap_or_default();
    parameter::check(package.manifest(), &parameters)?;
    let enabling = Enabling {
        from_start: from == From::Start,
        accept_rights: agreed.rights,
        accept_signer: agreed.signer,
        backing,
        ..Enabling::new(package.hash(), &region, &parameters)
    };
    let enabled = deploy::enable(&app, &enabling);
    if enabled.as_ref().is_err_and(|error| error.message == "rights-grew") {
        grown(&app, context.out, package.hash());
    }
    let deployment = enabled?;
    // What is in the log already is looked at now, not with the next event.
    app.settle()?;
    let out = &mut *context.out;
    if out.json {
        out.object(&deployment);
        return Ok(OK);
    }
    let region = region::shown(out, &region);
    let (id, from) = (deployment.id.to_string(), deployment.from.to_string());
    let values = [
        ("plugin", deployment.plugin.as_str()),
        ("version", &package.manifest().plugin.version),
        ("region", &region),
        ("deployment", &id),
        ("from", &from),
    ];
    out.say("plugin.enabled", &values);
    rights(out, package.manifest());
    Ok(OK)
}

/// The installed package of a hash, or the newest release of a plugin.
fn find(app: &App, plugin: &str) -> Result<VerifiedPackage, AppError> {
    if let Some(hash) = PackageHash::from_hex(plugin) {
        return package::installed(app, hash);
    }
    let packages = package::list(app)?.into_iter().filter_map(Result::ok);
    let may_run = |package: &VerifiedPackage| package::installed(app, package.hash()).is_ok();
    let own = packages.filter(|package| package.manifest().plugin.id == plugin);
    own.filter(may_run)
        .max_by_key(|package| package.manifest().plugin.release)
        .ok_or_else(|| AppError::new(Kind::NotFound, "no-package", plugin))
}

/// Tells which rights a package asks for that no former one had, with its reasons.
pub(in crate::cli) fn grown(app: &App, out: &mut Out<'_>, package: PackageHash) {
    let Ok(package) = package::installed(app, package) else { return };
    let live = deploy::live(app, &package.manifest().plugin.id);
    let new = deploy::new_rights(live.as_ref(), package.manifest());
    if out.json {
        return;
    }
    out.note("plugin.grown", &[]);
    for capability in package.manifest().capabilities.iter().filter(|one| new.contains(&one.right))
    {
        let line = right(out, capability);
        out.complain(line);
    }
}

pub(super) fn rollback(
    context: &mut Context<'_, '_>,
    plugin: &str,
    backing: &Backing,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let before = deploy::live_of(&app, plugin)?;
    let from = app.with_ledger(|ledger| ledger.size());
    let changed = deploy::rollback(&app, plugin, backing)?;
    app.settle()?;
    setting::told(&app, context.out, (Some(&before), &changed), from, "rollback")?;
    Ok(OK)
}

pub(super) fn revoke(
    context: &mut Context<'_, '_>,
    hash: &str,
    reason: &str,
) -> Result<u8, AppError> {
    let app = context.open()?;
    let no_hash = || AppError::new(Kind::NotFound, "no-package", hash);
    let hash = PackageHash::from_hex(hash).ok_or_else(no_hash)?;
    let revocation = package::revoke(&app, hash, reason)?;
    let still = still(&app);
    let out = &mut *context.out;
    if out.json {
        out.object(&json!({ "package": hash, "revoked": revocation, "stand_still": still }));
        return Ok(OK);
    }
    let package = hash.to_string();
    out.say("plugin.revoked", &[("package", &package), ("reason", &revocation.reason)]);
    standing_still(out, &still);
    Ok(OK)
}

pub(super) fn distrust(context: &mut Context<'_, '_>, key: &str) -> Result<u8, AppError> {
    let text = key_text(context, key)?;
    let app = context.open()?;
    let key = package::distrust(&app, &text)?;
    let still = still(&app);
    let out = &mut *context.out;
    if out.json {
        let (name, vkey) = (key.name(), key.to_string());
        out.object(&json!({ "distrusted": name, "vkey": vkey, "stand_still": still }));
        return Ok(OK);
    }
    out.say("plugin.distrusted", &[("name", key.name()), ("vkey", &key.to_string())]);
    standing_still(out, &still);
    Ok(OK)
}

/// Plugins of the deployments that stand still.
fn still(app: &App) -> Vec<String> {
    app.suspended().into_iter().map(|(deployment, _)| deployment.plugin).collect()
}

fn standing_still(out: &mut Out<'_>, plugins: &[String]) {
    for plugin in plugins {
        out.say("plugin.still", &[("plugin", plugin)]);
    }
}

pub(super) fn list(context: &mut Context<'_, '_>) -> Result<u8, AppError> {
    let app = context.open()?;
    let deployments = app.deployments();
    let out = &mut *context.out;
    let mut code = OK;
    for package in package::list(&app)? {
        let package = match package {
            Ok(package) => package,
            Err(error) => {
                code = FOUND;
                out.error(&error);
                continue;
            }
        };
        let hash = package.hash();
        let revoked = package::revocation(&app, hash)?;
        let own = deployments.iter().flat_map(|one| {
            let naming = one.settings.iter().filter(|setting| setting.package == Some(hash));
            naming.map(move |setting| (one, setting))
        });
        if out.json {
            let mut object = described(&package);
            object["deployments"] = own.map(|(one, setting)| json!({
                "deployment": one.id, "region": setting.region, "from": one.from, "mode": one.mode,
            })).collect();
            object["revoked"] = json!(revoked);
            out.object(&object);
            continue;
        }
        print(out, "plugin.row", &package);
        if let Some(revoked) = revoked {
            out.say("plugin.row-revoked", &[("reason", &revoked.reason)]);
        }
        for (one, setting) in own {
            let region = match setting.region.as_str() {
                "" => out.text("region.all"),
                region => region.to_owned(),
            };
            let id = one.id.to_string();
            let mode = out.text(&format!("mode.{}", one.mode.as_str()));
            let values = [("deployment", id.as_str()), ("region", &region), ("mode", &mode)];
            out.say("plugin.deployment", &values);
        }
    }
    Ok(code)
}

fn described(package: &VerifiedPackage) -> Value {
    let plugin = &package.manifest().plugin;
    json!({
        "plugin": plugin.id, "version": plugin.version, "release": plugin.release,
        "contract": plugin.contract, "vendor": plugin.vendor, "name_zh": plugin.name_zh,
        "name_en": plugin.name_en, "package": package.hash(), "signers": package.signers(),
        "rules": package.manifest().rules.iter().map(|rule| &rule.id).collect::<Vec<_>>(),
        "capabilities": package.manifest().capabilities,
    })
}

fn print(out: &mut Out<'_>, key: &str, package: &VerifiedPackage) {
    let plugin = &package.manifest().plugin;
    let (release, hash) = (plugin.release.to_string(), package.hash().to_string());
    let values = [
        ("plugin", plugin.id.as_str()),
        ("version", &plugin.version),
        ("release", &release),
        ("name", out.lang.pick(&plugin.name_zh, &plugin.name_en)),
        ("signers", &package.signers().join(" ")),
        ("package", &hash),
    ];
    out.say(key, &values);
}

/// What a plugin may do, with its reasons.
fn rights(out: &mut Out<'_>, manifest: &Manifest) {
    for capability in &manifest.capabilities {
        let line = right(out, capability);
        out.line(line);
    }
}

fn right(out: &Out<'_>, capability: &Capability) -> String {
    let reason = out.lang.pick(&capability.reason_zh, &capability.reason_en);
    let (key, name) = match &capability.right {
        Right::Table { name } => ("right.table", name.clone()),
        Right::Events { name } => ("right.events", name.clone()),
        Right::Facts { name } => ("right.facts", name.clone()),
        Right::Level { highest } => ("right.level", crate::cli::show::level(out, *highest)),
    };
    text::say(out.lang, key, &[("name", &name), ("reason", reason)])
}
