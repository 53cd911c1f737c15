//! Requests to a service, and what came of them.

use serde::{Deserialize, Serialize};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestFact {
    /// What it is called: `GET /slow`.
    pub name: String,
    /// What it sends besides, as text; empty for lines and clients of one's own.
    #[serde(default)]
    pub body: String,
    /// Which client, from 0.
    pub client: u32,
    /// Which of its connections, from 0.
    pub connection: u32,
    /// Which request on this connection, from 1: those after the first may meet its close.
    pub nth: u32,
    /// When its connection was made.
    pub connected_ns: Option<u64>,
    /// When all of it was sent.
    pub sent_ns: Option<u64>,
    /// When its answer was there, or nothing more could come.
    pub ended_ns: Option<u64>,
    /// How far the service had come with it when the first fault was placed.
    pub at_fault: AtFault,
    /// What came of it.
    pub answer: Reply,
}

/// How far a service had come with a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AtFault {
    /// Not all of it was sent.
    #[default]
    Unsent,
    /// Its connection waited to be accepted.
    Queued,
    /// Its connection was accepted.
    Accepted,
    /// Some of it was read.
    Read,
    /// It was over.
    Over,
}

/// What came of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// Nothing was sent.
    #[default]
    Unsent,
    /// Nothing came, and nothing was closed.
    None {
        /// Bytes of the answer that were there.
        bytes: u64,
    },
    /// A whole answer.
    Whole {
        /// The status of HTTP; 0 for lines.
        status: u16,
        /// Bytes of the body.
        bytes: u64,
        /// A hash of the body.
        hash: u64,
    },
    /// The connection was closed in the middle of the answer, or before it.
    Cut {
        /// Bytes of the answer that were there.
        bytes: u64,
    },
    /// The connection was reset.
    Reset {
        /// Bytes of the answer that were there.
        bytes: u64,
    },
    /// There was no connection to be had.
    Refused,
}

impl RequestFact {
    /// Who asked, for evidence: `GET /slow (client 1)`.
    pub fn title(&self) -> String {
        let connection = match self.connection {
            0 => String::new(),
            number => format!(", connection {}", number + 1),
        };
        format!("{} (client {}{connection})", self.name, self.client + 1)
    }
}

impl AtFault {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            AtFault::Unsent => "not sent",
            AtFault::Queued => "waiting to be accepted",
            AtFault::Accepted => "accepted",
            AtFault::Read => "accepted and read",
            AtFault::Over => "over",
        }
    }
}

impl Reply {
    /// Whether both are whole answers with the same status.
    pub(crate) fn same_status(&self, other: &Reply) -> bool {
        let status = |reply: &Reply| match reply {
            Reply::Whole { status, .. } => Some(*status),
            _ => None,
        };
        status(self).is_some() && status(self) == status(other)
    }

    /// Whether its client was told that all is well.
    pub(crate) fn is_success(&self) -> bool {
        matches!(self, Reply::Whole { status, .. } if *status < 400)
    }

    /// What a client sees, in words.
    pub fn words(&self) -> String {
        let so_far = |bytes: &u64| match bytes {
            0 => "before the first byte of the answer".to_owned(),
            bytes => format!("after {bytes} bytes of the answer"),
        };
        match self {
            Reply::Unsent => "not sent".to_owned(),
            Reply::None { bytes: 0 } => "never answered".to_owned(),
            Reply::None { bytes } => format!("answered by {bytes} bytes and no more"),
            Reply::Whole { status: 0, .. } => "answered".to_owned(),
            Reply::Whole { status, .. } => format!("answered with {status}"),
            Reply::Cut { bytes } => format!("closed {}", so_far(bytes)),
            Reply::Reset { bytes } => format!("reset {}", so_far(bytes)),
            Reply::Refused => "refused".to_owned(),
        }
    }

    /// Whether nothing more can come of it.
    pub fn is_final(&self) -> bool {
        !matches!(self, Reply::Unsent | Reply::None { .. })
    }
}
