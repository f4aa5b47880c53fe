//! Video supervision (视频监察) of service halls: the 17 rules VID-*.
//!
//! Each stream is a module: what is kept of a key, and the rules over it. The manifest names the
//! rules, their laws and their texts; `examples/` holds what must and what must not fire. Pictures
//! and identities never come here: only figures of zones, and rosters that say whose seat it is.

mod ground;
mod hours;
mod minutes;
mod params;

mod camera;
mod coverage;
mod hall;
mod officer;
mod place;
mod punch;
mod queue;
mod recording;
mod seat;

pub use params::Params;

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Video;

impl Plugin for Video {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<camera::Cameras>(),
        stream::<hall::Halls>(),
        stream::<seat::Seats>(),
        stream::<officer::Officers>(),
        stream::<punch::Punches>(),
        stream::<queue::Queues>(),
        stream::<coverage::Coverages>(),
        stream::<place::Places>(),
        stream::<recording::Recordings>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Video);
