//! The clock of the measurements. It is the same in all processes.

use std::io;

use nix::time::{ClockId, clock_gettime};

/// Nanoseconds on the monotonic clock.
pub(super) fn now_ns() -> io::Result<u64> {
    let now = clock_gettime(ClockId::CLOCK_MONOTONIC)?;
    Ok(now.tv_sec().cast_unsigned() * 1_000_000_000 + now.tv_nsec().cast_unsigned())
}

/// Nanoseconds from `start` to `end`; exact below a hundred days.
pub(super) fn span(start: u64, end: u64) -> f64 {
    end.saturating_sub(start) as f64
}
