//! Values of a scenario file that can be written in two ways.

use super::value::{ScalarValue, Time, carry};
use crate::options::terminal_size;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// `true`, or its size `"24x80"`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terminal(pub(crate) Option<(u16, u16)>);

impl<'de> Deserialize<'de> for Terminal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Sized;
        impl Visitor<'_> for Sized {
            type Value = Terminal;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, or a size in rows and columns such as \"24x80\"")
            }

            fn visit_bool<E: Error>(self, wanted: bool) -> Result<Terminal, E> {
                Ok(Terminal(wanted.then_some((24, 80))))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Terminal, E> {
                match terminal_size(text) {
                    Ok(size) => Ok(Terminal(Some(size))),
                    Err(problem) => Err(E::custom(carry(problem))),
                }
            }
        }
        from.deserialize_any(Sized)
    }
}

impl JsonSchema for Terminal {
    fn schema_name() -> Cow<'static, str> {
        "Terminal".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "true for 24 rows and 80 columns, or the size.",
            "anyOf": [
                { "type": "boolean" },
                { "type": "string", "pattern": "^[0-9]{1,4}x[0-9]{1,4}$", "examples": ["24x80"] },
            ],
        })
    }
}

/// Bounds on a latency: a time alone is that of the slowest percent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bounds {
    pub(crate) p50: Option<Time>,
    pub(crate) p99: Option<Time>,
}

impl<'de> Deserialize<'de> for Bounds {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Bounds;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a duration such as \"250ms\", or { p50 = \"50ms\", p99 = \"250ms\" }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Bounds, E> {
                Ok(Bounds {
                    p50: None,
                    p99: Some(Time::read(text).map_err(|problem| E::custom(carry(problem)))?),
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Bounds, A::Error> {
                let mut bounds = Bounds {
                    p50: None,
                    p99: None,
                };
                while let Some(key) = map.next_key::<String>()? {
                    let slot = match key.as_str() {
                        "p50" => &mut bounds.p50,
                        "p99" => &mut bounds.p99,
                        other => return Err(A::Error::unknown_field(other, &["p50", "p99"])),
                    };
                    *slot = Some(map.next_value()?);
                }
                Ok(bounds)
            }
        }
        from.deserialize_any(Either)
    }
}

impl JsonSchema for Bounds {
    fn schema_name() -> Cow<'static, str> {
        "Bounds".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let time = generator.subschema_for::<Time>();
        json_schema!({
            "description": "Bounds on a latency; a duration alone is that of the 99th percentile.",
            "anyOf": [
                time,
                {
                    "type": "object",
                    "properties": { "p50": time, "p99": time },
                    "additionalProperties": false,
                },
            ],
        })
    }
}
