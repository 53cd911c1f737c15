//! Everything that calls the operating system: safe functions out, every
//! return value checked, one file per platform and concern. The only other
//! `unsafe` code of the crate is in `signal/handler.rs`.

#[cfg(unix)]
mod unix {
    pub(crate) mod clock;
    pub(crate) mod disposition;
    pub(crate) mod ending;
    pub(crate) mod errno;
    #[cfg(feature = "failpoints")]
    pub(crate) mod failpoint;
    #[cfg(feature = "process")]
    mod fd_passing;
    pub(crate) mod group;
    pub(crate) mod groups;
    #[cfg(feature = "process")]
    pub(crate) mod link;
    #[cfg(not(sigproof_loom))]
    pub(super) mod mapping;
    pub(crate) mod mask;
    pub(crate) mod newborn;
    pub(crate) mod process;
    pub(crate) mod pump;
    pub(crate) mod terminal;
    pub(crate) mod wake;
    #[cfg(feature = "process")]
    pub(crate) mod worker;
}
#[cfg(all(unix, feature = "failpoints"))]
pub(crate) use unix::failpoint;
#[cfg(unix)]
pub(crate) use unix::{
    clock, disposition, ending, errno, group, groups, mask, process, pump, terminal, wake,
};
#[cfg(all(unix, feature = "process"))]
pub(crate) use unix::{link, worker};

#[cfg(windows)]
mod windows {
    pub(crate) mod clock;
    pub(crate) mod console;
    pub(crate) mod disposition;
    pub(crate) mod group;
    mod job;
    #[cfg(feature = "process")]
    pub(crate) mod link;
    pub(crate) mod mask;
    pub(crate) mod process;
    pub(crate) mod pump;
    mod snapshot;
    pub(crate) mod terminal;
    pub(crate) mod wake;
    #[cfg(feature = "process")]
    pub(crate) mod worker;
}
#[cfg(windows)]
pub(crate) use windows::console as ending;
#[cfg(windows)]
pub(crate) use windows::{clock, console, disposition, group, mask, process, pump, terminal, wake};
#[cfg(all(windows, feature = "process"))]
pub(crate) use windows::{link, worker};

pub(crate) mod cell_layout;
pub(crate) mod family;
#[cfg(not(sigproof_loom))]
pub(crate) mod page_layout;

// What Linux has of its own. Other systems do without, and so does Linux with
// `--cfg sigproof_portable`: that is how tests come to the portable parts.
#[cfg(target_os = "linux")]
mod linux {
    #[cfg(not(sigproof_portable))]
    pub(crate) mod guarded;
    #[cfg(not(sigproof_portable))]
    mod guardian;
    pub(crate) mod members;
    #[cfg(not(any(sigproof_loom, sigproof_portable)))]
    pub(crate) mod owner;
    #[cfg(not(any(sigproof_loom, sigproof_portable)))]
    pub(crate) mod page;
    #[cfg(not(any(sigproof_loom, sigproof_portable)))]
    pub(crate) mod park;
    #[cfg(not(sigproof_portable))]
    pub(crate) mod pidfd;
}
#[cfg(target_os = "linux")]
pub(crate) use linux::members;
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
pub(crate) use linux::{guarded, pidfd};
#[cfg(all(target_os = "linux", not(any(sigproof_loom, sigproof_portable))))]
pub(crate) use linux::{owner, page, park};

#[cfg(any(not(target_os = "linux"), sigproof_loom, sigproof_portable))]
mod portable {
    pub(crate) mod owner;
    #[cfg(not(sigproof_loom))]
    #[cfg_attr(unix, path = "../unix/page.rs")]
    #[cfg_attr(windows, path = "../windows/page.rs")]
    pub(crate) mod page;
    pub(crate) mod park;
}
#[cfg(all(any(not(target_os = "linux"), sigproof_portable), not(sigproof_loom)))]
pub(crate) use portable::page;
#[cfg(any(not(target_os = "linux"), sigproof_loom, sigproof_portable))]
pub(crate) use portable::{owner, park};

/// What stands for an open file of the system.
#[cfg(unix)]
pub(crate) use std::os::fd::{BorrowedFd as Descriptor, OwnedFd as OwnedDescriptor};
#[cfg(windows)]
pub(crate) use std::os::windows::io::{
    BorrowedHandle as Descriptor, OwnedHandle as OwnedDescriptor,
};
