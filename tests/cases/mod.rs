//! One module for each promise.

mod backup;
mod crash;
mod diagnosis;
mod hostile;
mod ledger;
mod main_job;
mod packages;
mod tidy;
mod timing;
mod vendors;
