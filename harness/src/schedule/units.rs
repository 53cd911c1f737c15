//! The values in a schedule's text: signals, durations, names of failpoints.

use super::parse_error::{ParseError, wrong};
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
        ParseError::new(format!("no such signal: {text}")).hint(hint)
    })
}

/// Checks a glob.
pub(crate) fn check_glob(text: &str) -> Result<(), ParseError> {
    globset::Glob::new(text).map(drop).map_err(|error| {
        ParseError::new(format!("bad glob {text}: {}", error.kind())).hint(
            "write a glob such as *.tmp, as in .gitignore; \\ takes a special character as it is",
        )
    })
}

/// Compiles a pattern for output: `^` and `$` are the ends of lines, whichever way those end.
///
/// # Errors
/// A pattern that cannot be read.
pub(crate) fn output_pattern(text: &str) -> Result<regex::bytes::Regex, regex::Error> {
    regex::bytes::RegexBuilder::new(text)
        .multi_line(true)
        .crlf(true)
        .build()
}

/// What is wrong with a regular expression. A hint on how to quote it is the caller's.
pub(crate) fn bad_expression(error: &regex::Error) -> ParseError {
    let text = error.to_string();
    let why = text.lines().last().unwrap_or_default();
    let why = why.trim_start_matches("error: ");
    ParseError::new(format!("bad regular expression, {why}"))
        .hint("quote it so that each backslash stays one: in single quotes, in a shell as in TOML")
}

/// Reads `250ms`, `1.5s`, `80us`, `2m`; a bare number is refused.
pub(crate) fn duration(text: &str) -> Result<Duration, ParseError> {
    let wrong = || {
        ParseError::new(format!("no such duration: {text}"))
            .hint("write a number and a unit (ns, us, ms, s or m), such as 250ms")
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
                return wrong(
                    format!("failpoint:{text}: {number} is not the number of a pass"),
                    "write a number from 1 after #",
                );
            }
        },
        None => (text, 1),
    };
    if !is_failpoint(name) {
        return wrong(
            format!("failpoint:{text}: this is not a failpoint's name"),
            "a name has 1 to 64 letters, digits and any of - _ . : /",
        );
    }
    let name = name.to_owned();
    Ok(Trigger::Failpoint { name, nth })
}
