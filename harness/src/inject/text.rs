//! Schedules as people write them: `INT@output:'ready'`, `TERM:process@+200ms`.

use super::schedule::{CallSelector, Delivery, Fault, Step, Trigger, typed};
use crate::facts::Phase;
use crate::facts::signals;
use clap::ValueEnum;
use std::fmt;
use std::time::Duration;

/// A part of a schedule that cannot be read: what, why, and what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(pub(crate) String);

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// Reads a signal's name.
pub(crate) fn signal(text: &str) -> Result<i32, ParseError> {
    signals::parse(text).ok_or_else(|| {
        let near = signals::similar(text);
        let hint = if near.is_empty() {
            "signals are written like INT, SIGTERM or 2".to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        ParseError(format!("no such signal: {text}; {hint}"))
    })
}

/// Reads `250ms`, `1.5s`, `80us`, `2m`; a bare number is refused.
pub(crate) fn duration(text: &str) -> Result<Duration, ParseError> {
    let wrong = || {
        ParseError(format!(
            "no such duration: {text}; write a number and a unit (us, ms, s or m), such as 250ms"
        ))
    };
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: f64 = number.parse().map_err(|_| wrong())?;
    let seconds = match unit {
        "us" | "µs" => number / 1e6,
        "ms" => number / 1e3,
        "s" => number,
        "m" | "min" => number * 60.0,
        _ => return Err(wrong()),
    };
    Duration::try_from_secs_f64(seconds).map_err(|_| wrong())
}

impl Step {
    /// Reads `SIGNAL[:DELIVERY]@TRIGGER`; `default` says who gets a signal when
    /// the text does not.
    pub fn parse(text: &str, default: impl Fn(i32) -> Delivery) -> Result<Step, ParseError> {
        let (fault, trigger) = text.split_once('@').ok_or_else(|| {
            ParseError(format!(
                "{text}: a moment is missing; write SIGNAL@TRIGGER, such as INT@250ms or INT@output:'ready'"
            ))
        })?;
        let (name, to) = match fault.split_once(':') {
            Some((name, to)) => (name, Some(to)),
            None => (fault, None),
        };
        let signal = signal(name)?;
        let to = match to {
            None => default(signal),
            Some(word) => Delivery::from_str(word, true).map_err(|_| {
                ParseError(format!(
                    "no such delivery: {word}; write process, group or terminal"
                ))
            })?,
        };
        if to == Delivery::Terminal && typed(signal).is_none() {
            return Err(ParseError(format!(
                "{} cannot be typed on a terminal; only INT, QUIT and TSTP can",
                signals::name(signal)
            )));
        }
        Ok(Step {
            trigger: Trigger::parse(trigger)?,
            fault: Fault::Signal { signal, to },
        })
    }
}

impl Trigger {
    /// Reads a trigger.
    pub fn parse(text: &str) -> Result<Trigger, ParseError> {
        let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        if let Some(after) = text.strip_prefix('+') {
            return Ok(Trigger::AfterPrevious {
                ns: ns(duration(after)?),
            });
        }
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, Some(unquoted(rest))),
            None => (text, None),
        };
        match (word, rest) {
            ("output", Some(pattern)) => {
                regex::bytes::Regex::new(pattern)
                    .map_err(|error| ParseError(format!("bad pattern: {error}")))?;
                Ok(Trigger::Output {
                    pattern: pattern.to_owned(),
                })
            }
            ("handler", None) => Ok(Trigger::Handler),
            ("child", None) => Ok(Trigger::Child { nth: 1 }),
            ("child", Some(nth)) => match nth.parse() {
                Ok(nth) if nth > 0 => Ok(Trigger::Child { nth }),
                _ => Err(ParseError(format!(
                    "child:{nth}: a number from 1 is expected"
                ))),
            },
            ("file", Some(glob)) => {
                globset::Glob::new(glob)
                    .map_err(|error| ParseError(format!("bad pattern: {error}")))?;
                Ok(Trigger::File {
                    glob: glob.to_owned(),
                })
            }
            ("call" | "point", Some(point)) => Ok(Trigger::Call(CallSelector::parse(point)?)),
            _ if text.starts_with(|c: char| c.is_ascii_digit()) => Ok(Trigger::After {
                ns: ns(duration(text)?),
            }),
            _ => Err(ParseError(format!(
                "no such trigger: {text}; triggers are 250ms, +200ms, output:'REGEX', handler, child[:N], file:GLOB and call:POINT"
            ))),
        }
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

impl CallSelector {
    /// Reads `[PROCESS:]CALL[(ARGUMENT)][#N][@PHASE]`, as `sigproof points` prints it.
    pub fn parse(text: &str) -> Result<CallSelector, ParseError> {
        let wrong = |why: &str| {
            ParseError(format!(
                "{text}: {why}; a point is written [PROCESS:]CALL[(ARGUMENT)][#N][@PHASE], such as write(out.txt)#2@exit"
            ))
        };
        let (rest, phase) = match text.rsplit_once('@') {
            Some((rest, "exit")) => (rest, Phase::Exit),
            Some((rest, "entry")) => (rest, Phase::Entry),
            Some((rest, "before")) => (rest, Phase::Before),
            _ => (text, Phase::Exit),
        };
        let (rest, nth) = match rest.rsplit_once('#') {
            Some((rest, number)) if !number.contains(')') => match number.parse() {
                Ok(nth) if nth > 0 => (rest, nth),
                _ => return Err(wrong("N must be a number from 1")),
            },
            _ => (rest, 1),
        };
        let (head, arg) = match rest.split_once('(') {
            Some((head, arg)) => {
                let arg = arg
                    .strip_suffix(')')
                    .ok_or_else(|| wrong("a ) is missing"))?;
                (head, Some(arg.to_owned()))
            }
            None => (rest, None),
        };
        let (process, call) = match head.rsplit_once(':') {
            Some((process, call)) => (Some(process.to_owned()), call),
            None => (None, head),
        };
        if call.is_empty() || !call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return Err(wrong("no system call is named"));
        }
        if !syscalls::Sysno::iter().any(|known| known.name() == call) {
            return Err(wrong(&format!(
                "there is no system call {call} on this machine"
            )));
        }
        Ok(CallSelector {
            process,
            call: call.to_owned(),
            arg,
            nth,
            phase,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(text: &str) -> Result<Step, ParseError> {
        Step::parse(text, |_| Delivery::Group)
    }

    #[test]
    fn steps_are_read() {
        assert_eq!(
            step("INT@250ms").unwrap().trigger,
            Trigger::After { ns: 250_000_000 }
        );
        assert_eq!(
            step("SIGTERM:process@+1.5s").unwrap(),
            Step {
                trigger: Trigger::AfterPrevious { ns: 1_500_000_000 },
                fault: Fault::Signal {
                    signal: 15,
                    to: Delivery::Process
                },
            }
        );
        assert_eq!(
            step("INT@output:'task 3: done'").unwrap().trigger,
            Trigger::Output {
                pattern: "task 3: done".into()
            }
        );
        assert_eq!(
            step("2@child:4").unwrap().trigger,
            Trigger::Child { nth: 4 }
        );
        assert_eq!(
            step("INT@call:bash/1:sort:openat(a b.txt)#2@before")
                .unwrap()
                .trigger,
            Trigger::Call(CallSelector {
                process: Some("bash/1:sort".into()),
                call: "openat".into(),
                arg: Some("a b.txt".into()),
                nth: 2,
                phase: Phase::Before,
            })
        );
    }

    #[test]
    fn what_a_point_prints_is_read_back() {
        for text in [
            "gzip:write(README.md.gz)#2@exit",
            "x+t1:pause#1@before",
            "a:rename(b -> c)#1@exit",
        ] {
            let selector = CallSelector::parse(text).unwrap();
            let name = crate::inject::PointName {
                process: selector
                    .process
                    .unwrap()
                    .split('+')
                    .next()
                    .unwrap()
                    .to_owned(),
                thread: text.split_once('+').map_or("", |_| "t1").to_owned(),
                call: selector.call,
                arg: selector.arg.unwrap_or_default(),
                ordinal: selector.nth,
                phase: selector.phase,
            };
            assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn errors_say_what_would_do() {
        for (text, hint) in [
            ("ITN@5ms", "did you mean INT"),
            ("INT", "a moment is missing"),
            ("INT@soon", "no such trigger"),
            ("INT@5", "a number and a unit"),
            ("INT@output:(", "bad pattern"),
            ("INT@child:0", "from 1"),
            ("INT:all@5ms", "process, group or terminal"),
            ("TERM:terminal@5ms", "cannot be typed"),
            ("INT@call:frobnicate#1", "no system call frobnicate"),
            ("INT@call:write(a#1", "a ) is missing"),
            ("INT@call:write#0", "from 1"),
        ] {
            let error = step(text).unwrap_err().to_string();
            assert!(error.contains(hint), "{text}: {error}");
        }
    }
}
