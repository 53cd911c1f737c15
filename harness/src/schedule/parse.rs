//! Schedules as people write them: `INT@output:'ready'`, `ENOSPC:always@write#3`.
//!
//! Everything that is printed here is read back as the same value, but for a
//! point of a recording, which is printed as the call that it is.

use super::delivery::Delivery;
use super::fault::Fault;
use super::fault::{FREEZE_NS, STARVE_NS, nanoseconds, stream_word, time};
use super::parse_error::{ParseError, wrong};
use super::schedule::{CallSelector, Step, Trigger};
use super::units::{bad_expression, check_glob, duration, failpoint, output_pattern, signal};
use crate::facts::{Phase, Stream, errnos, signals};
use std::fmt;

impl Step {
    /// Reads `FAULT@TRIGGER`; `default` says who gets a signal when the text does not.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub fn parse(text: &str, default: impl Fn(i32) -> Delivery) -> Result<Step, ParseError> {
        let Some((fault, trigger)) = text.split_once('@') else {
            return wrong(
                format!("{text}: the trigger is missing"),
                "write FAULT@TRIGGER, such as INT@250ms, INT@output:'ready' or ENOSPC@write#3",
            );
        };
        let (fault, lasting) = Fault::parse(fault, default)?;
        let (mut trigger, phase) = Trigger::parse_phased(trigger)?;
        if fault.is_of_call()
            && let Trigger::Call(selector) = &mut trigger
        {
            // It happens to the call, so it has to be there when the call begins.
            if phase.is_some_and(|phase| phase != Phase::Entry) {
                return wrong(
                    format!("{text}: {} happens to the call itself", fault.short_words()),
                    "leave the phase out",
                );
            }
            selector.phase = Phase::Entry;
            if let Fault::Short { .. } = fault
                && !selector.names().iter().any(|name| fault.fits(name))
            {
                return wrong(
                    format!(
                        "{text}: {} has no length that could be shorter",
                        selector.call
                    ),
                    "read, write, pread64, pwrite64, sendto and recvfrom have one",
                );
            }
        }
        if trigger == Trigger::Handler && fault.signal().is_none() {
            return wrong(
                format!(
                    "{text}: the trigger `handler` waits for the handler of the step's signal, and this fault is none"
                ),
                "use another trigger, or a signal",
            );
        }
        Ok(Step {
            trigger,
            fault,
            lasting,
        })
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let always = if self.lasting { ":always" } else { "" };
        write!(f, "{}{always}@", self.fault)?;
        match &self.trigger {
            // The phase is given with the fault.
            Trigger::Call(selector) if self.fault.is_of_call() => selector.write(f, false),
            trigger => write!(f, "{trigger}"),
        }
    }
}

/// After an error of something that becomes full: no part is taken before.
const AT_ONCE: &str = ":at-once";

/// Whether this is the answer of something that becomes full: it takes what fits before.
fn is_of_what_fills(errno: i32) -> bool {
    matches!(errno, libc::ENOSPC | libc::EDQUOT | libc::EFBIG)
}

