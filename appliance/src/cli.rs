//! The command line: arguments, dispatch and exit codes. Each command has a module below; nothing
//! here decides anything about alerts.

mod alerts;
mod archive;
mod backup;
mod bulletin;
mod check;
mod data;
mod demo;
mod explain;
mod gaps;
mod import;
mod init;
mod ledger;
mod ocds;
mod out;
mod plugin;
mod reconcile;
mod region;
mod replay;
mod report;
mod retention;
mod rules;
mod serve;
mod setting;
mod shadow;
mod show;
mod source;
mod table;
mod video;

pub use out::{Out, Terminal};

use crate::app::App;
use crate::control::{Call, Caller};
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::text::Lang;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// 准绳：综合电子监察一体机 / Plumbline: a supervision appliance
#[derive(Debug, Parser)]
#[command(name = "plumbline", version, max_term_width = 120)]
struct Arguments {
    /// 主目录 / Home directory
    #[arg(long, global = true, env = "PLUMBLINE_HOME", default_value = "plumbline-home")]
    home: PathBuf,
    /// 结果以 JSON 输出 / Results as JSON
    #[arg(long, global = true)]
    json: bool,
    /// 语言 / Language
    #[arg(long, global = true, env = "PLUMBLINE_LANG", default_value = "zh")]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// 建立主目录：密钥、存储、存证链、随附插件 / Create a home: keys, store, ledger, shipped plugins
    Init(init::Arguments),
    /// 启动服务 / Start the service
    Serve(serve::Arguments),
    /// 导入事件：NDJSON、CSV、XES、OCDS / Import events from NDJSON, CSV, XES or OCDS
    Import(import::Arguments),
    /// 基础库 / Reference tables
    #[command(subcommand)]
    Table(table::Command),
    /// 数据资源中心：目录与导出 / Data-resource centre: catalogue and exports
    #[command(subcommand)]
    Data(data::Command),
    /// 预警 / Alerts
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// 说明一件办件：哪些规则看过、为什么出牌或不出牌 / Explain a case: which rules looked, and why or why not
    Explain(explain::Arguments),
    /// 从日志重新推导全部预警并逐字节比对 / Derive every alert anew and compare byte by byte
    Replay,
    /// 对账：复算并把结果记入存证链 / Reconcile: derive anew and put the result on record
    Reconcile,
    /// 统计、评估、辅助决策 / Statistics, scores, decision support
    #[command(subcommand)]
    Report(report::Command),
    /// 每月一通报、年度评估 / Monthly bulletins, annual assessments
    #[command(subcommand)]
    Bulletin(bulletin::Command),
    /// 黄牌、红牌通知和督办通知 / Notices of cards, supervision notices
    #[command(subcommand)]
    Notice(bulletin::NoticeCommand),
    /// 数据源 / Sources
    #[command(subcommand)]
    Source(source::Command),
    /// 存证链 / The ledger
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// 插件 / Plugins
    #[command(subcommand)]
    Plugin(plugin::Command),
    /// 各区划的设定 / Settings of regions
    #[command(subcommand)]
    Setting(setting::Command),
    /// 试运行：新版本或新参数 / Shadow runs of a package or of parameters
    #[command(subcommand)]
    Shadow(shadow::Command),
    /// 采购过程的红旗指标 / Red flags over contracting processes
    #[command(subcommand)]
    Ocds(ocds::Command),
    /// 监察空白 / Gaps
    #[command(subcommand)]
    Gaps(gaps::Command),
    /// 已启用的规则 / Rules in force
    #[command(subcommand)]
    Rules(rules::Command),
    /// 检查存储、存证链和插件包 / Check store, ledger and packages
    Check,
    /// 体检，并给出建议 / Examine the appliance and give advice
    Doctor(check::DoctorArguments),
    /// 备份：运行中也可以，写完即核验 / Take a backup, also while the service runs; it is verified
    Backup(backup::Arguments),
    /// 由备份恢复到空目录，或核验备份 / Restore a backup into an empty folder, or verify it
    Restore(backup::RestoreArguments),
    /// 归档旧事件 / Archives of old events
    #[command(subcommand)]
    Archive(archive::Command),
    /// 留存：旧事件的内容保留多久 / Retention: how long payloads of old events are kept
    #[command(subcommand)]
    Retention(retention::Command),
    /// 视频：摄像机是否适用、录像变事件 / Video: whether a camera suits, recordings as events
    #[command(subcommand)]
    Video(video::Command),
    /// 演示：一个县几周的办件，几秒看完 / Demonstration: some weeks of a county in seconds
    Demo(demo::Arguments),
    /// 命令补全脚本 / Completion script for a shell
    Completions { shell: clap_complete::Shell },
}

impl Command {
    /// Whether the service can run it. The others make a home of their own, or are the service.
    fn runs_inside(&self) -> bool {
        !matches!(
            self,
            Self::Init(_)
                | Self::Serve(_)
                | Self::Demo(_)
                | Self::Restore(_)
                | Self::Completions { .. }
        )
    }
}

/// What a command runs with: a home that it opens itself, or that of the service it runs inside.
///
/// A command opens the home with [`Context::open`] before it says or does anything, because it may
/// turn out that the service has to run it; it finds files that the caller named with
/// [`Context::path`].
#[derive(Debug)]
struct Context<'a, 'b> {
    home: Home,
    /// Folder of the caller, from which paths are counted; empty where that is our own.
    folder: PathBuf,
    /// The home of the service that runs this command.
    serving: Option<Arc<App>>,
    /// The service that holds the home, once the command wanted to open it.
    holder: Option<Caller>,
    out: &'a mut Out<'b>,
}

