//! Layout numbers, escaping and determinism of both writers, on one document with every block.
#![allow(clippy::unwrap_used)]

mod layout;
mod writers;
