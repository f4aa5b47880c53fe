//! The command line: arguments, dispatch and exit codes. Each command has a module below; nothing
//! here decides anything about alerts.

mod alerts;
mod check;
mod demo;
mod explain;
mod gaps;
mod import;
mod init;
mod ledger;
mod out;
mod plugin;
mod region;
mod replay;
mod rules;
mod serve;
mod setting;
mod shadow;
mod show;
mod table;

pub use out::{Out, Terminal};

use crate::app::App;
use crate::error::{AppError, Kind};
use crate::home::Home;
use crate::text::Lang;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;

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
    /// 导入事件：NDJSON、CSV、XES / Import events from NDJSON, CSV or XES
    Import(import::Arguments),
    /// 基础库 / Reference tables
    #[command(subcommand)]
    Table(table::Command),
    /// 预警 / Alerts
    #[command(subcommand)]
    Alerts(alerts::Command),
    /// 说明一件办件：哪些规则看过、为什么出牌或不出牌 / Explain a case: which rules looked, and why or why not
    Explain(explain::Arguments),
    /// 从日志重新推导全部预警并逐字节比对 / Derive every alert anew and compare byte by byte
    Replay,
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
    /// 监察空白 / Gaps
    #[command(subcommand)]
    Gaps(gaps::Command),
    /// 已启用的规则 / Rules in force
    #[command(subcommand)]
    Rules(rules::Command),
    /// 检查存储、存证链和插件包 / Check store, ledger and packages
    Check,
    /// 体检，并给出建议 / Examine the appliance and give advice
    Doctor,
    /// 演示：一个县几周的办件，几秒看完 / Demonstration: some weeks of a county in seconds
    Demo(demo::Arguments),
    /// 命令补全脚本 / Completion script for a shell
    Completions { shell: clap_complete::Shell },
}

/// What a command runs with.
#[derive(Debug)]
struct Context<'a, 'b> {
    home: Home,
    out: &'a mut Out<'b>,
}

impl Context<'_, '_> {
    fn open(&self) -> Result<App, AppError> {
        App::open(self.home.clone())
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
    let parsed = match Arguments::try_parse_from(&arguments) {
        Ok(parsed) => parsed,
        Err(error) => {
            return usage(&mut out, &error, arguments.iter().any(|word| word == "--json"));
        }
    };
    (out.lang, out.json) = (parsed.lang, parsed.json);
    let context = Context { home: Home::new(parsed.home), out: &mut out };
    let result = dispatch(context, parsed.command);
    let written = out.finish();
    match result.and_then(|code| written.map(|()| code)) {
        Ok(code) => code,
        Err(error) => {
            out.error(&error);
            error.kind.exit_code()
        }
    }
}

fn dispatch(mut context: Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let context = &mut context;
    match command {
        Command::Init(arguments) => init::run(context, arguments),
        Command::Serve(arguments) => serve::run(context, arguments),
        Command::Import(arguments) => import::run(context, &arguments),
        Command::Table(command) => table::run(context, command),
        Command::Alerts(command) => alerts::run(context, command),
        Command::Explain(arguments) => explain::run(context, &arguments),
        Command::Replay => replay::run(context),
        Command::Ledger(command) => ledger::run(context, command),
        Command::Plugin(command) => plugin::run(context, command),
        Command::Rules(command) => rules::run(context, command),
        Command::Setting(command) => setting::run(context, command),
        Command::Shadow(command) => shadow::run(context, command),
        Command::Gaps(command) => gaps::run(context, command),
        Command::Check => check::check(context),
        Command::Doctor => check::doctor(context),
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
