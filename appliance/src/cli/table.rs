//! `table`: versions of reference tables: check a file, see what it would change, load it, look at
//! what is in force and at what was.

mod change;
mod look;

use super::{Context, FOUND, OK, Out};
use crate::app::App;
use crate::cli::show::pad;
use crate::error::{AppError, Kind};
use crate::table::prepare::{self, Prepared};
use crate::table::problem::{Problems, Severity};
use crate::table::used::{RowUsed, Use};
use crate::table::{find, refusal};
use crate::{clock, text};
use plumbline_contract::table::{Column, TableSpec, specs};
use serde_json::{Value, json};
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 装入一张表的新版本，或一个目录中的全部表 / Load a new version of a table, or all tables in a folder
    #[command(visible_alias = "import")]
    Load(Load),
    /// 检查文件，一次说出全部问题；不作改动 / Check a file and say everything that is wrong; change nothing
    Check(Files),
    /// 比较文件与现行版本；不作改动 / Compare a file with the version in force; change nothing
    Diff(Files),
    /// 列出已装入的表 / List what was loaded
    List,
    /// 显示一张表的各行 / Show the rows of a table
    Show(look::Show),
    /// 在一张表中查找：各列之一含有全部词语 / Search a table: rows that hold all the words
    Search(look::Search),
    /// 一张表的各个版本 / The versions of a table
    History { name: String },
    /// 导出为 CSV，可原样再装入 / Export as CSV that loads again to the same rows
    Export {
        name: String,
        /// 文件；缺省写到标准输出 / File; standard output if not given
        file: Option<PathBuf>,
        /// 版本，缺省为现行 / Version; the one in force if not given
        #[arg(long)]
        version: Option<u32>,
    },
    /// 空表模板，附各列说明 / An empty file that explains its columns
    Template { name: String, file: Option<PathBuf> },
    /// 说明各表的列 / Describe the columns
    Spec { name: Option<String> },
}

/// Files of tables.
#[derive(Debug, clap::Args)]
pub(super) struct Files {
    /// 表名，见 `table spec`；或目录，其中每个 表名.csv、表名.xlsx 都读 / Name, see `table spec`; or a folder, of which each NAME.csv and NAME.xlsx is read
    #[arg(value_name = "NAME|DIR")]
    name: String,
    /// CSV（UTF-8、GB18030）或 XLSX / CSV (UTF-8, GB18030) or XLSX
    file: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Load {
    #[command(flatten)]
    files: Files,
    /// 只显示将有的变化 / Only show what would change
    #[arg(long)]
    dry_run: bool,
    /// 内容摘要必须是它，否则不装入（见 `table diff`）/ Load only if the digest of the rows is this one (see `table diff`)
    #[arg(long, value_name = "SHA256")]
    expect_digest: Option<String>,
    /// 装入人，记入存证链 / Who loads it, for the ledger
    #[arg(long, env = "PLUMBLINE_BY")]
    by: Option<String>,
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::Load(load) => return run_load(context, load),
        Command::Check(files) => return run_check(context, files),
        Command::Diff(files) => {
            let app = context.open()?;
            let prepared = prepare::prepare(Some(&app), named(context, files)?)?;
            refuse(context.out, &prepared)?;
            change::show(context.out, &app, &prepared, true)?;
        }
        Command::List => {
            let app = context.open()?;
            look::list(&app, context.out)?;
        }
        Command::Show(show) => {
            let app = context.open()?;
            look::show(&app, context.out, &show)?;
        }
        Command::Search(search) => {
            let app = context.open()?;
            return look::search(&app, context.out, &search);
        }
        Command::History { name } => {
            let app = context.open()?;
            look::history(&app, context.out, &name)?;
        }
        Command::Export { name, file, version } => {
            let app = context.open()?;
            let file = file.map(|file| context.path(file));
            look::export(&app, context.out, &name, version, file)?;
        }
        Command::Template { name, file } => {
            let file = file.map(|file| context.path(file));
            look::template(context.out, &name, file)?;
        }
        Command::Spec { name } => spec(context.out, name.as_deref())?,
    }
    Ok(OK)
}

/// The tables to read with their files, as the caller named them.
fn named(
    context: &Context<'_, '_>,
    files: Files,
) -> Result<Vec<(&'static TableSpec, PathBuf)>, AppError> {
    match files.file {
        Some(file) => prepare::named(&files.name, Some(context.path(file))),
        None => prepare::named(&context.path(&files.name).to_string_lossy(), None),
    }
}

fn run_load(context: &mut Context<'_, '_>, load: Load) -> Result<u8, AppError> {
    let files = named(context, load.files)?;
    // All files are read before the first takes effect.
    let app = context.open()?;
    let prepared = prepare::prepare(Some(&app), files)?;
    refuse(context.out, &prepared)?;
    if let Some(wanted) = &load.expect_digest {
        expect(&prepared, wanted)?;
    }
    change::show(context.out, &app, &prepared, load.dry_run)?;
    if load.dry_run {
        return Ok(OK);
    }
    for item in prepared {
        let origin = item.origin(load.by.clone());
        let (count, name) = (item.checked.rows.len(), &item.spec.name);
        let (version, fresh) =
            app.load_table_from(name, item.checked.rows, origin, clock::now())?;
        change::loaded(context.out, name, version, count, fresh);
    }
    // Open keys look again at once, not only when the next event comes.
    app.settle()?;
    Ok(OK)
}

