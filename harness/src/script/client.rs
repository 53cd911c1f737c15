//! Clients of a service, as data.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::SocketAddr;

/// One client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// What it is called in reports.
    pub name: String,
    /// What it does.
    pub kind: ClientKind,
}

/// What a client does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientKind {
    /// It makes requests on connections of its own.
    BuiltIn(Connections),
    /// A command, started in the work tree.
    Command(Vec<String>),
}

/// The connections of a built-in client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connections {
    /// The service.
    pub address: Address,
    /// What is spoken.
    pub protocol: Protocol,
    /// What is asked on each connection, in order.
    pub requests: Vec<Request>,
    /// How many connections there are, all at the same time.
    pub count: u32,
    /// All requests go over one connection; otherwise each has one of its own.
    pub keep_alive: bool,
    /// Requests do not wait for the answers to those before them.
    pub pipeline: bool,
    /// The last byte of the last request is never sent.
    pub half: bool,
    /// Bytes that are read at a time, with a pause in between: a slow reader.
    pub slow_read: Option<u32>,
}

/// What is spoken on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// HTTP/1.1.
    Http,
    /// Lines: each request is answered by one.
    Lines,
}

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// A TCP socket.
    Tcp(SocketAddr),
    /// A Unix socket, relative to the work tree; abstract when it begins with `@`.
    Unix(String),
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// What it is called in reports: `GET /slow`.
    pub name: String,
    /// Method and target for HTTP; both empty for lines.
    pub method: String,
    /// The path with its query.
    pub target: String,
    /// The body, or the bytes themselves.
    pub body: Vec<u8>,
}

impl Client {
    /// Where it finds the service; a command knows that by itself.
    pub(crate) fn address(&self) -> Option<Address> {
        match &self.kind {
            ClientKind::BuiltIn(connections) => Some(connections.address.clone()),
            ClientKind::Command(_) => None,
        }
    }
}

impl Request {
    /// The body as text, which the name of a request does not have.
    pub(crate) fn sent_body(&self) -> String {
        match self.method.is_empty() {
            true => String::new(),
            false => String::from_utf8_lossy(&self.body).into_owned(),
        }
    }

    /// The bytes that are sent. `keep_alive` says whether the connection is to stay open.
    pub(crate) fn bytes(&self, protocol: Protocol, address: &Address, keep_alive: bool) -> Vec<u8> {
        if protocol == Protocol::Lines {
            return self.body.clone();
        }
        let host = match address {
            Address::Tcp(address) => address.to_string(),
            Address::Unix(_) => "localhost".to_owned(),
        };
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: sigproof\r\nAccept: */*\r\n",
            self.method, self.target
        );
        if !keep_alive {
            head.push_str("Connection: close\r\n");
        }
        if !self.body.is_empty() || matches!(self.method.as_str(), "POST" | "PUT" | "PATCH") {
            let length = self.body.len();
            head.push_str(&format!(
                "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {length}\r\n"
            ));
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(&self.body);
        bytes
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Address::Tcp(address) => address.fmt(f),
            Address::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}
