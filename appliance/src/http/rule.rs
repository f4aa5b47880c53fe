//! `GET /v1/rules` and `GET /v1/deployments`: what is supervised, and where.

use super::problem::Problem;
use super::service::Service;
use crate::app::App;
use crate::error::AppError;
use axum::Json;
use axum::extract::State;
use plumbline_contract::manifest::{Manifest, Parameter, Rule};
use plumbline_kernel::{Deployment, Effective, Setting};
use serde::Serialize;
use std::sync::Arc;

/// The rules of one plugin, as its signed manifest names them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RuleBook {
    plugin: String,
    version: String,
    domain: String,
    name_zh: String,
    name_en: String,
    rules: Vec<Rule>,
    parameters: Vec<Parameter>,
}

/// A deployment and how far it has come.
#[derive(Debug, Serialize)]
pub(crate) struct Standing {
    pub(crate) id: u16,
    pub(crate) plugin: String,
    pub(crate) mode: &'static str,
    /// Root of the subtree that it looks at; empty for everywhere.
    pub(crate) scope: String,
    settings: Vec<InForce>,
    /// First event that it looks at.
    from: u64,
    /// The next event that it will look at.
    pub(crate) cursor: u64,
    /// Events that it has not looked at yet.
    pub(crate) lag: u64,
    /// Gaps that are still open.
    pub(crate) gaps: usize,
    /// Why it stands still, if it does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suspended: Option<String>,
}

/// What holds for a region that has a setting of its own.
#[derive(Debug, Serialize)]
struct InForce {
    region: String,
    #[serde(flatten)]
    effective: Effective,
}

pub(crate) async fn rules(State(service): State<Arc<Service>>) -> Json<Vec<RuleBook>> {
    let mut books: Vec<_> = service.manifests().iter().map(rule_book).collect();
    // One plugin may be deployed in several regions.
    books.dedup();
    Json(books)
}

pub(crate) async fn deployments(
    State(service): State<Arc<Service>>,
) -> Result<Json<Vec<Standing>>, Problem> {
    service.blocking(|service| Ok(standings(service.app())?)).await.map(Json)
}

fn rule_book(manifest: &Manifest) -> RuleBook {
    let Manifest { plugin, rules, parameters, .. } = manifest.clone();
    let (plugin, version, domain) = (plugin.id, plugin.version, plugin.domain);
    let (name_zh, name_en) = (manifest.plugin.name_zh.clone(), manifest.plugin.name_en.clone());
    RuleBook { plugin, version, domain, name_zh, name_en, rules, parameters }
}

/// All deployments, in the order of their numbers.
pub(crate) fn standings(app: &App) -> Result<Vec<Standing>, AppError> {
    app.deployments().into_iter().map(|deployment| standing(app, deployment)).collect()
}

fn standing(app: &App, deployment: Deployment) -> Result<Standing, AppError> {
    let gaps = app.store().gaps(deployment.id)?.len();
    let cursor = app.store().cursor(deployment.id)?.seq.max(deployment.from);
    // Asked last, so that it is not before the cursor.
    let end = app.store().next_seq();
    let in_force = |setting: &Setting| {
        let region = setting.region.clone();
        Some(InForce { effective: deployment.effective(&region)?, region })
    };
    let suspended = app.suspended().into_iter().find(|(known, _)| known.id == deployment.id);
    Ok(Standing {
        id: deployment.id.0,
        settings: deployment.settings.iter().filter_map(in_force).collect(),
        plugin: deployment.plugin,
        mode: deployment.mode.as_str(),
        scope: deployment.scope,
        from: deployment.from.0,
        cursor: cursor.0,
        lag: end.0.saturating_sub(cursor.0),
        gaps,
        suspended: suspended.map(|(_, error)| error.to_string()),
    })
}
