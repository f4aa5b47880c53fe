//! Supervision of public-resource trading (公共资源交易): the rules PROC-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire. Import
//! from OCDS and its published indicators are no business of this plugin.

mod clue;
mod params;
mod period;
mod read;
mod stat;

mod bids;
mod buyer;
mod land;
mod latch;
mod major;
mod market;
mod panel;
mod party;
mod process;
mod sanction;
mod taking;

pub use params::{Link, Params};

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Procurement;

impl Plugin for Procurement {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<process::Processes>(),
        stream::<bids::LotBids>(),
        stream::<panel::Panels>(),
        stream::<buyer::Buyers>(),
        stream::<market::Markets>(),
        stream::<taking::Takings>(),
        stream::<party::Parties>(),
        stream::<major::Majors>(),
        stream::<land::Sellers>(),
        stream::<sanction::Sanctions>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Procurement);
