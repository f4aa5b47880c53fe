//! The appliance `plumbline`: composes the rooms, drives the log, and serves people through the
//! command line and HTTP. `main.rs` holds the binary.

pub mod act;
pub mod alert;
pub mod app;
pub mod backup;
pub mod base;
pub mod bulletin;
pub mod cli;
pub mod clock;
pub mod control;
pub mod damage;
pub mod demo;
pub mod deploy;
pub mod diagnosis;
pub mod disk;
pub mod doctor;
pub mod driver;
pub mod error;
pub mod explain;
pub mod harness;
pub mod history;
pub mod home;
pub mod host_alert;
pub mod http;
pub mod import;
pub mod log_clock;
pub mod package;
pub mod parameter;
pub mod profile;
pub mod reconcile;
pub mod replay;
pub mod report;
pub mod retention;
pub mod scaffold;
pub mod serve;
pub mod setting;
pub mod shadow;
pub mod table;
pub mod text;
pub mod watch;
pub mod watchman;

pub use app::App;
pub use error::{AppError, Kind};
pub use home::{Config, Home};
