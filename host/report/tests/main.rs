//! Tests of measures, statistics, scores and decision support through their public face.
#![allow(clippy::unwrap_used)]

mod cards;
mod cases;
mod decide;
mod exact;
mod scheme;
mod score;
mod statistics;
mod support;
