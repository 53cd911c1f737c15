//! The messages between the command and a supervisor.

use crate::facts::Run;
use crate::schedule::Step;
use crate::target::{Environment, Target, TreeError};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// The first message: what is going to be run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Setup {
    pub(crate) target: Target,
    pub(crate) around: Environment,
    /// Take namespaces.
    pub(crate) private: bool,
    /// A directory for this supervisor alone.
    pub(crate) base: PathBuf,
    /// Its number among the supervisors: each has another processor, if it is pinned to one.
    pub(crate) place: usize,
}

/// How closely a run is watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Trace {
    /// Not traced at all.
    None,
    /// Births, deaths, executions, signals, and what the schedule's triggers need.
    Steps,
    /// The same, and every effect call is reported.
    Effects,
    /// Calls become points.
    Record(Recorded),
    /// Calls without an effect at which a handler of a signal could interrupt the C library are kept, one of each kind.
    Quiet {
        /// Its number.
        signal: i32,
        /// Who makes them.
        stacks: StackDetail,
    },
}

/// What a recording keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Recorded {
    /// Every call, not only those with an effect.
    pub(crate) all: bool,
    /// The stack of the thread that makes each call.
    pub(crate) stacks: StackDetail,
}

/// How much of a stack is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum StackDetail {
    /// Nothing.
    None,
    /// Each frame's file and place in it: enough to tell code apart.
    Addresses,
    /// With functions, files and lines, which takes longer.
    Names,
}

impl Trace {
    /// Calls become points.
    pub(crate) fn records(self) -> bool {
        matches!(self, Trace::Record(_) | Trace::Quiet { .. })
    }

    /// How much of each stack is kept.
    pub(crate) fn stacks(self) -> StackDetail {
        match self {
            Trace::Record(recorded) => recorded.stacks,
            Trace::Quiet { stacks, .. } => stacks,
            _ => StackDetail::None,
        }
    }
}

/// One run.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RunRequest {
    /// Start from the start state, not from what the last run left.
    pub(crate) fresh: bool,
    /// Another command than the target's.
    pub(crate) command: Option<Vec<String>>,
    pub(crate) trace: Trace,
    pub(crate) steps: Vec<Step>,
    /// Globs of the changed files whose content is wanted.
    pub(crate) contents: Vec<String>,
    /// How long it may take without any signal, in milliseconds.
    pub(crate) before_ms: u64,
    /// How long it may take after the last signal, in milliseconds.
    pub(crate) after_ms: u64,
    /// How long descendants may outlive it, in milliseconds.
    pub(crate) grace_ms: u64,
}

/// A message to the supervisor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Request {
    Setup(Box<Setup>),
    /// Use one processor from now on, together with whatever is run. There is no response.
    KeepToOne,
    Run(Box<RunRequest>),
    /// Take the state that the last run left for the start state from now on.
    Adopt,
}

/// What a supervisor is able to do, sent once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ready {
    /// Where the target's work tree is.
    pub(crate) tree: String,
    /// `overlay` or `copy`.
    pub(crate) method: String,
    /// What the user should know.
    pub(crate) notes: Vec<String>,
}

/// Why something cannot be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SupervisorError {
    /// Namespaces are not allowed here; try without.
    Isolation(String),
    /// The command cannot be executed.
    Command(String),
    /// An input cannot be read.
    Input(String),
    /// The harness is not allowed to trace.
    Trace(String),
    /// The harness itself fails.
    Harness(String),
}

impl From<TreeError> for SupervisorError {
    fn from(error: TreeError) -> SupervisorError {
        match error {
            TreeError::Input { .. } | TreeError::TooLarge { .. } => {
                SupervisorError::Input(error.to_string())
            }
            TreeError::Place { .. } => SupervisorError::Harness(error.to_string()),
        }
    }
}

/// A message from the supervisor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Response {
    Ready(Ready),
    Refused(SupervisorError),
    Ran(Box<Run>),
    Adopted,
}
