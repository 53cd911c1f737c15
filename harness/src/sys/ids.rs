//! Numbers of processes and threads, as two types.
//!
//! The kernel numbers both alike: a process has the number of its main thread.
//! Facts and stored formats keep plain numbers; these types end at that border.

use std::fmt;

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Pid(i32);

/// A thread, of whatever process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Tid(i32);

impl Pid {
    pub(crate) const fn new(number: i32) -> Pid {
        Pid(number)
    }

    /// The calling process.
    pub(crate) fn current() -> Pid {
        Pid(std::process::id().cast_signed())
    }

    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    pub(crate) const fn main_thread(self) -> Tid {
        Tid(self.0)
    }
}

impl Tid {
    pub(crate) const fn new(number: i32) -> Tid {
        Tid(number)
    }

    pub(crate) const fn number(self) -> i32 {
        self.0
    }

    /// The process of which this is the main thread. The caller knows that it is one.
    pub(crate) const fn as_main_of(self) -> Pid {
        Pid(self.0)
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Tid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<Pid> for nix::unistd::Pid {
    fn from(pid: Pid) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(pid.0)
    }
}

impl From<Tid> for nix::unistd::Pid {
    fn from(tid: Tid) -> nix::unistd::Pid {
        nix::unistd::Pid::from_raw(tid.0)
    }
}