impl Context<'_, '_> {
    /// The open home. If a running service holds it, this is an error that the command hands on:
    /// the service then runs the same command line from its beginning.
    fn open(&mut self) -> Result<Arc<App>, AppError> {
        match self.served()? {
            Some(app) => Ok(app),
            None => App::open(self.home.clone()).map(Arc::new),
        }
    }

    /// The home if this runs inside the service, `None` if no service holds it; else as
    /// [`Context::open`].
    fn served(&mut self) -> Result<Option<Arc<App>>, AppError> {
        if self.serving.is_none() {
            self.holder = Caller::connect(&self.home);
        }
        match self.holder {
            Some(_) => Err(AppError::new(Kind::Busy, "busy", self.home.dir().display())),
            None => Ok(self.serving.clone()),
        }
    }

    /// Where a file lies that the caller named.
    fn path(&self, named: impl AsRef<Path>) -> PathBuf {
        self.folder.join(named)
    }
}

/// All is well.
const OK: u8 = 0;
/// The command worked and found problems.
const FOUND: u8 = 1;
/// Something is not what it was when it was sealed.
const DAMAGED: u8 = 4;

/// Runs one command line and returns its exit code.
pub fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    out: &mut dyn Write,
    err: &mut dyn Write,
    terminal: Terminal,
) -> u8 {
    let mut out = Out::new(out, err, terminal);
    let arguments: Vec<OsString> = arguments.into_iter().map(Into::into).collect();
    let parsed = match parse(&mut out, &arguments) {
        Ok(parsed) => parsed,
        Err(code) => return code,
    };
    let mut context = Context {
        home: Home::new(parsed.home),
        folder: PathBuf::new(),
        serving: None,
        holder: None,
        out: &mut out,
    };
    let mut result = dispatch(&mut context, parsed.command);
    if let Some(holder) = context.holder.take() {
        result = holder.ask(&arguments, context.out);
    }
    conclude(&mut out, result).0
}

/// Runs a command line that another process has sent, on the home of the running service, or says
/// why there is none for it. Returns the exit code, and the error if there was one.
pub(crate) fn run_inside(
    serving: Result<Arc<App>, AppError>,
    call: Call,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> (u8, Option<AppError>) {
    let mut out = Out::new(out, err, call.terminal());
    let parsed = match parse(&mut out, &call.arguments) {
        Ok(parsed) => parsed,
        Err(code) => return (code, None),
    };
    out.lang = call.lang();
    let result = serving.and_then(|app| {
        let home = app.home().clone();
        if !parsed.command.runs_inside() {
            return Err(AppError::new(Kind::Usage, "not-inside", home.dir().display()));
        }
        let (folder, serving) = (PathBuf::from(call.folder), Some(app));
        let mut context = Context { home, folder, serving, holder: None, out: &mut out };
        dispatch(&mut context, parsed.command)
    });
    conclude(&mut out, result)
}

fn parse(out: &mut Out<'_>, arguments: &[OsString]) -> Result<Arguments, u8> {
    match Arguments::try_parse_from(arguments) {
        Ok(parsed) => {
            (out.lang, out.json) = (parsed.lang, parsed.json);
            Ok(parsed)
        }
        Err(error) => Err(usage(out, &error, arguments.iter().any(|word| word == "--json"))),
    }
}

fn conclude(out: &mut Out<'_>, result: Result<u8, AppError>) -> (u8, Option<AppError>) {
    let written = out.finish();
    match result.and_then(|code| written.map(|()| code)) {
        Ok(code) => (code, None),
        Err(error) => {
            out.error(&error);
            (error.kind.exit_code(), Some(error))
        }
    }
}

fn dispatch(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::Init(arguments) => init::run(context, arguments),
        Command::Serve(arguments) => serve::run(context, arguments),
        Command::Import(arguments) => import::run(context, &arguments),
        Command::Table(command) => table::run(context, command),
        Command::Data(command) => data::run(context, command),
        Command::Alerts(command) => alerts::run(context, command),
        Command::Explain(arguments) => explain::run(context, &arguments),
        Command::Replay => replay::run(context),
        Command::Reconcile => reconcile::run(context),
        Command::Report(command) => report::run(context, command),
        Command::Bulletin(command) => bulletin::run(context, command),
        Command::Notice(command) => bulletin::notice(context, command),
        Command::Source(command) => source::run(context, command),
        Command::Ledger(command) => ledger::run(context, command),
        Command::Plugin(command) => plugin::run(context, command),
        Command::Rules(command) => rules::run(context, command),
        Command::Setting(command) => setting::run(context, command),
        Command::Shadow(command) => shadow::run(context, command),
        Command::Ocds(command) => ocds::run(context, command),
        Command::Gaps(command) => gaps::run(context, command),
        Command::Check => check::check(context),
        Command::Doctor(arguments) => check::doctor(context, &arguments),
        Command::Backup(arguments) => backup::run(context, &arguments),
        Command::Restore(arguments) => backup::run_restore(context, &arguments),
        Command::Archive(command) => archive::run(context, &command),
        Command::Retention(command) => retention::run(context, &command),
        Command::Video(command) => video::run(context, command),
        Command::Demo(arguments) => demo::run(context, arguments),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "plumbline", &mut script);
            context.out.raw(&script);
            Ok(OK)
        }
    }
}

/// Help and version are results; anything else is a wrong usage.
fn usage(out: &mut Out<'_>, error: &clap::Error, json: bool) -> u8 {
    if !error.use_stderr() {
        out.raw(error.render().to_string().as_bytes());
        return OK;
    }
    let text = error.render().to_string();
    out.json = json;
    let failure = AppError::new(Kind::Usage, "usage", text.trim_end());
    out.error(&failure);
    failure.kind.exit_code()
}
