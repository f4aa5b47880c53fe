//! `source`: who reports, in what rhythm, and whether it still does.

use super::{Context, FOUND, OK, Out};
use crate::app::App;
use crate::cli::show::pad;
use crate::clock;
use crate::error::{AppError, Kind};
use crate::platform::ledger::{self, Brought, Side};
use crate::watch::{Report, SOURCES_MAX, SourceLine, Watch};
use plumbline_contract::time::Zone;
use plumbline_kernel::health::{ClockLook, SourceHealth, Stillness};
use serde_json::json;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 列出数据源及其状态 / List the sources and how they are
    List,
    /// 显示一个数据源：惯常时段、计数、时钟 / Show one source: its hours, counts and clock
    Show { name: String },
    /// 立即判断全部数据源与规则，出具或关闭主机预警 / Judge everything now; raises and closes alerts of the host
    Check,
    /// 导入对方平台的月度计数（CSV：month,dept,records[,what,at_cutoff]） / Take another platform's counts of months from a CSV file
    Counts {
        file: PathBuf,
        /// 对方平台的名称 / Name of the other platform
        #[arg(long, value_name = "NAME")]
        platform: String,
        /// 对方是上级还是下级；缺省与本机相对 / Whether it is the upper or the lower one; the opposite of this host if not given
        #[arg(long, value_enum)]
        side: Option<Side>,
        /// 导入人，记入存证链 / Who brings the file, for the ledger
        #[arg(long, value_name = "NAME", env = "PLUMBLINE_BY")]
        by: String,
    },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    if let Command::Counts { file, platform, side, by } = &command {
        let side = side.unwrap_or_else(|| Side::of(&app.config().health).other());
        let brought = Brought { platform, side, by };
        let rows = ledger::take_file(&app, &context.path(file), brought)?;
        app.settle()?;
        match context.out.json {
            true => context.out.object(&json!({ "rows": rows, "side": side })),
            false => context.out.say("health.counts-taken", &[("rows", &rows.to_string())]),
        }
        return Ok(OK);
    }
    let look = ClockLook { wall: clock::now(), steady_ms: None };
    let mut watch = Watch::load(&app)?;
    let out = &mut *context.out;
    match command {
        Command::List => {
            let report = watch.examine(&app, look)?;
            list(out, &app, &report);
            Ok(code(&report))
        }
        Command::Show { name } => {
            let report = watch.examine(&app, look)?;
            let found = report.sources.iter().find(|line| line.name == name);
            let missing = || AppError::new(Kind::NotFound, "no-source", &name);
            let line = found.ok_or_else(missing)?;
            if out.json {
                out.object(&line.json(app.zone()));
            } else {
                print(out, app.zone(), line);
                details(out, app.zone(), line);
            }
            Ok(OK)
        }
        Command::Counts { .. } => Ok(OK),
        Command::Check => {
            let report = watch.look(&app, look)?;
            watch.keep(&app)?;
            list(out, &app, &report);
            if !out.json {
                out.say("health.checked", &[("leaves", &report.leaves.to_string())]);
            }
            Ok(code(&report))
        }
    }
}

/// Whether somebody should look into a source.
fn code(report: &Report) -> u8 {
    let silent = |line: &SourceLine| line.watched && line.health.silence.state == Stillness::Silent;
    let found = report.sources.iter().any(silent) || !report.absent.is_empty();
    if found { FOUND } else { OK }
}

fn list(out: &mut Out<'_>, app: &App, report: &Report) {
    if out.json {
        report.sources.iter().for_each(|line| out.object(&line.json(app.zone())));
        return;
    }
    out.say("health.looked", &[("at", &app.zone().local(report.looked).to_string())]);
    report.sources.iter().for_each(|line| print(out, app.zone(), line));
    if report.sources.is_empty() {
        out.say("health.no-sources", &[]);
    }
    report.absent.iter().for_each(|name| out.say("health.absent", &[("source", name)]));
    if report.unwatched > 0 {
        let (max, count) = (SOURCES_MAX.to_string(), report.unwatched.to_string());
        out.say("health.crowd", &[("max", &max), ("count", &count)]);
    }
}

