//! `import`: a file into the log, with a progress bar and a summary.

use super::{Context, FOUND, OK, Out};
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::import::{ImportReport, ImportRequest, import, reject_json};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use plumbline_contract::time::{Millis, parse_stamp};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// 文件，可为 gzip 压缩 / File, may be compressed with gzip
    file: PathBuf,
    /// 映射文件（CSV、XES 必需，OCDS 可选）/ Mapping (needed for CSV and XES, may be given for OCDS)
    #[arg(long)]
    map: Option<PathBuf>,
    /// 文件是 OCDS 采购数据（缺省按内容识别）/ The file holds OCDS (found by its content if not said)
    #[arg(long)]
    ocds: bool,
    /// 导入后时间走到此刻（缺省为文件中最晚的时间）/ Let time run to this moment afterwards (default: the newest in the file)
    #[arg(long, value_name = "TIME")]
    until: Option<String>,
    /// 允许文件含有主机自身的事件 platform.*（记入存证链）/ Let the file speak as a host, in events platform.* (put on record)
    #[arg(long)]
    as_host: bool,
}

pub(super) fn run(context: &mut Context<'_, '_>, arguments: &Arguments) -> Result<u8, AppError> {
    let app = context.open()?;
    let until = arguments.until.as_deref().map(|text| instant(&app, text)).transpose()?;
    let map = arguments.map.as_ref().map(|map| context.path(map));
    let file = context.path(&arguments.file);
    let request = ImportRequest {
        map: map.as_deref(),
        until,
        ocds: arguments.ocds,
        as_host: arguments.as_host,
        ..ImportRequest::new(&file)
    };
    let bar = bar(context.out.terminal.progress && !context.out.json);
    let report = import(&app, &request, &mut |read, total| {
        bar.set_length(total);
        bar.set_position(read);
    });
    bar.finish_and_clear();
    let report = report?;
    if context.out.json {
        let mut object = serde_json::to_value(&report).unwrap_or_default();
        object["first_rejects"] = report.first_rejects.iter().map(reject_json).collect();
        context.out.object(&object);
    } else {
        summary(context.out, &report);
    }
    Ok(if report.rejected > 0 { FOUND } else { OK })
}

fn instant(app: &App, text: &str) -> Result<Millis, AppError> {
    let stamp = parse_stamp(text).ok_or_else(|| AppError::new(Kind::Usage, "time", text))?;
    Ok(app.zone().instant_of(stamp))
}

fn bar(shown: bool) -> ProgressBar {
    let target = if shown { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(None, target);
    let style = ProgressStyle::with_template(
        "{bar:40} {percent:>3}%  {bytes}/{total_bytes}  {bytes_per_sec}  {eta}",
    );
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

fn summary(out: &mut Out<'_>, report: &ImportReport) {
    if report.resumed {
        out.note("import.resumed", &[]);
    }
    let count = |number: u64| number.to_string();
    out.say(
        "import.done",
        &[
            ("new", &count(report.new)),
            ("repeated", &count(report.repeated)),
            ("rejected", &count(report.rejected)),
            ("alerts", &count(report.alerts_raised)),
        ],
    );
    let others = report.superseding + report.older + report.conflicting;
    if others > 0 {
        out.say(
            "import.versions",
            &[
                ("superseding", &count(report.superseding)),
                ("older", &count(report.older)),
                ("conflicting", &count(report.conflicting)),
            ],
        );
    }
    let lang = out.lang;
    for reject in &report.first_rejects {
        let (zh, en) = (reject.zh(), reject.en());
        out.line(format!("  [{}] {}", reject.code.as_str(), lang.pick(&zh, &en)));
    }
    if let Some(path) = &report.rejects_file {
        out.say("import.rejects", &[("path", &path.display().to_string())]);
    }
}
