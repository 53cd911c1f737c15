//! The values in a schedule's text: signals, durations, names of failpoints.

use super::parse::{ParseError, wrong};
use super::schedule::Trigger;
use crate::facts::{is_failpoint, signals};
use std::time::Duration;

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
            "no such duration: {text}; write a number and a unit (ns, us, ms, s or m), such as 250ms"
        ))
    };
    let split = text
        .find(|c: char| !c.is_ascii_digit() && c != '.')
        .ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let unit_ns: u64 = match unit {
        "ns" => 1,
        "us" | "µs" => 1_000,
        "ms" => 1_000_000,
        "s" => 1_000_000_000,
        "m" | "min" => 60_000_000_000,
        _ => return Err(wrong()),
    };
    if let Ok(whole) = number.parse::<u64>() {
        return whole
            .checked_mul(unit_ns)
            .map(Duration::from_nanos)
            .ok_or_else(wrong);
    }
    let number: f64 = number.parse().map_err(|_| wrong())?;
    Duration::try_from_secs_f64(number * unit_ns as f64 / 1e9).map_err(|_| wrong())
}

/// Reads the name of a failpoint, and its number.
pub(crate) fn failpoint(text: &str) -> Result<Trigger, ParseError> {
    let (name, nth) = match text.rsplit_once('#') {
        Some((name, number)) => match number.parse() {
            Ok(nth) if nth > 0 => (name, nth),
            _ => {
                return wrong(format!(
                    "failpoint:{text}: a number from 1 is expected after #"
                ));
            }
        },
        None => (text, 1),
    };
    if !is_failpoint(name) {
        return wrong(format!(
            "failpoint:{text}: a name has 1 to 64 letters, digits and any of - _ . : /"
        ));
    }
    let name = name.to_owned();
    Ok(Trigger::Failpoint { name, nth })
}
