//! One module for each promise.

mod crash;
mod health;
mod hostile;
mod ledger;
mod main_job;
mod packages;
mod tidy;
mod timing;
mod vendors;
