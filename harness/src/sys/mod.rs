//! Operating system calls, one concern a file: safe functions out, every
//! return value checked.

pub(crate) mod mounts;
pub(crate) mod poller;
pub(crate) mod proc;
pub(crate) mod ptrace;
pub(crate) mod pty;
pub(crate) mod reexec;
pub(crate) mod seccomp;
pub mod signals;
pub(crate) mod spawn;
pub(crate) mod wait;

/// Kills a child of this process that has not been waited for.
pub(crate) fn kill_child(pid: u32) -> std::io::Result<()> {
    let pid = i32::try_from(pid).map_err(std::io::Error::other)?;
    spawn::kill(pid, libc::SIGKILL).map(drop)
}
