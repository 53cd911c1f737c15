//! The whole of a results file.

use super::case::Case;
use serde::{Deserialize, Serialize};

/// Finished cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// The format, [`Results::VERSION`].
    pub version: u32,
    /// Who wrote it, and where.
    pub tool: Tool,
    /// The cases, in the order in which they were asked for.
    pub cases: Vec<Case>,
}

/// Who wrote a results file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tool {
    /// `sigproof`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Operating system and processor.
    pub system: String,
    /// When the file was begun, in seconds since 1970 (UTC).
    pub at_unix_s: u64,
}

impl Tool {
    /// This program, now.
    pub fn here() -> Tool {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        Tool {
            name: "sigproof".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
            at_unix_s: now.map_or(0, |since| since.as_secs()),
        }
    }
}

impl Results {
    /// The version of the format. Another version is refused, never guessed at.
    pub const VERSION: u32 = 1;

    /// These cases, finished here and now.
    pub fn new(cases: Vec<Case>) -> Results {
        Results {
            version: Results::VERSION,
            tool: Tool::here(),
            cases,
        }
    }
}
