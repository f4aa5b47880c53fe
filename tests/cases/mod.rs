//! One module for each promise.

mod main_job;
mod tidy;
