//! Reads a client as it is written on the command line: `GET /slow`, `4x POST /items a=1`, `close GET /`,
//! `lines 127.0.0.1:7000 PING`, `unix:run.sock GET /`.

use super::client::{Address, Client, ClientKind, Connections, Protocol, Request};
use super::parse_ready::{socket_address, split_url};
use super::script::Ready;
use crate::schedule::ParseError;

const HINT: &str = "write METHOD PATH [BODY], such as GET /slow, with the address in front of the path where it is another \
     than that of --ready: GET http://127.0.0.1:8000/slow; in front of it 4x for so many connections, close for one \
     connection per request, half for a request whose end never comes, slow for a slow reader; lines ADDRESS TEXT for a \
     protocol of lines";

/// Connections of one client at most.
pub(crate) const CONNECTIONS_MAX: u32 = 256;

impl Client {
    /// A client that is a command.
    pub(crate) fn command(words: Vec<String>) -> Client {
        Client {
            name: words.join(" "),
            kind: ClientKind::Command(words),
        }
    }

    /// Reads a built-in client. `usual` is the address of one that names none.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub(crate) fn parse(text: &str, usual: Option<&Address>) -> Result<Client, ParseError> {
        let wrong = |why: &str| ParseError::new(format!("{text}: {why}")).hint(HINT);
        let mut connections = Connections {
            address: Address::Unix(String::new()),
            protocol: Protocol::Http,
            requests: Vec::new(),
            count: 1,
            keep_alive: true,
            pipeline: false,
            half: false,
            slow_read: None,
        };
        let mut address = usual.cloned();
        let mut rest = text.trim();
        let word = loop {
            let (word, after) = rest.split_once(' ').unwrap_or((rest, ""));
            rest = after.trim_start();
            match word {
                "close" => connections.keep_alive = false,
                "half" => connections.half = true,
                "pipeline" => connections.pipeline = true,
                "slow" => connections.slow_read = Some(SLOW_BYTES),
                "lines" => connections.protocol = Protocol::Lines,
                _ if word.starts_with("unix:") => {
                    address = Some(Address::Unix(word["unix:".len()..].to_owned()));
                }
                _ if count(word).is_some() => {
                    connections.count = count(word)
                        .filter(|count| (1..=CONNECTIONS_MAX).contains(count))
                        .ok_or_else(|| wrong("a client has 1 to 256 connections"))?;
                }
                word => break word,
            }
        };
        if connections.protocol == Protocol::Lines {
            let mut line = rest;
            match socket_address(word) {
                Ok(tcp) => address = Some(Address::Tcp(tcp)),
                Err(_) => line = &text[text.find(word).unwrap_or(0)..],
            }
            if line.is_empty() {
                return Err(wrong("what line?"));
            }
            for line in line.split("\\n").filter(|line| !line.is_empty()) {
                connections.requests.push(Request::line(line));
            }
        } else {
            let (request, named) = Request::http(word, rest).map_err(|why| wrong(&why))?;
            address = named.or(address);
            connections.requests.push(request);
        }
        connections.address = address.ok_or_else(|| {
            ParseError::new(format!("{text}: where is the service?")).hint(
                "name its address, as in GET http://127.0.0.1:8000/slow, or its port with --ready port:8000",
            )
        })?;
        Ok(Client {
            name: text.trim().to_owned(),
            kind: ClientKind::BuiltIn(connections),
        })
    }
}

/// What a slow reader takes at a time.
pub(crate) const SLOW_BYTES: u32 = 16;

fn count(word: &str) -> Option<u32> {
    word.strip_suffix('x')?.parse().ok()
}

impl Request {
    /// One line, ended.
    pub(crate) fn line(line: &str) -> Request {
        let mut body = line.as_bytes().to_vec();
        if !body.ends_with(b"\n") {
            body.extend(b"\r\n");
        }
        Request {
            name: line.trim().to_owned(),
            method: String::new(),
            target: String::new(),
            body,
        }
    }

    /// Method, then path or URL, then body. Returns the address as well, if the URL has one.
    pub(crate) fn http(method: &str, rest: &str) -> Result<(Request, Option<Address>), String> {
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("{method} is no method"));
        }
        let (url, body) = rest.split_once(' ').unwrap_or((rest, ""));
        let (address, target) = match url.strip_prefix("http://") {
            Some(url) => {
                let (host, path) = split_url(url);
                let with_port = if host.contains(':') {
                    host.to_owned()
                } else {
                    format!("{host}:80")
                };
                let address = socket_address(&with_port).map_err(|error| error.to_string())?;
                (Some(Address::Tcp(address)), path)
            }
            None => (None, url.to_owned()),
        };
        if !target.starts_with('/') {
            return Err(format!("{target:?} is no path"));
        }
        Ok((
            Request {
                name: format!("{method} {target}"),
                method: method.to_owned(),
                target,
                body: body.as_bytes().to_vec(),
            },
            address,
        ))
    }
}

impl Address {
    /// Reads an address and a port.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub(crate) fn parse_tcp(text: &str) -> Result<Address, ParseError> {
        socket_address(text.trim_start_matches("http://")).map(Address::Tcp)
    }
}

impl Ready {
    /// The address at which a client finds the service, if the readiness tells.
    pub(crate) fn address(&self) -> Option<Address> {
        match self {
            Ready::Port(port) => Some(Address::Tcp(([127, 0, 0, 1], *port).into())),
            Ready::Socket(path) => Some(Address::Unix(path.clone())),
            Ready::Http(url) => url.address.parse().ok().map(Address::Tcp),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Connections {
        let usual = Ready::Port(8000).address();
        match Client::parse(text, usual.as_ref()).unwrap().kind {
            ClientKind::BuiltIn(connections) => connections,
            ClientKind::Command(words) => panic!("{words:?}"),
        }
    }

    #[test]
    fn a_request_is_read_with_what_stands_before_it() {
        let plain = read("GET /slow");
        assert_eq!(
            plain.address,
            Address::Tcp("127.0.0.1:8000".parse().unwrap())
        );
        assert!(plain.keep_alive && !plain.half && plain.count == 1);
        let many = read("4x close POST http://localhost:9000/items a=1 b");
        assert_eq!(
            many.address,
            Address::Tcp("127.0.0.1:9000".parse().unwrap())
        );
        assert!(!many.keep_alive && many.count == 4);
        assert_eq!(many.requests[0].body, b"a=1 b");
        let lines = read("lines 127.0.0.1:7000 SET a 1\\nGET a");
        assert_eq!(lines.requests.len(), 2);
        assert_eq!(lines.requests[1].body, b"GET a\r\n");
        assert_eq!(read("lines PING").requests[0].body, b"PING\r\n");
        assert_eq!(
            read("unix:run.sock GET /").address,
            Address::Unix("run.sock".into())
        );
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, says) in [
            ("get /", "get is no method"),
            ("GET slow", "is no path"),
            ("0x GET /", "1 to 256"),
            ("GET http://example.org/", "no such address"),
        ] {
            let usual = Ready::Port(1).address();
            let error = Client::parse(text, usual.as_ref()).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
        let error = Client::parse("GET /", None).unwrap_err().to_string();
        assert!(error.contains("where is the service?"), "{error}");
    }
}
