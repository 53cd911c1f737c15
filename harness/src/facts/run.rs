//! Everything that is known of one run.

use super::capture::Capture;
use super::event::Event;
use super::point::{PointKey, RawPoint, counted_argument};
use super::service::ServiceFacts;
use super::stack::Stacks;
use super::status::ExitStatus;
use super::tree::TreeDelta;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// One run's facts.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// What happened, in order.
    pub events: Vec<Event>,
    /// How the target's own process ended; `None` when the harness had to kill it.
    pub status: Option<ExitStatus>,
    /// When each step of the schedule was applied; `None` when its trigger was never met.
    pub fired_ns: Vec<Option<u64>>,
    /// How often the call that each step waits for was met; 0 for steps that wait for something else.
    #[serde(default)]
    pub met: Vec<u32>,
    /// Steps whose moment came when there was nothing to apply them to: no child
    /// to kill, no length to shorten.
    #[serde(default)]
    pub inapplicable: Vec<usize>,
    /// When the target's own process ended or was killed.
    pub end_ns: u64,
    /// Descendants that outlived the target and the grace period.
    pub orphans: Vec<Orphan>,
    /// What still ran at the deadline, and in what it waited.
    pub stuck: Vec<Stuck>,
    /// What changed in the work tree.
    pub tree: TreeDelta,
    /// Standard output, or all of the terminal's output.
    pub stdout: Capture,
    /// Standard error; empty on a terminal.
    pub stderr: Capture,
    /// The terminal before and after; `None` on pipes.
    pub terminal: Option<TerminalFact>,
    /// Processor time and memory of the target and the children that it waited for.
    pub usage: Usage,
    /// The system calls, when the run was recorded.
    pub points: Vec<RawPoint>,
    /// Who made them, when that was asked for.
    #[serde(default)]
    pub stacks: Stacks,
    /// Things that limit what this run can tell, in words.
    pub limits: Vec<String>,
    /// The same command run again in the work tree that this run left.
    pub rerun: Option<Box<Run>>,
    /// The user's own check on the end state.
    pub check: Option<CheckFact>,
    /// What the command that prints the results said.
    #[serde(default)]
    pub results: Option<CheckFact>,
    /// It has threads, or three processes at a time, or asks for the processors
    /// that there are. Known of recorded runs.
    #[serde(default)]
    pub parallel: bool,
    /// How many instructions there were between the last call that was stepped
    /// away from and the next one of its thread.
    #[serde(default)]
    pub stepped: Option<u32>,
    /// What is in the changed files that were asked for, by path.
    #[serde(default)]
    pub contents: BTreeMap<String, Vec<u8>>,
    /// Children that nobody waited for, although their parent went on.
    #[serde(default)]
    pub zombies: Vec<Zombie>,
    /// What it did that is not followed. Known of recorded runs.
    #[serde(default)]
    pub unfollowed: Vec<UnfollowedCount>,
    /// What clients saw, when the target has a script.
    #[serde(default)]
    pub service: Option<ServiceFacts>,
    /// Calls without an effect in which a handler could interrupt the C library, when those were recorded.
    #[serde(default)]
    pub quiet: Vec<QuietCall>,
}

impl Run {
    /// When the last fault was applied, if one was.
    pub fn last_fault_ns(&self) -> Option<u64> {
        self.fired_ns.iter().flatten().max().copied()
    }

    /// True when every step of the schedule was applied.
    pub fn all_fired(&self) -> bool {
        self.fired_ns.iter().all(Option::is_some)
    }
}

/// A call without an effect: the first of its kind at which a handler could run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct QuietCall {
    /// The call.
    pub raw: RawPoint,
    /// The how-manieth call that looks like it, from 1 (see [`crate::facts::PointKey::nth`]).
    pub nth: u32,
    /// The how-manieth call of its role, name and argument, from 1.
    pub ordinal: u32,
}

impl QuietCall {
    /// How a run finds it again.
    pub fn key(&self) -> PointKey {
        PointKey {
            role: self.raw.role.clone(),
            number: self.raw.number,
            ip: self.raw.ip,
            arg: counted_argument(&self.raw.arg),
            effect: false,
            code: None,
            nth: self.nth,
        }
    }
}

/// Something that a run does and that is seen, but not followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfollowed {
    /// It asked for io_uring and was answered that there is none.
    IoUringRefused,
    /// Operations that it handed to io_uring.
    IoUring,
    /// Rings of io_uring in which the kernel looks for operations by itself.
    IoUringPolled,
    /// A file that it maps, shared and writable.
    Mapping {
        /// As points show it.
        path: String,
    },
    /// Calls of a program for another architecture.
    OtherArchitecture,
    /// A call whose effect is elsewhere.
    Call {
        /// Its name.
        name: String,
    },
    /// A call that this version does not know.
    UnknownCall {
        /// Its number.
        number: u32,
    },
    /// A child that shares memory or open files with its parent for good. (After `vfork` and `posix_spawn` it does so
    /// until it executes, and its calls are points like any other's.)
    SharesMemory,
    /// A child that is not to be traced.
    Untraced,
    /// A process that is none of the target's, and that it talks to.
    HandedOver {
        /// The address.
        to: String,
    },
}

/// How often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfollowedCount {
    /// What.
    pub what: Unfollowed,
    /// How many of them.
    pub count: u64,
}

/// A descendant that is still alive.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Orphan {
    /// Its process id, as the target sees it.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// Its process group.
    pub group: i32,
    /// Its session.
    pub session: i32,
}

/// A child that has ended and that its parent, which goes on, does not wait for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zombie {
    /// Its process id, as the target sees it.
    pub pid: i32,
    /// Its name.
    pub command: String,
    /// Its parent.
    pub parent: i32,
    /// The parent's command line.
    pub parent_command: String,
    /// When it ended.
    pub ended_ns: u64,
    /// How long it had been dead, and not waited for, when it was last looked at, in milliseconds.
    pub age_ms: u64,
}

/// A process that ran on past the deadline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stuck {
    /// Its process id, as the target sees it.
    pub pid: i32,
    /// Its command line.
    pub command: String,
    /// State letter of `/proc/PID/stat` (R, S, D, T, …).
    pub state: char,
    /// The system call that it waits in, if the kernel tells.
    pub call: Option<String>,
    /// Processor time that it used, in milliseconds.
    pub cpu_ms: u64,
}

impl fmt::Display for Stuck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pid {} ({}) ", self.pid, self.command)?;
        match (&self.call, self.state) {
            (Some(call), _) => write!(f, "in {call}"),
            (None, 'R') => write!(f, "running, {} ms of processor time", self.cpu_ms),
            (None, state) => write!(f, "state {state}"),
        }
    }
}

/// A terminal's settings before the start and after the end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TerminalFact {
    /// Rows and columns.
    pub size: (u16, u16),
    /// Settings before the target started: input, output, control and local flags.
    pub before: [u32; 4],
    /// Settings after it ended.
    pub after: [u32; 4],
}

/// Resources used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Processor time in user mode, microseconds.
    pub user_us: u64,
    /// Processor time in the kernel, microseconds.
    pub system_us: u64,
    /// Largest resident set, KiB.
    pub max_rss_kib: u64,
}

/// What the user's own check said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckFact {
    /// The command, as given to `sh -c`.
    pub command: String,
    /// How it ended; `None` when it ran past its deadline.
    pub status: Option<ExitStatus>,
    /// The end of what it said.
    pub output: String,
}
