//! Where the threads of a run come from, and what can be done to its workers.

use std::io;

use crate::machine::Stage;
use crate::sync;

/// What a thread of a run does.
pub(in crate::pool) type Job<'run> = Box<dyn FnOnce() + Send + 'run>;
/// Waits until a thread has done its job. Dropped, it leaves the thread alone.
pub(in crate::pool) type Join<'run> = Box<dyn FnOnce() + 'run>;

/// Where the threads of a run come from, and what it can do to its active
/// tasks, beyond showing them the stage.
pub(in crate::pool) trait WorkerBackend<'run> {
    /// Has a thread do the job of the worker with this number, in place of one
    /// before it. The job does not panic.
    ///
    /// # Errors
    /// Those of starting a thread.
    fn start(&self, number: usize, job: Job<'run>) -> io::Result<Join<'run>>;

    /// Shows them the stage.
    fn show(&self, stage: Stage);

    /// Asks them to end: stage 2.
    fn terminate(&self);

    /// Ends them by force, after the grace period or at stage 3; `false` if
    /// that is impossible and they have to be abandoned.
    fn kill(&self) -> bool;

    /// Asks the task of one worker alone to end, beyond stopping its token: it
    /// has come to its limit.
    fn terminate_one(&self, _number: usize) {}

    /// Ends it by force; `false` if that is impossible.
    fn kill_one(&self, _number: usize) -> bool {
        false
    }
}

/// The name of a thread.
pub(in crate::pool) fn thread_name(number: usize) -> String {
    format!("worker-{number}")
}

/// Threads see the stage by themselves and cannot be killed.
pub(in crate::pool) struct ThreadBackend;

impl WorkerBackend<'static> for ThreadBackend {
    fn start(&self, number: usize, job: Job<'static>) -> io::Result<Join<'static>> {
        let builder = sync::thread::Builder::new().name(thread_name(number));
        let thread = builder.spawn(job)?;
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

/// Threads that may borrow from the caller's stack: the scope waits for all of
/// them, those of abandoned tasks as well.
pub(in crate::pool) struct ScopedBackend<'scope, 'env: 'scope>(
    pub(in crate::pool) &'scope std::thread::Scope<'scope, 'env>,
);

impl<'scope> WorkerBackend<'scope> for ScopedBackend<'scope, '_> {
    fn start(&self, number: usize, job: Job<'scope>) -> io::Result<Join<'scope>> {
        let builder = std::thread::Builder::new().name(thread_name(number));
        let thread = builder.spawn_scoped(self.0, job)?;
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
