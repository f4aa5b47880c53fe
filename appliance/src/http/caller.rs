//! Who asks: whoever has the token of the service, or a person who may look at footage. The token of
//! the service opens everything but footage; a viewer's opens footage and nothing else.

use super::problem::Problem;
use super::service::Service;
use crate::footage::viewer;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, WWW_AUTHENTICATE,
    X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use std::sync::Arc;

/// Everything below this path needs a token.
const PROTECTED: &str = "/v1/";
/// Pages for a browser, which asks its user for name and token.
const PAGES: &str = "/cameras";
/// What a viewer may ask for besides the pages; the rest of `/v1/` is the service token's alone.
const VIEWED: [&str; 2] = ["/v1/cameras", "/v1/footage/"];
/// ... and what lies between these, about one alert.
const OF_ALERT: (&str, &str) = ("/v1/alerts/", "/footage");
/// Nothing but what the page itself names is loaded; nobody frames it.
const POLICY: &str = "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";
/// Bytes are for our own pages only, so that no foreign page shows them or asks in a user's name.
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Caller {
    Nobody,
    Service,
    Viewer(String),
}

/// The name of a viewer; a request of anybody else is answered with 403.
#[derive(Clone, Debug)]
pub(crate) struct ByViewer(pub(crate) String);

/// A request with the token of the service; a viewer's is answered with 403.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ByService;

impl<S: Send + Sync> FromRequestParts<S> for ByViewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Viewer(name)) => Ok(Self(name.clone())),
            _ => Err(forbidden("plumbline video viewer add")),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for ByService {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get::<Caller>() {
            Some(Caller::Service) => Ok(Self),
            _ => Err(forbidden("keys/http.token")),
        }
    }
}

fn forbidden(detail: &str) -> Problem {
    let title = ("此令牌没有这项权限", "this token does not allow it");
    Problem::new(StatusCode::FORBIDDEN, "not-permitted", title, detail)
}

/// Lets nobody through to what is protected without a token, not even to learn what exists.
pub(crate) async fn guard(
    State(service): State<Arc<Service>>,
    mut request: Request,
    next: Next,
) -> Response {
    let path = request.uri().path().to_owned();
    let is_page = path.starts_with(PAGES);
    let headers = request.headers().clone();
    let mut response = match admit(&service, &path, &headers).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(problem) => {
            let mut response = problem.into_response();
            if is_page && response.status() == StatusCode::UNAUTHORIZED {
                let ask = r#"Basic realm="plumbline", charset="UTF-8""#;
                response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(ask));
            }
            response
        }
    };
    // What is answered may name or show people: no cache keeps it, no browser guesses its type, no
    // other site learns of it.
    let headers = response.headers_mut();
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (REFERRER_POLICY, "no-referrer"),
        (X_FRAME_OPTIONS, "DENY"),
        (RESOURCE_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Who asks, if they may at all.
async fn admit(service: &Arc<Service>, path: &str, headers: &HeaderMap) -> Result<Caller, Problem> {
    let is_page = path.starts_with(PAGES);
    if !path.starts_with(PROTECTED) && !is_page {
        return Ok(Caller::Nobody);
    }
    let unknown = || {
        let title = ("缺少访问令牌或令牌不正确", "the bearer token is missing or wrong");
        let detail = "Authorization: Bearer <keys/http.token>";
        Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", title, detail)
    };
    let value = headers.get(AUTHORIZATION).ok_or_else(unknown)?.as_bytes();
    let (name, token) = match bearer(value) {
        Some(token) => (None, token.to_vec()),
        None => {
            let (name, token) = basic(value).filter(|_| is_page).ok_or_else(unknown)?;
            (Some(name), token)
        }
    };
    if service.knows(&token) {
        return Ok(Caller::Service);
    }
    let who = service.blocking(move |service| Ok(viewer::who(service.app(), &token)?)).await?;
    // A browser sends both; a token under another's name is none.
    let who = who.filter(|who| name.is_none_or(|name| name == *who)).ok_or_else(unknown)?;
    let is_viewed = is_page
        || VIEWED.iter().any(|viewed| path.starts_with(viewed))
        || path.starts_with(OF_ALERT.0) && path.ends_with(OF_ALERT.1);
    if !is_viewed {
        return Err(forbidden("keys/http.token"));
    }
    let site = headers.get(FETCH_SITE).map(HeaderValue::as_bytes);
    if site == Some(b"cross-site") {
        return Err(forbidden("sec-fetch-site: cross-site"));
    }
    Ok(Caller::Viewer(who))
}

/// The bearer token; the name of the scheme may be in any case.
fn bearer(value: &[u8]) -> Option<&[u8]> {
    let (scheme, token) = value.split_at_checked("Bearer ".len())?;
    scheme.eq_ignore_ascii_case(b"Bearer ").then(|| token.trim_ascii())
}

/// Name and token as a browser sends them.
fn basic(value: &[u8]) -> Option<(String, Vec<u8>)> {
    let (scheme, rest) = value.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let pair = BASE64_STANDARD.decode(rest.trim_ascii()).ok()?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let name = std::str::from_utf8(&pair[..colon]).ok()?;
    Some((name.to_owned(), pair[colon + 1..].to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_told_apart() {
        assert_eq!(bearer(b"bearer  x "), Some(&b"x"[..]));
        assert_eq!(bearer(b"Basic eDp5"), None);
        // 张三:geheim
        let known = Some(("张三".to_owned(), b"geheim".to_vec()));
        assert_eq!(basic("Basic 5byg5LiJOmdlaGVpbQ==".as_bytes()), known);
        for wrong in ["Basic", "Basic !!", "Basic eHk=", "Bearer eDp5"] {
            assert_eq!(basic(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
