//! Tests of measures, statistics, scores and decision support through their public face.
#![allow(clippy::unwrap_used)]

mod score;
mod scheme;
mod support;