impl Fault {
    /// Reads a fault, and whether it lasts: `INT`, `TERM:process`, `ENOSPC`,
    /// `short=1:always`. `default` says who gets a signal when the text does not.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub fn parse(
        text: &str,
        default: impl Fn(i32) -> Delivery,
    ) -> Result<(Fault, bool), ParseError> {
        let (rest, lasting) = match text.rsplit_once(':') {
            Some((rest, "always")) => (rest, true),
            Some((rest, "once")) => (rest, false),
            _ => (text, false),
        };
        if let Some(name) = rest.strip_suffix(AT_ONCE) {
            let errno = errnos::parse(name).filter(|errno| is_of_what_fills(*errno));
            return match errno {
                Some(errno) => Ok((Fault::Errno { errno }, lasting)),
                None => wrong(
                    format!("{text}: only what becomes full takes a part first"),
                    "ENOSPC, EDQUOT and EFBIG can be followed by :at-once; leave it out",
                ),
            };
        }
        let (name, to) = match rest.split_once(':') {
            Some((name, to)) => (name, Some(Delivery::parse(to)?)),
            None => (rest, None),
        };
        let (word, value) = match name.split_once('=') {
            Some((word, value)) => (word, Some(value)),
            None => (name, None),
        };
        let fault = Fault::of_word(word, value, to, default)?;
        let takes_to = matches!(fault, Fault::Signal { .. } | Fault::Freeze { .. });
        if to.is_some() && !takes_to {
            return wrong(
                format!("{text}: {word} goes to nobody"),
                "only :once or :always can follow it",
            );
        }
        if lasting && !fault.can_last() {
            return wrong(
                format!("{text}: what is closed stays closed"),
                "leave :always out",
            );
        }
        Ok((fault, lasting))
    }

    fn of_word(
        word: &str,
        value: Option<&str>,
        to: Option<Delivery>,
        default: impl Fn(i32) -> Delivery,
    ) -> Result<Fault, ParseError> {
        let time_or = |usual| match value {
            None => Ok(usual),
            Some(value) => duration(value).map(nanoseconds),
        };
        Ok(match (word, value) {
            ("hangup", None) => Fault::HangUp,
            ("short", None) => Fault::Short { bytes: None },
            ("short", Some(bytes)) => match bytes.parse() {
                Ok(bytes) if bytes > 0 => Fault::Short { bytes: Some(bytes) },
                _ => {
                    return wrong(
                        format!("short={bytes}: {bytes} is not a number of bytes"),
                        "write a number from 1",
                    );
                }
            },
            ("delay", Some(value)) => Fault::Delay {
                ns: nanoseconds(duration(value)?),
            },
            ("delay", None) => {
                return wrong("delay: how long?", "write delay=TIME, such as delay=50ms");
            }
            ("freeze", _) => match to.unwrap_or(Delivery::Group) {
                to @ (Delivery::Process | Delivery::Group | Delivery::Child) => Fault::Freeze {
                    ns: time_or(FREEZE_NS)?,
                    to,
                },
                to => {
                    return wrong(
                        format!("freeze:{to}: SIGSTOP stops whole processes"),
                        "write freeze:process, freeze:group or freeze:child",
                    );
                }
            },
            ("close", stream) => Fault::CloseReader {
                stream: match stream {
                    Some("stdout") | None => Stream::Stdout,
                    Some("stderr") => Stream::Stderr,
                    Some(other) => {
                        return wrong(
                            format!("no such stream: {other}"),
                            "write close=stdout or close=stderr",
                        );
                    }
                },
            },
            ("starve", _) => Fault::Starve {
                ns: time_or(STARVE_NS)?,
            },
            (_, Some(value)) => {
                return wrong(
                    format!("{word}={value}: {word} takes no value"),
                    "short=BYTES, delay=TIME, freeze=TIME, starve=TIME and close=STREAM take one",
                );
            }
            (word, None) => return Fault::of_name(word, to, default),
        })
    }

    /// A signal or an error.
    fn of_name(
        word: &str,
        to: Option<Delivery>,
        default: impl Fn(i32) -> Delivery,
    ) -> Result<Fault, ParseError> {
        if let Some(errno) = errnos::parse(word) {
            return Ok(match is_of_what_fills(errno) {
                true => Fault::Full { errno },
                false => Fault::Errno { errno },
            });
        }
        if signals::parse(word).is_none() {
            let mut near = errnos::similar(word);
            if word.starts_with('E') && !near.is_empty() {
                return wrong(
                    format!("no such error: {word}"),
                    format!("did you mean {}?", near.join(" or ")),
                );
            }
            near = signals::similar(word);
            if near.is_empty() {
                return wrong(
                    format!("no such fault: {word}"),
                    "faults are signals (INT, SIGTERM, 2), errors (ENOSPC, EINTR), hangup, short[=BYTES], delay=TIME, freeze[=TIME], close[=stdout|stderr] and starve[=TIME]",
                );
            }
        }
        let signal = signal(word)?;
        let to = to.unwrap_or_else(|| default(signal));
        let fault = Fault::Signal { signal, to };
        fault.check_key()?;
        Ok(fault)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Fault::Signal { signal, to } => {
                let name = signals::name(*signal);
                // A real-time signal has a number and no name that is read back.
                let name = match name.strip_prefix("SIG") {
                    Some(short) => short,
                    None => &name,
                };
                write!(f, "{name}:{to}")
            }
            Fault::HangUp => f.write_str("hangup"),
            Fault::Errno { errno } if is_of_what_fills(*errno) => {
                write!(f, "{}{AT_ONCE}", errnos::name(*errno))
            }
            Fault::Errno { errno } | Fault::Full { errno } => f.write_str(&errnos::name(*errno)),
            Fault::Short { bytes: None } => f.write_str("short"),
            Fault::Short { bytes: Some(bytes) } => write!(f, "short={bytes}"),
            Fault::Delay { ns } => write!(f, "delay={}", time(*ns)),
            Fault::Freeze { ns, to } => write!(f, "freeze={}:{to}", time(*ns)),
            Fault::CloseReader { stream } => write!(f, "close={}", stream_word(*stream)),
            Fault::Starve { ns } => write!(f, "starve={}", time(*ns)),
        }
    }
}

