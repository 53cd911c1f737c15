//! Faults: what is done to a target, as data.

use super::delivery::Delivery;
use super::parse_error::{ParseError, wrong};
use crate::facts::{Stream, errnos, signals};
use serde::{Deserialize, Serialize};
use std::time::Duration;

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
    /// The terminal goes away: its master end is closed, as when a window or a
    /// connection is. The kernel sends SIGHUP, and later reads and writes fail.
    HangUp,
    /// A call is not made and answers with this error.
    Errno {
        /// The error's number.
        errno: i32,
    },
    /// What is written to becomes full: a write takes what fits, and the next one that needs space answers with this
    /// error (`ENOSPC`, `EDQUOT`, `EFBIG`). Other calls answer with it at once.
    Full {
        /// The error's number.
        errno: i32,
    },
    /// A call that reads or writes is made with a smaller length.
    Short {
        /// At most so many bytes; half of what was asked when absent.
        bytes: Option<u64>,
    },
    /// A call is held back before it begins.
    Delay {
        /// For so long, in nanoseconds.
        ns: u64,
    },
    /// SIGSTOP, and SIGCONT later.
    Freeze {
        /// How long, in nanoseconds.
        ns: u64,
        /// Whom: process, group or child.
        to: Delivery,
    },
    /// Whoever reads a standard stream of the target stops to, and closes it.
    CloseReader {
        /// Standard output or standard error.
        stream: Stream,
    },
    /// The target gets hardly any processor time.
    Starve {
        /// How long, in nanoseconds.
        ns: u64,
    },
}

/// How long a freeze lasts unless told otherwise.
pub(crate) const FREEZE_NS: u64 = 100_000_000;
/// How long a starvation lasts unless told otherwise.
pub(crate) const STARVE_NS: u64 = 500_000_000;

impl Fault {
    /// The signal that the target gets by it, if it is one that asks something of it.
    pub fn signal(&self) -> Option<i32> {
        match self {
            Fault::Signal { signal, .. } => Some(*signal),
            Fault::HangUp => Some(libc::SIGHUP),
            _ => None,
        }
    }

    /// It changes how one call goes, so that it needs a call to be applied to.
    pub fn is_of_call(&self) -> bool {
        matches!(
            self,
            Fault::Errno { .. } | Fault::Full { .. } | Fault::Short { .. } | Fault::Delay { .. }
        )
    }

    /// What it is from its second application on: what is full stays full.
    pub(crate) fn again(&self) -> Fault {
        match self {
            Fault::Full { errno } => Fault::Errno { errno: *errno },
            other => other.clone(),
        }
    }

    /// It can be given a second time: there is a difference between once and always.
    pub(crate) fn can_last(&self) -> bool {
        !matches!(self, Fault::HangUp | Fault::CloseReader { .. })
    }

    /// It needs a terminal.
    pub fn needs_terminal(&self) -> bool {
        matches!(
            self,
            Fault::HangUp
                | Fault::Signal {
                    to: Delivery::Terminal,
                    ..
                }
        )
    }

    /// Whether it can be done to a target on a terminal (`pty`) or on pipes, on this machine.
    ///
    /// # Errors
    /// What is in the way, and what would do.
    pub fn check(&self, pty: bool) -> Result<(), ParseError> {
        if self.needs_terminal() && !pty {
            let what = match self {
                Fault::HangUp => "there is no terminal to close",
                _ => "there is no terminal to type on",
            };
            return wrong(
                format!("{self}: {what}"),
                "run the target on a terminal: --pty, or terminal = true in [target]",
            );
        }
        if let Fault::CloseReader { .. } = self
            && pty
        {
            return wrong(
                format!("{self}: on a terminal there is no pipe to close"),
                "use hangup, or run the target on pipes",
            );
        }
        self.check_key()
    }

    /// Whether there is a key for what is typed on a terminal.
    pub(crate) fn check_key(&self) -> Result<(), ParseError> {
        match self {
            Fault::Signal {
                signal,
                to: Delivery::Terminal,
            } if typed(*signal).is_none() => wrong(
                format!("{} cannot be typed on a terminal", signals::name(*signal)),
                "only INT, QUIT and TSTP can",
            ),
            _ => Ok(()),
        }
    }

    /// What it is, in a sentence; `lasting` when it goes on.
    pub fn words(&self, lasting: bool) -> String {
        let words = match self {
            Fault::Signal { signal, to } => {
                format!("{} to {}", signals::name(*signal), to.whom())
            }
            Fault::HangUp => "the terminal goes away".to_owned(),
            Fault::Errno { errno } => format!("{} in place of the call", errnos::name(*errno)),
            Fault::Full { errno } => {
                format!(
                    "{}: what fits is written, then the error",
                    errnos::name(*errno)
                )
            }
            Fault::Short { bytes: None } => "half of the length".to_owned(),
            Fault::Short { bytes: Some(bytes) } => format!("a length of at most {bytes}"),
            Fault::Delay { ns } => format!("the call is held back for {}", time(*ns)),
            Fault::Freeze { to, .. } if lasting => {
                return format!("SIGSTOP to {} for good", to.whom());
            }
            Fault::Freeze { ns, to } => {
                format!("SIGSTOP to {}, SIGCONT {} later", to.whom(), time(*ns))
            }
            Fault::CloseReader { stream } => {
                format!("the reader of {} closes it", stream_word(*stream))
            }
            Fault::Starve { .. } if lasting => "hardly any processor time".to_owned(),
            Fault::Starve { ns } => format!("hardly any processor time for {}", time(*ns)),
        };
        if lasting {
            return format!("{words}, from here on");
        }
        words
    }

    /// The fault in one word, for "after …".
    pub fn short_words(&self) -> String {
        match self {
            Fault::Signal { signal, .. } => signals::name(*signal),
            Fault::HangUp => "a closed terminal".to_owned(),
            Fault::Errno { errno } | Fault::Full { errno } => errnos::name(*errno),
            Fault::Short { .. } => "a short call".to_owned(),
            Fault::Delay { .. } => "a delay".to_owned(),
            Fault::Freeze { .. } => "a freeze".to_owned(),
            Fault::CloseReader { stream } => format!("a closed {}", stream_word(*stream)),
            Fault::Starve { .. } => "starvation".to_owned(),
        }
    }
}

pub(crate) fn stream_word(stream: Stream) -> &'static str {
    match stream {
        Stream::Stdout => "stdout",
        Stream::Stderr => "stderr",
        Stream::Terminal => "terminal",
    }
}

/// A time in the largest unit that says it without a fraction.
pub(crate) fn time(ns: u64) -> String {
    for (unit, name) in [(1_000_000_000, "s"), (1_000_000, "ms"), (1_000, "us")] {
        if ns.is_multiple_of(unit) {
            return format!("{}{name}", ns / unit);
        }
    }
    format!("{ns}ns")
}

/// A duration as a count; one that is too long to be counted never ends.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
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
