//! What happens around the target of a scenario.

use super::diagnostic::Diagnostic;
use super::document::script::{ClientTable, RequestText, ScriptTable};
use super::document::substitutions::{Binaries, Text, expand};
use crate::options::{OptionName, ScriptSpec};
use crate::schedule::ParseError;
use crate::script::{
    Address, CONNECTIONS_MAX, Client, ClientKind, Connections, Protocol, Request, SLOW_BYTES,
    Script,
};
use toml::Spanned;

/// Reads the script of a scenario.
pub(crate) struct ScriptReader<'a> {
    pub(crate) text: &'a Text,
    pub(crate) table: &'a ScriptTable,
    /// The signal that is sent to the target.
    pub(crate) signal: Option<i32>,
    pub(crate) binaries: &'a Binaries,
    /// What stands in braces in the words of commands is looked up.
    pub(crate) expands: bool,
}

impl ScriptReader<'_> {
    /// # Errors
    /// The first thing that is wrong, at its place.
    pub(crate) fn script(&self) -> Result<Option<Script>, Diagnostic> {
        let mut spec = ScriptSpec {
            ready: self
                .table
                .ready
                .as_ref()
                .map(|ready| ready.get_ref().clone()),
            unready: self
                .table
                .unready
                .as_ref()
                .map(|unready| unready.get_ref().clone()),
            clients: Vec::new(),
            client_commands: Vec::new(),
            built_in: Vec::new(),
            keys: self
                .table
                .keys
                .iter()
                .map(|keys| keys.get_ref().clone())
                .collect(),
            stop: self.table.stop.map(|stop| stop.0),
            expect: self.table.expect.unwrap_or_default(),
            signal: self.signal,
        };
        let at = |option: OptionName, index: usize| match option {
            OptionName::Unready => self.table.unready.as_ref().map(Spanned::span),
            OptionName::Keys => self.table.keys.get(index).map(Spanned::span),
            _ => self.table.ready.as_ref().map(Spanned::span),
        };
        let wrong = |error: crate::options::OptionError| {
            let span = at(error.option, error.index);
            self.text.problem(
                span.unwrap_or_else(|| self.text.find_key("script")),
                error.problem,
            )
        };
        let usual = spec.usual_address().map_err(wrong)?;
        for table in &self.table.client {
            spec.built_in.push(self.client(table, usual.as_ref())?);
        }
        spec.script().map_err(wrong)
    }

    fn client(&self, table: &ClientTable, usual: Option<&Address>) -> Result<Client, Diagnostic> {
        if let Some(command) = &table.command {
            let words = command.get_ref().iter();
            let words = words.map(|word| match self.expands {
                true => expand(self.text, word, self.binaries),
                false => Ok(word.get_ref().clone()),
            });
            let words = words.collect::<Result<Vec<_>, _>>()?;
            if words.first().is_none_or(String::is_empty) {
                return Err(self.text.diagnostic(command.span(), "the command is empty"));
            }
            return Ok(Client::command(words));
        }
        let protocol = match &table.tcp {
            Some(_) => Protocol::Lines,
            None => Protocol::Http,
        };
        let address = self.address(table, usual)?;
        let count = match &table.connections {
            Some(count) if !(1..=CONNECTIONS_MAX).contains(count.get_ref()) => {
                let problem = ParseError::new("a client has 1 to 256 connections");
                return Err(self.text.problem(count.span(), problem));
            }
            Some(count) => *count.get_ref(),
            None => 1,
        };
        let mut requests = Vec::new();
        for request in &table.requests {
            requests.push(self.request(request, protocol)?);
        }
        let name = requests
            .first()
            .map_or_else(String::new, |request: &Request| request.name.clone());
        Ok(Client {
            name,
            kind: ClientKind::BuiltIn(Connections {
                address,
                protocol,
                requests,
                count,
                keep_alive: table.keep_alive.unwrap_or(true),
                pipeline: table.pipeline,
                half: table.half,
                slow_read: table.slow.then_some(SLOW_BYTES),
            }),
        })
    }

    fn address(&self, table: &ClientTable, usual: Option<&Address>) -> Result<Address, Diagnostic> {
        if let Some(path) = &table.unix {
            return Ok(Address::Unix(path.get_ref().clone()));
        }
        if let Some(address) = table.http.as_ref().or(table.tcp.as_ref()) {
            let tcp = Address::parse_tcp(address.get_ref());
            return tcp.map_err(|problem| self.text.problem(address.span(), problem));
        }
        usual.cloned().ok_or_else(|| {
            let span = self.text.find_key("client");
            self.text
                .diagnostic(span, "where is the service?")
                .hint("add http = \"127.0.0.1:8000\", tcp, unix, or a command")
        })
    }

    fn request(
        &self,
        request: &Spanned<RequestText>,
        protocol: Protocol,
    ) -> Result<Request, Diagnostic> {
        let line = match request.get_ref() {
            RequestText::Table(table) => return Ok((**table).clone()),
            RequestText::Line(line) => line,
        };
        if protocol == Protocol::Lines {
            return Ok(Request::line(line));
        }
        let (method, rest) = line.split_once(' ').unwrap_or((line, ""));
        let read = Request::http(method, rest).map_err(|why| {
            let problem = ParseError::new(format!("{line}: {why}"));
            problem.hint("write METHOD PATH, such as GET /slow")
        });
        let (request, _) = read.map_err(|problem| self.text.problem(request.span(), problem))?;
        Ok(request)
    }
}
