//! The options of a sweep.

use super::error::{OptionError, OptionName};
use super::faults::FaultReader;
use super::numbers::{CONFIRM, INSTRUCTIONS, PAIRS};
use super::points::PointSpec;
use crate::explore::{FaultSpec, SecondFault, Shard, SweepOptions, Window};
use crate::oracle::PhaseSelection;
use crate::schedule::{Delivery, Fault, ParseError};
use crate::target::Isolation;
use std::time::Duration;

/// A sweep, as a person asks for it.
#[derive(Debug)]
pub(crate) struct SweepSpec {
    /// Reads the faults.
    pub(crate) reader: FaultReader,
    pub(crate) isolation: Isolation,
    /// The signal [INT].
    pub(crate) signal: Option<i32>,
    /// Another fault than a signal.
    pub(crate) fault: Option<String>,
    /// Who gets the signal.
    pub(crate) deliver: Option<Delivery>,
    /// Steps that follow the fault.
    pub(crate) then: Vec<String>,
    /// Where a second fault comes.
    pub(crate) second: Vec<Window>,
    /// Another second fault than the first one again.
    pub(crate) second_fault: Option<String>,
    /// Maximum number of pairs.
    pub(crate) pairs: Option<u64>,
    /// Instructions behind each point.
    pub(crate) instructions: Option<u64>,
    /// Which points.
    pub(crate) points: PointSpec,
    /// How often a finding is run again.
    pub(crate) confirm: Option<u64>,
    /// Every point, or some of each class; `None` decides by what it would cost.
    pub(crate) exhaustive: Option<bool>,
    /// Maximum time of the tries.
    pub(crate) time: Option<Duration>,
    /// Which points of a class are drawn.
    pub(crate) seed: u64,
    /// The part of the classes; `None` for all.
    pub(crate) shard: Option<Shard>,
}

/// An option that excludes another one.
fn excluded(option: OptionName, message: &str, hint: &str) -> OptionError {
    OptionError::new(option, ParseError::new(message).hint(hint))
}

impl SweepSpec {
    /// Checks it.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub(crate) fn options(&self) -> Result<SweepOptions, OptionError> {
        let fault_spec = self.fault_spec()?;
        let usual = SweepOptions::of(fault_spec);
        let fault = &usual.fault_spec.fault;
        let mapped = self.points.phases_for([fault].into_iter())?;
        let second = self.second(fault)?;
        Ok(SweepOptions {
            mapped: match fault.is_of_call() {
                true => PhaseSelection::CALLS,
                false => mapped,
            },
            all: self.points.all,
            filter: self.points.filter()?,
            second,
            instructions: self.instructions()?,
            confirm: confirm(self.confirm, usual.confirm)?,
            isolation: self.isolation,
            exhaustive: self.exhaustive,
            time: self.time,
            seed: self.seed,
            shard: self.shard,
            ..usual
        })
    }

    /// What is injected at each point.
    fn fault_spec(&self) -> Result<FaultSpec, OptionError> {
        let (fault, lasting) = match (&self.fault, self.signal) {
            (Some(_), Some(_)) => {
                return Err(excluded(
                    OptionName::Fault,
                    "both a signal and a fault",
                    "a signal is a fault, too; give one of them",
                ));
            }
            (Some(text), None) => self
                .reader
                .fault(text, self.deliver)
                .map_err(OptionError::at(OptionName::Fault, 0))?,
            (None, signal) => {
                let option = match self.deliver {
                    Some(_) => OptionName::Deliver,
                    None => OptionName::Signal,
                };
                let signal = signal.unwrap_or(libc::SIGINT);
                let fault = self.reader.signal(signal, self.deliver);
                (fault.map_err(OptionError::at(option, 0))?, false)
            }
        };
        let then = self.then.iter().enumerate().map(|(index, text)| {
            let step = self.reader.step(text);
            step.map_err(OptionError::at(OptionName::Then, index))
        });
        Ok(FaultSpec {
            fault,
            lasting,
            then: then.collect::<Result<_, _>>()?,
        })
    }

    /// The second fault of each pair.
    fn second(&self, first: &Fault) -> Result<Option<SecondFault>, OptionError> {
        if self.second.is_empty() {
            return self.without_second();
        }
        if !self.then.is_empty() {
            return Err(excluded(
                OptionName::Then,
                "both then and second",
                "one of them says what comes after the first fault; leave the other out",
            ));
        }
        if first.signal().is_none() {
            return Err(OptionError::new(
                OptionName::Second,
                ParseError::new(format!(
                    "a second fault follows a signal, and {first} has neither a handler nor a clean-up"
                ))
                .hint("leave second out, or sweep with a signal"),
            ));
        }
        let pairs = self
            .pairs
            .map_or(Ok(SecondFault::PAIRS_MAX as u64), |pairs| {
                PAIRS
                    .check(pairs)
                    .map_err(OptionError::at(OptionName::Pairs, 0))
            })?;
        Ok(Some(SecondFault {
            places: self.second.clone(),
            fault: self.second_fault(first)?,
            most: pairs as usize,
        }))
    }

    /// What needs a second fault, when there is none.
    fn without_second(&self) -> Result<Option<SecondFault>, OptionError> {
        let option = match (&self.second_fault, self.pairs) {
            (Some(_), _) => OptionName::SecondFault,
            (None, Some(_)) => OptionName::Pairs,
            (None, None) => return Ok(None),
        };
        Err(excluded(
            option,
            "nothing says where the second fault comes",
            "add second, with in-handler, in-cleanup or both",
        ))
    }

    fn second_fault(&self, first: &Fault) -> Result<Fault, OptionError> {
        let Some(text) = &self.second_fault else {
            return Ok(first.clone());
        };
        let wrong = OptionError::at(OptionName::SecondFault, 0);
        let (fault, lasting) = self.reader.fault(text, None).map_err(&wrong)?;
        if lasting || fault.is_of_call() {
            return Err(wrong(
                ParseError::new(format!("{text} cannot come second")).hint(
                    "a second fault happens once, and not to a call; write a signal such as TERM",
                ),
            ));
        }
        Ok(fault)
    }

    fn instructions(&self) -> Result<Option<u32>, OptionError> {
        let Some(count) = self.instructions else {
            return Ok(None);
        };
        let wrong = OptionError::at(OptionName::Instructions, 0);
        if self.fault.is_some() || !self.second.is_empty() {
            return Err(wrong(
                ParseError::new("only one signal can come between two calls")
                    .hint("leave fault and second out"),
            ));
        }
        let count = INSTRUCTIONS.check(count).map_err(wrong)?;
        Ok(u32::try_from(count).ok())
    }
}

/// How often a finding is run again.
pub(super) fn confirm(asked: Option<u64>, usual: u32) -> Result<u32, OptionError> {
    let Some(asked) = asked else {
        return Ok(usual);
    };
    let checked = CONFIRM.check(asked);
    let checked = checked.map_err(OptionError::at(OptionName::Confirm, 0))?;
    Ok(u32::try_from(checked).unwrap_or(u32::MAX))
}
