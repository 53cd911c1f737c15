//! What is wrong with an option.

use crate::error::Error;
use crate::schedule::ParseError;
use std::fmt;

/// An option of a verb, whatever the command line and a scenario file call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OptionName {
    Command,
    Inputs,
    Stdin,
    TreeLimit,
    CopyLimit,
    Steps,
    Signal,
    Fault,
    Faults,
    Deliver,
    Then,
    Second,
    SecondFault,
    Pairs,
    Instructions,
    FaultsPerSchedule,
    Runs,
    Phases,
    Only,
    Paths,
    Confirm,
    Keep,
    Prefix,
    Any,
    Daemons,
    Ready,
    Unready,
    Clients,
    Keys,
    Baseline,
}

/// An option with a wrong value: which option, which of its values, what is wrong and what would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OptionError {
    /// The option.
    pub(crate) option: OptionName,
    /// Which of its values, from 0.
    pub(crate) index: usize,
    /// What is wrong with it.
    pub(crate) problem: ParseError,
}

impl OptionError {
    pub(crate) fn new(option: OptionName, problem: ParseError) -> OptionError {
        OptionError {
            option,
            index: 0,
            problem,
        }
    }

    /// For `map_err`: the error of this value of the option.
    pub(crate) fn at(option: OptionName, index: usize) -> impl Fn(ParseError) -> OptionError {
        move |problem| OptionError {
            option,
            index,
            problem,
        }
    }
}

impl fmt::Display for OptionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problem.fmt(f)
    }
}

impl std::error::Error for OptionError {}

/// A value that a caller of the library wrote, without a flag or a file around it.
impl From<ParseError> for Error {
    fn from(problem: ParseError) -> Error {
        let (message, hint) = problem.into_parts();
        let error = Error::usage(message);
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
