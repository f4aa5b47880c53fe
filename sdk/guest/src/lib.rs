//! What a plugin links: streams of typed state, rules as short functions, lawful clocks, reference
//! tables, and a runner for examples that works natively and inside the real engine.
//!
//! A plugin is a pure fold. Its author writes three things: what an event says ([`Stream::take`]),
//! what follows from all that was said ([`Rule`]), and examples. The SDK keeps the state, raises,
//! escalates and withdraws alerts, and wakes the key when time alone changes the answer.

#[cfg(target_arch = "wasm32")]
mod arena;
#[cfg(any(target_arch = "wasm32", test))]
mod bump;
#[cfg(any(target_arch = "wasm32", test))]
mod compare;
mod event;
#[cfg(not(target_arch = "wasm32"))]
pub mod example;
mod facts;
mod host;
mod kept;
mod look;
mod memory;
#[cfg(not(target_arch = "wasm32"))]
pub mod native;
mod plugin;
mod stream;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
mod why;

pub use event::Event;
pub use facts::{Entry, Facts};
pub use host::{CalendarId, FromRow, Host};
pub use kept::author_state;
pub use look::{Fire, Look};
pub use plugin::{Configured, Parameters, Plugin, RunStream, StreamEntry, stream, supervise};
pub use stream::{DATA_CORRECTED, RULES_CHANGED, Rule, Setup, Stream, apply, run};
pub use why::Why;

pub use plumbline_contract::alert::Level;
pub use plumbline_contract::json;
pub use plumbline_contract::time::{Day, Local, MS_PER_DAY, MS_PER_MINUTE};
pub use plumbline_contract::worktime::{Due, Moment, Span, Unit};
pub use serde;

/// The contract crate, for the exported glue.
#[doc(hidden)]
pub use plumbline_contract as contract;
#[cfg(target_arch = "wasm32")]
#[doc(hidden)]
pub use wit_bindgen;
