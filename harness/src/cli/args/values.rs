//! Values of flags, read by the rules of `options`.

use crate::error::Error;
use crate::explore::Shard;
use crate::options;
use crate::options::{CPU_COUNT, EXIT_STATUS, OptionError, OptionName, choose};
use crate::oracle::OracleId;
use crate::schedule::{Delivery, ParseError, Trigger};
use clap::builder::{PossibleValue, TypedValueParser};
use clap::{Arg, Command, ValueEnum};
use std::ffi::OsStr;
use std::marker::PhantomData;
use std::time::Duration;

pub(super) use crate::options::{glob, terminal_size, variable};
pub(super) use crate::schedule::signal;

pub(super) fn duration(text: &str) -> Result<Duration, ParseError> {
    crate::schedule::duration(text)
}

pub(super) fn delivery(text: &str) -> Result<Delivery, ParseError> {
    Delivery::parse(text)
}

pub(super) fn trigger(text: &str) -> Result<Trigger, ParseError> {
    Trigger::parse(text)
}

pub(super) fn oracle(text: &str) -> Result<OracleId, ParseError> {
    options::oracle(text)
}

pub(super) fn parallel_runs(text: &str) -> Result<usize, ParseError> {
    Ok(CPU_COUNT.parse(text)? as usize)
}

pub(super) fn exit_status(text: &str) -> Result<u8, ParseError> {
    Ok(u8::try_from(EXIT_STATUS.parse(text)?).unwrap_or(u8::MAX))
}

/// The value of `--shard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShardChoice {
    /// This one.
    One(Shard),
    /// As the environment says.
    Auto,
    /// Everything, whatever the environment says.
    None,
}

pub(super) fn shard(text: &str) -> Result<ShardChoice, ParseError> {
    match text {
        "auto" => Ok(ShardChoice::Auto),
        "none" => Ok(ShardChoice::None),
        _ => text.parse().map(ShardChoice::One),
    }
}

impl ShardChoice {
    /// The part that is meant; `None` for everything.
    pub fn shard(self) -> Result<Option<Shard>, Error> {
        match self {
            ShardChoice::One(shard) => Ok(Some(shard)),
            ShardChoice::None => Ok(None),
            ShardChoice::Auto => match Shard::told_by_engine(|name| std::env::var(name).ok())? {
                Some((shard, _)) => Ok(Some(shard)),
                None => Err(Error::usage(
                    "--shard auto: nothing in the environment says which part this is".to_owned(),
                )
                .with_hint(
                    "write --shard 2/4, or set SIGPROOF_SHARD_INDEX and SIGPROOF_SHARD_TOTAL",
                )),
            },
        }
    }
}

/// One of the values of an enum: the help lists them, and an unknown one gets the sentence that scenario files give.
#[derive(Debug, Clone)]
pub(super) struct OneOf<T> {
    what: &'static str,
    value: PhantomData<T>,
}

/// `what` is what the values are called.
pub(super) fn one_of<T>(what: &'static str) -> OneOf<T> {
    OneOf {
        what,
        value: PhantomData,
    }
}

impl<T: ValueEnum + Clone + Send + Sync + 'static> TypedValueParser for OneOf<T> {
    type Value = T;

    fn parse_ref(
        &self,
        command: &Command,
        argument: Option<&Arg>,
        value: &OsStr,
    ) -> Result<T, clap::Error> {
        let what = self.what;
        let read = move |text: &str| choose::<T>(what, text);
        TypedValueParser::parse_ref(&read, command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        let values = T::value_variants().iter();
        Some(Box::new(values.filter_map(T::to_possible_value)))
    }
}

/// The flag of an option.
fn flag(option: OptionName) -> &'static str {
    match option {
        OptionName::Command => "the command",
        OptionName::Inputs => "--in",
        OptionName::Stdin => "--stdin",
        OptionName::TreeLimit => "--tree-limit",
        OptionName::CopyLimit => "--copy-limit",
        OptionName::Steps | OptionName::Signal => "--signal",
        OptionName::Fault | OptionName::Faults => "--fault",
        OptionName::Deliver => "--deliver",
        OptionName::Then => "--then",
        OptionName::Second => "--second",
        OptionName::SecondFault => "--second-fault",
        OptionName::Pairs => "--pairs",
        OptionName::Instructions => "--instructions",
        OptionName::FaultsPerSchedule => "--most",
        OptionName::Runs => "--runs",
        OptionName::Phases => "--phase",
        OptionName::Only => "--only",
        OptionName::Paths => "--path",
        OptionName::Confirm => "--confirm",
        OptionName::Keep => "--keep",
        OptionName::Prefix => "--prefix",
        OptionName::Any => "--any",
        OptionName::Daemons => "--daemon",
        OptionName::Ready => "--ready",
        OptionName::Unready => "--unready",
        OptionName::Clients => "--client",
        OptionName::Keys => "--keys",
        OptionName::Baseline => "--no-baseline",
    }
}

impl From<OptionError> for Error {
    fn from(error: OptionError) -> Error {
        let (message, hint) = error.problem.into_parts();
        let error = Error::usage(format!("{}: {message}", flag(error.option)));
        match hint {
            Some(hint) => error.with_hint(hint),
            None => error,
        }
    }
}
