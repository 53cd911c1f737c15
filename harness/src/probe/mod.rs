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

mod dead;
mod deadlines;
mod failpoints;
mod finish;
mod frames;
mod happenings;
mod home;
mod later;
mod live;
mod observe;
mod order;
mod serve;
mod session;
mod stepper;
mod streams;
mod strike;
mod supervisor;
mod turn;

pub(crate) use home::{Home, remove_stale};
pub(crate) use order::{Ready, Refusal, RunOrder, Setup, Trace};
pub(crate) use serve::supervise;
pub(crate) use supervisor::{ProbeError, Supervisor, kill_supervisor};
pub(crate) use turn::Turn;

crate::sys::reexec::run_before_main!(supervise);
