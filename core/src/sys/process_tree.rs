//! A program with all that it starts.
//!
//! On Linux a guardian follows every descendant, on Windows a job holds them.
//! Elsewhere, and on a Linux without `/proc`, it is the process group.

use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::time::Duration;

use super::foreground::Foreground;
use super::process_group::ProcessGroup;
use super::tree_event::Event;
use crate::machine::Signal;
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
use crate::sys::linux::guardian::client::GuardedTree;

/// How long it may take killed processes to disappear: only one that must not
/// be killed (another user's, or one stuck in the kernel) gets there.
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
const DEATH_LIMIT: Duration = Duration::from_secs(5);

/// A program with all that it starts.
#[derive(Debug)]
pub(crate) enum ProcessTree {
    #[cfg(all(target_os = "linux", not(sigproof_portable)))]
    Guarded(GuardedTree),
    Group(ProcessGroup),
}

impl ProcessTree {
    /// Starts `command`, which does not ignore `request`; if this process is killed, the tree dies with it
    /// and `scratch` is removed (with a guardian). The program has the terminal.
    ///
    /// # Errors
    /// Those of starting a program; [`io::ErrorKind::QuotaExceeded`] if there
    /// are too many groups.
    pub(crate) fn spawn(
        command: &mut Command,
        request: Signal,
        scratch: Option<&Path>,
        terminal: Option<&Foreground>,
    ) -> io::Result<ProcessTree> {
        #[cfg(all(target_os = "linux", not(sigproof_portable)))]
        if GuardedTree::is_possible() {
            return GuardedTree::spawn(command, request, scratch, terminal)
                .map(ProcessTree::Guarded);
        }
        let _ = scratch;
        ProcessGroup::spawn(command, request, terminal).map(ProcessTree::Group)
    }

    /// The child that holds the pipes.
    pub(crate) fn child(&mut self) -> &mut Child {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.child(),
            ProcessTree::Group(group) => group.child(),
        }
    }

    /// Reports what happens; returns after [`Event::Gone`] or
    /// [`Event::Lost`].
    pub(crate) fn watch(&self, mut on_event: impl FnMut(Event)) {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.watch(on_event),
            ProcessTree::Group(group) => {
                // It fails only if somebody else reaped the leader.
                let _ = group.watch_leader(|signal| on_event(Event::LeaderStopped(signal)));
                on_event(Event::LeaderEnded);
                on_event(Event::Gone);
            }
        }
    }

    /// The number of the program's group.
    pub(crate) fn group(&self) -> i32 {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.group(),
            ProcessTree::Group(group) => group.id(),
        }
    }

    /// Whether the program is stopped with this process, which lets it go on
    /// again.
    pub(crate) fn is_stopped_with_us(&self) -> bool {
        #[cfg(unix)]
        return crate::sys::group_registry::are_stopped();
        #[cfg(windows)]
        return false;
    }

    /// Whether the program is stopped now.
    pub(crate) fn is_stopped(&self) -> bool {
        crate::sys::process::is_stopped(self.group())
    }

    /// Lets the program's group go on, which was stopped. The program is there,
    /// or has not been waited for.
    pub(crate) fn resume(&self) {
        #[cfg(unix)]
        crate::sys::group_registry::resume(self.group());
    }

    /// Asks the program's group to end, stopped processes included; with a
    /// guardian, also what it leaves behind when it has ended.
    pub(crate) fn request_end(&self, signal: i32) {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.request_end(signal),
            ProcessTree::Group(group) => group.request_end(signal),
        }
    }

    /// Leaves what the program has left behind alone, when it has ended; without
    /// a guardian, what has left its group.
    pub(crate) fn release(&self) {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.release(),
            ProcessTree::Group(_) => {}
        }
    }

    /// Kills everybody who is followed.
    pub(crate) fn kill(&self) {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.kill(),
            ProcessTree::Group(group) => group.kill(),
        }
    }

    /// How long to wait for everybody to be gone after [`ProcessTree::kill`];
    /// `None` where a wait cannot be given up.
    pub(crate) fn death_limit(&self) -> Option<Duration> {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(_) => Some(DEATH_LIMIT),
            ProcessTree::Group(_) => None,
        }
    }

    /// Gives up on processes that are not gone after
    /// [`ProcessTree::death_limit`]: ends a [`ProcessTree::watch`] on another
    /// thread, and waits for nobody from now on.
    pub(crate) fn give_up(&self) -> io::Error {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.give_up(),
            ProcessTree::Group(_) => io::Error::other("the program cannot be killed"),
        }
    }

    /// The status of the program, after everybody is gone.
    ///
    /// # Errors
    /// Those of waiting for a process.
    pub(crate) fn finish(&mut self) -> io::Result<ExitStatus> {
        match self {
            #[cfg(all(target_os = "linux", not(sigproof_portable)))]
            ProcessTree::Guarded(guarded) => guarded.finish(),
            ProcessTree::Group(group) => group.finish(),
        }
    }
}
