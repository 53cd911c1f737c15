//! The limits of a pool, and who hears of its runs.

use std::fmt;
use std::num::NonZeroUsize;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::feedback::{Feedback, Silent};
use crate::token::StopToken;

/// The grace period unless set otherwise.
pub(in crate::pool) const GRACE: Duration = Duration::from_secs(5);
/// The shortest limit of a task: the coordinator looks that often.
pub(in crate::pool) const LIMIT_MIN: Duration = Duration::from_millis(1);
/// The limit of the queue unless set otherwise.
const QUEUE_LIMIT: usize = 256;
/// As long as tasks are short; the queue is as soon empty as the other one.
const QUEUE_LIMIT_SHORT: usize = 4096;

#[derive(Clone)]
pub(in crate::pool) struct Settings {
    pub(in crate::pool) token: StopToken,
    pub(in crate::pool) workers: NonZeroUsize,
    queue_limit: Option<NonZeroUsize>,
    pub(in crate::pool) grace: Duration,
    /// How long one task may take.
    pub(in crate::pool) task_limit: Option<Duration>,
    pub(in crate::pool) feedback: Arc<dyn Feedback>,
}

/// A feedback is called from any thread, so nothing that panics leaves it half
/// changed for a pool.
impl UnwindSafe for Settings {}
impl RefUnwindSafe for Settings {}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("stage", &self.token.stage())
            .field("workers", &self.workers)
            .field("grace", &self.grace)
            .field("task_limit", &self.task_limit)
            .finish_non_exhaustive()
    }
}

impl Settings {
    pub(in crate::pool) fn new(token: &StopToken) -> Settings {
        Settings {
            token: token.clone(),
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_limit: None,
            grace: GRACE,
            task_limit: None,
            feedback: Arc::new(Silent),
        }
    }

    pub(in crate::pool) fn set_workers(&mut self, workers: usize) {
        self.workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    }

    pub(in crate::pool) fn set_queue_limit(&mut self, tasks: usize) {
        self.queue_limit = Some(NonZeroUsize::new(tasks).unwrap_or(NonZeroUsize::MIN));
    }

    /// How many tasks may wait while tasks are short, or are not.
    pub(in crate::pool) fn queue_limit(&self, short: bool) -> usize {
        let usual = if short {
            QUEUE_LIMIT_SHORT
        } else {
            QUEUE_LIMIT
        };
        self.queue_limit.map_or(usual, NonZeroUsize::get)
    }
}
