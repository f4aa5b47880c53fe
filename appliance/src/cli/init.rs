//! `init`: a new home with its tables and the plugins that were shipped beside the program.

use super::{Context, OK, region};
use crate::app::App;
use crate::deploy::{self, Enabling};
use crate::disk::RESERVE_MIB;
use crate::error::{AppError, Kind};
use crate::home::Config;
use crate::package;
use crate::table;
use crate::watch::HealthConfig;
use plumbline_contract::CALENDAR_CSV;
use plumbline_contract::desk::CALENDAR_TABLE;
use serde_json::{Map, json};
use std::fs;
use std::path::{Path, PathBuf};

/// File of articles of law beside the plugins that cite them.
const LAW_FILE: &str = "law_ref.csv";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 存证链的名称，全国唯一为好；缺省随机生成 / Name of the ledger, best unique; random if not given
    #[arg(long)]
    origin: Option<String>,
    /// 本机关的区划代码，缺省为不限 / Region code of the office; everywhere if not given
    #[arg(long, default_value = "")]
    region: String,
    /// 时区 / Time zone
    #[arg(long, default_value = "Asia/Shanghai")]
    zone: String,
    /// 不安装随附插件 / Do not install the shipped plugins
    #[arg(long)]
    no_plugins: bool,
    /// 随附插件所在目录，缺省在程序旁 / Folder of the shipped plugins, beside the program if not given
    #[arg(long, env = "PLUMBLINE_PLUGINS")]
    plugins: Option<PathBuf>,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: Arguments) -> Result<u8, AppError> {
    let config = config(arguments.origin, arguments.region, arguments.zone)?;
    let app = App::create(context.home.clone(), &config)?;
    let dir = plugins_dir(arguments.plugins).filter(|_| !arguments.no_plugins);
    let Furnished { tables, enabled } = furnish(&app, dir.as_deref())?;
    let vkey = app.home().ledger_key()?.verifying_key().to_string();
    let home = app.home().dir().display().to_string();
    let out = &mut *context.out;
    if out.json {
        out.object(&json!({
            "home": home, "origin": config.origin, "region": config.region, "zone": config.zone,
            "vkey": vkey, "tables": tables, "plugins": enabled,
        }));
        return Ok(OK);
    }
    out.say("init.created", &[("home", &home)]);
    let region = if config.region.is_empty() { out.text("region.all") } else { config.region };
    out.say("init.region", &[("region", &region), ("zone", &config.zone)]);
    for (table, rows) in &tables {
        out.say("init.table", &[("table", table), ("rows", &rows.to_string())]);
    }
    for plugin in &enabled {
        let (name, version) = (plugin["plugin"].as_str(), plugin["version"].as_str());
        let values =
            [("plugin", name.unwrap_or_default()), ("version", version.unwrap_or_default())];
        out.say("init.plugin", &values);
    }
    if enabled.is_empty() {
        out.say("init.no-plugins", &[]);
    }
    out.say("init.vkey", &[("vkey", &vkey)]);
    Ok(OK)
}

/// What a new home was given.
#[derive(Debug)]
pub(super) struct Furnished {
    /// Names and numbers of rows.
    pub(super) tables: Vec<(String, usize)>,
    pub(super) enabled: Vec<serde_json::Value>,
}

/// Loads the shipped calendar and, from a folder of packages, the articles of law and the plugins.
pub(super) fn furnish(app: &App, dir: Option<&Path>) -> Result<Furnished, AppError> {
    let mut tables = vec![load(app, CALENDAR_TABLE, CALENDAR_CSV.as_bytes())?];
    let mut enabled = Vec::new();
    if let Some(dir) = dir {
        let law = dir.join(LAW_FILE);
        if law.exists() {
            let bytes = fs::read(&law).map_err(|error| AppError::io(&law, &error))?;
            tables.push(load(app, "law_ref", &bytes)?);
        }
        enabled = shipped(app, dir, &app.config().region)?;
    }
    Ok(Furnished { tables, enabled })
}

/// A configuration whose fields make sense.
pub(super) fn config(
    origin: Option<String>,
    region: String,
    zone: String,
) -> Result<Config, AppError> {
    let region = region::code(&region)?;
    let origin = match origin {
        Some(origin) => origin,
        None => {
            let random = plumbline_ledger::random_hex()
                .map_err(|error| AppError::new(Kind::Failed, "key", error))?;
            let place = if region.is_empty() { "all" } else { &region };
            format!("plumbline/{place}/{}", &random[..12])
        }
    };
    let listen = "127.0.0.1:7300".to_owned();
    let health = HealthConfig::default();
    Ok(Config { origin, region, zone, listen, disk_reserve_mib: RESERVE_MIB, health })
}

fn load(app: &App, table: &str, bytes: &[u8]) -> Result<(String, usize), AppError> {
    let rows = table::parse_csv(table, bytes)?;
    let count = rows.len();
    app.load_table(table, rows)?;
    Ok((table.to_owned(), count))
}

/// Where the packages lie that are shipped with the program, if they are there.
pub(super) fn plugins_dir(named: Option<PathBuf>) -> Option<PathBuf> {
    let beside = || Some(std::env::current_exe().ok()?.parent()?.join("plugins"));
    let dir = named.or_else(beside)?;
    dir.is_dir().then_some(dir)
}

/// Trusts the keys that lie beside the packages, then installs and enables each of them.
fn shipped(app: &App, dir: &Path, region: &str) -> Result<Vec<serde_json::Value>, AppError> {
    for path in files(dir, "vkey")? {
        let text = fs::read_to_string(&path).map_err(|error| AppError::io(&path, &error))?;
        package::trust(app, &text)?;
    }
    let mut enabled = Vec::new();
    for path in files(dir, "wasm")? {
        let package = package::verify_file(app, &path)?;
        package::install(app, &package)?;
        let parameters = Map::new();
        let enabling = Enabling::new(package.hash(), region, &parameters);
        let deployment = deploy::enable(app, &enabling)?;
        enabled.push(json!({
            "plugin": deployment.plugin, "version": package.manifest().plugin.version,
            "package": package.hash(), "deployment": deployment.id, "region": region,
        }));
    }
    Ok(enabled)
}

fn files(dir: &Path, extension: &str) -> Result<Vec<PathBuf>, AppError> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(|error| AppError::io(dir, &error))? {
        paths.push(entry.map_err(|error| AppError::io(dir, &error))?.path());
    }
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    Ok(paths)
}
