//! System calls: which of them matter, one call that begins, and changing it.

pub(crate) mod observed_syscall;
pub(crate) mod rewrite_syscall;
pub(crate) mod syscall_matcher;
mod table;

pub(crate) use table::*;
