//! Reads when a service is ready: `port:8000`, `output:'listening'`, `http:127.0.0.1:8000/health`.

use super::script::{HttpUrl, Ready};
use crate::schedule::{ParseError, bad_expression, check_glob};
use std::net::ToSocketAddrs;

const KINDS: &str = "write port:8000, output:'REGEX', http:127.0.0.1:8000/health, socket:PATH, file:GLOB, handler, notify or \
     failpoint:NAME";

impl Ready {
    /// Reads it.
    ///
    /// # Errors
    /// A text that is none, with what would do.
    pub(crate) fn parse(text: &str) -> Result<Ready, ParseError> {
        let (word, rest) = match text.split_once(':') {
            Some((word, rest)) => (word, unquoted(rest)),
            None => (text, ""),
        };
        let missing = || ParseError::new(format!("{text}: what of it?")).hint(KINDS);
        if rest.is_empty() && !matches!(word, "handler" | "notify") {
            return match word {
                "port" | "output" | "http" | "socket" | "file" | "failpoint" => Err(missing()),
                _ => Err(ParseError::new(format!("no such readiness: {text}")).hint(KINDS)),
            };
        }
        Ok(match word {
            "port" => Ready::Port(port(rest)?),
            "socket" => Ready::Socket(rest.trim_start_matches("./").to_owned()),
            "file" => {
                check_glob(rest)?;
                Ready::File(rest.trim_start_matches("./").to_owned())
            }
            "output" => {
                regex::bytes::Regex::new(rest).map_err(|error| bad_expression(&error))?;
                Ready::Output(rest.to_owned())
            }
            "http" => Ready::Http(http(rest)?),
            "handler" => Ready::Handler,
            "notify" => Ready::Notify,
            "failpoint" if crate::facts::is_failpoint(rest) => Ready::Failpoint(rest.to_owned()),
            _ => return Err(ParseError::new(format!("no such readiness: {text}")).hint(KINDS)),
        })
    }
}

fn port(text: &str) -> Result<u16, ParseError> {
    match text.parse() {
        Ok(port) if port > 0 => Ok(port),
        _ => Err(
            ParseError::new(format!("port:{text}: {text} is no TCP port"))
                .hint("write a number from 1 to 65535, such as port:8000"),
        ),
    }
}

/// `127.0.0.1:8000/health`, `//localhost:8000/`, `:8000/health`.
fn http(text: &str) -> Result<HttpUrl, ParseError> {
    let (address, path) = split_url(text.trim_start_matches('/'));
    let address = socket_address(address)?;
    Ok(HttpUrl {
        address: address.to_string(),
        path,
    })
}

/// A URL without its scheme as host and path.
pub(super) fn split_url(text: &str) -> (&str, String) {
    match text.find('/') {
        Some(slash) => (&text[..slash], text[slash..].to_owned()),
        None => (text, "/".to_owned()),
    }
}

/// Host and port; `localhost` is the loopback interface, and nothing else has a name.
pub(super) fn socket_address(text: &str) -> Result<std::net::SocketAddr, ParseError> {
    let local = text
        .strip_prefix("localhost:")
        .or_else(|| text.strip_prefix(':'));
    let written = match local {
        Some(port) => format!("127.0.0.1:{port}"),
        None => text.to_owned(),
    };
    let address: Result<std::net::SocketAddr, _> = written.parse();
    address.map_err(|_| {
        let is_name = written.to_socket_addrs().is_ok();
        let hint = if is_name {
            "a service is reached at an address of this machine, such as 127.0.0.1:8000"
        } else {
            "write an address and a port, such as 127.0.0.1:8000, [::1]:8000 or localhost:8000"
        };
        ParseError::new(format!("no such address: {text}")).hint(hint)
    })
}

/// Quotes may be left on by whoever quotes twice.
fn unquoted(text: &str) -> &str {
    for quote in ['\'', '"'] {
        if let Some(inner) = text
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote))
        {
            return inner;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_is_read() {
        for (text, ready) in [
            ("port:8000", Ready::Port(8000)),
            (
                "output:'listening on \\d+'",
                Ready::Output("listening on \\d+".into()),
            ),
            ("socket:./run.sock", Ready::Socket("run.sock".into())),
            ("file:*.pid", Ready::File("*.pid".into())),
            ("handler", Ready::Handler),
            ("notify", Ready::Notify),
            ("failpoint:up", Ready::Failpoint("up".into())),
        ] {
            assert_eq!(Ready::parse(text), Ok(ready), "{text}");
        }
        for text in [
            "http:127.0.0.1:80/up",
            "http://localhost:80/up",
            "http::80/up",
        ] {
            let url = HttpUrl {
                address: "127.0.0.1:80".into(),
                path: "/up".into(),
            };
            assert_eq!(Ready::parse(text), Ok(Ready::Http(url)), "{text}");
        }
    }

    #[test]
    fn a_mistake_is_named() {
        for (text, says) in [
            ("prot:8000", "no such readiness: prot:8000"),
            ("port:", "what of it?"),
            ("port:0", "0 is no TCP port"),
            ("port:99999", "99999 is no TCP port"),
            ("output:(", "bad regular expression"),
            ("http:nowhere", "no such address: nowhere"),
        ] {
            let error = Ready::parse(text).unwrap_err().to_string();
            assert!(error.contains(says), "{text}: {error}");
        }
    }
}
