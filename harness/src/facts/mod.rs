//! Facts: timestamped events and end states, as plain data.
//!
//! This is the only thing that all layers share. Probing produces facts,
//! judging consumes them, reporting renders them. Nothing in here reads a
//! clock, a file or a process, so a run can be stored and judged again later
//! without the program it came from.

mod call_argument;
mod capture;
pub mod errnos;
mod event;
mod point;
mod run;
mod service;
mod shape;
pub mod signals;
mod stack;
mod status;
mod tree;

pub(crate) use call_argument::{CallArgument, CallLabel};
pub use capture::Capture;
pub(crate) use capture::CaptureWriter;
pub use event::{Event, EventKind, HandlerFact, Stream, is_failpoint};
pub(crate) use point::ANONYMOUS;
pub use point::{
    DescriptorKind, Phase, PointKey, RawPoint, Surroundings, code_hash, code_of_stack,
    counted_argument,
};
pub use run::{
    CheckFact, Orphan, QuietCall, Run, Stuck, TerminalFact, Unfollowed, UnfollowedCount, Usage,
    Zombie,
};
pub use service::{
    AtFault, CommandFact, LateConnection, Reply, RequestFact, ServiceFacts, UnreadyFact,
};
pub use shape::{path_shape, text_shape};
pub(crate) use signals::Signal;
pub use stack::{Frame, Stacks, own};
pub use status::ExitStatus;
pub use tree::{Change, Entry, EntryKind, TreeDelta};
