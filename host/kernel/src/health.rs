//! Supervision of the supervision: whether the sources report as they use to, whether the rules do
//! any work, and whether the host's own clock can be trusted.
//!
//! Pure judgements over plain data. `now` is an argument, nothing here reads a clock or a store; what
//! becomes of a judgement (an alert, a line in a list) is the business of the appliance.

mod book;
mod clock;
mod limit;
mod quality;
mod rhythm;
mod rule;
mod source;

pub use book::{COUNT_TYPE, Claim, DayBook, DayCount, Last, SourceBook};
pub use clock::{ClockFault, ClockLook, judge_clock};
pub use limit::{ClockLimits, RuleLimits, SourceLimits};
pub use quality::{DayQuality, Flaw, is_future};
pub use rhythm::{Almanac, Downtime, Rhythm, Silence, Stillness};
pub use rule::{RuleCounters, RuleSuspicion, judge_rule};
pub use source::{CountDifference, Skew, SourceHealth, Volume, judge_source};
