//! How far a run is.

use std::fmt;
use std::time::{Duration, Instant};

use super::outcome::Outcome;
use super::results::Tally;
use crate::feedback::percent;

/// Tracks the progress of a run: what is done, how fast, and how long the rest
/// may take.
///
/// ```
/// use sigproof_core::{StopSource, ThreadPool, pool::Progress};
/// let mut progress = Progress::start(Some(300));
/// let pool = ThreadPool::new(&StopSource::new().token());
/// let results = pool.map_streaming(0..300, |n, _| Ok(n), |_, outcome| {
///     progress.record(outcome);
/// });
/// assert_eq!(progress.tally(), results.tally());
/// println!("{progress}"); // 300/300 (100.0%), 5000.0/s, 0 s left
/// ```
#[derive(Clone, Debug)]
pub struct Progress {
    total: Option<usize>,
    tally: Tally,
    started: Instant,
}

impl Progress {
    /// Starts the clock. `total` is the number of tasks, if it is known.
    #[must_use]
    pub fn start(total: Option<usize>) -> Progress {
        Progress {
            total,
            tally: Tally::default(),
            started: Instant::now(),
        }
    }

    /// Counts an outcome.
    pub fn record<V>(&mut self, outcome: &Outcome<V>) {
        self.tally.record(outcome);
    }

    /// The outcomes so far.
    #[must_use]
    pub fn tally(&self) -> Tally {
        self.tally
    }

    /// The number of tasks, if it is known.
    #[must_use]
    pub fn total(&self) -> Option<usize> {
        self.total
    }

    /// The time since the start.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Tasks that were worked on, per second since the start. Those cancelled
    /// before they started do not count.
    #[must_use]
    pub fn rate(&self) -> f64 {
        self.rate_after(self.elapsed())
    }

    /// How long the rest may take at this rate; `None` if the total is not known
    /// or nothing is done yet.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.remaining_after(self.elapsed())
    }

    fn worked(&self) -> usize {
        self.tally.total() - self.tally.cancelled_queued
    }

    fn rate_after(&self, elapsed: Duration) -> f64 {
        // Exact up to 2^53 tasks.
        self.worked() as f64 / elapsed.as_secs_f64().max(1e-9)
    }

    fn remaining_after(&self, elapsed: Duration) -> Option<Duration> {
        let left = self.total?.saturating_sub(self.tally.total());
        let rate = self.rate_after(elapsed);
        if left == 0 {
            return Some(Duration::ZERO);
        }
        if self.worked() == 0 {
            return None;
        }
        Duration::try_from_secs_f64(left as f64 / rate).ok()
    }
}

/// For instance `30/300 (10.0%), 5.0/s, 54 s left`.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (done, rate) = (self.tally.total(), self.rate());
        match self.total {
            Some(total) => write!(f, "{done}/{total} ({:.1}%)", percent(done, total))?,
            None => write!(f, "{done}")?,
        }
        write!(f, ", {rate:.1}/s")?;
        match self.remaining() {
            Some(left) => write!(f, ", {} s left", left.as_secs()),
            None => Ok(()),
        }
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;
    use crate::pool::Cancelled;

    #[test]
    fn rate_and_rest_follow_what_was_worked_on() {
        let mut progress = Progress::start(Some(12));
        let second = Duration::from_secs(1);
        assert_eq!(progress.remaining_after(second), None);
        for _ in 0..4 {
            progress.record(&Outcome::Completed(()));
        }
        assert!((progress.rate_after(2 * second) - 2.0).abs() < 1e-9);
        assert_eq!(progress.remaining_after(2 * second), Some(4 * second));
        // Cancelled tasks are done, and no measure of speed.
        for _ in 0..8 {
            progress.record::<()>(&Outcome::Cancelled(Cancelled::Queued));
        }
        assert!((progress.rate_after(2 * second) - 2.0).abs() < 1e-9);
        assert_eq!(progress.remaining_after(2 * second), Some(Duration::ZERO));
        assert!(
            progress.to_string().starts_with("12/12 (100.0%), "),
            "{progress}"
        );
        let unknown = Progress::start(None);
        assert_eq!(unknown.remaining(), None);
        assert_eq!(unknown.to_string(), "0, 0.0/s");
    }
}
