//! Supervision of administrative approval (行政审批): the 23 rules APPR-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod params;
mod case;

pub use case::CaseParams;
pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Approval;

impl Plugin for Approval {
    type Params = Params;
    const STREAMS: &'static [StreamEntry<Params>] = &[stream::<case::Cases>()];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Approval);
