//! Supervision of administrative approval (行政审批): the 23 rules APPR-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire.

mod case;
mod params;

mod certificate;
mod complaint;
mod entry;
mod excuse;
mod fee;
mod joint;
mod limits;
mod officer;
mod pace;
mod period;
mod rating;
mod receipt;
mod refusal;
mod serial;
mod window;
mod workload;

pub use case::CaseParams;
pub use limits::Limits;
pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Approval;

impl Plugin for Approval {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<case::Cases>(),
        stream::<entry::Entries>(),
        stream::<officer::Officers>(),
        stream::<serial::Serials>(),
        stream::<refusal::Refusals>(),
        stream::<certificate::Certificates>(),
        stream::<fee::CaseFees>(),
        stream::<receipt::Receipts>(),
        stream::<window::Windows>(),
        stream::<rating::CaseRatings>(),
        stream::<complaint::Complaints>(),
        stream::<joint::Joints>(),
        stream::<workload::Workloads>(),
        stream::<pace::RegionPaces>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Approval);
