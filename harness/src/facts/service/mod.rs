//! What clients of a service saw in a run.

mod requests;

pub use requests::{AtFault, Reply, RequestFact};

use super::capture::Capture;
use super::status::ExitStatus;
use serde::{Deserialize, Serialize};

/// The script's part of a run. All times are nanoseconds since the target's program was executed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceFacts {
    /// When the service was ready.
    pub ready_ns: Option<u64>,
    /// When it was told to stop because all clients were done.
    pub stopped_ns: Option<u64>,
    /// When clients closed connections that nobody used, because the service did not.
    pub idle_closed_ns: Option<u64>,
    /// Requests of built-in clients.
    pub requests: Vec<RequestFact>,
    /// Clients that are commands.
    pub commands: Vec<CommandFact>,
    /// What the readiness URL said once it was asked to stop.
    pub unready: Option<UnreadyFact>,
    /// New connections after the end, or after the grace period.
    pub late: Vec<LateConnection>,
    /// Keys that were not typed by the end.
    pub keys_left: u32,
    /// What the script was still waiting for when the run was over.
    pub waited_for: Option<String>,
}

/// What a readiness URL says while a service stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnreadyFact {
    /// When it was first asked after the fault.
    pub since_ns: u64,
    /// When it said that the service is not ready.
    pub turned_ns: Option<u64>,
    /// When it could not be asked any more, before it had said so.
    pub gone_ns: Option<u64>,
}

/// A client that is a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandFact {
    /// Its command line.
    pub command: String,
    /// How it ended; `None` when it had to be killed.
    pub status: Option<ExitStatus>,
    /// When.
    pub ended_ns: Option<u64>,
    /// What it said, but for what it told by the line protocol.
    pub output: Capture,
}

/// A new connection to a service that is gone, or has had its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LateConnection {
    /// Where.
    pub address: String,
    /// It was made, and neither answered nor closed.
    pub hangs: bool,
    /// The processes that hold its listener, by their command lines.
    pub holders: Vec<String>,
}
