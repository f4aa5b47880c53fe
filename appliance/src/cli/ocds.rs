//! `ocds`: red flags over contracting processes.

use super::{Context, OK, Out};
use crate::error::AppError;
use crate::ocds::{self, Words};
use plumbline_ocds::{Distribution, Findings, Group, Indicator};
use std::path::PathBuf;

/// Units shown of an indicator; the files and JSON have them all.
const SHOWN_MAX: usize = 10;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 十一项公开的红旗指标 / The eleven published red-flag indicators
    Flags {
        /// 指标设置文件 / Settings of the indicators
        #[arg(long, value_name = "FILE")]
        settings: Option<PathBuf>,
        /// 只看一个数据源 / Only the processes of one source
        #[arg(long, value_name = "NAME")]
        source: Option<String>,
        /// 另存全部结果为 CSV / Write all flags to a CSV file
        #[arg(long, value_name = "FILE")]
        csv: Option<PathBuf>,
        /// 另存全部结果为工作簿 / Write all flags to a workbook
        #[arg(long, value_name = "FILE")]
        xlsx: Option<PathBuf>,
    },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    let Command::Flags { settings, source, csv, xlsx } = command;
    let settings = settings.map(|path| context.path(path));
    let settings = ocds::settings(settings.as_deref())?;
    let findings = ocds::survey(&app, settings, source.as_deref())?;
    let lang = context.out.lang;
    for (path, is_sheet) in [(csv, false), (xlsx, true)] {
        let Some(path) = path.map(|path| context.path(path)) else { continue };
        let bytes = match is_sheet {
            true => ocds::workbook(&findings, lang)?,
            false => ocds::csv(&findings, lang)?,
        };
        std::fs::write(&path, bytes).map_err(|error| AppError::io(&path, &error))?;
    }
    if context.out.json {
        context.out.object(&findings);
    } else {
        show(context.out, &findings);
    }
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
