//! Whom a signal is sent to.

use super::parse_error::ParseError;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;

/// Whom a signal is sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// The target's own process only, as `kill PID` does.
    Process,
    /// The target's process group, as a terminal does for its foreground group.
    Group,
    /// Typed on the pty: a real 0x03 (INT), 0x1c (QUIT) or 0x1a (TSTP).
    Terminal,
    /// One thread, as `tgkill` does: of the process that stands at the point, else of the target's own.
    Thread(ThreadName),
    /// The process that stands at the point when that is not the target's own,
    /// else the youngest living descendant.
    Child,
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

    /// The word for it, as it is written after a signal's name.
    pub fn word(self) -> String {
        self.to_string()
    }

    /// The same in a sentence, after "to".
    pub fn whom(self) -> String {
        match self {
            Delivery::Process | Delivery::Group | Delivery::Terminal => format!("the {self}"),
            Delivery::Child => "a child".to_owned(),
            Delivery::Thread(name) => format!("thread {name}"),
        }
    }

    /// Reads `process`, `group`, `terminal`, `child` or `thread:NAME`.
    ///
    /// # Errors
    /// Another word.
    pub fn parse(text: &str) -> Result<Delivery, ParseError> {
        let lower = text.to_ascii_lowercase();
        Ok(match lower.as_str() {
            "process" => Delivery::Process,
            "group" => Delivery::Group,
            "terminal" => Delivery::Terminal,
            "child" => Delivery::Child,
            _ => match text.split_once(':') {
                Some((word, name)) if word.eq_ignore_ascii_case("thread") => {
                    Delivery::Thread(ThreadName::parse(name)?)
                }
                _ => {
                    return Err(ParseError::new(format!("no such delivery: {text}"))
                        .hint("write process, group, terminal, child or thread:NAME"));
                }
            },
        })
    }
}

impl fmt::Display for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delivery::Process => f.write_str("process"),
            Delivery::Group => f.write_str("group"),
            Delivery::Terminal => f.write_str("terminal"),
            Delivery::Child => f.write_str("child"),
            Delivery::Thread(name) => write!(f, "thread:{name}"),
        }
    }
}

/// Names one thread: by its place among the births (`main`, `t2`, `t1.1`), or
/// by the name that it gave itself. Like the kernel's, it has at most 15 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ThreadName {
    bytes: [u8; ThreadName::BYTES_MAX],
    length: u8,
}

impl ThreadName {
    const BYTES_MAX: usize = 15;

    /// Reads a name.
    ///
    /// # Errors
    /// One that is empty, too long, or contains what separates the parts of a step.
    pub fn parse(text: &str) -> Result<ThreadName, ParseError> {
        let mut bytes = [0; ThreadName::BYTES_MAX];
        let wrong = |why: &str| {
            Err(ParseError::new(format!("no such thread: {text:?}: {why}"))
                .hint("write main, t1, t1.2 as `sigproof points` does, or the thread's own name"))
        };
        if text.is_empty() {
            return wrong("its name is missing");
        }
        if text.len() > bytes.len() {
            return wrong("a thread's name has at most 15 bytes");
        }
        if text.contains(['@', ':']) || matches!(text, "always" | "once") {
            return wrong("its name must not be always or once, nor contain @ or :");
        }
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(ThreadName {
            bytes,
            length: text.len() as u8,
        })
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        // Made from whole text, so that it is text.
        std::str::from_utf8(&self.bytes[..usize::from(self.length)]).unwrap_or_default()
    }
}

impl fmt::Display for ThreadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for ThreadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl Serialize for ThreadName {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for ThreadName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ThreadName, D::Error> {
        let text = String::deserialize(from)?;
        ThreadName::parse(&text).map_err(serde::de::Error::custom)
    }
}
