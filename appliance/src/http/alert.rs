//! `GET /v1/alerts` and `GET /v1/alerts/{id}`: sealed alerts as they stand now.

use super::problem::Problem;
use super::request::{Asked, Name, number};
use super::service::Service;
use crate::alert::{Alert, AlertState};
use crate::error::{AppError, Kind};
use axum::Json;
use axum::extract::State;
use plumbline_contract::alert::Level;
use plumbline_contract::id::region_contains;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Alerts of a page if the caller does not say, and at most.
const PAGE_DEFAULT: usize = 100;
const PAGE_MAX: usize = 1000;

/// Query of the list; an empty text is the same as none.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Query {
    state: String,
    level: String,
    rule: String,
    dept: String,
    /// Root of a region subtree.
    region: String,
    /// `next` of the page before.
    after: String,
    limit: String,
}

/// One page, in the order in which the alerts were first raised.
#[derive(Debug, Serialize)]
pub(crate) struct Page {
    alerts: Vec<Alert>,
    /// What to give as `after` for the next page; nothing if this is the last one.
    next: Option<u64>,
    /// Leaves that the page takes into account: a stream `from` here misses nothing.
    leaves: u64,
}

#[derive(Debug)]
struct Filter {
    state: Option<AlertState>,
    level: Option<Level>,
    rule: String,
    dept: String,
    region: String,
    after: Option<u64>,
    limit: usize,
}

pub(crate) async fn list(
    State(service): State<Arc<Service>>,
    Asked(query): Asked<Query>,
) -> Result<Json<Page>, Problem> {
    let filter = Filter::new(query)?;
    let page = move |service: &Service| {
        // Read before the alerts, so that the page has seen at least these leaves.
        let leaves = service.app().with_ledger(|ledger| ledger.checkpoint().size());
        let fitting = service.app().alerts()?.into_iter().filter(|alert| filter.fits(alert));
        let mut alerts: Vec<_> = fitting.take(filter.limit + 1).collect();
        let more = alerts.len() > filter.limit;
        alerts.truncate(filter.limit);
        let next = alerts.last().filter(|_| more).map(|alert| alert.first_leaf);
        Ok(Page { alerts, next, leaves })
    };
    service.blocking(page).await.map(Json)
}

pub(crate) async fn one(
    State(service): State<Arc<Service>>,
    Name(id): Name,
) -> Result<Json<Alert>, Problem> {
    let find = move |service: &Service| {
        let missing = || AppError::new(Kind::NotFound, "no-alert", &id);
        Ok(service.app().alert(&id)?.ok_or_else(missing)?)
    };
    service.blocking(find).await.map(Json)
}

impl Filter {
    fn new(query: Query) -> Result<Self, Problem> {
        let unknown = |name: &str, value: &str| {
            Err(Problem::parameter(format!("{name}: `{value}` is unknown")))
        };
        let state = match query.state.as_str() {
            "" => None,
            "open" => Some(AlertState::Open),
            "withdrawn" => Some(AlertState::Withdrawn),
            "closed" => Some(AlertState::Closed),
            other => return unknown("state", other),
        };
        let level = match Level::ALL.iter().find(|level| level.as_str() == query.level) {
            None if !query.level.is_empty() => return unknown("level", &query.level),
            level => level.copied(),
        };
        let after = match query.after.as_str() {
            "" => None,
            text => Some(number("after", text)?),
        };
        let limit = match query.limit.as_str() {
            "" => PAGE_DEFAULT,
            text => usize::try_from(number("limit", text)?).unwrap_or(usize::MAX),
        };
        if !(1..=PAGE_MAX).contains(&limit) {
            return Err(Problem::parameter(format!("limit: {limit} is not in 1..={PAGE_MAX}")));
        }
        let Query { rule, dept, region, .. } = query;
        Ok(Self { state, level, rule, dept, region, after, limit })
    }

    fn fits(&self, alert: &Alert) -> bool {
        let is = |wanted: &str, found: &str| wanted.is_empty() || wanted == found;
        self.after.is_none_or(|after| alert.first_leaf > after)
            && self.state.is_none_or(|state| alert.state == state)
            && self.level.is_none_or(|level| alert.level == level)
            && is(&self.rule, &alert.rule)
            && is(&self.dept, &alert.dept)
            && region_contains(&self.region, &alert.region)
    }
}