impl Trigger {
    /// Reads a trigger.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub fn parse(text: &str) -> Result<Trigger, ParseError> {
        Ok(Trigger::parse_phased(text)?.0)
    }

    /// The same, with the phase if the text gives one.
    fn parse_phased(text: &str) -> Result<(Trigger, Option<Phase>), ParseError> {
        if let Some(after) = text.strip_prefix('+') {
            let ns = nanoseconds(duration(after)?);
            return Ok((Trigger::AfterPrevious { ns }, None));
        }
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(unquoted(rest))),
            None => (text, None),
        };
        let trigger = match (word, rest) {
            ("output", Some(pattern)) => {
                output_pattern(pattern).map_err(|error| bad_expression(&error))?;
                Trigger::Output {
                    pattern: pattern.to_owned(),
                }
            }
            ("handler", None) => Trigger::Handler,
            ("ready", None) => Trigger::Ready,
            ("request", None) => Trigger::Request { nth: 1 },
            ("request", Some(nth)) => match nth.parse() {
                Ok(nth) if nth > 0 => Trigger::Request { nth },
                _ => {
                    return wrong(
                        format!("request:{nth}: {nth} is not the number of a request"),
                        "write a number from 1",
                    );
                }
            },
            ("child", None) => Trigger::Child { nth: 1 },
            ("child", Some(nth)) => match nth.parse() {
                Ok(nth) if nth > 0 => Trigger::Child { nth },
                _ => {
                    return wrong(
                        format!("child:{nth}: {nth} is not the number of a child"),
                        "write a number from 1",
                    );
                }
            },
            ("file", Some(glob)) => {
                check_glob(glob)?;
                Trigger::File {
                    glob: glob.to_owned(),
                }
            }
            ("failpoint", Some(text)) => failpoint(text)?,
            ("call" | "point" | "every", Some(point)) => {
                let (mut selector, phase) = CallSelector::parse_phased(point)?;
                selector.every = word == "every";
                return Ok((Trigger::Call(selector), phase));
            }
            _ if text.starts_with(|c: char| c.is_ascii_digit()) => Trigger::After {
                ns: nanoseconds(duration(text)?),
            },
            _ => {
                // A call may stand alone: ENOSPC@write#3.
                return match CallSelector::parse_phased(text) {
                    Ok((selector, phase)) => Ok((Trigger::Call(selector), phase)),
                    Err(error) if text.contains(['#', '(']) => Err(error),
                    Err(_) => wrong(
                        format!("no such trigger: {text}"),
                        "triggers are 250ms, +200ms, output:'REGEX', handler, child[:N], file:GLOB, failpoint:NAME[#N], ready, request[:N] and a call, such as write(out.txt)#2",
                    ),
                };
            }
        };
        Ok((trigger, None))
    }
}

impl fmt::Display for Trigger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Trigger::After { ns } => f.write_str(&time(*ns)),
            Trigger::AfterPrevious { ns } => write!(f, "+{}", time(*ns)),
            Trigger::Output { pattern } => write!(f, "output:{}", quoted(pattern)),
            Trigger::Handler => f.write_str("handler"),
            Trigger::Child { nth } => write!(f, "child:{nth}"),
            Trigger::Ready => f.write_str("ready"),
            Trigger::Request { nth: 1 } => f.write_str("request"),
            Trigger::Request { nth } => write!(f, "request:{nth}"),
            Trigger::File { glob } => write!(f, "file:{}", quoted(glob)),
            Trigger::Failpoint { name, nth: 1 } => write!(f, "failpoint:{name}"),
            Trigger::Failpoint { name, nth } => write!(f, "failpoint:{name}#{nth}"),
            Trigger::Call(selector) => selector.write(f, true),
            Trigger::Point { name, .. } => write!(f, "call:{name}"),
        }
    }
}

/// Quoted only where quotes of its own would be taken off.
fn quoted(text: &str) -> String {
    if unquoted(text) == text {
        text.to_owned()
    } else {
        format!("'{text}'")
    }
}

/// Quotes may be left on by whoever quotes twice.
fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}
