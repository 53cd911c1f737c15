//! What the pools have in common: limits, and the hooks of a run.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::feedback::{Feedback, Silent};
use crate::machine::Stage;
use crate::token::StopToken;

/// The grace period unless set otherwise.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// The limit of the queue unless set otherwise.
const QUEUE_LIMIT: NonZeroUsize = NonZeroUsize::new(256).expect("256 is not 0");

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) token: StopToken,
    pub(super) workers: NonZeroUsize,
    pub(super) queue_limit: NonZeroUsize,
    pub(super) grace: Duration,
    pub(super) feedback: Arc<dyn Feedback>,
}

impl Settings {
    pub(super) fn new(token: &StopToken) -> Settings {
        Settings {
            token: token.clone(),
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_limit: QUEUE_LIMIT,
            grace: GRACE,
            feedback: Arc::new(Silent),
        }
    }

    pub(super) fn set_workers(&mut self, workers: usize) {
        self.workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    }

    pub(super) fn set_queue_limit(&mut self, tasks: usize) {
        self.queue_limit = NonZeroUsize::new(tasks).unwrap_or(NonZeroUsize::MIN);
    }
}

/// What a run can do to its active tasks, beyond showing them the stage.
pub(super) trait Crew {
    /// Shows them the stage.
    fn show(&self, stage: Stage);

    /// Asks them to end: stage 2.
    fn terminate(&self);

    /// Ends them by force, after the grace period or at stage 3; `false` if
    /// that is impossible and they have to be abandoned.
    fn kill(&self) -> bool;
}

/// Threads see the stage by themselves and cannot be killed.
pub(super) struct Threads;

impl Crew for Threads {
    fn show(&self, _stage: Stage) {}

    fn terminate(&self) {}

    fn kill(&self) -> bool {
        false
    }
}
