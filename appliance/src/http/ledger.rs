//! `/v1/ledger`: checkpoint, leaves and proofs, in the forms that foreign verifiers read.

use super::problem::Problem;
use super::request::{Asked, Name, number};
use super::service::Service;
use axum::Json;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use plumbline_ledger::LedgerError;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Query {
    /// Size of the older checkpoint.
    old: String,
}

/// Shows that the last checkpoint extends the tree of an older one.
#[derive(Debug, Serialize)]
pub(crate) struct Consistency {
    old: u64,
    new: u64,
    /// RFC 6962 consistency proof, in base64.
    hashes: Vec<String>,
    checkpoint: String,
}

pub(crate) async fn checkpoint(
    State(service): State<Arc<Service>>,
) -> Result<impl IntoResponse, Problem> {
    let note = |service: &Service| {
        Ok(service.app().with_ledger(|ledger| ledger.checkpoint().note().to_owned()))
    };
    Ok(text(service.blocking(note).await?))
}

/// The bytes of a sealed leaf, over which its hash is taken.
pub(crate) async fn leaf(
    State(service): State<Arc<Service>>,
    name: Name,
) -> Result<impl IntoResponse, Problem> {
    let index = name.number()?;
    let read = move |service: &Service| {
        Ok(service
            .app()
            .with_ledger(|ledger| {
                let size = ledger.checkpoint().size();
                if index < size {
                    ledger.leaf(index)
                } else {
                    Err(LedgerError::NoSuchLeaf { index, size })
                }
            })
            .map_err(crate::AppError::from)?)
    };
    let bytes = service.blocking(read).await?;
    Ok(([(CONTENT_TYPE, "application/json")], bytes))
}

pub(crate) async fn proof(
    State(service): State<Arc<Service>>,
    name: Name,
) -> Result<impl IntoResponse, Problem> {
    let index = name.number()?;
    let prove = move |service: &Service| {
        let proof = service.app().with_ledger(|ledger| ledger.prove_inclusion(index));
        Ok(proof.map_err(crate::AppError::from)?.to_string())
    };
    Ok(text(service.blocking(prove).await?))
}

pub(crate) async fn consistency(
    State(service): State<Arc<Service>>,
    Asked(query): Asked<Query>,
) -> Result<Json<Consistency>, Problem> {
    let old = number("old", &query.old)?;
    let prove = move |service: &Service| {
        let proven = service.app().with_ledger(|ledger| {
            let hashes = ledger.prove_consistency(old)?;
            Ok::<_, LedgerError>((hashes, ledger.checkpoint().clone()))
        });
        let (hashes, checkpoint) = proven.map_err(crate::AppError::from)?;
        let hashes = hashes.into_iter().map(plumbline_ledger::tree::Hash::to_base64).collect();
        Ok(Consistency {
            old,
            new: checkpoint.size(),
            hashes,
            checkpoint: checkpoint.note().into(),
        })
    };
    service.blocking(prove).await.map(Json)
}

fn text(body: String) -> impl IntoResponse {
    ([(CONTENT_TYPE, "text/plain; charset=utf-8")], body)
}
