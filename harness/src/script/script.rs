//! The script of a target, as data.

use super::client::Client;
use super::keys::Key;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What happens around a target, in every run of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// What shows that the target can be used; as soon as it runs when absent.
    pub ready: Option<Ready>,
    /// The URL that says whether it is ready, to be asked once it was told to stop.
    #[serde(default)]
    pub unready: Option<HttpUrl>,
    /// Who uses it, all at the same time.
    pub clients: Vec<Client>,
    /// What a person types on its terminal.
    pub keys: Vec<Key>,
    /// The signal that ends it when all is done, if it does not end by itself.
    pub stop: i32,
    /// What the fault of the schedule is to do to it.
    pub expect: Expect,
}

/// What shows that a target can be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ready {
    /// It listens on this TCP port.
    Port(u16),
    /// It listens on the Unix socket at this path of the work tree.
    Socket(String),
    /// A path that matches this glob is in the work tree.
    File(String),
    /// Its output matches this expression.
    Output(String),
    /// This URL is answered without an error.
    Http(HttpUrl),
    /// It has a handler for the signal that stops it.
    Handler,
    /// It has sent `READY=1` to `NOTIFY_SOCKET`, as `sd_notify` does.
    Notify,
    /// It came to this failpoint.
    Failpoint(String),
}

/// A URL of a service, asked without encryption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpUrl {
    /// Host and port.
    pub address: String,
    /// The path that is asked for.
    pub path: String,
}

impl fmt::Display for HttpUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "http:{}{}", self.address, self.path)
    }
}

/// What the fault of the schedule is to do to a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Expect {
    /// It stops.
    #[default]
    Stop,
    /// It goes on as if nothing had happened, as after a reload.
    Survive,
}

impl fmt::Display for Ready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ready::Port(port) => write!(f, "port:{port}"),
            Ready::Socket(path) => write!(f, "socket:{path}"),
            Ready::File(glob) => write!(f, "file:{glob}"),
            Ready::Output(pattern) => write!(f, "output:{pattern}"),
            Ready::Http(url) => url.fmt(f),
            Ready::Handler => f.write_str("handler"),
            Ready::Notify => f.write_str("notify"),
            Ready::Failpoint(name) => write!(f, "failpoint:{name}"),
        }
    }
}

impl Script {
    /// Nothing but the signal that ends it.
    pub(crate) fn new(stop: i32) -> Script {
        Script {
            ready: None,
            unready: None,
            clients: Vec::new(),
            keys: Vec::new(),
            stop,
            expect: Expect::Stop,
        }
    }

    /// Whether it is a service, used by clients, and no program for a person at a terminal.
    pub fn is_service(&self) -> bool {
        self.ready.is_some() || !self.clients.is_empty()
    }

    /// How many of its keys a person types, one after the other; the others wait or change the window.
    pub(crate) fn typed(&self) -> usize {
        let is_typed = |key: &&Key| matches!(key, Key::Type(_));
        self.keys.iter().filter(is_typed).count()
    }

    /// Whether it waits for a failpoint.
    pub(crate) fn needs_failpoints(&self) -> bool {
        matches!(self.ready, Some(Ready::Failpoint(_)))
    }
}
