//! `demo`: a home of its own, a county's life played into it, and where to look then: last year in
//! all domains, then some weeks of approvals day by day; with `--year` the year alone, at any size,
//! and how well the cards agree with what was broken on purpose.

use super::init::{Furnished, config, furnish, plugins_dir};
use super::show::{self, Words, pad};
use super::{Context, OK, Out, serve};
use crate::app::App;
use crate::demo::hall;
use crate::demo::year::{self, YearReport};
use crate::demo::{DayReport, play, prepare, worth_a_look};
use crate::error::{AppError, Kind};
use crate::home::Home;
use plumbline_county::Options;
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

/// Region in which the invented counties lie.
const REGION: &str = "370200";
/// Size of the last year of a demonstration: some ten thousand events beside the labelled stories.
const SMALL: f64 = 0.005;
/// How often each story is told in it.
const SMALL_TELLINGS: usize = 1;
/// Name of the file of events in the home of a demonstration.
const YEAR_FILE: &str = "year.ndjson";
/// File that says that a home was made by a demonstration and may be made anew.
const MARK: &str = "demo";

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 演示主目录；上次演示留下的会重建 / Home of the demonstration; one of an earlier demonstration is made anew
    #[arg(long, default_value = "plumbline-demo")]
    dir: PathBuf,
    /// 只演一整年（全部领域），并与造假者的标注逐条对照 / The whole year alone, all domains, compared with the labels of what was broken on purpose
    #[arg(long)]
    year: bool,
    /// 一整年的规模，1 约为 150 万条事件 / Size of the year; 1 is about 1.5 million events
    #[arg(long, default_value_t = 0.05, requires = "year")]
    scale: f64,
    /// 随机种子 / Seed
    #[arg(long, default_value_t = 2025, requires = "year")]
    seed: u64,
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
    if arguments.year && !(0.001..=10.0).contains(&arguments.scale) {
        return Err(AppError::new(Kind::Usage, "demo-scale", arguments.scale));
    }
    let options = match arguments.year {
        true => Options { seed: arguments.seed, scale: arguments.scale, ..Options::default() },
        false => Options { scale: SMALL, tellings: SMALL_TELLINGS, ..Options::default() },
    };
    let file = app.home().dir().join(YEAR_FILE);
    let made = year::write(&options, &file)?;
    prepare(&app, &made)?;
    let last_year = year::run(&app, &made, &file)?;
    domains(out, &last_year);
    if arguments.year {
        agreement(out, &last_year);
    } else {
        play(&app, &mut |report| day(out, &report))?;
        cameras(&app, out)?;
    }
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

/// One line for each domain of the year.
fn domains(out: &mut Out<'_>, report: &YearReport) {
    let imported = &report.imported;
    if out.json {
        out.object(&json!({ "year": imported }));
    } else {
        let (new, rejected) = (imported.new.to_string(), imported.rejected.to_string());
        out.say("demo.year", &[("events", &new), ("rejected", &rejected)]);
    }
    for (plugin, domain) in &report.domains {
        if out.json {
            out.object(&json!({
                "plugin": plugin, "events": domain.events, "notices": domain.notices,
                "yellow": domain.yellows, "red": domain.reds,
            }));
            continue;
        }
        let numbers = [domain.events, domain.notices, domain.yellows, domain.reds];
        let [events, notices, yellows, reds] = numbers.map(|number| format!("{number:>7}"));
        let plugin = pad(plugin, 12);
        let values = [
            ("plugin", plugin.as_str()),
            ("events", &events),
            ("notices", &notices),
            ("yellows", &yellows),
            ("reds", &reds),
        ];
        out.say("demo.domain", &values);
    }
    out.flush();
}

/// Rule by rule: what was found of what was broken on purpose, and what came besides.
fn agreement(out: &mut Out<'_>, report: &YearReport) {
    if out.json {
        return out.object(&report.agreement);
    }
    out.say("demo.agreement", &[]);
    for (rule, score) in &report.agreement.rules {
        let numbers = [score.matched, score.missed, score.decoys, score.on_decoys, score.others];
        let [matched, missed, decoys, on_decoys, others] =
            numbers.map(|number| format!("{number:>5}"));
        let rule = format!("  {}", pad(rule, 12));
        let (precision, recall) =
            (format!("{:.3}", score.precision()), format!("{:.3}", score.recall()));
        let values = [
            ("rule", rule.as_str()),
            ("matched", &matched),
            ("missed", &missed),
            ("decoys", &decoys),
            ("on_decoys", &on_decoys),
            ("others", &others),
            ("precision", &precision),
            ("recall", &recall),
        ];
        out.say("demo.rule", &values);
        for finding in &score.findings {
            out.line(format!("      {finding}"));
        }
    }
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

/// The hall with its cameras, and the cards that they brought.
fn cameras(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    if !out.json {
        out.say("demo.hall", &[]);
        out.flush();
    }
    let Some(report) = hall::play(app)? else {
        out.note("demo.hall-none", &[]);
        return Ok(());
    };
    if out.json {
        out.object(&json!({
            "hall": { "rtsp": report.by_rtsp, "minutes": report.minutes, "alerts": report.alerts },
        }));
        return Ok(());
    }
    let minutes = report.minutes.to_string();
    let key = if report.by_rtsp { "demo.hall-rtsp" } else { "demo.hall-files" };
    out.say(key, &[("minutes", &minutes)]);
    let words = Words::of(app)?;
    for id in &report.alerts {
        if let Some(alert) = app.alert(id)? {
            show::alert(out, &words, &alert);
            show::footage(out, &alert);
        }
    }
    out.flush();
    Ok(())
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
