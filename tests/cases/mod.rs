//! One module for each promise.

mod clock;
mod crash;
mod hostile;
mod ledger;
mod main_job;
mod packages;
mod power;
mod regions;
mod tidy;
mod timing;
mod upgrade;
mod vendors;
mod walkthrough;
mod worker;
