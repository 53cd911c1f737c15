//! Probing: a supervisor process runs the target, applies a schedule and
//! brings back facts.
//!
//! ```text
//! sigproof ──socket── supervisor ─ptrace─ target and its descendants
//!                      (own process, mount and, if need be, user namespace)
//! ```
//!
//! The supervisor has one thread, which makes all ptrace calls. It waits in one
//! place (epoll) for output, children, time and the control socket.

mod client;
mod codec;
mod protocol;
mod run;
mod run_lock;
mod scratch_dir;
mod server;
mod session;

pub(crate) use client::{ClientError, Supervisor, kill_supervisor};
pub(crate) use protocol::{
    Ready, Recorded, RunRequest, Setup, StackDetail, SupervisorError, Trace,
};
pub(crate) use run_lock::RunLock;
pub(crate) use scratch_dir::{ScratchDir, remove_stale};
use server::supervise;

crate::sys::reexec::run_before_main!(supervise);
