//! Parts of a request, read so that what is wrong with them is answered as a problem.

use super::problem::Problem;
use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The one parameter of a path.
#[derive(Debug)]
pub(crate) struct Name(pub(crate) String);

/// The parameters of a query.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl Name {
    /// The parameter as a whole number.
    pub(crate) fn number(&self) -> Result<u64, Problem> {
        number("path", &self.0)
    }
}

/// A whole number in decimal digits; `+1` and the like are no positions.
pub(crate) fn number(name: &str, text: &str) -> Result<u64, Problem> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let number = if digits { text.parse().ok() } else { None };
    number.ok_or_else(|| Problem::parameter(format!("{name}: `{text}` is not a whole number")))
}

impl<S: Send + Sync> FromRequestParts<S> for Name {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, state).await;
        path.map(|Path(name)| Self(name)).map_err(|error| Problem::parameter(error.body_text()))
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, state).await;
        query.map(|Query(asked)| Self(asked)).map_err(|error| Problem::parameter(error.body_text()))
    }
}
