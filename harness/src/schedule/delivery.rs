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
    /// The process that stands at the point when it runs this program, else the youngest living one that does.
    Exec(ProgramName),
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
            Delivery::Exec(name) => format!("the program {name}"),
        }
    }

    /// Whether it goes to another process than the target's own.
    pub(crate) fn is_below(self) -> bool {
        matches!(self, Delivery::Child | Delivery::Exec(_))
    }

    /// Reads `process`, `group`, `terminal`, `child`, `thread:NAME` or `exec:NAME`.
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
                Some((word, name)) if word.eq_ignore_ascii_case("exec") => {
                    Delivery::Exec(ProgramName::parse(name)?)
                }
                _ => {
                    return Err(ParseError::new(format!("no such delivery: {text}"))
                        .hint("write process, group, terminal, child, thread:NAME or exec:NAME"));
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
            Delivery::Exec(name) => write!(f, "exec:{name}"),
        }
    }
}

/// A short name, in place, so that who has it can be copied.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ShortName<const MAX: usize> {
    bytes: [u8; MAX],
    length: u8,
}

/// Names one thread: by its place among the births (`main`, `t2`, `t1.1`), or
/// by the name that it gave itself. Like the kernel's, it has at most 15 bytes.
pub type ThreadName = ShortName<15>;

/// Names a program by the base name of its file.
pub type ProgramName = ShortName<63>;

impl<const MAX: usize> ShortName<MAX> {
    /// The name, or why there is none.
    fn read(text: &str) -> Result<ShortName<MAX>, String> {
        if text.is_empty() {
            return Err("its name is missing".to_owned());
        }
        if text.len() > MAX {
            return Err(format!("its name has at most {MAX} bytes"));
        }
        if text.contains(['@', ':']) || matches!(text, "always" | "once") {
            return Err("its name must not be always or once, nor contain @ or :".to_owned());
        }
        let mut bytes = [0; MAX];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        Ok(ShortName {
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

impl ThreadName {
    /// Reads a name.
    ///
    /// # Errors
    /// One that is empty, too long, or contains what separates the parts of a step.
    pub fn parse(text: &str) -> Result<ThreadName, ParseError> {
        ShortName::read(text).map_err(|why| {
            ParseError::new(format!("no such thread: {text:?}: {why}"))
                .hint("write main, t1, t1.2 as `sigproof points` does, or the thread's own name")
        })
    }
}

impl ProgramName {
    /// Reads a name.
    ///
    /// # Errors
    /// One that is empty, too long, a path, or contains what separates the parts of a step.
    pub fn parse(text: &str) -> Result<ProgramName, ParseError> {
        let read = match text.contains('/') {
            true => Err("it is a path".to_owned()),
            false => ShortName::read(text),
        };
        read.map_err(|why| {
            ParseError::new(format!("no such program: {text:?}: {why}"))
                .hint("write the name of its file alone, such as exec:ffmpeg")
        })
    }

    /// Whether a role, such as `make>gcc>as`, is one of this program.
    pub(crate) fn is_role(&self, role: &str) -> bool {
        role.rsplit('>').next() == Some(self.as_str())
    }
}

impl<const MAX: usize> fmt::Display for ShortName<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<const MAX: usize> fmt::Debug for ShortName<MAX> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl<const MAX: usize> Serialize for ShortName<MAX> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.as_str())
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for ShortName<MAX> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<ShortName<MAX>, D::Error> {
        let text = String::deserialize(from)?;
        ShortName::read(&text).map_err(serde::de::Error::custom)
    }
}
