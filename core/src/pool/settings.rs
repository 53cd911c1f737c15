//! What the pools have in common: limits, and the hooks of a run.

use std::io;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crate::feedback::{Feedback, Silent};
use crate::machine::Stage;
use crate::sync;
use crate::token::StopToken;

/// The grace period unless set otherwise.
pub(super) const GRACE: Duration = Duration::from_secs(5);
/// The limit of the queue unless set otherwise.
const QUEUE_LIMIT: usize = 256;
/// As long as tasks are short; the queue is as soon empty as the other one.
const QUEUE_LIMIT_SHORT: usize = 4096;

#[derive(Clone)]
pub(super) struct Settings {
    pub(super) token: StopToken,
    pub(super) workers: NonZeroUsize,
    queue_limit: Option<NonZeroUsize>,
    pub(super) grace: Duration,
    pub(super) feedback: Arc<dyn Feedback>,
}

impl Settings {
    pub(super) fn new(token: &StopToken) -> Settings {
        Settings {
            token: token.clone(),
            workers: thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            queue_limit: None,
            grace: GRACE,
            feedback: Arc::new(Silent),
        }
    }

    pub(super) fn set_workers(&mut self, workers: usize) {
        self.workers = NonZeroUsize::new(workers).unwrap_or(NonZeroUsize::MIN);
    }

    pub(super) fn set_queue_limit(&mut self, tasks: usize) {
        self.queue_limit = Some(NonZeroUsize::new(tasks).unwrap_or(NonZeroUsize::MIN));
    }

    /// How many tasks may wait while tasks are short, or are not.
    pub(super) fn queue_limit(&self, short: bool) -> usize {
        let usual = if short {
            QUEUE_LIMIT_SHORT
        } else {
            QUEUE_LIMIT
        };
        self.queue_limit.map_or(usual, NonZeroUsize::get)
    }
}

/// What a thread of a run does.
pub(super) type Job = Box<dyn FnOnce() + Send>;
/// Waits until a thread has done its job. Dropped, it leaves the thread alone.
pub(super) type Join = Box<dyn FnOnce()>;

/// Where the threads of a run come from, and what it can do to its active
/// tasks, beyond showing them the stage.
pub(super) trait Crew {
    /// Has a thread do this job, which does not panic.
    ///
    /// # Errors
    /// Those of starting a thread.
    fn start(&self, name: String, job: Job) -> io::Result<Join>;

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
    fn start(&self, name: String, job: Job) -> io::Result<Join> {
        let thread = sync::thread::Builder::new().name(name).spawn(job)?;
        Ok(Box::new(move || {
            // Panics of tasks were caught.
            let _ = thread.join();
        }))
    }

    fn show(&self, _stage: Stage) {}

    fn terminate(&self) {}

    fn kill(&self) -> bool {
        false
    }
}
