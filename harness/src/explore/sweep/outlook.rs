//! What a sweep is going to cost, and whether it tries every point.

use super::execute_plan::Method;
use super::plan::Plan;
use super::representatives;
use crate::execute::Trials;
use crate::explore::shard::Shard;
use std::time::Duration;

/// What the whole plan may cost for every point to be tried unasked.
const EXHAUSTIVE_MAX: Duration = Duration::from_secs(5);

/// What a sweep is going to cost.
#[derive(Debug, Clone, Copy)]
pub struct Outlook {
    /// Whether every point is tried.
    pub method: Method,
    /// Runs, at least about so many.
    pub runs: usize,
    /// How long they take, about; repeating what is found comes on top.
    pub time: Duration,
    /// No run begins later than this after the sweep began.
    pub limit: Option<Duration>,
    /// The part of the classes that is tried.
    pub shard: Option<Shard>,
}

/// Every point is tried when that was asked for, or costs little.
pub(crate) fn outlook(
    exhaustive: Option<bool>,
    pairs_max: Option<usize>,
    limit: Option<Duration>,
    shard: Option<Shard>,
    plan: &Plan,
    trials: &Trials,
) -> Outlook {
    let all = plan.loud().len();
    let exhaustive = exhaustive.unwrap_or_else(|| estimate(all, trials) < EXHAUSTIVE_MAX);
    let (method, mut runs) = if exhaustive {
        (Method::Exhaustive, all)
    } else {
        (Method::Representatives, representatives::at_least(plan))
    };
    if let Some(most) = pairs_max {
        runs = runs.min(most);
    }
    Outlook {
        method,
        runs,
        time: estimate(runs, trials),
        limit,
        shard,
    }
}

/// About how long so many runs take: each an undisturbed run's time at most, and what starting and judging it costs.
fn estimate(runs: usize, trials: &Trials) -> Duration {
    const OVERHEAD: Duration = Duration::from_millis(1);
    let undisturbed = trials.baseline.runs.iter().map(|run| run.end_ns).min();
    let one = Duration::from_nanos(undisturbed.unwrap_or(0)) + OVERHEAD;
    let rounds = runs.div_ceil(trials.pool.jobs().max(1));
    one * u32::try_from(rounds).unwrap_or(u32::MAX)
}
