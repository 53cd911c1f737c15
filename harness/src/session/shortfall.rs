//! Why a case says less than it was asked to.

use serde::{Deserialize, Serialize};

/// One reason for which nothing is known of something that was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shortfall {
    /// Not a single point was tried, or nothing of any schedule came due.
    NothingTried,
    /// So many points, steps or repetitions were not reached.
    NotReached(usize),
    /// The target did not end by itself, and was killed.
    Killed,
    /// So many points were not tried because the session was interrupted.
    CutShort(usize),
    /// The session was interrupted before its end.
    Interrupted,
    /// So many kinds of things were done that are no calls, so that no signal was sent between them.
    NotFollowed(usize),
}
