//! Looks at tables: what is loaded, its rows on a day, its versions, and files made from it.

use super::{deliver, version_of};
use crate::app::App;
use crate::cli::out::Out;
use crate::cli::show::{moment, pad, pairs};
use crate::cli::{FOUND, OK};
use crate::error::{AppError, Kind};
use crate::table::diff::RowView;
use crate::table::{self, export, find, has_key, newest, versions};
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::specs;
use plumbline_contract::time::Day;
use serde_json::json;
use std::path::PathBuf;

/// Digits shown of a digest.
const DIGEST_SHOWN: usize = 16;

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Show {
    name: String,
    /// 版本，缺省为现行 / Version; the one in force if not given
    #[arg(long)]
    version: Option<u32>,
    /// 只看这个主键，或主键以它加 / 开头的行 / Only this key, or keys that begin with it and a slash
    #[arg(long)]
    key: Option<String>,
    /// 只看这一天有效的行 / Only rows in force on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    at: Option<String>,
}

pub(super) fn list(app: &App, out: &mut Out<'_>) -> Result<(), AppError> {
    for spec in specs() {
        let Some(version) = newest(app.store(), &spec.name)? else { continue };
        let (at, loaded) = (app.zone().rfc3339(version.logged), version.loaded);
        if out.json {
            out.object(&json!({
                "table": spec.name, "version": loaded.version, "rows": loaded.rows,
                "sha256": loaded.sha256, "imported_at": at, "seq": version.seq,
                "file": loaded.file, "by": loaded.by, "leaf": loaded.leaf,
            }));
            continue;
        }
        let (number, rows) = (loaded.version.to_string(), loaded.rows.to_string());
        let title = out.lang.pick(&spec.zh, &spec.en);
        let (name, title) = (pad(&spec.name, 20), pad(title, 24));
        let values = [
            ("table", name.as_str()),
            ("title", &title),
            ("version", &number),
            ("rows", &rows),
            ("at", &moment(&at)),
        ];
        out.say("table.row", &values);
    }
    Ok(())
}

pub(super) fn show(app: &App, out: &mut Out<'_>, wanted: &Show) -> Result<(), AppError> {
    let spec = find(&wanted.name)?;
    let version = version_of(app, &spec.name, wanted.version)?;
    let at = day(wanted.at.as_deref())?;
    for row in table::rows(app.store(), &spec.name, TableVersion(version))? {
        let is_key = wanted.key.as_deref().is_none_or(|key| has_key(&row, key));
        if !is_key || at.is_some_and(|day| !row.is_in_force(day)) {
            continue;
        }
        let view = RowView::of(&row);
        if out.json {
            out.object(&json!({
                "table": spec.name, "version": version, "key": view.key,
                "from": view.from, "to": view.to, "row": view.row,
            }));
        } else {
            let version = if at.is_some() { format!("v{version}  ") } else { String::new() };
            out.line(format!("{}  {version}{}", pad(&view.key, 24), pairs(&view.row)));
        }
    }
    Ok(())
}

#[derive(Debug, clap::Args)]
pub(in crate::cli) struct Search {
    name: String,
    /// 词语，不分大小写 / Words, in any case
    #[arg(required = true)]
    words: Vec<String>,
    /// 只看这一天有效的行 / Only rows in force on this day
    #[arg(long, value_name = "YYYY-MM-DD")]
    at: Option<String>,
    /// 最多多少行 / Most rows
    #[arg(long, default_value_t = 50)]
    max: usize,
}

/// Finds the rows of a table of which the fields together hold all words.
pub(super) fn search(app: &App, out: &mut Out<'_>, wanted: &Search) -> Result<u8, AppError> {
    let spec = find(&wanted.name)?;
    let version = version_of(app, &spec.name, None)?;
    let at = day(wanted.at.as_deref())?;
    let words: Vec<_> = wanted.words.iter().map(|word| word.to_lowercase()).collect();
    let mut found = 0;
    for row in table::rows(app.store(), &spec.name, TableVersion(version))? {
        let text = row.json.to_lowercase();
        let fits = words.iter().all(|word| text.contains(word));
        if !fits || at.is_some_and(|day| !row.is_in_force(day)) {
            continue;
        }
        found += 1;
        if found > wanted.max {
            out.note("table.more", &[("max", &wanted.max.to_string())]);
            break;
        }
        let view = RowView::of(&row);
        if out.json {
            out.object(&json!({
                "table": spec.name, "version": version, "key": view.key,
                "from": view.from, "to": view.to, "row": view.row,
            }));
        } else {
            out.line(format!("{}  {}", pad(&view.key, 24), pairs(&view.row)));
        }
    }
    if found == 0 {
        out.note("table.not-found", &[]);
        return Ok(FOUND);
    }
    Ok(OK)
}

/// A day of an argument.
fn day(text: Option<&str>) -> Result<Option<Day>, AppError> {
    let Some(text) = text else { return Ok(None) };
    let day = Day::parse(text).filter(|_| text.len() == 10);
    day.map(Some).ok_or_else(|| AppError::new(Kind::Usage, "time", text))
}

pub(super) fn history(app: &App, out: &mut Out<'_>, name: &str) -> Result<(), AppError> {
    let spec = find(name)?;
    for version in versions(app.store(), &spec.name)? {
        let (at, loaded) = (app.zone().rfc3339(version.logged), version.loaded);
        if out.json {
            out.object(&json!({
                "table": spec.name, "version": loaded.version, "rows": loaded.rows,
                "sha256": loaded.sha256, "loaded_at": at, "seq": version.seq, "file": loaded.file,
                "file_sha256": loaded.file_sha256, "by": loaded.by, "leaf": loaded.leaf,
            }));
            continue;
        }
        let leaf = loaded.leaf.map_or_else(|| "–".to_owned(), |leaf| leaf.to_string());
        let values = [
            ("version", loaded.version.to_string()),
            ("at", moment(&at)),
            ("rows", loaded.rows.to_string()),
            ("sha256", loaded.sha256.chars().take(DIGEST_SHOWN).collect()),
            ("leaf", leaf),
            ("file", loaded.file.unwrap_or_else(|| "–".to_owned())),
            ("by", loaded.by.unwrap_or_else(|| "–".to_owned())),
        ];
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        out.say("table-file.version", &values);
    }
    Ok(())
}

pub(super) fn export(
    app: &App,
    out: &mut Out<'_>,
    name: &str,
    version: Option<u32>,
    file: Option<PathBuf>,
) -> Result<(), AppError> {
    let spec = find(name)?;
    let version = version_of(app, &spec.name, version)?;
    let rows = table::rows(app.store(), &spec.name, TableVersion(version))?;
    deliver(out, &export::export(spec, &rows), file)
}

pub(super) fn template(
    out: &mut Out<'_>,
    name: &str,
    file: Option<PathBuf>,
) -> Result<(), AppError> {
    deliver(out, &export::template(find(name)?), file)
}
