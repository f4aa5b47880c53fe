//! `data`: the data-resource centre: what there is, and taking it out as files.

use super::{Context, OK, Out};
use crate::app::App;
use crate::centre::{
    Catalogue, Column, Encoding, Exported, Filter, Request, Set, TypeEntry, catalogue, export,
};
use crate::cli::show::pad;
use crate::clock;
use crate::error::{AppError, Kind};
use plumbline_contract::alert::Level;
use plumbline_contract::time::Day;
use serde_json::{Value, json};
use std::path::PathBuf;

/// Width of the names of event types, in columns of a terminal.
const TYPE_WIDTH: usize = 40;
/// Width of other names.
const NAME_WIDTH: usize = 24;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Command {
    /// 数据目录：事件类型、基础库、可导出的数据集、规则 / What there is: event types, tables, sets, rules
    Catalogue {
        /// 事件类型或数据集，显示其各列 / An event type or a set, with its columns
        name: Option<String>,
    },
    /// 导出一个数据集，并记入存证链 / Take a set out as a file; the act goes into the ledger
    Export(Box<Export>),
}

#[derive(Debug, clap::Args)]
pub(super) struct Export {
    /// 数据集：events、alerts、history、gaps、sources、rules、measures、facts、table/表名 / Set: events, alerts, history, gaps, sources, rules, measures, facts, table/NAME
    set: String,
    /// 新建的文件，以 .csv、.xlsx 或 .parquet 结尾，不得已存在 / The file to make, ending in .csv, .xlsx or .parquet; it must not exist
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
    /// 事件类型，各字段成列 / Type of the events, its fields in columns
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<String>,
    /// 区划及其下级（代码的前几位） / Region with everything in it: first digits of the code
    #[arg(long)]
    region: Option<String>,
    /// 部门 / Department
    #[arg(long)]
    dept: Option<String>,
    /// 发生日起（含），当地日历 / First day of occurrence, by the local calendar
    #[arg(long, value_name = "YYYY-MM-DD")]
    from: Option<String>,
    /// 发生日止（含） / Last day of occurrence
    #[arg(long, value_name = "YYYY-MM-DD")]
    to: Option<String>,
    /// 规则编号 / Id of the rule
    #[arg(long)]
    rule: Option<String>,
    /// 级别：notice、yellow、red / Level: notice, yellow, red
    #[arg(long, value_parser = level)]
    level: Option<Level>,
    /// 监察对象，或基础库的主键 / Subject, or key of a row of a table
    #[arg(long)]
    key: Option<String>,
    /// 只要这些列，按此顺序 / Only these columns, in this order
    #[arg(long = "column", value_delimiter = ',', value_name = "a,b,…")]
    columns: Vec<String>,
    /// 最多多少行 / Most rows
    #[arg(long)]
    max: Option<u64>,
    /// CSV 的编码 / Encoding of CSV
    #[arg(long, value_enum, default_value = "utf8")]
    encoding: Encoding,
    /// 导出人，记入存证链 / Who takes it out, for the ledger
    #[arg(long, env = "PLUMBLINE_BY")]
    by: Option<String>,
}

fn level(text: &str) -> Result<Level, String> {
    let found = Level::ALL.into_iter().find(|level| level.as_str() == text);
    found.ok_or_else(|| Level::ALL.map(Level::as_str).join(", "))
}

pub(super) fn run(context: &mut Context<'_, '_>, command: Command) -> Result<u8, AppError> {
    let app = context.open()?;
    match command {
        Command::Catalogue { name: Some(name) } => columns(context.out, &name)?,
        Command::Catalogue { name: None } => list(&app, context.out)?,
        Command::Export(wanted) => {
            let file = context.path(&wanted.out);
            take_out(&app, context.out, *wanted, file)?;
        }
    }
    Ok(OK)
}

fn take_out(app: &App, out: &mut Out<'_>, wanted: Export, file: PathBuf) -> Result<(), AppError> {
    let filter = Filter {
        region: wanted.region,
        dept: wanted.dept,
        from: day(wanted.from.as_deref())?,
        to: day(wanted.to.as_deref())?,
        rule: wanted.rule,
        level: wanted.level,
        key: wanted.key,
    };
    let request = Request {
        set: &Set::find(&wanted.set, wanted.kind.as_deref())?,
        filter: &filter,
        columns: &wanted.columns,
        rows_max: wanted.max,
        file: &file,
        encoding: wanted.encoding,
        by: wanted.by.as_deref(),
        lang: out.lang,
        now: clock::now(),
    };
    let exported = export(app, &request)?;
    if out.json {
        out.object(&exported);
    } else {
        tell(out, &exported, &wanted.out.display().to_string());
    }
    Ok(())
}

fn tell(out: &mut Out<'_>, exported: &Exported, file: &str) {
    let (rows, columns) = (exported.rows.to_string(), exported.columns.len().to_string());
    out.say("data.exported", &[("file", file), ("rows", &rows), ("columns", &columns)]);
    if exported.more {
        out.say("data.more", &[("rows", &rows)]);
    }
    if !exported.personal.is_empty() {
        let names = exported.personal.join(", ");
        out.say("data.has-personal", &[("columns", &names)]);
    }
    out.say("data.recorded", &[("sha256", &exported.sha256)]);
}

fn day(text: Option<&str>) -> Result<Option<Day>, AppError> {
    let Some(text) = text else { return Ok(None) };
    let day = Day::parse(text).filter(|day| day.to_string() == text);
    day.map(Some).ok_or_else(|| AppError::new(Kind::Usage, "day", text))
}

