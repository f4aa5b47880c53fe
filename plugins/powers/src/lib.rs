//! Supervision of other administrative powers (其他行政权力): coercion CMP-*, levies LEV-*,
//! reconsideration REC-*, education fees EDU-* and major projects PRJ-*.
//!
//! Each domain is a module, each stream a type in it: what is kept of a key, and the rules over it.
//! The manifest names the rules, their laws and their texts; `examples/` holds what must and what
//! must not fire.

mod coercion;
mod decimal;
mod defect;
mod edu;
mod levy;
mod params;
mod project;
mod review;
mod table;
mod term;

pub use params::{CoercionParams, EduParams, LevyParams, Params, ProjectParams, ReviewParams};

use plumbline_guest::{Parameters, Plugin, StreamEntry, stream};

/// The plugin.
#[derive(Debug)]
pub struct Powers;

impl Plugin for Powers {
    type Params = Params;
    const VERSION: &'static str = env!("CARGO_PKG_VERSION");
    const STREAMS: &'static [StreamEntry<Params>] = &[
        stream::<coercion::Measures>(),
        stream::<coercion::Items>(),
        stream::<coercion::Cases>(),
        stream::<levy::Levies>(),
        stream::<review::Reviews>(),
        stream::<review::Respondents>(),
        stream::<edu::Schools>(),
        stream::<project::Projects>(),
    ];

    fn configure(parameters: &Parameters<'_>) -> Result<Params, String> {
        Params::read(parameters)
    }
}

plumbline_guest::supervisor!(Powers);
