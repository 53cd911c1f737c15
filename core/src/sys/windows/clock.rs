//! The monotonic clock.

use std::sync::OnceLock;
use std::time::Instant;

/// Nanoseconds on the monotonic clock, from the first call on.
pub(crate) fn now_ns() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}
