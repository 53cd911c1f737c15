//! Values of a scenario file that are strings with a meaning. Each is checked
//! where it stands, so that an error points at it.

use crate::facts::signals;
use crate::oracle;
use crate::schedule::{Delivery, Trigger, duration, signal};
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
    /// Reads it. What stands after the first `; ` of an error is its hint.
    fn read(text: &str) -> Result<Self, String>;
    /// The schema.
    fn schema() -> Schema;
}

pub(crate) struct ScalarVisitor<T>(pub(crate) PhantomData<T>);

impl<T: ScalarValue> Visitor<'_> for ScalarVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<T, E> {
        T::read(text).map_err(E::custom)
    }
}

/// Makes these types readable from a file, and known to its schema.
macro_rules! worded {
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

pub(crate) use worded;

worded!(
    Time,
    SignalName,
    TriggerText,
    GlobText,
    Expression,
    OracleName,
    DeliveryText,
    HowText,
    Phases
);

/// `"250ms"`
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Time(pub(crate) Duration);

impl ScalarValue for Time {
    const NAME: &'static str = "Duration";
    const EXPECTED: &'static str = "a duration such as \"250ms\"";

    fn read(text: &str) -> Result<Time, String> {
        duration(text).map(Time).map_err(|error| error.to_string())
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

    fn read(text: &str) -> Result<SignalName, String> {
        signal(text)
            .map(SignalName)
            .map_err(|error| error.to_string())
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

    fn read(text: &str) -> Result<TriggerText, String> {
        Trigger::parse(text)
            .map(TriggerText)
            .map_err(|error| error.to_string())
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "When: 250ms, +200ms, output:'REGEX', handler, child[:N], file:GLOB, failpoint:NAME[#N] or call:POINT.",
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

    fn read(text: &str) -> Result<GlobText, String> {
        globset::Glob::new(text).map_err(|error| format!("bad glob: {}", error.kind()))?;
        Ok(GlobText(text.to_owned()))
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

    fn read(text: &str) -> Result<Expression, String> {
        regex::Regex::new(text).map_err(|error| {
            let said = error.to_string();
            let why = said.lines().last().unwrap_or_default();
            format!(
                "bad regular expression, {}; in TOML write it in single quotes, in which a backslash is one",
                why.trim_start_matches("error: ")
            )
        })?;
        Ok(Expression(text.to_owned()))
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
pub(crate) struct OracleName(pub(crate) String);

impl ScalarValue for OracleName {
    const NAME: &'static str = "Oracle";
    const EXPECTED: &'static str = "the name of an oracle";

    fn read(text: &str) -> Result<OracleName, String> {
        let names: Vec<&str> = oracle::names().collect();
        if names.contains(&text) {
            return Ok(OracleName(text.to_owned()));
        }
        Err(format!("no such oracle: {text}; {}", one_of(text, &names)))
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "The name of an oracle.",
            "type": "string",
            "enum": oracle::names().collect::<Vec<_>>(),
        })
    }
}

/// Whom a signal goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DeliveryText(pub(crate) Delivery);

/// How targets are kept apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HowText(pub(crate) crate::target::Isolation);

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phases {
    Before,
    Entry,
    Exit,
    All,
}

pub(crate) fn words<T: clap::ValueEnum>() -> Vec<String> {
    T::value_variants()
        .iter()
        .filter_map(|value| Some(value.to_possible_value()?.get_name().to_owned()))
        .collect()
}

pub(crate) fn choose<T: clap::ValueEnum>(what: &str, text: &str) -> Result<T, String> {
    T::from_str(text, false).map_err(|_| {
        let words = words::<T>();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        format!("no such {what}: {text}; {}", one_of(text, &words))
    })
}

impl ScalarValue for DeliveryText {
    const NAME: &'static str = "Delivery";
    const EXPECTED: &'static str =
        "\"process\", \"group\", \"terminal\", \"child\" or \"thread:NAME\"";

    fn read(text: &str) -> Result<DeliveryText, String> {
        Delivery::parse(text)
            .map(DeliveryText)
            .map_err(|error| error.to_string())
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "Whom a signal goes to.",
            "type": "string",
            "pattern": "^(process|group|terminal|child|thread:[^:@]{1,15})$",
        })
    }
}

impl ScalarValue for HowText {
    const NAME: &'static str = "Isolation";
    const EXPECTED: &'static str = "\"auto\", \"namespaces\" or \"copy\"";

    fn read(text: &str) -> Result<HowText, String> {
        choose("isolation", text).map(HowText)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "How targets are kept apart from the machine.",
            "type": "string",
            "enum": words::<crate::target::Isolation>(),
        })
    }
}

impl ScalarValue for Phases {
    const NAME: &'static str = "Phase";
    const EXPECTED: &'static str = "\"before\", \"entry\", \"exit\" or \"all\"";

    fn read(text: &str) -> Result<Phases, String> {
        match text {
            "before" => Ok(Phases::Before),
            "entry" => Ok(Phases::Entry),
            "exit" => Ok(Phases::Exit),
            "all" => Ok(Phases::All),
            _ => Err(format!(
                "no such phase: {text}; {}",
                one_of(text, &["before", "entry", "exit", "all"])
            )),
        }
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "On which side of a system call.",
            "type": "string",
            "enum": ["before", "entry", "exit", "all"],
        })
    }
}

/// A suggestion among these words: the nearest, or all.
pub(crate) fn one_of(text: &str, words: &[&str]) -> String {
    match signals::nearest(text, words.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", words.join(", ")),
    }
}
