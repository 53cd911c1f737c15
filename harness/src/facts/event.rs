//! Events of a run, in the order in which they were seen.

use super::status::ExitStatus;
use serde::{Deserialize, Serialize};

/// One thing that happened, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Nanoseconds (monotonic clock) since the target's program was executed.
    pub at_ns: u64,
    /// What happened.
    pub what: EventKind,
}

/// Where output came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output, a pipe.
    Stdout,
    /// Standard error, a pipe.
    Stderr,
    /// The terminal: both streams and the echo, as the person sees them.
    Terminal,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The target's program runs.
    Started {
        /// Its process id, as it sees it itself.
        pid: i32,
    },
    /// Bytes that it wrote.
    Output {
        /// Where.
        stream: Stream,
        /// The bytes, as they came.
        #[serde(with = "super::event::lossy")]
        bytes: Vec<u8>,
    },
    /// Output past the bound is counted and hashed, not kept.
    Flooded {
        /// Where.
        stream: Stream,
    },
    /// A process was created.
    Child {
        /// The new process.
        pid: i32,
        /// Its parent.
        parent: i32,
    },
    /// A process executed a program.
    Exec {
        /// The process.
        pid: i32,
        /// Its command line.
        command: String,
    },
    /// A handler for a signal is now installed.
    Handler {
        /// The process.
        pid: i32,
        /// The signal (number).
        signal: i32,
    },
    /// A file was created, renamed, removed, …: a system call with an effect returned.
    File {
        /// The process.
        pid: i32,
        /// The call, with its path.
        call: String,
    },
    /// A step of the schedule came due and its fault was applied.
    Fault {
        /// Which step, from 0.
        step: usize,
        /// The fault, as text.
        fault: String,
        /// What its trigger met.
        met: String,
        /// The signal (number) that it sent, if it sent one.
        #[serde(default)]
        signal: Option<i32>,
    },
    /// A signal was taken by a thread of the target.
    Delivered {
        /// The process.
        pid: i32,
        /// The thread that takes it.
        tid: i32,
        /// Its name by the order of creation, such as `t1`; empty for the main thread.
        #[serde(default)]
        thread: String,
        /// The signal (number).
        signal: i32,
        /// No process sent it: a fault of the program itself, such as SIGSEGV.
        own_fault: bool,
        /// How often, with hardly anything in between.
        times: u32,
    },
    /// A handler of a signal that the schedule sent ran to its end, or was left.
    HandlerReturned(HandlerFact),
    /// The target came to a failpoint, and waits there until it is answered.
    Failpoint {
        /// Its name.
        name: String,
        /// Which time the target came to a failpoint of this name, from 1.
        nth: u32,
    },
    /// The target can be used.
    Ready {
        /// What shows that.
        seen: String,
    },
    /// A client did something, or saw something.
    Client {
        /// Which one, from 0.
        client: u32,
        /// What, in words.
        what: String,
    },
    /// All clients were done, and the target was told to stop.
    Stop {
        /// The signal (number).
        signal: i32,
    },
    /// A descendant ended.
    ChildExited {
        /// The process.
        pid: i32,
        /// How.
        status: ExitStatus,
    },
    /// The target's own process ended.
    Exited {
        /// How.
        status: ExitStatus,
    },
    /// It only sent itself a signal, so that the harness killed it.
    Spins {
        /// The process.
        pid: i32,
        /// The signal (number).
        signal: i32,
        /// How often in a row, each time before its handler returned.
        times: u32,
    },
    /// It ran on past its deadline, so that the harness killed it.
    Deadline {
        /// The deadline that passed, in milliseconds after the last fault or the start.
        limit_ms: u64,
    },
}

/// Whether this can be the name of a failpoint.
pub fn is_failpoint(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.:/".contains(c))
}

/// One run of a signal handler.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HandlerFact {
    /// The process.
    pub pid: i32,
    /// The thread that ran it.
    pub tid: i32,
    /// Its name by the order of creation, such as `t1`; empty for the main thread.
    pub thread: String,
    /// The signal (number).
    pub signal: i32,
    /// From its first instruction to its last, in nanoseconds; with what tracing costs.
    pub took_ns: u64,
    /// The system calls that it made, the first 64.
    pub calls: Vec<String>,
    /// How many it made after those.
    pub more_calls: u32,
    /// The system call that it interrupted or followed; empty when the program was in none.
    pub interrupted: String,
    /// It returned; otherwise it was left by a long jump, or its thread ended in it.
    pub returned: bool,
}

/// Output as text in JSON, so that a person can read a stored run. Bytes that
/// are no UTF-8 are replaced, which the hash in the capture still shows.
mod lossy {
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(bytes: &[u8], to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() {
            to.serialize_str(&String::from_utf8_lossy(bytes))
        } else {
            to.serialize_bytes(bytes)
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
        if from.is_human_readable() {
            Ok(String::deserialize(from)?.into_bytes())
        } else {
            Vec::<u8>::deserialize(from)
        }
    }
}