/// The one table must have the digest that somebody looked at and agreed to.
fn expect(prepared: &[Prepared], wanted: &str) -> Result<(), AppError> {
    let [item] = prepared else {
        return Err(AppError::new(Kind::Usage, "table-digest", "--expect-digest: NAME FILE"));
    };
    if item.sha256.eq_ignore_ascii_case(wanted) {
        return Ok(());
    }
    Err(AppError::new(Kind::Usage, "table-digest", format!("{} != {wanted}", item.sha256)))
}

fn run_check(context: &mut Context<'_, '_>, files: Files) -> Result<u8, AppError> {
    let files = named(context, files)?;
    // A file can be checked by itself, where there is no home.
    let app = match context.open() {
        Ok(app) => Some(app),
        Err(error) if error.message == "no-home" => None,
        Err(error) => return Err(error),
    };
    let mut prepared = prepare::prepare(app.as_deref(), files)?;
    if app.is_none() {
        prepare::left_out(&mut prepared);
    }
    let problems = prepare::problems(&prepared);
    let out = &mut *context.out;
    tell(out, &problems, true);
    for item in &prepared {
        change::checked(out, item);
    }
    Ok(if problems.errors > 0 { FOUND } else { OK })
}

/// Says all problems; errors end the command.
fn refuse(out: &mut Out<'_>, prepared: &[Prepared]) -> Result<(), AppError> {
    let problems = prepare::problems(prepared);
    tell(out, &problems, false);
    match refusal(&problems) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Problems are the result of a check; beside any other they go to the other stream.
fn tell(out: &mut Out<'_>, problems: &Problems, is_result: bool) {
    for problem in &problems.list {
        if out.json && is_result {
            out.object(problem);
        } else if !out.json {
            let word = match problem.severity {
                Severity::Error => out.text("table-problem.error"),
                Severity::Warning => out.text("table-problem.warning"),
            };
            let line = format!("[{word}] {}", problem.say(out.lang));
            if is_result { out.line(line) } else { out.complain(line) }
        }
    }
    if problems.left_out() > 0 && !out.json {
        let count = problems.left_out().to_string();
        let line = text::say(out.lang, "table-problem.more", &[("count", &count)]);
        if is_result { out.line(line) } else { out.complain(line) }
    }
}

/// One row that a card or an explanation rests on.
pub(super) fn used(out: &mut Out<'_>, indent: &str, of: &str, row: &RowUsed) {
    let version = row.version.map(|version| version.to_string()).unwrap_or_default();
    let period = |from: &Option<String>, to: &Option<String>| {
        let end = |day: &Option<String>| day.clone().unwrap_or_else(|| "…".to_owned());
        format!("{} – {}", end(from), end(to))
    };
    let period = period(&row.effective_from, &row.effective_to);
    let values = [
        ("table", row.table.as_str()),
        ("key", &row.key),
        ("version", &version),
        ("on", row.on.as_deref().unwrap_or_default()),
        ("period", &period),
    ];
    let key = match (row.usage, row.found, row.version) {
        (_, _, None) => "table-row.no-table",
        (_, false, _) => "table-row.absent",
        (Use::Counted, ..) => "table-row.counted",
        (Use::Law, ..) => "table-row.law",
        (Use::LookedUp, ..) => "table-row.found",
    };
    let of = if of.is_empty() { String::new() } else { format!("  ({of})") };
    out.line(format!("{indent}{}{of}", text::say(out.lang, key, &values)));
}

fn spec(out: &mut Out<'_>, name: Option<&str>) -> Result<(), AppError> {
    let wanted: Vec<_> = match name {
        Some(name) => vec![find(name)?],
        None => specs().iter().collect(),
    };
    for spec in wanted {
        if out.json {
            out.object(&json!({
                "table": spec.name, "zh": spec.zh, "en": spec.en, "key": spec.key,
                "used_by": spec.used_by, "personal": spec.personal,
                "columns": spec.columns.iter().map(column).collect::<Vec<_>>(),
            }));
            continue;
        }
        let title = out.lang.pick(&spec.zh, &spec.en);
        out.line(format!("{}{}  [{}]", pad(&spec.name, 24), pad(title, 24), spec.used_by));
        if name.is_some() {
            for column in &spec.columns {
                let star = if column.required { "*" } else { "" };
                let head = pad(&format!("{}{star}", column.name), 24);
                let meaning = out.lang.pick(&column.zh, &column.note);
                out.line(format!("  {head}{}  {meaning}", pad(&column.allowed(), 32)));
            }
        }
    }
    Ok(())
}

pub(crate) fn column(column: &Column) -> Value {
    json!({
        "name": column.name, "zh": column.zh, "note": column.note, "kind": column.kind.as_str(),
        "required": column.required, "aliases": column.alias, "values": column.values,
        "format": column.format.map(plumbline_contract::table::Format::as_str),
        "min": column.min, "max": column.max, "unit": column.unit, "refers": column.refers,
        "allowed": column.allowed(),
    })
}

/// Opens a file of the result for writing, or writes it to the stream.
fn deliver(out: &mut Out<'_>, bytes: &[u8], file: Option<PathBuf>) -> Result<(), AppError> {
    match file {
        Some(path) => std::fs::write(&path, bytes).map_err(|error| AppError::io(&path, &error)),
        None => {
            out.raw(bytes);
            Ok(())
        }
    }
}

/// The rows of a version in force, or of one that is named.
fn version_of(app: &App, name: &str, version: Option<u32>) -> Result<u32, AppError> {
    let missing = || AppError::new(Kind::NotFound, "no-table-version", name);
    let versions = app.store().table_versions(name)?;
    let newest = crate::table::newest(app.store(), name)?.map(|version| version.loaded.version);
    let wanted = version.or(newest).ok_or_else(missing)?;
    let known = versions.iter().any(|version| version.0 == wanted);
    if known { Ok(wanted) } else { Err(missing()) }
}
