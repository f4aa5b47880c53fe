//! Supervision of administrative penalties (行政处罚): the 25 rules PEN-* and three plain limits.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod case;
mod params;

mod bench;
mod clue;
mod defect;
mod deviation;
mod income;
mod officer;
mod party;
mod peer;
mod presence;
mod receipt;
mod span;
mod table;

pub use params::{Limits, Params};

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Penalty;

impl Plugin for Penalty {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<case::Cases>(),
        stream::<clue::Clues>(),
        stream::<receipt::Receipts>(),
        stream::<presence::Presences>(),
        stream::<peer::Peers>(),
        stream::<deviation::Deviations>(),
        stream::<party::Parties>(),
        stream::<officer::Officers>(),
        stream::<bench::Benches>(),
        stream::<income::Incomes>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Penalty);
