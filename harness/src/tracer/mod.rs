//! The tracer: ptrace events in, what they mean for the run out.

mod again;
mod calls;
mod change;
mod family;
mod inside;
mod machine;
mod meet;
mod recording;
mod spin;
mod steps;
mod watch;
mod whom;
mod window;

pub(crate) use calls::class_of;
pub(crate) use machine::{Hold, Seen, Tracer};
pub(crate) use recording::Recording;
pub(crate) use watch::{Awaited, Look, Record, Scope, Watch};
