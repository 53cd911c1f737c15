//! The table `[script]`: what happens around a target that runs until it is told to stop.

use super::value::{SignalName, Time, carry};
use crate::script::{Expect, Request};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};
use std::borrow::Cow;
use std::fmt;
use toml::Spanned;

/// What happens around a program that runs until it is told to stop, in every run of it.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub(crate) struct ScriptTable {
    /// What shows that it can be used: `port:8000`, `output:'REGEX'`, `http:127.0.0.1:8000/health`, `socket:PATH`,
    /// `file:GLOB`, `handler`, `notify` (sd_notify) or `failpoint:NAME` [as soon as it runs].
    #[schemars(with = "Option<String>")]
    pub(crate) ready: Option<Spanned<String>>,
    /// The URL that must say that it is not ready, once it was told to stop and before it takes no connections any
    /// more: `http:127.0.0.1:8000/ready`. It turns on the oracle `unready`.
    #[schemars(with = "Option<String>")]
    pub(crate) unready: Option<Spanned<String>>,
    /// Who uses it, all at the same time.
    pub(crate) client: Vec<ClientTable>,
    /// What a person types on its terminal: text with `\r`, `\e`, `^C`, `<Up>`, `<F1>`, `<wait:TEXT>`, `<size:30x100>`.
    /// Each piece waits until the screen is at rest.
    #[schemars(with = "Vec<String>")]
    pub(crate) keys: Vec<Spanned<String>>,
    /// The signal that stops it when all is done [the signal of the sweep, or TERM].
    pub(crate) stop: Option<SignalName>,
    /// What the signal is to do: `stop` it, or nothing that clients notice (`survive`) [stop].
    #[schemars(with = "Option<String>")]
    pub(crate) expect: Option<Expect>,
    /// How long it may take to end after it was asked to stop [10s].
    pub(crate) grace_period: Option<Time>,
}

impl ScriptTable {
    /// Whether it describes a service, used by clients.
    pub(crate) fn is_service(&self) -> bool {
        self.ready.is_some() || !self.client.is_empty()
    }
}

/// A client: built in, at an address, or a command.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(crate) struct ClientTable {
    /// It speaks HTTP/1.1 with this address, such as `127.0.0.1:8000`.
    #[schemars(with = "Option<String>")]
    pub(crate) http: Option<Spanned<String>>,
    /// It sends lines to this address; each is answered by one.
    #[schemars(with = "Option<String>")]
    pub(crate) tcp: Option<Spanned<String>>,
    /// It speaks HTTP/1.1 over the Unix socket at this path of the work tree.
    #[schemars(with = "Option<String>")]
    pub(crate) unix: Option<Spanned<String>>,
    /// What it asks, in order: `"GET /slow"`, `{ post = "/items", body = "a" }`, or a line.
    #[serde(default)]
    #[schemars(with = "Vec<RequestText>")]
    pub(crate) requests: Vec<Spanned<RequestText>>,
    /// How many connections do that at the same time [1].
    #[schemars(with = "Option<u32>", range(min = 1, max = 256))]
    pub(crate) connections: Option<Spanned<u32>>,
    /// All requests go over one connection [true].
    pub(crate) keep_alive: Option<bool>,
    /// Requests do not wait for answers.
    #[serde(default)]
    pub(crate) pipeline: bool,
    /// The end of the last request is never sent.
    #[serde(default)]
    pub(crate) half: bool,
    /// Answers are read slowly.
    #[serde(default)]
    pub(crate) slow: bool,
    /// A program of your own, started in the work tree. On its standard output it may tell `sent ID`, `done ID`,
    /// `refused ID` and `broken ID`, a line each.
    #[schemars(with = "Option<Vec<String>>")]
    pub(crate) command: Option<Spanned<Vec<Spanned<String>>>>,
}

/// A request: a line, or a table.
#[derive(Debug, Clone)]
pub(crate) enum RequestText {
    /// A line of HTTP (`GET /slow`), or of the service's own protocol.
    Line(String),
    /// A request of HTTP with a body.
    Table(Box<Request>),
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
struct RequestTable {
    get: Option<String>,
    head: Option<String>,
    post: Option<String>,
    put: Option<String>,
    patch: Option<String>,
    delete: Option<String>,
    body: String,
}

impl<'de> Deserialize<'de> for RequestText {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct LineOrTable;
        impl<'de> Visitor<'de> for LineOrTable {
            type Value = RequestText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(
                    "a request such as \"GET /slow\" or { post = \"/items\", body = \"a\" }",
                )
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<RequestText, E> {
                Ok(RequestText::Line(text.to_owned()))
            }

            fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<RequestText, M::Error> {
                let table = RequestTable::deserialize(MapAccessDeserializer::new(map))?;
                let methods = [
                    ("GET", table.get),
                    ("HEAD", table.head),
                    ("POST", table.post),
                    ("PUT", table.put),
                    ("PATCH", table.patch),
                    ("DELETE", table.delete),
                ];
                let mut given = methods
                    .into_iter()
                    .filter_map(|(method, path)| Some((method, path?)));
                let (Some((method, path)), None) = (given.next(), given.next()) else {
                    let problem = crate::schedule::ParseError::new("a request has one method")
                        .hint("write { post = \"/items\", body = \"a\" }");
                    return Err(M::Error::custom(carry(problem)));
                };
                let request = format!("{path} {}", table.body);
                let (request, _) = Request::http(method, request.trim_end_matches(' '))
                    .map_err(M::Error::custom)?;
                Ok(RequestText::Table(Box::new(request)))
            }
        }
        from.deserialize_any(LineOrTable)
    }
}

impl JsonSchema for RequestText {
    fn schema_name() -> Cow<'static, str> {
        "Request".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "A line, or a request of HTTP with a body.",
            "anyOf": [
                { "type": "string", "examples": ["GET /slow", "PING"] },
                {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "get": { "type": "string" },
                        "head": { "type": "string" },
                        "post": { "type": "string" },
                        "put": { "type": "string" },
                        "patch": { "type": "string" },
                        "delete": { "type": "string" },
                        "body": { "type": "string" },
                    },
                },
            ],
        })
    }
}
