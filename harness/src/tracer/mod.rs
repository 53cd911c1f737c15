//! The tracer: ptrace events in, what they mean for the run out.

mod calls;
mod family;
mod machine;
mod meet;
mod watch;

pub(crate) use calls::class_of;
pub(crate) use machine::{Seen, Tracer};
pub(crate) use watch::{Awaited, Record, Watch};
