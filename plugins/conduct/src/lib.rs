//! Supervision of conduct and of the supervisors: complaints, orders, promises, openness (CPL-*,
//! OPN-*), the quality of data and the platform itself (NET-*).
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod params;

mod shelf;
mod term;
mod told;

mod alert;
mod closing;
mod complaint;
mod information;
mod ledger_count;
mod order;
mod promise;
mod quality;
mod reason;
mod record;
mod request;
mod setting;
mod silence;
mod target;

pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Conduct;

impl Plugin for Conduct {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<complaint::Complaints>(),
        stream::<target::Targets>(),
        stream::<closing::Closings>(),
        stream::<order::Orders>(),
        stream::<promise::Promises>(),
        stream::<information::Informations>(),
        stream::<request::Requests>(),
        stream::<silence::Silences>(),
        stream::<quality::Qualities>(),
        stream::<record::Records>(),
        stream::<alert::Alerts>(),
        stream::<reason::Reasons>(),
        stream::<setting::Settings>(),
        stream::<ledger_count::Counts>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Conduct);
