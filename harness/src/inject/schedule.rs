//! Triggers and faults.

use super::PointName;
use crate::facts::signals;
use crate::facts::{Phase, PointKey};
use serde::{Deserialize, Serialize};

/// Everything that is done to a target in one run. Steps come due in order:
/// the trigger of a step is looked at once the step before it was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// One fault and its moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// When.
    pub trigger: Trigger,
    /// What.
    pub fault: Fault,
}

/// When a fault is applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// This long after the target's program was executed, in nanoseconds.
    After {
        /// Nanoseconds.
        ns: u64,
    },
    /// This long after the step before, in nanoseconds.
    AfterPrevious {
        /// Nanoseconds.
        ns: u64,
    },
    /// The output (of both streams, or of the terminal) after the step before
    /// matches this regular expression.
    Output {
        /// The expression.
        pattern: String,
    },
    /// The target has installed a handler for the step's signal.
    Handler,
    /// This many processes have been created, the target not counted.
    Child {
        /// From 1.
        nth: u32,
    },
    /// A path that matches this glob exists in the work tree.
    File {
        /// The glob, relative to the work tree.
        glob: String,
    },
    /// The n-th call that looks like this.
    Call(CallSelector),
    /// A point of a recorded run.
    Point {
        /// Its name.
        name: PointName,
        /// How to find it without naming every call.
        key: PointKey,
    },
}

/// Selects a system call by what is known of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSelector {
    /// Glob on the process path; any when absent.
    pub process: Option<String>,
    /// The call's name.
    pub call: String,
    /// Glob on its argument; any when absent.
    pub arg: Option<String>,
    /// The how-manieth call that matches, from 1.
    pub nth: u32,
    /// On which side of the call.
    pub phase: Phase,
}

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A signal.
    Signal {
        /// Its number.
        signal: i32,
        /// To whom.
        to: Delivery,
    },
}

/// Whom a signal is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The target's own process only, as `kill PID` does.
    Process,
    /// The target's process group, as a terminal does for its foreground group.
    Group,
    /// Typed on the pty: a real 0x03 (INT), 0x1c (QUIT) or 0x1a (TSTP).
    Terminal,
}

impl Delivery {
    /// Whom a signal goes to unless told otherwise: what a keyboard sends goes to
    /// the group (typed, on a pty), what `kill`, `timeout` and `docker stop` send to the process.
    pub fn usual(signal: i32, pty: bool) -> Delivery {
        match signal {
            libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP if pty => Delivery::Terminal,
            libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP | libc::SIGHUP => Delivery::Group,
            _ => Delivery::Process,
        }
    }

    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Delivery::Process => "process",
            Delivery::Group => "group",
            Delivery::Terminal => "terminal",
        }
    }
}

impl Fault {
    /// The signal's number.
    pub fn signal(&self) -> i32 {
        match self {
            Fault::Signal { signal, .. } => *signal,
        }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Fault::Signal { signal, to } => {
                write!(f, "{} to the {}", signals::name(*signal), to.word())
            }
        }
    }
}

/// The control character that a person types for a signal.
pub(crate) fn typed(signal: i32) -> Option<u8> {
    match signal {
        libc::SIGINT => Some(0x03),
        libc::SIGQUIT => Some(0x1c),
        libc::SIGTSTP => Some(0x1a),
        _ => None,
    }
}

impl Schedule {
    /// Nothing is done: an undisturbed run.
    pub fn undisturbed() -> Schedule {
        Schedule::default()
    }

    /// One step.
    pub fn of(trigger: Trigger, fault: Fault) -> Schedule {
        Schedule {
            steps: vec![Step { trigger, fault }],
        }
    }
}
