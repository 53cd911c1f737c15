//! Operating system calls, one concern a file: safe functions out, every
//! return value checked.

pub(crate) mod arch;
pub(crate) mod ids;
pub(crate) mod mounts;
pub(crate) mod network;
pub(crate) mod poller;
pub(crate) mod proc;
pub(crate) mod processors;
pub(crate) mod ptrace;
pub(crate) mod pty;
pub(crate) mod reexec;
pub(crate) mod seccomp;
pub(crate) mod signals;
pub(crate) mod sockets;
pub(crate) mod spawn;
pub(crate) mod starve;
pub(crate) mod wait;

pub(crate) use mounts::has_attribute;
