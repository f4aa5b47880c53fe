//! The only place that reads the clocks. Everything else is told what time it is.
#![expect(clippy::disallowed_methods, reason = "this is the one place")]

use plumbline_contract::time::Millis;
use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// The present instant. A clock set before 1970 counts as 1970.
#[must_use]
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Time since the first call of this function in this process, by a clock that nobody can set.
#[must_use]
pub fn running() -> Millis {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
