//! Grid supervision (网格化监管) of food and drugs, work safety and environment: the 20 rules GRID-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod params;
mod period;
mod place;
mod sketch;

mod accident;
mod account;
mod alarm;
mod grid;
mod hazard;
mod object;
mod officer;
mod peers;
mod report;
mod travel;

pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Grid;

impl Plugin for Grid {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<object::Objects>(),
        stream::<hazard::Hazards>(),
        stream::<report::Reports>(),
        stream::<alarm::Alarms>(),
        stream::<accident::Accidents>(),
        stream::<grid::Grids>(),
        stream::<travel::Travels>(),
        stream::<officer::Officers>(),
        stream::<peers::Peers>(),
        stream::<account::Accounts>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Grid);