fn print(out: &mut Out<'_>, zone: &Zone, line: &SourceLine) {
    let nothing = out.text("health.nothing");
    let last = line.last.as_ref().map_or(nothing, |last| zone.local(last.logged).to_string());
    let state = pad(&out.text(&format!("health.{}", line.state())), 12);
    let name = pad(&line.name, 32);
    let events = line.events.to_string();
    let values = [("state", state.as_str()), ("name", &name), ("last", &last), ("events", &events)];
    out.say("health.source", &values);
}

fn details(out: &mut Out<'_>, zone: &Zone, line: &SourceLine) {
    let nothing = out.text("health.nothing");
    if let Some(last) = &line.last {
        let (at, recorded) = (zone.local(last.logged), zone.local(last.recorded));
        let (at, recorded) = (at.to_string(), recorded.to_string());
        let values = [
            ("last", at.as_str()),
            ("recorded", &recorded),
            ("region", &last.region),
            ("dept", &last.dept),
        ];
        out.say("health.seen", &values);
    }
    let SourceHealth { silence, rhythm, next_expected, volume, counts, skew } = &line.health;
    let unit = if silence.in_days { "d" } else { "h" };
    let (missed, threshold) =
        (format!("{} {unit}", silence.missed), format!("{} {unit}", silence.threshold));
    let next = next_expected.map_or(nothing.clone(), |next| next.to_string());
    let values = [("missed", missed.as_str()), ("threshold", &threshold), ("next", &next)];
    out.say("health.silence", &values);
    let hours = |bits: u32| match spans(bits) {
        spans if spans.is_empty() => nothing.clone(),
        spans => spans,
    };
    let (working, rest) = (hours(rhythm.usual[0]), hours(rhythm.usual[1]));
    let days = rhythm.days[0].to_string();
    let values = [("working", working.as_str()), ("rest", &rest), ("days", &days)];
    out.say("health.hours", &values);
    if let Some(volume) = volume {
        let (day, count) = (volume.day.to_string(), volume.count.to_string());
        let drop = if volume.is_drop { out.text("health.drop") } else { String::new() };
        let median = volume.median.to_string();
        let values =
            [("day", day.as_str()), ("count", &count), ("median", &median), ("drop", &drop)];
        out.say("health.volume", &values);
    }
    for count in counts {
        let result = out.text(if count.differs { "health.differs" } else { "health.agrees" });
        let declared = count.declared.map_or_else(|| "?".to_owned(), |count| count.to_string());
        let (day, received) = (count.day.to_string(), count.received.to_string());
        let kind = if count.kind.is_empty() { "*" } else { &count.kind };
        let values = [
            ("day", day.as_str()),
            ("type", kind),
            ("declared", &declared),
            ("received", &received),
            ("result", &result),
        ];
        out.say("health.count", &values);
    }
    if let Some(skew) = skew {
        let seconds = |ms: i64| (ms / 1000).to_string();
        let (low, median) = (seconds(skew.low_ms), seconds(skew.median_ms));
        let (high, ahead) = (seconds(skew.high_ms), seconds(skew.ahead_ms));
        let values =
            [("low", low.as_str()), ("median", &median), ("high", &high), ("ahead", &ahead)];
        out.say("health.skew", &values);
    }
}

/// Hours as spans of the clock: `08-12 14-18`.
fn spans(bits: u32) -> String {
    let mut spans: Vec<(u32, u32)> = Vec::new();
    for hour in (0..24).filter(|hour| bits >> hour & 1 == 1) {
        match spans.last_mut() {
            Some((_, end)) if *end == hour => *end += 1,
            _ => spans.push((hour, hour + 1)),
        }
    }
    let text = spans.iter().map(|(start, end)| format!("{start:02}-{end:02}"));
    text.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::spans;

    #[test]
    fn hours_read_as_spans() {
        let cases = [
            (0, ""),
            (1, "00-01"),
            (0x3C_F00, "08-12 14-18"),
            (0xFF_FFFF, "00-24"),
            (1 << 23, "23-24"),
        ];
        for (bits, expected) in cases {
            assert_eq!(spans(bits), expected, "{bits:#x}");
        }
    }
}
