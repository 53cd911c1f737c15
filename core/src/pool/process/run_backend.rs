//! What one run of a process pool can do to its tasks.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::process_backend::ProcessBackend;
use super::worker_process::WorkerProcess;
use crate::machine::Stage;
use crate::pool::shared::{Job, Join, WorkerBackend, thread_name};

/// The workers of a pool, as one run has them.
pub(super) struct RunBackend {
    pub(super) pool: Arc<ProcessBackend>,
    /// By the number of a thread of the run.
    places: Mutex<HashMap<usize, Place>>,
}

enum Place {
    /// Who works for it.
    Worker(Arc<WorkerProcess>),
    /// Its task came to the limit before there was a worker for it.
    Late,
}

impl RunBackend {
    pub(super) fn new(pool: Arc<ProcessBackend>) -> RunBackend {
        RunBackend {
            pool,
            places: Mutex::default(),
        }
    }

    /// `worker` works for the thread with this number now; `false` if the task
    /// may not begin any more.
    pub(super) fn begin(&self, number: usize, worker: &Arc<WorkerProcess>) -> bool {
        let mut places = self.places();
        let may_begin = !places.contains_key(&number);
        if may_begin {
            places.insert(number, Place::Worker(Arc::clone(worker)));
        }
        may_begin
    }

    /// Nobody does any more.
    pub(super) fn end(&self, number: usize) {
        self.places().remove(&number);
    }

    fn places(&self) -> MutexGuard<'_, HashMap<usize, Place>> {
        // Nothing that can panic runs under this lock.
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WorkerBackend<'static> for RunBackend {
    fn start(&self, number: usize, job: Job<'static>) -> io::Result<Join<'static>> {
        self.pool.threads.start(thread_name(number), job)
    }

    fn show(&self, stage: Stage) {
        self.pool.show(stage);
    }

    fn terminate(&self) {
        self.pool.terminate();
    }

    fn kill(&self) -> bool {
        self.pool.kill();
        true
    }

    fn terminate_one(&self, number: usize) {
        match self.places().entry(number).or_insert(Place::Late) {
            Place::Worker(worker) => worker.end_late_task(),
            Place::Late => {}
        }
    }

    fn kill_one(&self, number: usize) -> bool {
        match self.places().get(&number) {
            Some(Place::Worker(worker)) => worker.kill(),
            // It does not begin.
            Some(Place::Late) | None => {}
        }
        true
    }
}
