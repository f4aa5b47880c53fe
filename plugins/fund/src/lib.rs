//! Supervision of public funds (公共资金): the 22 rules FUND-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod book;
mod day;
mod params;
mod row;
mod word;

mod account;
mod donation;
mod finding;
mod fund;
mod house;
mod housing;
mod invoice;
mod pair;
mod payment;
mod peers;
mod person;
mod plan;
mod project;
mod village;

pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Fund;

impl Plugin for Fund {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<fund::Funds>(),
        stream::<payment::Payments>(),
        stream::<project::Projects>(),
        stream::<pair::Pairs>(),
        stream::<plan::Plans>(),
        stream::<invoice::Invoices>(),
        stream::<person::Persons>(),
        stream::<account::Accounts>(),
        stream::<village::Villages>(),
        stream::<peers::Peers>(),
        stream::<finding::Findings>(),
        stream::<donation::Campaigns>(),
        stream::<housing::Applications>(),
        stream::<house::Houses>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Fund);
