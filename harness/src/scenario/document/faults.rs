//! Faults and steps, as they are written in a scenario file. What they mean by
//! default depends on the terminal, so that they are read once more later.

use super::value::{ScalarValue, ScalarVisitor, scalar};
use crate::explore::Window;
use crate::options::{choose, names};
use crate::schedule::{Delivery, Fault, ParseError, Step};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer};
use std::borrow::Cow;
use std::marker::PhantomData;

scalar!(StepText, FaultText, WindowName);

/// `"INT@output:'ready'"`. Whom it goes to by default depends on the terminal,
/// so that the step itself is read later.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepText(pub(crate) String);

impl ScalarValue for StepText {
    const NAME: &'static str = "Step";
    const EXPECTED: &'static str = "a step such as \"INT@output:'ready'\"";

    fn read(text: &str) -> Result<StepText, ParseError> {
        Step::parse(text, |_| Delivery::Group)?;
        Ok(StepText(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "FAULT[:DELIVERY][:always]@TRIGGER. Steps are applied in their order. faults.md lists the faults.",
            "type": "string",
            "examples": ["INT@output:'ready'", "INT@+200ms", "TERM:process@handler", "ENOSPC:always@write(out)#3"],
        })
    }
}

/// `"ENOSPC:always"`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FaultText(pub(crate) String);

impl ScalarValue for FaultText {
    const NAME: &'static str = "Fault";
    const EXPECTED: &'static str = "a fault such as \"ENOSPC\"";

    fn read(text: &str) -> Result<FaultText, ParseError> {
        Fault::parse(text, |_| Delivery::Group)?;
        Ok(FaultText(text.to_owned()))
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "FAULT[:DELIVERY][:always]: a signal, an error in place of a call, short, delay, freeze, starve, hangup or close. faults.md describes them.",
            "type": "string",
            "examples": ["ENOSPC", "EINTR:always", "short=1", "delay=50ms", "KILL:child", "freeze:child"],
        })
    }
}

/// Where a second fault comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WindowName(pub(crate) Window);

impl ScalarValue for WindowName {
    const NAME: &'static str = "Place";
    const EXPECTED: &'static str = "\"in-handler\" or \"in-cleanup\"";

    fn read(text: &str) -> Result<WindowName, ParseError> {
        choose("window", text).map(WindowName)
    }

    fn schema() -> Schema {
        json_schema!({
            "description": "Where the second signal of a pair comes: at each call of the handler, or at each call with an effect after the first.",
            "type": "string",
            "enum": names::<Window>(),
        })
    }
}
