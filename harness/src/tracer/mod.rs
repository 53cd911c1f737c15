//! The tracer: ptrace events in, what they mean for the run out.

mod addressee;
mod match_points;
mod process_tree;
mod recording;
mod restarted_syscall;
mod rewrite_syscall;
mod syscalls;
mod thread;
mod trace_config;
mod tracer;

pub(crate) use recording::Recording;
pub(crate) use syscalls::class_of;
pub(crate) use trace_config::{
    ArgumentMatcher, Breakpoint, Record, Scope, SyscallMatcher, TraceConfig,
};
pub(crate) use tracer::{HoldReason, TraceEvent, Tracer};
