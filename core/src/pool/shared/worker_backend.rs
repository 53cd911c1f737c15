//! Where the threads of a run come from, and what can be done to its workers.

use std::io;

use crate::machine::Stage;
use crate::sync;

/// What a thread of a run does.
pub(in crate::pool) type Job = Box<dyn FnOnce() + Send>;
/// Waits until a thread has done its job. Dropped, it leaves the thread alone.
pub(in crate::pool) type Join = Box<dyn FnOnce()>;

/// Where the threads of a run come from, and what it can do to its active
/// tasks, beyond showing them the stage.
pub(in crate::pool) trait WorkerBackend {
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
pub(in crate::pool) struct ThreadBackend;

impl WorkerBackend for ThreadBackend {
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
