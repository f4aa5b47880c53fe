//! One module for each promise.

mod clock;
mod crash;
mod damage;
mod fuzz;
mod hostile;
mod ledger;
mod main_job;
mod packages;
mod power;
mod tidy;
mod timing;
mod torn;
mod vendors;
mod worker;
