//! The worker's side of the process pool.

use std::env;
use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::frame;
use super::{job_reader, worker_stage};
use crate::machine::{OnLadderEnd, Policy, Rung, Stage};
use crate::pool::shared::{Cancelled, Failure, Lost, Outcome, TaskError};
use crate::signal::{InterruptHandler, Options};
use crate::sys::process::parent_id;
use crate::sys::worker;
use crate::sys::worker_channel::WorkerChannel;
use crate::token::StopToken;

/// Names the program that a worker process works for, and the
/// process id of the pool. A program started by a task inherits the variable,
/// but has another parent.
pub(super) const ROLE: &str = "SIGPROOF_CORE_WORKER";

/// A worker's reply to a job.
#[derive(Debug, Deserialize, Serialize)]
pub(super) enum Reply<V> {
    /// The first one, before any job: the worker has registered its work.
    Ready,
    Completed(V),
    Failed {
        message: String,
        panicked: bool,
        /// The messages of what the error was made from.
        causes: Vec<String>,
    },
    CancelledQueued,
    CancelledActive,
    /// The worker cannot work at all, and ends.
    Unfit(String),
}

/// Work that can be done in a worker process: this program, executed again.
///
/// [`WorkerProgram::register`] has to come first in `main`, before arguments
/// are read, threads started or signal handlers installed.
pub struct WorkerProgram<J, V> {
    pub(super) name: &'static str,
    pub(super) frame_limit: usize,
    types: PhantomData<fn(J) -> V>,
}

// Derived, it would ask J and V to be Clone as well.
impl<J, V> Clone for WorkerProgram<J, V> {
    fn clone(&self) -> WorkerProgram<J, V> {
        WorkerProgram { ..*self }
    }
}

impl<J, V> fmt::Debug for WorkerProgram<J, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WorkerProgram")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl<J, V> WorkerProgram<J, V>
where
    J: Serialize + DeserializeOwned + Send + 'static,
    V: Serialize + DeserializeOwned + Send + 'static,
{
    /// Names this work. In a worker process started for this name the call
    /// does not return: it works until the pool is gone, and ends the process.
    ///
    /// A worker leads its own process group, ignores SIGINT, has every
    /// other disposition and its signal mask reset, and finds `/dev/null` as
    /// its standard input. The token of `work` shows the stage of the pool.
    pub fn register(
        name: &'static str,
        work: impl Fn(J, &StopToken) -> Result<V, TaskError>,
    ) -> WorkerProgram<J, V> {
        let program = WorkerProgram {
            name,
            frame_limit: frame::FRAME_LIMIT,
            types: PhantomData,
        };
        if SERVES.load(Ordering::SeqCst) {
            // Inside a task: it is served already.
            return program;
        }
        let role = env::var(ROLE).unwrap_or_default();
        let pool = role.rsplit_once('@').filter(|(work, _)| *work == name);
        match pool {
            Some((_, pool)) if is_parent(pool) => {
                let served = program.serve(&work);
                if let Ok(Ending::Asked) = served {
                    // As any program ends: what libraries do at exit is done,
                    // and what was printed is written.
                    std::process::exit(0);
                }
                let error = served.err();
                // The pool reads how this process ended. If it is gone, that
                // is what went wrong, and nobody wants to know.
                if let Some(error) = error.filter(|_| is_parent(pool)) {
                    eprintln!("worker {name}: {error}");
                }
                worker::kill_own_group();
            }
            // A worker whose pool died before it came here. Going on, it
            // would be the program itself, started once more.
            Some(_) if worker::has_line() => worker::kill_own_group(),
            Some(_) | None => program,
        }
    }

    fn serve(&self, work: &dyn Fn(J, &StopToken) -> Result<V, TaskError>) -> io::Result<Ending> {
        SERVES.store(true, Ordering::SeqCst);
        // Open until the process is gone: that it closes tells the pool so, and
        // the pool kills whatever is left, this process at its exit, too.
        let link: &WorkerChannel = Box::leak(Box::new(WorkerChannel::take()?));
        self.serve_on(link, work).inspect_err(|error| {
            // The pool tells it; if that fails, it reads how this process
            // ended.
            let reply = Reply::<V>::Unfit(error.to_string());
            if let Ok(reply) = frame::encode(&reply, self.frame_limit) {
                let _ = io::Write::write_all(&mut &*link, &reply);
            }
        })
    }

    fn serve_on(
        &self,
        mut link: &WorkerChannel,
        work: &dyn Fn(J, &StopToken) -> Result<V, TaskError>,
    ) -> io::Result<Ending> {
        worker::close_stdin()?;
        worker::reset_signals()?;
        // SIGTERM is a request, and must not kill: it also goes to what a task
        // started. The pool raises the shared stage before it sends it.
        let policy = Policy::custom([Rung::announce(Stage::TerminateActive)])
            .map_err(io::Error::other)?
            .on_ladder_end(OnLadderEnd::Ignore);
        let options = Options::new(policy).signals([worker::REQUEST]);
        let _handler = InterruptHandler::install(options)?;
        worker::unblock_signals()?;
        let token = worker_stage::open(link.receive()?)?;
        let ready = frame::encode(&Reply::<V>::Ready, self.frame_limit)?;
        io::Write::write_all(&mut link, &ready)?;
        let mut jobs = job_reader::jobs(link.try_clone()?, self.frame_limit)?;
        while let Some(job) = jobs.next() {
            let reply = carry_out(job?, &token, work);
            let reply = frame::encode(&reply, self.frame_limit).or_else(|error| {
                frame::encode(
                    &Reply::<V>::failed(Failure::of_error(error)),
                    self.frame_limit,
                )
            })?;
            io::Write::write_all(&mut link, &reply)?;
        }
        Ok(if jobs.were_asked_to_end() {
            Ending::Asked
        } else {
            Ending::PoolGone
        })
    }
}

