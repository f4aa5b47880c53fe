//! `demo`: a home of its own, some weeks of a county played into it, and where to look then.

use super::init::{Furnished, config, furnish, plugins_dir};
use super::show::pad;
use super::{Context, OK, Out, serve};
use crate::app::App;
use crate::demo::{DayReport, play, prepare, worth_a_look};
use crate::error::{AppError, Kind};
use crate::home::Home;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Region in which the invented county lies.
const REGION: &str = "370203";
/// File that says that a home was made by a demonstration and may be made anew.
const MARK: &str = "demo";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 演示主目录；上次演示留下的会重建 / Home of the demonstration; one of an earlier demonstration is made anew
    #[arg(long, default_value = "plumbline-demo")]
    dir: PathBuf,
    /// 演完后启动服务 / Start the service afterwards
    #[arg(long)]
    serve: bool,
    /// 随附插件所在目录，缺省在程序旁 / Folder of the shipped plugins, beside the program if not given
    #[arg(long, env = "PLUMBLINE_PLUGINS")]
    plugins: Option<PathBuf>,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: Arguments) -> Result<u8, AppError> {
    let none = || AppError::new(Kind::NotFound, "demo-no-plugin", "--plugins");
    let plugins = plugins_dir(arguments.plugins).ok_or_else(none)?;
    clear(&arguments.dir)?;
    context.home = Home::new(arguments.dir);
    let config = config(None, REGION.to_owned(), "Asia/Shanghai".to_owned())?;
    let app = App::create(context.home.clone(), &config)?;
    let mark = app.home().dir().join(MARK);
    fs::write(&mark, "").map_err(|error| AppError::io(&mark, &error))?;
    let Furnished { enabled, .. } = furnish(&app, Some(&plugins))?;
    if enabled.is_empty() {
        return Err(AppError::new(Kind::NotFound, "demo-no-plugin", plugins.display()));
    }
    let home = app.home().dir().display().to_string();
    let out = &mut *context.out;
    if !out.json {
        out.say("demo.home", &[("home", &home)]);
    }
    prepare(&app)?;
    play(&app, &mut |report| day(out, &report))?;
    let key = worth_a_look(&app)?;
    // The service opens it anew.
    drop(app);
    if out.json {
        out.object(&json!({ "home": home, "explain": key }));
    } else {
        advise(out, &home, key.as_deref().unwrap_or_default());
    }
    if arguments.serve {
        return serve::run(context, serve::Arguments::default());
    }
    Ok(OK)
}

/// Removes what an earlier demonstration left; anything else is left alone.
fn clear(dir: &Path) -> Result<(), AppError> {
    if !dir.exists() {
        return Ok(());
    }
    if !dir.join(MARK).is_file() {
        return Err(AppError::new(Kind::Usage, "demo-dir", dir.display()));
    }
    fs::remove_dir_all(dir).map_err(|error| AppError::io(dir, &error))
}

fn day(out: &mut Out<'_>, report: &DayReport) {
    let DayReport { day, is_working, events, notices, yellows, reds, withdrawn } = report;
    if out.json {
        return out.object(&json!({
            "day": day.to_string(), "working": is_working, "events": events, "notices": notices,
            "yellow": yellows, "red": reds, "withdrawn": withdrawn,
        }));
    }
    let names: Vec<char> = out.text("demo.days").chars().collect();
    let length = names.len() / 7;
    let start = usize::from(day.weekday()) * length;
    let mut weekday: String = names[start..start + length].iter().collect();
    if !is_working {
        weekday.push_str(&out.text("demo.off"));
    }
    let numbers = [*events as u64, *notices, *yellows, *reds, *withdrawn];
    let [events, notices, yellows, reds, withdrawn] = numbers.map(|number| format!("{number:>3}"));
    let (date, weekday) = (day.to_string(), pad(&weekday, 7));
    let values = [
        ("day", date.as_str()),
        ("weekday", &weekday),
        ("events", &events),
        ("notices", &notices),
        ("yellows", &yellows),
        ("reds", &reds),
        ("withdrawn", &withdrawn),
    ];
    out.say("demo.working", &values);
    out.flush();
}

fn advise(out: &mut Out<'_>, home: &str, key: &str) {
    let values = [("home", home), ("key", key)];
    out.line("");
    for message in
        ["demo.look", "demo.alerts", "demo.explain", "demo.replay", "demo.verify", "demo.serve"]
    {
        out.say(message, &values);
    }
}
