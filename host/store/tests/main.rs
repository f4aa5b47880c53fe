//! Tests of the store from outside: one suite for every implementation, a model, crashes, and what
//! only the sled store has.
#![allow(clippy::unwrap_used)]

mod crash;
mod disk;
mod model;
mod picture;
mod sample;
mod suite;
