//! The HTTP service: its routes, who may use them, and the limits of one request. What a route does
//! stands in a module of its own; listening and driving is the business of `serve`.
//!
//! Handlers append to the log and read; none calls a plugin, except to explain a case or to
//! bring a shadow run's report up to date. What waits
//! for a disk or a lock does so on a thread of its own.

mod alert;
mod caller;
mod camera;
mod case;
mod figures;
mod footage;
mod health;
mod ledger;
mod page;
mod problem;
mod receive;
mod request;
mod rule;
mod service;
mod shadow;
mod source;
mod stream;
mod table;
mod why;

pub use receive::{BODY_BYTES_MAX, EVENTS_PER_REQUEST_MAX};
pub use service::{Pulse, Service, Woken};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use problem::Problem;
use std::sync::Arc;
use std::time::Duration;

/// The routes. A request that is not answered within `longest` is given up.
pub fn router(service: Arc<Service>, longest: Duration) -> Router {
    let api = Router::new()
        .route("/v1/events", post(receive::events))
        .layer(DefaultBodyLimit::max(BODY_BYTES_MAX))
        .route("/v1/alerts", get(alert::list))
        .route("/v1/alerts/stream", get(stream::alerts))
        .route("/v1/alerts/{id}", get(alert::one))
        .route("/v1/alerts/{id}/rows", get(table::of_alert))
        .route("/v1/alerts/{id}/footage", get(footage::of_alert))
        .route("/v1/footage/{sha256}", get(footage::one))
        .route("/v1/cameras", get(camera::list))
        .route("/v1/cameras/{cam}/still", get(camera::still))
        .route("/v1/cameras/{cam}/zones", get(camera::zones).put(camera::put_zones))
        .route("/cameras", get(page::all))
        .route("/cameras/style.css", get(page::style))
        .route("/cameras/{cam}", get(page::one))
        .route("/cameras/{cam}/still", get(camera::still))
        .route("/v1/tables", get(table::list))
        .route("/v1/tables/{name}", get(table::rows))
        .route("/v1/tables/{name}/history", get(table::history))
        .route("/v1/cases/{key}", get(case::timeline))
        .route("/v1/cases/{key}/explain", get(case::explain))
        .route("/v1/explain", get(why::explain))
        .route("/v1/ledger/checkpoint", get(ledger::checkpoint))
        .route("/v1/ledger/leaf/{index}", get(ledger::leaf))
        .route("/v1/ledger/proof/{index}", get(ledger::proof))
        .route("/v1/ledger/consistency", get(ledger::consistency))
        .route("/v1/rules", get(rule::rules))
        .route("/v1/rules/health", get(source::rules))
        .route("/v1/sources", get(source::sources))
        .route("/v1/deployments", get(rule::deployments))
        .route("/v1/shadows", get(shadow::list))
        .route("/v1/shadows/{id}/report", get(shadow::report))
        .route("/v1/gaps", get(shadow::gaps))
        .route("/healthz", get(health::health))
        .route("/metrics", get(health::metrics))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method);
    api.layer(middleware::from_fn(move |request, next| within(longest, request, next)))
        .layer(middleware::from_fn_with_state(service.clone(), caller::guard))
        .with_state(service)
}

async fn within(longest: Duration, request: Request, next: Next) -> Response {
    match tokio::time::timeout(longest, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let title = ("请求超时", "the request took too long");
            let detail = format!("{} s", longest.as_secs_f64());
            let status = StatusCode::SERVICE_UNAVAILABLE;
            Problem::new(status, "timeout", title, detail).into_response()
        }
    }
}

async fn no_route(uri: Uri) -> Problem {
    let title = ("没有这个地址", "there is no such address");
    Problem::new(StatusCode::NOT_FOUND, "no-route", title, uri.path())
}

async fn no_method(method: Method, uri: Uri) -> Problem {
    let title = ("该地址不支持此方法", "this address does not take the method");
    let detail = format!("{method} {}", uri.path());
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, "no-method", title, detail)
}
