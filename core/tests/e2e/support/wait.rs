//! Waiting for a fact, on every system.

use std::thread;
use std::time::{Duration, Instant};

/// Only a hung program gets there.
pub const DEADLINE: Duration = Duration::from_secs(if option_env!("SIGPROOF_EMULATED").is_some() {
    // `cargo ci cross` sets it: an emulator takes twenty times as long.
    600
} else {
    60
});

/// Waits until `fact` holds.
pub fn until(what: &str, mut fact: impl FnMut() -> bool) {
    let deadline = Instant::now() + DEADLINE;
    while !fact() {
        assert!(Instant::now() < deadline, "never: {what}");
        thread::yield_now();
    }
}
