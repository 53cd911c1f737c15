//! Everything that calls the operating system: safe functions out, every
//! return value checked, one file per platform and concern. The only other
//! `unsafe` code of the crate is in `signal/handler` and `stage_cell`.

#[cfg(unix)]
mod unix;
#[cfg(all(unix, feature = "failpoints"))]
pub(crate) use unix::failpoint;
#[cfg(unix)]
pub(crate) use unix::processes::{drain_pipes, exit, group_registry, process, process_group};
#[cfg(all(unix, feature = "process"))]
pub(crate) use unix::processes::{worker, worker_channel};
#[cfg(unix)]
pub(crate) use unix::signals::{disposition, errno, mask};
#[cfg(unix)]
pub(crate) use unix::{clock, foreground, terminal, wake_pipe};

#[cfg(windows)]
mod windows;
#[cfg(windows)]
pub(crate) use windows::console as exit;
#[cfg(windows)]
pub(crate) use windows::processes::{drain_pipes, process, process_group};
#[cfg(all(windows, feature = "process"))]
pub(crate) use windows::processes::{worker, worker_channel};
#[cfg(windows)]
pub(crate) use windows::{clock, console, disposition, foreground, mask, terminal, wake_pipe};

pub(crate) mod cell_layout;
#[cfg(not(sigproof_loom))]
pub(crate) mod page_layout;
pub(crate) mod process_tree;
pub(crate) mod tree_event;

// What Linux has of its own. Other systems do without, and so does Linux with
// `--cfg sigproof_portable`: that is how tests come to the portable parts.
#[cfg(target_os = "linux")]
mod group_members;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(all(target_os = "linux", not(sigproof_portable)))]
mod pidfd;
#[cfg(all(target_os = "linux", not(any(sigproof_loom, sigproof_portable))))]
pub(crate) use linux::{fork_detect, park, shared_page};

#[cfg(any(not(target_os = "linux"), sigproof_loom, sigproof_portable))]
mod portable;
#[cfg(any(not(target_os = "linux"), sigproof_loom, sigproof_portable))]
pub(crate) use portable::{fork_detect, park};
#[cfg(all(
    unix,
    any(not(target_os = "linux"), sigproof_portable),
    not(sigproof_loom)
))]
pub(crate) use unix::shared_page;
#[cfg(all(windows, not(sigproof_loom)))]
pub(crate) use windows::shared_page;

/// What stands for an open file of the system.
#[cfg(unix)]
pub(crate) use std::os::fd::{BorrowedFd as Descriptor, OwnedFd as OwnedDescriptor};
#[cfg(windows)]
pub(crate) use std::os::windows::io::{
    BorrowedHandle as Descriptor, OwnedHandle as OwnedDescriptor,
};
