//! Triggers and faults.

use super::fault::Fault;
use super::point_name::PointName;
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
    /// Not once but from there on: at each later call that looks the same, or,
    /// where no call is named, to each call that the fault can happen to. A
    /// signal without a call comes again and again. At most
    /// [`Step::TIMES_MAX`] times.
    #[serde(default)]
    pub lasting: bool,
}

impl Step {
    /// How often a lasting fault is applied.
    pub const TIMES_MAX: u32 = 10_000;
    /// How often EINTR and EAGAIN are: a correct program asks again for as long
    /// as they come.
    pub const RETRIES_MAX: u32 = 100;

    /// One fault, once.
    pub fn once(trigger: Trigger, fault: Fault) -> Step {
        Step {
            trigger,
            fault,
            lasting: false,
        }
    }

    /// Whether it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        matches!(self.trigger, Trigger::Failpoint { .. })
    }

    /// How often its fault is applied at most.
    pub fn times(&self) -> u32 {
        match (self.lasting, &self.fault) {
            (true, Fault::Errno { errno }) if matches!(*errno, libc::EINTR | libc::EAGAIN) => {
                Step::RETRIES_MAX
            }
            (false, _) => 1,
            (true, _) => Step::TIMES_MAX,
        }
    }
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
    /// A cooperative target has said this name, and waits for an answer.
    Failpoint {
        /// The name.
        name: String,
        /// The how-manieth time, from 1.
        nth: u32,
    },
    /// The service is ready, as the script of the target says, and nobody uses it yet.
    Ready,
    /// The script's clients have sent this many requests, and everybody waits.
    Request {
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
    /// Calls that change nothing are counted, too, as `sigproof points --all` does.
    #[serde(default)]
    pub every: bool,
}

impl Schedule {
    /// Nothing is done: an undisturbed run.
    pub fn undisturbed() -> Schedule {
        Schedule::default()
    }

    /// The schedule up to its first signal, which is followed by the same again, so many signals in all.
    pub(crate) fn repeated(&self, signals: usize, gap_ms: u64) -> Schedule {
        let mut steps: Vec<Step> = Vec::new();
        for step in &self.steps {
            steps.push(step.clone());
            if step.fault.signal().is_some() {
                let gap = Trigger::AfterPrevious {
                    ns: gap_ms.saturating_mul(1_000_000),
                };
                steps.extend((1..signals).map(|_| Step::once(gap.clone(), step.fault.clone())));
                break;
            }
        }
        Schedule { steps }
    }

    /// The first signal that it sends.
    pub fn first_signal(&self) -> Option<i32> {
        self.steps.iter().find_map(|step| step.fault.signal())
    }

    /// Whether it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        self.steps.iter().any(Step::needs_failpoints)
    }

    /// One step.
    pub fn of(trigger: Trigger, fault: Fault) -> Schedule {
        Schedule {
            steps: vec![Step::once(trigger, fault)],
        }
    }
}
