//! How one schedule is judged.

use super::latency::Budget;
use crate::schedule::Schedule;
use crate::target::Isolation;

/// What to do.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The schedule.
    pub schedule: Schedule,
    /// Learn first what undisturbed runs do. Without that only few oracles can judge.
    pub baseline: bool,
    /// How often a violation is run again, to see whether it shows each time.
    pub confirm: u32,
    /// Latencies that are promised.
    pub budget: Option<Budget>,
    /// How the target is kept apart, for the stored failures.
    pub isolation: Isolation,
}

impl RunOptions {
    /// How often a violation is run again unless told otherwise.
    pub const CONFIRM: u32 = 2;
}
