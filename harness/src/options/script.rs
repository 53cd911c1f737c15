//! The options of a script.

use super::error::{OptionError, OptionName};
use crate::schedule::ParseError;
use crate::script::{Address, Client, Expect, HttpUrl, Key, Ready, Script};

/// A script, as a person asks for it.
#[derive(Debug, Default)]
pub(crate) struct ScriptSpec {
    /// What shows that the target can be used.
    pub(crate) ready: Option<String>,
    /// The URL that says whether it is ready, to be asked once it was told to stop.
    pub(crate) unready: Option<String>,
    /// Clients, each in a line.
    pub(crate) clients: Vec<String>,
    /// Clients that are commands.
    pub(crate) client_commands: Vec<Vec<String>>,
    /// Clients that were read from tables.
    pub(crate) built_in: Vec<Client>,
    /// What is typed.
    pub(crate) keys: Vec<String>,
    /// The signal that stops it.
    pub(crate) stop: Option<i32>,
    /// What the fault is to do.
    pub(crate) expect: Expect,
    /// The signal that is sent to it.
    pub(crate) signal: Option<i32>,
}

impl ScriptSpec {
    /// Whether anything is described.
    pub(crate) fn is_given(&self) -> bool {
        self.is_service() || !self.keys.is_empty() || self.stop.is_some()
    }

    /// Whether it is a service, used by clients.
    pub(crate) fn is_service(&self) -> bool {
        self.ready.is_some()
            || self.unready.is_some()
            || !self.clients.is_empty()
            || !self.client_commands.is_empty()
            || !self.built_in.is_empty()
    }

    /// Where clients that name no address find the service.
    pub(crate) fn usual_address(&self) -> Result<Option<Address>, OptionError> {
        let ready = self.ready()?;
        Ok(ready.as_ref().and_then(Ready::address))
    }

    fn ready(&self) -> Result<Option<Ready>, OptionError> {
        let ready = self.ready.as_deref().map(Ready::parse).transpose();
        ready.map_err(OptionError::at(OptionName::Ready, 0))
    }

    fn unready(&self) -> Result<Option<HttpUrl>, OptionError> {
        let Some(text) = &self.unready else {
            return Ok(None);
        };
        let at = OptionError::at(OptionName::Unready, 0);
        match Ready::parse(text) {
            Ok(Ready::Http(url)) => Ok(Some(url)),
            Ok(_) => Err(at(ParseError::new(format!(
                "{text}: only a URL says that it is not ready"
            ))
            .hint("write http:127.0.0.1:8000/ready"))),
            Err(problem) => Err(at(problem)),
        }
    }

    /// Checks it. `None` when nothing is described.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub(crate) fn script(&self) -> Result<Option<Script>, OptionError> {
        if !self.is_given() {
            return Ok(None);
        }
        let usual = self.usual_address()?;
        let mut script = Script::new(self.stop());
        script.ready = self.ready()?;
        script.unready = self.unready()?;
        script.expect = self.expect;
        script.clients.extend(self.built_in.iter().cloned());
        for (index, text) in self.clients.iter().enumerate() {
            let client = Client::parse(text, usual.as_ref());
            let client = client.map_err(OptionError::at(OptionName::Clients, index))?;
            script.clients.push(client);
        }
        let commands = self.client_commands.iter().cloned();
        script.clients.extend(commands.map(Client::command));
        for (index, text) in self.keys.iter().enumerate() {
            let keys = Key::parse(text).map_err(OptionError::at(OptionName::Keys, index))?;
            script.keys.extend(keys);
        }
        Ok(Some(script))
    }

    /// The signal that ends it: as asked for, else the one that is sent, if that asks to end.
    fn stop(&self) -> i32 {
        const ENDS: [i32; 4] = [libc::SIGTERM, libc::SIGINT, libc::SIGQUIT, libc::SIGHUP];
        // A program for a person takes Ctrl+C as a wish to give up what it does.
        let goes_on = |signal: &i32| *signal == libc::SIGINT && !self.keys.is_empty();
        let sent = self.signal.filter(|signal| {
            ENDS.contains(signal) && self.expect == Expect::Stop && !goes_on(signal)
        });
        self.stop.or(sent).unwrap_or(libc::SIGTERM)
    }
}
