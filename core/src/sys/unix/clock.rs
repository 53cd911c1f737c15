//! The monotonic clock, readable in a signal handler.

/// Nanoseconds on the monotonic clock. Async-signal-safe (POSIX lists
/// `clock_gettime`). 0 if the clock cannot be read, which no supported system
/// does.
pub(crate) fn now_ns() -> u64 {
    let mut now = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `now` is a valid place for the result.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) } != 0;
    if failed {
        return 0;
    }
    // The monotonic clock counts from start-up and is never negative.
    now.tv_sec.cast_unsigned() * 1_000_000_000 + now.tv_nsec.cast_unsigned()
}
