//! `table`: versions of reference tables, in and out.

use super::{Context, OK, Out};
use crate::app::App;
use crate::cli::show::{moment, pad, pairs};
use crate::error::{AppError, Kind};
use crate::table::{read_csv, table_subject};
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::{Column, TableSpec, specs};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 导入一张表的新版本，或一个目录中的全部表 / Import a new version of a table, or all tables in a folder
    Import {
        /// 表名，见 `table spec`；或目录，其中每个 表名.csv 都导入 / Name, see `table spec`; or a folder, of which each NAME.csv is imported
        #[arg(value_name = "NAME|DIR")]
        name: String,
        file: Option<PathBuf>,
    },
    /// 列出已导入的表 / List what was imported
    List,
    /// 显示一张表的各行 / Show the rows of a table
    Show {
        name: String,
        /// 版本，缺省为最新 / Version; the newest if not given
        #[arg(long)]
        version: Option<u32>,
    },
    /// 说明各表的列 / Describe the columns
    Spec { name: Option<String> },
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    match command {
        Command::Import { name, file } => {
            let app = context.open()?;
            // All files are read before the first takes effect.
            let mut tables = Vec::new();
            for (name, file) in named(context, name, file)? {
                let rows = read_csv(&name, &file)?;
                tables.push((name, rows));
            }
            for (name, rows) in tables {
                let count = rows.len();
                let (version, fresh) = app.load_table(&name, rows)?;
                imported(context.out, &name, version, count, fresh);
            }
            // Open keys look again at once, not only when the next event comes.
            app.settle()?;
        }
        Command::List => {
            let app = context.open()?;
            list(&app, context.out)?;
        }
        Command::Show { name, version } => {
            let app = context.open()?;
            show(&app, context.out, &name, version)?;
        }
        Command::Spec { name } => spec(context.out, name.as_deref())?,
    }
    Ok(OK)
}

/// The tables to import with their files.
fn named(
    context: &Context<'_, '_>,
    name: String,
    file: Option<PathBuf>,
) -> Result<Vec<(String, PathBuf)>, AppError> {
    if let Some(file) = file {
        return Ok(vec![(name, context.path(file))]);
    }
    let dir = context.path(name);
    let mut tables = Vec::new();
    for entry in fs::read_dir(&dir).map_err(|error| AppError::io(&dir, &error))? {
        let path = entry.map_err(|error| AppError::io(&dir, &error))?.path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            tables.push((stem, path));
        }
    }
    tables.sort();
    Ok(tables)
}

fn imported(out: &mut Out<'_>, name: &str, version: TableVersion, rows: usize, fresh: bool) {
    if out.json {
        return out.object(&json!({
            "table": name, "version": version, "rows": rows, "changed": fresh,
        }));
    }
    let (version, rows) = (version.to_string(), rows.to_string());
    let values = [("table", name), ("version", version.as_str()), ("rows", rows.as_str())];
    out.say(if fresh { "table.imported" } else { "table.same" }, &values);
}

fn list(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    for spec in specs() {
        let seqs = app.store().by_subject(&table_subject(&spec.name), 1)?;
        let Some(seq) = seqs.last() else { continue };
        let Some(event) = app.store().get(*seq)? else { continue };
        let loaded: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let at = app.zone().rfc3339(event.logged);
        if out.json {
            out.object(&json!({
                "table": spec.name, "version": loaded["version"], "rows": loaded["rows"],
                "sha256": loaded["sha256"], "imported_at": at, "seq": seq,
            }));
            continue;
        }
        let (version, rows) = (loaded["version"].to_string(), loaded["rows"].to_string());
        let title = out.lang.pick(&spec.zh, &spec.en);
        let (name, title) = (pad(&spec.name, 20), pad(title, 24));
        let values = [
            ("table", name.as_str()),
            ("title", &title),
            ("version", &version),
            ("rows", &rows),
            ("at", &moment(&at)),
        ];
        out.say("table.row", &values);
    }
    Ok(())
}

fn show(app: &App, out: &mut Out<'_>, name: &str, version: Option<u32>) -> Result<(), AppError> {
    let missing = || AppError::new(Kind::NotFound, "no-table-version", name);
    let spec = find(name)?;
    let versions = app.store().table_versions(name)?;
    let wanted = version.map(TableVersion).or(versions.last().copied()).ok_or_else(missing)?;
    let rows = app.store().table(name, wanted)?.ok_or_else(missing)?;
    for row in rows {
        let fields: Value = serde_json::from_str(&row.json).unwrap_or_default();
        if out.json {
            let (from, to) = (row.effective_from, row.effective_to);
            let day = |day: Option<plumbline_contract::time::Day>| day.map(|day| day.to_string());
            out.object(&json!({
                "table": spec.name, "version": wanted, "key": row.key,
                "from": day(from), "to": day(to), "row": fields,
            }));
        } else {
            out.line(format!("{}  {}", pad(&row.key, 24), pairs(&fields)));
        }
    }
    Ok(())
}

fn find(name: &str) -> Result<&'static TableSpec, AppError> {
    let names = || specs().iter().map(|spec| spec.name.as_str()).collect::<Vec<_>>().join(", ");
    TableSpec::find(name).ok_or_else(|| {
        AppError::new(Kind::NotFound, "no-such-table", format!("{name} ({})", names()))
    })
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
                "columns": spec.columns.iter().map(column).collect::<Vec<_>>(),
            }));
            continue;
        }
        out.line(format!("{}  {}  {}", spec.name, spec.zh, spec.en));
        if name.is_some() {
            for column in &spec.columns {
                let star = if column.required { "*" } else { "" };
                let (head, kind) = (pad(&format!("{}{star}", column.name), 24), kind(column));
                out.line(format!("  {head}{}{}", pad(&kind, 10), column.note));
            }
        }
    }
    Ok(())
}

fn kind(column: &Column) -> String {
    format!("{:?}", column.kind).to_lowercase()
}

fn column(column: &Column) -> Value {
    json!({
        "name": column.name, "kind": kind(column), "required": column.required,
        "aliases": column.alias, "values": column.values, "note": column.note,
    })
}
