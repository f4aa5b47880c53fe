//! `ocds`: red flags over contracting processes.

use super::{Context, OK, Out};
use crate::app::App;
use crate::error::AppError;
use crate::ocds::record::{self, Ground, Recorded};
use crate::ocds::{self, Words};
use crate::report::file;
use plumbline_ocds::{Distribution, Findings, Group, Indicator, Settings};
use serde_json::json;
use std::path::PathBuf;

/// Units shown of an indicator; the files and JSON have them all.
const SHOWN_MAX: usize = 10;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 十一项公开的红旗指标 / The eleven published red-flag indicators
    Flags(Box<Asked>),
    /// 已存证的红旗报告 / Reports of red flags on record
    Reports,
}

#[derive(Debug, clap::Args)]
pub(super) struct Asked {
    /// 指标设置文件 / Settings of the indicators
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    /// 只看一个数据源 / Only the processes of one source
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// 只显示一个采购过程及其各方的红旗和所据数字 / Only one process and its parties, with the figures behind each flag
    #[arg(long, value_name = "OCID", conflicts_with_all = ["csv", "xlsx", "record"])]
    process: Option<String>,
    /// 另存全部结果为 CSV / Write all flags to a CSV file
    #[arg(long, value_name = "FILE")]
    csv: Option<PathBuf>,
    /// 另存全部结果为工作簿 / Write all flags to a workbook
    #[arg(long, value_name = "FILE")]
    xlsx: Option<PathBuf>,
    /// 替换已有的文件 / Replace files that are there
    #[arg(long)]
    force: bool,
    /// 把报告（数字、设置、被示警的过程）存证 / Put the report on record: figures, settings, flagged processes
    #[arg(long, requires = "by")]
    record: bool,
    /// 存证人 / Who puts it on record
    #[arg(long, value_name = "NAME", env = "PLUMBLINE_BY")]
    by: Option<String>,
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::Flags(asked) => flags(context, &app, *asked),
        Command::Reports => reports(context.out, &app),
    }
}

fn flags(context: &mut Context<'_, '_>, app: &App, asked: Asked) -> Result<u8, AppError> {
    let (csv, xlsx) =
        (asked.csv.map(|path| context.path(path)), asked.xlsx.map(|path| context.path(path)));
    // Before the work, not after it.
    for path in [&csv, &xlsx].into_iter().flatten() {
        file::check(path, asked.force)?;
    }
    let path = asked.settings.map(|path| context.path(path));
    let (settings, text) = ocds::settings(path.as_deref())?;
    if let Some(ocid) = &asked.process {
        return of_process(context.out, app, settings, asked.source.as_deref(), ocid);
    }
    let surveyed = ocds::survey(app, settings, asked.source.as_deref())?;
    let (findings, lang) = (&surveyed.findings, context.out.lang);
    if let Some(path) = &csv {
        file::write(path, &ocds::csv(findings, lang)?, asked.force)?;
    }
    if let Some(path) = &xlsx {
        file::write(path, &ocds::workbook(findings, lang)?, asked.force)?;
    }
    if context.out.json {
        context.out.object(findings);
    } else {
        show(context.out, findings);
    }
    if asked.record {
        let by = asked.by.unwrap_or_default();
        let (settings, source) = (text.as_deref(), asked.source.as_deref());
        let recorded = record::record(app, &surveyed, Ground { settings, source, by: &by })?;
        let (leaf, sha256) = (recorded.leaf.to_string(), recorded.sha256);
        context.out.note("ocds.recorded", &[("leaf", &leaf), ("sha256", &sha256)]);
    }
    Ok(OK)
}

fn reports(out: &mut Out<'_>, app: &App) -> Result<u8, AppError> {
    let all = record::reports(app)?;
    for recorded in &all {
        match out.json {
            true => out.object(recorded),
            false => one_report(out, recorded, ""),
        }
    }
    if all.is_empty() {
        out.note("ocds.no-reports", &[]);
    }
    Ok(OK)
}

fn one_report(out: &mut Out<'_>, recorded: &Recorded, indicators: &str) {
    let Recorded { leaf, processes, flagged, .. } = recorded;
    let (leaf, processes, flagged) = (leaf.to_string(), processes.to_string(), flagged.to_string());
    let values = [
        ("leaf", leaf.as_str()),
        ("at", &recorded.done_at),
        ("by", &recorded.by),
        ("source", recorded.source.as_deref().unwrap_or("-")),
        ("processes", &processes),
        ("flagged", &flagged),
        ("sha256", &recorded.sha256),
        ("indicators", indicators),
    ];
    out.say(if indicators.is_empty() { "ocds.report" } else { "ocds.report-about" }, &values);
}

