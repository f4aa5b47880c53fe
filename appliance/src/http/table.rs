//! `GET /v1/tables`, `/v1/tables/{name}`, `/v1/tables/{name}/history`: reference tables as they are in
//! force, and `/v1/alerts/{id}/rows`: the rows that a card rests on. Loading is done on the command
//! line, where the administrator has the file.

use super::problem::Problem;
use super::request::{Asked, Name, number};
use super::service::Service;
use crate::app::App;
use crate::error::{AppError, Kind};
use crate::table::diff::RowView;
use crate::table::used::{self, RowUsed};
use crate::table::{self, Version, find, newest, versions};
use axum::Json;
use axum::extract::State;
use plumbline_contract::id::TableVersion;
use plumbline_contract::table::{TableRow, TableSpec, specs};
use plumbline_contract::time::Day;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;

/// Rows of a page if the caller does not say, and at most.
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;

/// Query of the rows; an empty text is the same as none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Query {
    /// A key, or the first parts of one.
    key: String,
    /// Only rows in force on this day.
    at: String,
    version: String,
    /// `next` of the page before.
    after: String,
    limit: String,
}

/// A table with one page of its rows, in the order of (key, first day).
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    #[serde(flatten)]
    about: Value,
    version: u32,
    rows: Vec<RowView>,
    /// What to give as `after` for the next page; nothing if this is the last one.
    next: Option<usize>,
}

#[derive(Debug)]
struct Filter {
    key: String,
    at: Option<Day>,
    version: Option<u32>,
    after: usize,
    limit: usize,
}

/// All tables, loaded or not.
pub(crate) async fn list(State(service): State<Arc<Service>>) -> Result<Json<Vec<Value>>, Problem> {
    let list = |service: &Service| {
        let app = service.app();
        let one = |spec: &TableSpec| {
            let version = newest(app.store(), &spec.name)?;
            let mut about = about(spec);
            about["in_force"] = version.map(|version| loaded(app, version)).into();
            Ok(about)
        };
        specs().iter().map(one).collect::<Result<_, AppError>>().map_err(Problem::from)
    };
    service.blocking(list).await.map(Json)
}

pub(crate) async fn rows(
    State(service): State<Arc<Service>>,
    Name(name): Name,
    Asked(query): Asked<Query>,
) -> Result<Json<Page>, Problem> {
    let filter = Filter::new(query)?;
    let page = move |service: &Service| {
        let (app, spec) = (service.app(), find(&name)?);
        let missing = || AppError::new(Kind::NotFound, "no-table-version", &name);
        let known = versions(app.store(), &spec.name)?;
        let is_wanted = |version: &&Version| match filter.version {
            Some(wanted) => version.loaded.version == wanted,
            None => true,
        };
        let version = known.iter().rev().find(is_wanted).ok_or_else(missing)?.loaded.version;
        let all = table::rows(app.store(), &spec.name, TableVersion(version))?;
        let fits = |(_, row): &(usize, TableRow)| filter.fits(row);
        let mut found = all.into_iter().enumerate().skip(filter.after).filter(fits);
        let rows: Vec<_> = found.by_ref().take(filter.limit).collect();
        let last = rows.last().map(|(place, _)| place + 1);
        let next = last.filter(|_| found.next().is_some());
        let rows = rows.iter().map(|(_, row)| RowView::of(row)).collect();
        Ok(Page { about: about(spec), version, rows, next })
    };
    service.blocking(page).await.map(Json)
}

pub(crate) async fn history(
    State(service): State<Arc<Service>>,
    Name(name): Name,
) -> Result<Json<Value>, Problem> {
    let read = move |service: &Service| {
        let (app, spec) = (service.app(), find(&name)?);
        let versions = versions(app.store(), &spec.name)?;
        let versions: Vec<_> = versions.into_iter().map(|version| loaded(app, version)).collect();
        Ok(json!({ "table": spec.name, "versions": versions }))
    };
    service.blocking(read).await.map(Json)
}

/// Asks the plugin again, so it counts as an explanation.
pub(crate) async fn of_alert(
    State(service): State<Arc<Service>>,
    Name(id): Name,
) -> Result<Json<Vec<RowUsed>>, Problem> {
    let stopped = |_| Problem::busy("stopping");
    let _place = service.explanations.acquire().await.map_err(stopped)?;
    let find = move |service: &Service| {
        let missing = || AppError::new(Kind::NotFound, "no-alert", &id);
        let alert = service.app().alert(&id)?.ok_or_else(missing)?;
        Ok(used::of_alert(service.app(), &alert)?)
    };
    service.blocking(find).await.map(Json)
}

fn about(spec: &TableSpec) -> Value {
    json!({
        "table": spec.name, "zh": spec.zh, "en": spec.en, "key": spec.key,
        "used_by": spec.used_by, "personal": spec.personal,
    })
}

fn loaded(app: &App, version: Version) -> Value {
    let Version { seq, logged, loaded } = version;
    json!({
        "version": loaded.version, "loaded_at": app.zone().rfc3339(logged), "seq": seq,
        "rows": loaded.rows, "sha256": loaded.sha256, "file": loaded.file,
        "file_sha256": loaded.file_sha256, "by": loaded.by, "leaf": loaded.leaf,
    })
}

impl Filter {
    fn new(query: Query) -> Result<Self, Problem> {
        let whole = |name: &str, text: &str| match text {
            "" => Ok::<_, Problem>(None),
            text => Ok(Some(usize::try_from(number(name, text)?).unwrap_or(usize::MAX))),
        };
        let at = match query.at.as_str() {
            "" => None,
            text => {
                let wrong = || Problem::parameter(format!("at: `{text}` is no date"));
                Some(Day::parse(text).filter(|_| text.len() == 10).ok_or_else(wrong)?)
            }
        };
        let limit = whole("limit", &query.limit)?.unwrap_or(PAGE_DEFAULT);
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::parameter(format!("limit: {limit} is not in 1..={PAGE_MAX}")));
        }
        let version = whole("version", &query.version)?;
        let version = version.map(|version| u32::try_from(version).unwrap_or(u32::MAX));
        let after = whole("after", &query.after)?.unwrap_or_default();
        Ok(Self { key: query.key, at, version, after, limit })
    }

    fn fits(&self, row: &TableRow) -> bool {
        let is_key = self.key.is_empty() || table::has_key(row, &self.key);
        is_key && self.at.is_none_or(|day| row.is_in_force(day))
    }
}