/// Why a worker ends.
enum Ending {
    /// The pool has asked for it.
    Asked,
    /// The pool is gone.
    PoolGone,
}

/// This process is a worker, and has registered its work.
static SERVES: AtomicBool = AtomicBool::new(false);

fn is_parent(pid: &str) -> bool {
    pid == parent_id().to_string()
}

/// The value of [`ROLE`] for the children of process `parent`.
pub(super) fn role_of(name: &str, parent: u32) -> String {
    format!("{name}@{parent}")
}

/// Why this process may not have workers: it is one itself.
pub(super) fn refusal() -> Option<&'static str> {
    if SERVES.load(Ordering::SeqCst) {
        return Some("a task of a process pool cannot use a process pool itself");
    }
    let parent = format!("@{}", parent_id());
    let is_worker = env::var(ROLE).is_ok_and(|role| role.ends_with(&parent));
    // `main` went past `register`: each worker would start its own.
    is_worker.then_some("this process is a worker itself, but has not registered its work")
}

fn carry_out<J, V>(
    job: J,
    token: &StopToken,
    work: &dyn Fn(J, &StopToken) -> Result<V, TaskError>,
) -> Reply<V> {
    if token.is_interrupted() {
        return Reply::CancelledQueued;
    }
    // It notes whether a checkpoint fails.
    let token = &token.with_shield_counter();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| work(job, token)))
        .map_or_else(Outcome::of_panic, |result| {
            Outcome::of_result(result, token)
        });
    match outcome {
        Outcome::Completed(value) => Reply::Completed(value),
        Outcome::Failed(failure) => Reply::failed(failure),
        Outcome::Cancelled(Cancelled::Queued) => Reply::CancelledQueued,
        Outcome::Cancelled(Cancelled::Active) => Reply::CancelledActive,
        Outcome::Abandoned | Outcome::TimedOut(_) | Outcome::Lost(_) => Reply::failed(
            Failure::new("a task of a worker is neither abandoned nor lost", false),
        ),
    }
}

impl<V> Reply<V> {
    fn failed(failure: Failure) -> Reply<V> {
        Reply::Failed {
            causes: failure.causes(),
            message: failure.message,
            panicked: failure.panicked,
        }
    }

    pub(super) fn into_outcome(self) -> Outcome<V> {
        match self {
            Reply::Completed(value) => Outcome::Completed(value),
            Reply::Failed {
                message,
                panicked,
                causes,
            } => Outcome::Failed(Failure::of_texts(message, panicked, causes)),
            Reply::CancelledQueued => Outcome::Cancelled(Cancelled::Queued),
            Reply::CancelledActive => Outcome::Cancelled(Cancelled::Active),
            Reply::Unfit(why) => Outcome::Lost(Lost::Unfit(why)),
            Reply::Ready => Outcome::Lost(Lost::Garbled("its worker began anew".to_owned())),
        }
    }
}
