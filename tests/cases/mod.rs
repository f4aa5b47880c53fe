//! One module for each promise.

mod backup;
mod catalogue;
mod clock;
mod crash;
mod damage;
mod diagnosis;
mod fines;
mod fuzz;
mod health;
mod hostile;
mod ledger;
mod main_job;
mod packages;
mod parameters;
mod platform;
mod platform_more;
mod power;
mod regions;
mod retention;
mod tidy;
mod timing;
mod torn;
mod upgrade;
mod vendors;
mod walkthrough;
mod worker;
