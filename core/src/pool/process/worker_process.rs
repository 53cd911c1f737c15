//! One worker process, as the pool sees it.

#[cfg(unix)]
use std::env;
use std::io;
use std::process::{Command, ExitStatus};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::frame::{self, Frame};
use super::worker_program::{ROLE, Reply, role_of};
use super::worker_stage::WorkerStage;
use crate::machine::Stage;
use crate::pool::shared::{Cancelled, Failure, Lost, Outcome};
use crate::sys::process_group::ProcessGroup;
use crate::sys::worker_channel::{self, WorkerChannel};
use crate::sys::{process, worker};

/// A worker process with the line to it.
pub(super) struct WorkerProcess {
    group: Mutex<ProcessGroup>,
    link: WorkerChannel,
    /// The stage as it sees it.
    stage: WorkerStage,
    /// Its task came to the limit: it has seen a stage, and gets no other task.
    timed_out: AtomicBool,
    /// The pool has asked it to end, or killed it.
    condemned: AtomicBool,
    /// It has registered its work.
    ready: AtomicBool,
}

/// How long a worker without a task may take to end.
const END_LIMIT: Duration = Duration::from_secs(1);

impl WorkerProcess {
    /// Executes this program again as a worker for `name`, which sees this stage.
    ///
    /// # Errors
    /// Those of making a line to it and of starting a program.
    pub(super) fn start(name: &str, args: &[String], shown: Stage) -> io::Result<WorkerProcess> {
        let stage = WorkerStage::new()?;
        stage.show(shown);
        let (mut link, theirs) = worker_channel::pair()?;
        let mut command = Command::new(process::executable()?);
        #[cfg(unix)]
        if let Some(name) = env::args_os().next() {
            std::os::unix::process::CommandExt::arg0(&mut command, name);
        }
        command
            .args(args)
            .env(ROLE, role_of(name, process::id()))
            .stdin(theirs);
        let mut group = ProcessGroup::spawn_masked(&mut command)?;
        // Our copy of its end would keep the line open when it is gone.
        drop(command);
        match link.give(group.child(), stage.descriptor()?) {
            // It has ended already; its first reply explains why.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
            given => given?,
        }
        Ok(WorkerProcess {
            group: Mutex::new(group),
            link,
            stage,
            timed_out: AtomicBool::new(false),
            condemned: AtomicBool::new(false),
            ready: AtomicBool::new(false),
        })
    }

    /// Has the worker do one job; whether it can do another one afterwards.
    pub(super) fn carry_out<J, V>(&self, job: &J, limit: usize) -> (Outcome<V>, bool)
    where
        J: Serialize,
        V: DeserializeOwned,
    {
        let request = match frame::encode(job, limit) {
            Ok(request) => request,
            Err(error) => {
                return (Outcome::Failed(Failure::of_error(error)), true);
            }
        };
        let mut link = &self.link;
        let sent = io::Write::write_all(&mut link, &request);
        // Length and value in one read, if they are short. No more comes.
        let mut replies = io::BufReader::with_capacity(512, link);
        let mut reply = frame::read::<Reply<V>>(&mut replies, limit);
        if let Ok(Frame::Value(Reply::Ready)) = reply {
            self.ready.store(true, Ordering::SeqCst);
            reply = frame::read(&mut replies, limit);
        }
        let reply = match reply {
            // A worker that cannot work reports that without having read the
            // job.
            Ok(Frame::Value(reply)) => Ok(Frame::Value(reply)),
            reply => sent.and(reply),
        };
        match reply {
            Ok(Frame::Value(Reply::Unfit(why))) => {
                // It is about to end.
                let _ = self.finish();
                (Outcome::Lost(Lost::Unfit(why)), false)
            }
            Ok(Frame::Value(reply)) => (reply.into_outcome(), true),
            Ok(Frame::End | Frame::Closed) => (self.outcome_of_death(None), false),
            Err(error) => (self.outcome_of_death(Some(&error)), false),
        }
    }

    /// Shows it this stage.
    pub(super) fn show(&self, stage: Stage) {
        self.stage.show(stage);
    }

    /// Asks its task to end, as stage 2 does: it has come to its limit.
    pub(super) fn end_late_task(&self) {
        self.timed_out.store(true, Ordering::SeqCst);
        // First, so that the token shows why the signal came.
        self.show(Stage::TerminateActive);
        self.terminate();
    }

    /// Whether a task of it came to its limit.
    pub(super) fn has_timed_out(&self) -> bool {
        self.timed_out.load(Ordering::SeqCst)
    }

    /// Whether it has ended, as far as is known without waiting.
    pub(super) fn has_ended(&self) -> bool {
        self.link.has_ended()
    }

    /// Whether it has ended before it registered its work, and not because the
    /// pool wanted it.
    pub(super) fn never_began(&self) -> bool {
        !self.ready.load(Ordering::SeqCst) && !self.condemned.load(Ordering::SeqCst)
    }

    /// Asks a worker without a task to end as any program does.
    pub(super) fn ask_to_end(&self) {
        // It fails if the worker has ended.
        let _ = io::Write::write_all(&mut &self.link, &frame::END);
    }

    /// Waits a moment for the end of a worker that was asked.
    pub(super) fn wait_for_end(&self) {
        self.link.wait_for_end(END_LIMIT);
    }

    fn outcome_of_death<V>(&self, error: Option<&io::Error>) -> Outcome<V> {
        let end = self.finish();
        if self.condemned.load(Ordering::SeqCst) {
            return Outcome::Cancelled(Cancelled::Active);
        }
        Outcome::Lost(match (end, error) {
            (_, Some(error)) if error.kind() == io::ErrorKind::InvalidData => {
                Lost::Garbled(error.to_string())
            }
            (Ok(status), _) => Lost::Died(status),
            (Err(error), _) => Lost::Unknown(error.to_string()),
        })
    }

    /// Asks the worker, and all that its tasks started, to end.
    pub(super) fn terminate(&self) {
        self.condemned.store(true, Ordering::SeqCst);
        self.with_group(|group| group.request_end(worker::REQUEST.number()));
    }

    /// Kills the worker and all that its tasks started.
    pub(super) fn kill(&self) {
        self.condemned.store(true, Ordering::SeqCst);
        self.with_group(|group| group.kill());
    }

    /// A group that is locked is being finished, which kills it as well.
    fn with_group(&self, action: impl FnOnce(&ProcessGroup)) {
        match self.group.try_lock() {
            Ok(group) => action(&group),
            Err(TryLockError::Poisoned(group)) => action(&group.into_inner()),
            Err(TryLockError::WouldBlock) => {}
        }
    }

    /// Kills what is left, and reaps.
    pub(super) fn finish(&self) -> io::Result<ExitStatus> {
        let mut group = self.group.lock().unwrap_or_else(PoisonError::into_inner);
        group.finish()
    }
}
