//! The bounds of numbers.

use crate::schedule::ParseError;

/// What a number counts, and its bounds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NumberRule {
    what: &'static str,
    min: u64,
    max: u64,
}

const fn rule(what: &'static str, min: u64, max: u64) -> NumberRule {
    NumberRule { what, min, max }
}

/// Runs of a target, or scenarios, at the same time.
pub(crate) const CPU_COUNT: NumberRule = rule("number of parallel runs", 1, 1024);
/// How often a finding is run again.
pub(crate) const CONFIRM: NumberRule = rule("number of confirming runs", 0, 100);
/// How often a failed scenario is run again.
pub(crate) const RETRIES: NumberRule = rule("number of retries", 0, 100);
/// An exit status.
pub(crate) const EXIT_STATUS: NumberRule = rule("exit status", 0, 255);
/// Pairs of points in a sweep.
pub(crate) const PAIRS: NumberRule = rule("number of pairs", 1, u32::MAX as u64);
/// Instructions behind a point.
pub(crate) const INSTRUCTIONS: NumberRule = rule("number of instructions", 1, 20_000);
/// Faults in a random schedule.
pub(crate) const FAULTS_PER_SCHEDULE: NumberRule = rule("number of faults in a schedule", 1, 5);
/// Runs of a fuzz session.
pub(crate) const FUZZ_RUNS: NumberRule = rule("number of runs", 1, u32::MAX as u64);
/// Size of the private file system, in MiB.
pub(crate) const TREE_MIB: NumberRule = rule("size in MiB", 1, 1_048_576);
/// Files of a copied work tree.
pub(crate) const COPY_FILES: NumberRule = rule("number of files", 1, u32::MAX as u64);
/// Runs over which a latency is measured.
pub(crate) const LATENCY_RUNS: NumberRule = rule("number of runs", 1, 10_000);
/// Signals of an escalation.
pub(crate) const ESCALATION_SIGNALS: NumberRule = rule("number of signals of an escalation", 2, 3);

impl NumberRule {
    /// A number that was read already.
    pub(crate) fn check(self, number: u64) -> Result<u64, ParseError> {
        if (self.min..=self.max).contains(&number) {
            return Ok(number);
        }
        Err(self.wrong(&number.to_string()))
    }

    /// A number as a person writes it.
    pub(crate) fn parse(self, text: &str) -> Result<u64, ParseError> {
        let number = text.parse().map_err(|_| self.wrong(text))?;
        self.check(number)
    }

    fn wrong(self, text: &str) -> ParseError {
        let NumberRule { what, min, max } = self;
        let hint = if max == u64::from(u32::MAX) {
            format!("write a number from {min}")
        } else {
            format!("write a number from {min} to {max}")
        };
        ParseError::new(format!("the {what} cannot be {text}")).hint(hint)
    }
}