/// The flags of one process and of those who take part in it, each with its figures.
fn of_process(
    out: &mut Out<'_>,
    app: &App,
    settings: Settings,
    source: Option<&str>,
    ocid: &str,
) -> Result<u8, AppError> {
    let process = ocds::process(app, ocid)?;
    let findings = ocds::survey(app, settings, source)?.findings;
    let recorded = record::about(app, ocid)?;
    let mut units = process.parties();
    units.insert((Group::Ocid, ocid));
    let rows: Vec<_> =
        findings.rows().filter(|(group, unit, ..)| units.contains(&(*group, *unit))).collect();
    let none = plumbline_ocds::Figures::new();
    let figures = |group, unit, code| findings.figures(group, unit, code).unwrap_or(&none);
    if out.json {
        let flags: Vec<_> = rows
            .iter()
            .map(|(group, unit, code, value)| {
                json!({ "group": group, "unit": unit, "indicator": code, "value": value,
                        "figures": figures(*group, unit, *code) })
            })
            .collect();
        let on_record: Vec<_> = recorded
            .iter()
            .map(|(report, codes)| json!({ "report": report, "indicators": codes }))
            .collect();
        out.object(&json!({ "ocid": ocid, "flags": flags, "recorded": on_record }));
        return Ok(OK);
    }
    for (group, unit, code, value) in &rows {
        let name = Words::name(out.lang, *code);
        let (group_name, code_text) = (Words::group(out.lang, *group), code.to_string());
        let told = Words::figures(out.lang, figures(*group, unit, *code));
        let value = figure(*value);
        let values = [
            ("group", group_name.as_str()),
            ("unit", unit),
            ("indicator", &code_text),
            ("name", &name),
            ("value", &value),
            ("figures", &told),
        ];
        out.say("ocds.flag", &values);
    }
    for (report, codes) in &recorded {
        one_report(out, report, &codes.join(", "));
    }
    out.say(if rows.is_empty() { "ocds.no-flag" } else { "ocds.clue" }, &[]);
    Ok(OK)
}

fn show(out: &mut Out<'_>, findings: &Findings) {
    let (processes, lang) = (findings.processes.to_string(), out.lang);
    let currency = findings.currency.clone().unwrap_or_else(|| "-".to_owned());
    out.say("ocds.seen", &[("processes", &processes), ("currency", &currency)]);
    for indicator in Indicator::ALL {
        let Some(groups) = findings.distributions.get(&indicator) else { continue };
        out.line(format!("{indicator}  {}", Words::name(lang, indicator)));
        for (group, distribution) in groups {
            spread(out, *group, distribution);
            units(out, findings, *group, indicator);
        }
    }
    for warning in &findings.warnings {
        out.say("ocds.warned", &[("warning", &Words::warning(lang, *warning))]);
    }
    if findings.rows().next().is_some() {
        out.say("ocds.clue", &[]);
    }
}

fn spread(out: &mut Out<'_>, group: Group, distribution: &Distribution) {
    let (flagged, units) = (distribution.flagged.to_string(), distribution.units.to_string());
    let group = Words::group(out.lang, group);
    let mut values = vec![("group", group), ("flagged", flagged), ("units", units)];
    let mut key = "ocds.counted";
    if let Some(spread) = distribution.spread {
        key = if spread.fixed { "ocds.spread-fixed" } else { "ocds.spread" };
        let figures = [
            ("min", spread.min),
            ("q1", spread.q1),
            ("median", spread.median),
            ("q3", spread.q3),
            ("max", spread.max),
            ("limit", spread.limit),
        ];
        values.extend(figures.map(|(name, value)| (name, figure(value))));
    }
    let values: Vec<_> = values.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let line = crate::text::say(out.lang, key, &values);
    out.line(format!("  {line}"));
}

fn units(out: &mut Out<'_>, findings: &Findings, group: Group, indicator: Indicator) {
    let all = findings.flags.get(&group).into_iter().flatten();
    let flagged: Vec<_> =
        all.filter_map(|(unit, values)| Some((unit, *values.get(&indicator)?))).collect();
    for (unit, value) in flagged.iter().take(SHOWN_MAX) {
        out.line(format!("      {unit}  {}", figure(*value)));
    }
    if flagged.len() > SHOWN_MAX {
        let rest = (flagged.len() - SHOWN_MAX).to_string();
        out.say("ocds.more", &[("count", &rest)]);
    }
}

/// Up to four decimals, as in the published figures.
fn figure(value: f64) -> String {
    let text = format!("{value:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}
