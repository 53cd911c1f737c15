//! Values of a scenario file that are strings with a meaning. Each is checked
//! where it stands, so that an error points at it.

use crate::facts::signals;
use crate::options;
use crate::options::{PhaseName, choose, names};
use crate::oracle::OracleId;
use crate::schedule::{Delivery, ParseError, Trigger, duration, signal};
use crate::target::{IoUring, Isolation};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

/// What a value is called, how it is read from a string, and its schema.
pub(crate) trait ScalarValue: Sized {
    /// Its name in the schema.
    const NAME: &'static str;
    /// What is expected, for an error: `a duration such as "250ms"`.
    const EXPECTED: &'static str;
    /// Reads it.
    fn read(text: &str) -> Result<Self, ParseError>;
    /// The schema.
    fn schema() -> Schema;
}

/// Stands between the message and the hint of an error that passes through serde, which carries a text only.
pub(crate) const HINT_MARK: char = '\u{1f}';

/// An error as one text for serde; [`HINT_MARK`] keeps its parts apart.
pub(crate) fn carry(problem: ParseError) -> String {
    let (message, hint) = problem.into_parts();
    format!("{message}{HINT_MARK}{}", hint.unwrap_or_default())
}

pub(crate) struct ScalarVisitor<T>(pub(crate) PhantomData<T>);

impl<T: ScalarValue> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(|problem| E::custom(carry(problem)))
    }
}

/// Makes these types readable from a file, and known to its schema.
macro_rules! scalar {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                from.deserialize_str(ScalarVisitor(PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                <$type as ScalarValue>::NAME.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                <$type as ScalarValue>::schema()
            }
        }
    )*};
}

pub(crate) use scalar;

scalar!(
    Time,
    SignalName,
    TriggerText,
    GlobText,
    Expression,
    OracleName,
    DeliveryText,
    IsolationText,
    IoUringText,
    PhaseText
);

/// `"250ms"`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) Duration);

impl ScalarValue for Time {
    const NAME: &'static str = "Duration";
    const EXPECTED: &'static str = "a duration such as \"250ms\"";

    fn read(text: &str) -> Result<Time, ParseError> {
        duration(text).map(Time)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "A number and a unit: us, ms, s or m.",
            "type": "string",
            "pattern": r"^[0-9]+(\.[0-9]+)?(us|µs|ms|s|m|min)$",
            "examples": ["250ms", "1.5s"],
        })
    }
}

impl Time {
    pub(crate) fn ms(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

/// `"INT"`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignalName(pub(crate) i32);

impl ScalarValue for SignalName {
    const NAME: &'static str = "Signal";
    const EXPECTED: &'static str = "a signal such as \"INT\"";

    fn read(text: &str) -> Result<SignalName, ParseError> {
        signal(text).map(SignalName)
    }

    fn schema() -> Schema {
        let usual = [
            libc::SIGINT,
            libc::SIGTERM,
            libc::SIGHUP,
            libc::SIGQUIT,
            libc::SIGKILL,
        ]
        .map(|number| signals::name(number).trim_start_matches("SIG").to_owned());
        json_schema!({
            "description": "A signal's name, with or without SIG, or its number.",
            "type": "string",
            "examples": usual,
        })
    }
}

/// `"output:'ready'"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TriggerText(pub(crate) Trigger);

impl ScalarValue for TriggerText {
    const NAME: &'static str = "Trigger";
    const EXPECTED: &'static str = "a trigger such as \"output:'ready'\"";

    fn read(text: &str) -> Result<TriggerText, ParseError> {
        Trigger::parse(text).map(TriggerText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "A time or an event: 250ms, +200ms, output:'REGEX', handler, child[:N], file:GLOB, failpoint:NAME[#N] or call:POINT.",
            "type": "string",
            "examples": ["output:'ready'", "+200ms", "handler"],
        })
    }
}

/// `"*.tmp"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GlobText(pub(crate) String);

impl ScalarValue for GlobText {
    const NAME: &'static str = "Glob";
    const EXPECTED: &'static str = "a glob such as \"*.tmp\"";

    fn read(text: &str) -> Result<GlobText, ParseError> {
        options::glob(text).map(GlobText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "A glob, as in .gitignore: * also matches /.",
            "type": "string",
            "examples": ["*.tmp"],
        })
    }
}

/// A regular expression.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Expression(pub(crate) String);

impl ScalarValue for Expression {
    const NAME: &'static str = "Expression";
    const EXPECTED: &'static str = "a regular expression";

    fn read(text: &str) -> Result<Expression, ParseError> {
        options::expression(text).map(Expression)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "A regular expression of the Rust crate regex.",
            "type": "string",
            "format": "regex",
        })
    }
}

/// The name of an oracle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OracleName(pub(crate) OracleId);

impl ScalarValue for OracleName {
    const NAME: &'static str = "Oracle";
    const EXPECTED: &'static str = "the name of an oracle";

    fn read(text: &str) -> Result<OracleName, ParseError> {
        options::oracle(text).map(OracleName)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "The name of an oracle.",
            "type": "string",
            "enum": OracleId::ALL.map(OracleId::name),
        })
    }
}

/// An exit status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StatusNumber(pub(crate) u8);

impl<'de> Deserialize<'de> for StatusNumber {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let number = u64::deserialize(from)?;
        let status = options::EXIT_STATUS.check(number);
        let status = status.map_err(|problem| D::Error::custom(carry(problem)))?;
        Ok(StatusNumber(u8::try_from(status).unwrap_or(u8::MAX)))
    }
}

/// Whom a signal goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeliveryText(pub(crate) Delivery);

/// How targets are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IsolationText(pub(crate) Isolation);

/// Whether targets get io_uring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IoUringText(pub(crate) IoUring);

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PhaseText(pub(crate) PhaseName);

impl ScalarValue for DeliveryText {
    const NAME: &'static str = "Delivery";
    const EXPECTED: &'static str =
        "\"process\", \"group\", \"terminal\", \"child\", \"thread:NAME\" or \"exec:NAME\"";

    fn read(text: &str) -> Result<DeliveryText, ParseError> {
        Delivery::parse(text).map(DeliveryText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "Who gets a signal.",
            "type": "string",
            "pattern": "^(process|group|terminal|child|thread:[^:@]{1,15}|exec:[^:@/]{1,63})$",
        })
    }
}

impl ScalarValue for IsolationText {
    const NAME: &'static str = "Isolation";
    const EXPECTED: &'static str = "\"auto\", \"namespaces\" or \"copy\"";

    fn read(text: &str) -> Result<IsolationText, ParseError> {
        choose("isolation", text).map(IsolationText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "How targets are isolated from the machine.",
            "type": "string",
            "enum": names::<Isolation>(),
        })
    }
}

impl ScalarValue for IoUringText {
    const NAME: &'static str = "IoUring";
    const EXPECTED: &'static str = "\"refuse\" or \"allow\"";

    fn read(text: &str) -> Result<IoUringText, ParseError> {
        choose("io_uring", text).map(IoUringText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "Whether targets get io_uring.",
            "type": "string",
            "enum": names::<IoUring>(),
        })
    }
}

impl ScalarValue for PhaseText {
    const NAME: &'static str = "Phase";
    const EXPECTED: &'static str = "\"before\", \"entry\", \"exit\" or \"all\"";

    fn read(text: &str) -> Result<PhaseText, ParseError> {
        choose("phase", text).map(PhaseText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "On which side of a system call.",
            "type": "string",
            "enum": names::<PhaseName>(),
        })
    }
}
