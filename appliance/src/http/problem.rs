//! Errors as RFC 9457 `application/problem+json`. The only place where kinds become statuses.

use crate::error::{AppError, Kind};
use axum::http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

/// Prefix of the type of every problem; the code follows.
const TYPE_PREFIX: &str = "urn:plumbline:error:";

/// Both where the guard of the disk refuses and where the store itself has run into it.
const FULL: Title = ("磁盘已满", "the disk is full");

/// What a request is answered with when it fails.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    code: &'static str,
    title: Title,
    detail: String,
    members: Option<Box<Map<String, Value>>>,
}

/// A title in Chinese and English.
pub(crate) type Title = (&'static str, &'static str);

impl Problem {
    pub(crate) fn new(
        status: StatusCode,
        code: &'static str,
        title: Title,
        detail: impl Into<String>,
    ) -> Self {
        Self { status, code, title, detail: detail.into(), members: None }
    }

    /// A path or query parameter that cannot be what was meant.
    pub(crate) fn parameter(detail: impl Into<String>) -> Self {
        let title = ("参数不正确", "a parameter is wrong");
        Self::new(StatusCode::BAD_REQUEST, "bad-parameter", title, detail)
    }

    /// The host has as many of these in hand as it can take.
    pub(crate) fn busy(detail: impl Into<String>) -> Self {
        let title = ("请求过多，请稍后再试", "too many requests, try again later");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "too-busy", title, detail)
    }

    /// Adds members of its own to the problem's JSON.
    pub(crate) fn with(mut self, members: Map<String, Value>) -> Self {
        self.members = Some(Box::new(members));
        self
    }

    #[cfg(test)]
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }
}

impl From<AppError> for Problem {
    fn from(error: AppError) -> Self {
        let (status, title) = match error.kind {
            Kind::Full => (StatusCode::INSUFFICIENT_STORAGE, FULL),
            Kind::Failed if error.message == "disk-full" => {
                (StatusCode::INSUFFICIENT_STORAGE, FULL)
            }
            Kind::Usage => (StatusCode::BAD_REQUEST, ("请求不正确", "the request is wrong")),
            Kind::Refused => (StatusCode::FORBIDDEN, ("不予允许", "a policy forbids it")),
            Kind::NotFound => (StatusCode::NOT_FOUND, ("没有找到", "there is no such thing")),
            Kind::Busy => (StatusCode::SERVICE_UNAVAILABLE, ("正被占用", "it is in use")),
            Kind::Integrity => {
                (StatusCode::INTERNAL_SERVER_ERROR, ("数据已损坏", "stored data are damaged"))
            }
            Kind::Failed => {
                (StatusCode::INTERNAL_SERVER_ERROR, ("主机故障", "the machine has failed"))
            }
        };
        Self::new(status, error.message, title, error.detail)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut body = json!({
            "type": format!("{TYPE_PREFIX}{}", self.code),
            "status": self.status.as_u16(),
            "title": self.title.0,
            "title_en": self.title.1,
            "detail": self.detail,
        });
        if let (Value::Object(body), Some(members)) = (&mut body, self.members) {
            body.extend(*members);
        }
        let mut response = (self.status, body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if self.status == StatusCode::UNAUTHORIZED {
            let challenge = HeaderValue::from_static(r#"Bearer realm="plumbline""#);
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_status() {
        for (kind, message, status) in [
            (Kind::Usage, "store-refused", 400),
            (Kind::Refused, "grant", 403),
            (Kind::NotFound, "no-leaf", 404),
            (Kind::Integrity, "ledger-damaged", 500),
            (Kind::Failed, "store", 500),
            (Kind::Busy, "busy", 503),
            (Kind::Full, "disk-full", 507),
            (Kind::Failed, "disk-full", 507),
        ] {
            let problem = Problem::from(AppError::new(kind, message, "x"));
            assert_eq!(problem.status().as_u16(), status, "{kind:?} {message}");
        }
    }
}
