//! A child process with all that it starts: a job, and a process group of the
//! console.
//!
//! The job holds the descendants and kills them; the console's group decides
//! who hears of keys: a new one does not get Ctrl+C, and can be sent a
//! Ctrl+Break of its own, which is the one polite request that Windows has.

use std::io;
use std::os::windows::io::{AsHandle, AsRawHandle};
use std::os::windows::process::CommandExt;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use windows_sys::Win32::Foundation::WAIT_OBJECT_0;
use windows_sys::Win32::System::Threading::{
    CREATE_NEW_PROCESS_GROUP, CREATE_SUSPENDED, INFINITE, WaitForSingleObject,
};

use super::job::Job;
use super::snapshot;
use crate::machine::Signal;
use crate::sys::console;
use crate::sys::foreground::Foreground;

/// How long [`ProcessGroup::finish`] waits for killed descendants to disappear.
const DISAPPEARANCE_LIMIT: Duration = Duration::from_millis(500);

/// A child process and its descendants.
#[derive(Debug)]
pub(crate) struct ProcessGroup {
    child: Child,
    job: Job,
    end: Option<ExitStatus>,
}

impl ProcessGroup {
    /// Starts `command` in a job of its own, which ends with this process.
    ///
    /// It is started suspended and joins the job before its first
    /// instruction: whatever it starts is in the job as well.
    ///
    /// # Errors
    /// Those of starting a program and of putting it into a job.
    pub(crate) fn spawn(
        command: &mut Command,
        _request: Signal,
        _terminal: Option<&Foreground>,
    ) -> io::Result<ProcessGroup> {
        let job = Job::new()?;
        let child = command
            .creation_flags(CREATE_NEW_PROCESS_GROUP | CREATE_SUSPENDED)
            .spawn()?;
        let mut group = ProcessGroup {
            child,
            job,
            end: None,
        };
        let begun = group
            .job
            .adopt(group.child.as_handle())
            .and_then(|()| snapshot::resume(group.child.id()));
        if let Err(error) = begun {
            // It may not be in the job. If killing fails it has ended.
            let _ = group.child.kill();
            return Err(error);
        }
        Ok(group)
    }

    /// The same: the leader of a new process group is deaf to Ctrl+C anyway.
    ///
    /// # Errors
    /// Those of [`ProcessGroup::spawn`].
    #[cfg(feature = "process")]
    pub(crate) fn spawn_masked(command: &mut Command) -> io::Result<ProcessGroup> {
        ProcessGroup::spawn(command, Signal::INTERRUPT, None)
    }

    /// The number of its console group.
    pub(crate) fn id(&self) -> i32 {
        self.child.id().cast_signed()
    }

    /// The process that was started, for its pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Asks the processes of the group to end, by Ctrl+Break: whatever `signal`
    /// says, there is no other. It reaches those on the same console; without
    /// one there is nobody to ask, and the grace period passes in silence.
    pub(crate) fn request_end(&self, _signal: i32) {
        if self.end.is_none() {
            let _ = console::press_break(self.child.id());
        }
    }

    /// Kills every process of the job.
    pub(crate) fn kill(&self) {
        self.job.kill();
    }

    /// As [`ProcessGroup::wait_for_leader`]: no signal stops a process here.
    ///
    /// # Errors
    /// Those of [`ProcessGroup::wait_for_leader`].
    pub(crate) fn watch_leader(&self, _on_stop: impl FnMut(i32)) -> io::Result<()> {
        self.wait_for_leader()
    }

    /// Waits until the process that was started has ended.
    ///
    /// # Errors
    /// Those of `WaitForSingleObject`.
    pub(crate) fn wait_for_leader(&self) -> io::Result<()> {
        // SAFETY: the handle is open as long as `self` lives.
        match unsafe { WaitForSingleObject(self.child.as_raw_handle(), INFINITE) } {
            WAIT_OBJECT_0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }

    /// Kills what is left, and waits a bounded time until no descendant is
    /// left. Later calls give the same status.
    ///
    /// # Errors
    /// Those of waiting for a process.
    pub(crate) fn finish(&mut self) -> io::Result<ExitStatus> {
        if let Some(end) = self.end {
            return Ok(end);
        }
        self.kill();
        let status = self.child.wait()?;
        self.end = Some(status);
        let deadline = Instant::now() + DISAPPEARANCE_LIMIT;
        while self.job.has_members() && Instant::now() < deadline {
            // A job without members can be waited for by a completion port
            // only, for what is a matter of microseconds.
            thread::yield_now();
        }
        Ok(status)
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // Whatever went wrong before, no process stays behind.
        let _ = self.finish();
    }
}