fn list(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    let catalogue = catalogue(app)?;
    if out.json {
        objects(app, out, &catalogue);
        return Ok(());
    }
    out.say("data.types", &[("count", &catalogue.types.len().to_string())]);
    catalogue.types.iter().for_each(|entry| event_type(app, out, entry));
    out.say("data.tables", &[("count", &catalogue.tables.len().to_string())]);
    for entry in &catalogue.tables {
        let title = pad(out.lang.pick(&entry.spec.zh, &entry.spec.en), NAME_WIDTH);
        let state = match entry.newest {
            Some((version, rows)) => {
                let (version, rows) = (version.to_string(), rows.to_string());
                crate::text::say(out.lang, "data.table", &[("version", &version), ("rows", &rows)])
            }
            None => out.text("data.not-loaded"),
        };
        let name = pad(&format!("table/{}", entry.spec.name), NAME_WIDTH);
        out.line(format!("  {name}  {title}  {state}"));
    }
    out.say("data.sets", &[("count", &catalogue.sets.len().to_string())]);
    for (name, zh, en) in &catalogue.sets {
        out.line(format!("  {}  {}", pad(name, NAME_WIDTH), out.lang.pick(zh, en)));
    }
    out.say("data.rules", &[("count", &catalogue.rules.len().to_string())]);
    for entry in &catalogue.rules {
        let name = out.lang.pick(&entry.rule.name_zh, &entry.rule.name_en);
        out.line(format!("  {}  {name}  {}", pad(&entry.rule.id, NAME_WIDTH), entry.plugin));
    }
    Ok(())
}

fn event_type(app: &App, out: &mut Out<'_>, entry: &TypeEntry) {
    let title = match entry.described {
        Some(described) => out.lang.pick(&described.zh, &described.en).to_owned(),
        None => out.text("data.undescribed"),
    };
    let state = match &entry.counted {
        None => String::new(),
        Some(counted) => {
            let day = |at| app.zone().local(at).day().to_string();
            let (first, last) = (day(counted.first), day(counted.last));
            let sources: Vec<_> = counted.sources.iter().map(String::as_str).collect();
            let (count, sources) = (counted.events.to_string(), sources.join(", "));
            let values = [
                ("count", count.as_str()),
                ("first", &first),
                ("last", &last),
                ("sources", &sources),
            ];
            crate::text::say(out.lang, "data.counted", &values)
        }
    };
    let line = format!("  {}  {}  {state}", pad(&entry.name, TYPE_WIDTH), pad(&title, NAME_WIDTH));
    out.line(line.trim_end());
}

fn objects(app: &App, out: &mut Out<'_>, catalogue: &Catalogue) {
    for entry in &catalogue.types {
        out.object(&type_json(app, entry));
    }
    for entry in &catalogue.tables {
        let spec = entry.spec;
        out.object(&json!({
            "entry": "table", "name": spec.name, "set": format!("table/{}", spec.name),
            "zh": spec.zh, "en": spec.en, "key": spec.key, "used_by": spec.used_by,
            "personal": spec.personal, "version": entry.newest.map(|newest| newest.0),
            "rows": entry.newest.map(|newest| newest.1),
            "columns": spec.columns.iter().map(super::table::column).collect::<Vec<_>>(),
        }));
    }
    for (name, zh, en) in &catalogue.sets {
        let columns = Set::find(name, None).map(|set| set.columns()).unwrap_or_default();
        out.object(&json!({
            "entry": "set", "name": name, "zh": zh, "en": en, "columns": columns,
        }));
    }
    for entry in &catalogue.rules {
        out.object(&json!({
            "entry": "rule", "name": entry.rule.id, "plugin": entry.plugin,
            "version": entry.version, "zh": entry.rule.name_zh, "en": entry.rule.name_en,
            "levels": entry.rule.levels, "law": entry.rule.law,
        }));
    }
}

fn type_json(app: &App, entry: &TypeEntry) -> Value {
    let described = entry.described;
    let counted = entry.counted.as_ref();
    let at = |at| app.zone().rfc3339(at);
    json!({
        "entry": "type", "name": entry.name, "set": "events",
        "zh": described.map(|one| &one.zh), "en": described.map(|one| &one.en),
        "fields": described.map(|one| &one.fields), "required": described.map(|one| &one.required),
        "events": counted.map_or(0, |counted| counted.events),
        "first": counted.map(|counted| at(counted.first)),
        "last": counted.map(|counted| at(counted.last)),
        "sources": counted.map(|counted| &counted.sources),
    })
}

/// The columns of one set, or of one type of events.
fn columns(out: &mut Out<'_>, name: &str) -> Result<(), AppError> {
    let set = match Set::find("events", Some(name))? {
        typed @ Set::Typed(_) => typed,
        _ => Set::find(name, None)?,
    };
    for column in set.columns() {
        if out.json {
            out.object(&column);
        } else {
            print(out, &column);
        }
    }
    Ok(())
}

fn print(out: &mut Out<'_>, column: &Column) {
    let mut kind = out.text(&format!("data.kind-{}", column.kind.as_str()));
    if !column.unit.is_empty() && column.unit != column.kind.as_str() {
        kind = format!("{kind}, {}", column.unit);
    }
    let personal = if column.personal { out.text("data.personal") } else { String::new() };
    let meaning = out.lang.pick(&column.zh, &column.en);
    let line = format!(
        "  {}{}  {meaning}  {personal}",
        pad(&column.name, NAME_WIDTH),
        pad(&kind, NAME_WIDTH)
    );
    out.line(line.trim_end());
}
