//! What happens around a target that runs until it is told to stop.

use crate::cli::args::values::{duration, signal};
use crate::error::Error;
use crate::options::ScriptSpec;
use crate::script::{Expect, Script};
use crate::target::Network;
use clap::Args;
use std::time::Duration;

/// The script of a service, or of a program for a person at a terminal.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Services")]
pub struct ScriptArgs {
    /// What shows that the service is ready: port:8000, output:'REGEX', http:127.0.0.1:8000/health, socket:PATH,
    /// file:GLOB, handler, notify (sd_notify), failpoint:NAME
    #[arg(long, value_name = "WHEN")]
    pub ready: Option<String>,
    /// The URL that must say that it is not ready, once it was told to stop and before it takes no connections any
    /// more: http:127.0.0.1:8000/ready
    #[arg(long, value_name = "URL")]
    pub unready: Option<String>,
    /// A client: 'GET /slow', '4x close POST /items a=1', 'lines 127.0.0.1:7000 PING', 'unix:run.sock GET /'; half,
    /// slow and pipeline stand in front, too (repeatable)
    #[arg(long = "client", value_name = "REQUEST")]
    pub clients: Vec<String>,
    /// A client of your own, for `sh -c` in the work tree (repeatable)
    #[arg(long = "client-command", value_name = "COMMAND")]
    pub client_commands: Vec<String>,
    /// What a person types, with --pty: 'ihello\\e:wq\\r', ^C, <Up>, <F1>, <wait:TEXT>, <size:30x100> (repeatable)
    #[arg(long, value_name = "KEYS", requires = "pty")]
    pub keys: Vec<String>,
    /// The signal that stops it when all is done [default: the signal of the sweep, or TERM]
    #[arg(long, value_name = "SIGNAL", value_parser = signal)]
    pub stop: Option<i32>,
    /// What the signal is to do: stop it, or nothing that clients notice
    #[arg(long, value_name = "WHAT", value_enum)]
    pub expect: Option<Expect>,
    /// How long the service may take to end [default: 10s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub grace_period: Option<Duration>,
    /// The network of a run: one of its own, with the loopback interface alone, or the machine's [default: private for
    /// a service]
    #[arg(long, value_name = "WHICH", value_enum)]
    pub network: Option<Network>,
}

impl ScriptArgs {
    /// Whether it is a service, used by clients.
    pub fn is_service(&self) -> bool {
        self.spec(None).is_service()
    }

    /// The script; `signal` is what is sent to it.
    pub fn script(&self, signal: Option<i32>) -> Result<Option<Script>, Error> {
        Ok(self.spec(signal).script()?)
    }

    fn spec(&self, signal: Option<i32>) -> ScriptSpec {
        let shell = |command: &String| vec!["sh".to_owned(), "-c".to_owned(), command.clone()];
        ScriptSpec {
            ready: self.ready.clone(),
            unready: self.unready.clone(),
            clients: self.clients.clone(),
            client_commands: self.client_commands.iter().map(shell).collect(),
            built_in: Vec::new(),
            keys: self.keys.clone(),
            stop: self.stop,
            expect: self.expect.unwrap_or_default(),
            signal,
        }
    }
}
