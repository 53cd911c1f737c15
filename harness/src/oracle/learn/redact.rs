//! What differs from run to run in a text for people, replaced by a word.

use regex::Regex;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Replacements, line by line, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Redactions {
    /// Regular expressions, and what replaces them (`$1` is the first group).
    pairs: Vec<(String, String)>,
}

/// A date, with or without the time of day.
const DATE: &str =
    r"\b\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?\b";
/// A time of day, or a clock that counts.
const CLOCK: &str = r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\.\d+)?\b";
/// A number and a unit of time.
const DURATION: &str =
    r"\b\d+(?:\.\d+)?\s?(?:ns|us|µs|ms|s|secs?|seconds?|mins?|minutes?|h|hours?)\b";
/// A number after a word for one.
const PID: &str = r"(?i)\b(pid|ppid|pgid|tid|sid)([ =:#]*)\d+\b";

impl Redactions {
    /// One more.
    pub fn push(&mut self, pattern: &str, with: &str) {
        self.pairs.push((pattern.to_owned(), with.to_owned()));
    }

    /// Durations, times of day and dates become `[TIME]`.
    pub fn times(&mut self) {
        for pattern in [DATE, CLOCK, DURATION] {
            self.push(pattern, "[TIME]");
        }
    }

    /// Numbers after `pid` and the like become `[PID]`.
    pub fn pids(&mut self) {
        self.push(PID, "$1$2[PID]");
    }

    /// The private directories of a target become `[TREE]`, `[HOME]` and `[TMP]`.
    pub fn paths(&mut self) {
        for (place, word) in [
            ("tree", "[TREE]"),
            ("run/home", "[HOME]"),
            ("run/tmp", "[TMP]"),
        ] {
            let pattern = format!(
                r"/(?:tmp|dev/shm|var/tmp|run)/sigproof-\d+(?:/session-[^/\s]+/\d+)?/{place}\b"
            );
            self.push(&pattern, word);
        }
    }

    /// Ready to be applied to many lines.
    pub(crate) fn compiled(&self) -> Compiled<'_> {
        // They were checked where they were read; one that is bad replaces nothing.
        let pairs = self
            .pairs
            .iter()
            .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with.as_str())))
            .collect();
        Compiled { pairs }
    }
}

/// Redactions with their expressions compiled.
pub(crate) struct Compiled<'a> {
    pairs: Vec<(Regex, &'a str)>,
}

impl Compiled<'_> {
    pub(crate) fn apply(&self, line: &str) -> String {
        let mut line = line.to_owned();
        for (pattern, with) in &self.pairs {
            if let Cow::Owned(changed) = pattern.replace_all(&line, *with) {
                line = changed;
            }
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_replaced_and_the_rest_is_kept() {
        let mut redactions = Redactions::default();
        redactions.push(r"(\d+)/\d+ files", "$1/[N] files");
        redactions.paths();
        redactions.times();
        redactions.pids();
        let compiled = redactions.compiled();
        for (line, wanted) in [
            ("3/17 files", "3/[N] files"),
            ("took 12.5 ms, then 3s", "took [TIME], then [TIME]"),
            ("at 2024-01-31 12:00:00 (1:02:03)", "at [TIME] ([TIME])"),
            ("2024-01-31T12:00:00.5Z done", "[TIME] done"),
            (
                "worker pid 4711 died, PID=12",
                "worker pid [PID] died, PID=[PID]",
            ),
            ("/tmp/sigproof-0/tree/out.txt", "[TREE]/out.txt"),
            ("/tmp/sigproof-0/session-12-0/1/run/tmp/x", "[TMP]/x"),
            (
                "version 1.2.3 of 4 things, 50%",
                "version 1.2.3 of 4 things, 50%",
            ),
        ] {
            assert_eq!(compiled.apply(line), wanted);
        }
    }
}
