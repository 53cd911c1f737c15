//! How many tasks to take at a time.
//!
//! One, so that tasks start in order and no worker holds a task that another
//! could do; unless they are so short that taking them costs more than doing
//! them. That is measured, not asked for.

use std::time::{Duration, Instant};

/// What is taken at a time should not last longer than this.
const TARGET: Duration = Duration::from_micros(50);
/// The most that is taken at a time. Loom replays what it saw, and cannot
/// replay a clock.
const MOST: usize = if cfg!(sigproof_loom) { 1 } else { 128 };

/// The number of tasks to take, learnt from how long the last ones took.
#[derive(Debug)]
pub(super) struct BatchSize {
    batch: usize,
    since: Instant,
}

impl BatchSize {
    /// One at a time, to begin with.
    pub(super) fn new() -> BatchSize {
        BatchSize {
            batch: 1,
            since: Instant::now(),
        }
    }

    /// How many to take next.
    pub(super) fn batch(&self) -> usize {
        self.batch
    }

    /// Whether the next batch is but a moment away.
    pub(super) fn is_fast(&self) -> bool {
        self.batch == MOST && MOST > 1
    }

    /// Begins to measure.
    pub(super) fn begin(&mut self) {
        self.since = Instant::now();
    }

    /// As many as were to be taken are done.
    pub(super) fn end(&mut self) {
        self.took(self.since.elapsed());
    }

    fn took(&mut self, elapsed: Duration) {
        let batch = u32::try_from(self.batch).unwrap_or(u32::MAX);
        let each = (elapsed / batch).as_nanos().max(1);
        let fits = usize::try_from(TARGET.as_nanos() / each).unwrap_or(MOST);
        self.batch = fits.min(2 * self.batch).clamp(1, MOST);
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;

    #[test]
    fn short_tasks_are_taken_in_ever_larger_batches() {
        let mut batch_size = BatchSize::new();
        let mut batches = Vec::new();
        for _ in 0..8 {
            batches.push(batch_size.batch());
            batch_size.took(
                Duration::from_nanos(100) * u32::try_from(batch_size.batch()).expect("small"),
            );
        }
        assert_eq!(batches, [1, 2, 4, 8, 16, 32, 64, 128]);
    }

    #[test]
    fn one_long_task_ends_that() {
        let mut batch_size = BatchSize::new();
        for _ in 0..8 {
            batch_size.took(Duration::ZERO);
        }
        assert_eq!(batch_size.batch(), MOST);
        batch_size.took(Duration::from_millis(100));
        assert_eq!(batch_size.batch(), 1);
        batch_size.took(Duration::from_micros(20));
        assert_eq!(batch_size.batch(), 2);
    }
}
