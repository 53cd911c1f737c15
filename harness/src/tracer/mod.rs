//! The tracer: ptrace stops in, what they mean for the run out.

mod call_stops;
mod changed_argument;
mod match_points;
mod next;
mod process_tree;
mod quiet_log;
mod recording;
mod signal_stops;
mod stack_memory;
mod stack_reader;
mod syscalls;
mod thread;
mod trace_config;
mod trace_event;
mod tracer;
mod unfollowed;

pub(crate) use recording::Recording;
pub(crate) use syscalls::syscall_matcher::{ArgumentMatcher, SyscallMatcher};
pub(crate) use syscalls::{class_of, is_output, reason_not_followed};
pub(crate) use trace_config::{Breakpoint, Record, Scope, TraceConfig};
pub(crate) use trace_event::{HoldReason, TraceEvent};
pub(crate) use tracer::Tracer;
