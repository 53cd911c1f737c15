//! A moment in a target's run at which a fault can be placed.

use serde::{Deserialize, Serialize};
use std::fmt;

/// On which side of a system call a fault is placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Just before the instruction that makes the call: only here a check-then-block race shows.
    Before,
    /// Pending when the call begins: a call that blocks returns EINTR at once.
    Entry,
    /// When the call has returned, before the program runs on.
    Exit,
    /// So many instructions after its return, before the thread's next call.
    Later(u32),
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Phase::Before => f.write_str("before"),
            Phase::Entry => f.write_str("entry"),
            Phase::Exit => f.write_str("exit"),
            Phase::Later(instructions) => write!(f, "exit+{instructions}"),
        }
    }
}

impl Phase {
    /// Reads what is displayed.
    pub fn parse(text: &str) -> Option<Phase> {
        match text {
            "before" => Some(Phase::Before),
            "entry" => Some(Phase::Entry),
            "exit" => Some(Phase::Exit),
            _ => match text.strip_prefix("exit+")?.parse() {
                Ok(0) | Err(_) => None,
                Ok(instructions) => Some(Phase::Later(instructions)),
            },
        }
    }
}

/// Finds one call again in another run of the same target: which process and
/// thread, which instruction, and which time that thread comes by.
///
/// Addresses are those of a target without address-space randomisation.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PointKey {
    /// Fork ordinals and program names, such as `bash/1:sort`.
    pub process: String,
    /// Clone ordinals below the main thread, empty for the main thread, such as `t2`.
    pub thread: String,
    /// The system call's number.
    pub number: u32,
    /// Address of the instruction after the system call.
    pub ip: u64,
    /// Which time this thread comes by at this instruction, from 1.
    pub nth: u32,
}

/// A system call as one recorded run made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawPoint {
    /// How to find it again.
    pub key: PointKey,
    /// The call's name.
    pub call: String,
    /// The argument that distinguishes it from other calls of its name: a path relative to the work tree, a signal, …
    pub arg: String,
    /// What it returned; `None` when it did not return (exit, or the process ended in it).
    pub returned: Option<i64>,
    /// The world outside the process changes here, or the process waits.
    pub effect: bool,
    /// It can block.
    pub blocks: bool,
    /// It changes the world outside: from here on an interruption can do harm.
    pub changes: bool,
    /// A signal handler of the schedule's signals makes it.
    #[serde(default)]
    pub in_handler: bool,
    /// It installs a handler for this signal.
    pub installs: Option<i32>,
    /// Nanoseconds since the start.
    pub at_ns: u64,
}
