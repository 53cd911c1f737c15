//! The table `[script]` of a first scenario.

use crate::facts::signals;
use crate::script::{
    Client, ClientKind, Connections, Expect, Key, KeyWait, Protocol, Request, Script,
};
use std::fmt::Write as _;

/// The table as it is written to a file.
pub(super) fn script_table(script: &Script) -> String {
    let mut text = "# What happens around it in every run.\n[script]\n".to_owned();
    if let Some(ready) = &script.ready {
        let _ = writeln!(text, "ready = {}", quoted(&ready.to_string()));
    }
    if let Some(unready) = &script.unready {
        let _ = writeln!(text, "unready = {}", quoted(&unready.to_string()));
    }
    let name = signals::name(script.stop);
    let _ = writeln!(text, "stop = {}", quoted(name.trim_start_matches("SIG")));
    if script.expect == Expect::Survive {
        text.push_str("expect = \"survive\"\n");
    }
    if !script.keys.is_empty() {
        let keys: Vec<String> = script
            .keys
            .iter()
            .map(|key| quoted(&key_text(key)))
            .collect();
        let _ = writeln!(text, "keys = [{}]", keys.join(", "));
    }
    for client in &script.clients {
        text.push_str(&client_table(client));
    }
    text.push('\n');
    text
}

fn client_table(client: &Client) -> String {
    let mut text = "[[script.client]]\n".to_owned();
    match &client.kind {
        ClientKind::Command(words) => {
            let words: Vec<String> = words.iter().map(|word| quoted(word)).collect();
            let _ = writeln!(text, "command = [{}]", words.join(", "));
        }
        ClientKind::BuiltIn(connections) => built_in(&mut text, connections),
    }
    text
}

fn built_in(text: &mut String, connections: &Connections) {
    let address = connections.address.to_string();
    let _ = match (address.strip_prefix("unix:"), connections.protocol) {
        (Some(path), _) => writeln!(text, "unix = {}", quoted(path)),
        (None, Protocol::Http) => writeln!(text, "http = {}", quoted(&address)),
        (None, Protocol::Lines) => writeln!(text, "tcp = {}", quoted(&address)),
    };
    let requests = connections.requests.iter();
    let requests: Vec<String> = requests
        .map(|request| request_text(request, connections.protocol))
        .collect();
    let _ = writeln!(text, "requests = [{}]", requests.join(", "));
    if connections.count > 1 {
        let _ = writeln!(text, "connections = {}", connections.count);
    }
    for (is_set, line) in [
        (!connections.keep_alive, "keep-alive = false\n"),
        (connections.pipeline, "pipeline = true\n"),
        (connections.half, "half = true\n"),
        (connections.slow_read.is_some(), "slow = true\n"),
    ] {
        if is_set {
            text.push_str(line);
        }
    }
}

fn request_text(request: &Request, protocol: Protocol) -> String {
    let body = String::from_utf8_lossy(&request.body);
    match protocol {
        Protocol::Lines => quoted(body.trim_end()),
        Protocol::Http if body.is_empty() => quoted(&request.name),
        Protocol::Http => format!(
            "{{ {} = {}, body = {} }}",
            request.method.to_lowercase(),
            quoted(&request.target),
            quoted(&body)
        ),
    }
}

/// A key as it is read.
fn key_text(key: &Key) -> String {
    match key {
        Key::Wait(KeyWait::Screen(text)) => format!("<wait:{text}>"),
        Key::Resize { rows, columns } => format!("<size:{rows}x{columns}>"),
        Key::Type(bytes) => bytes
            .iter()
            .map(|byte| match byte {
                b' '..=b'~' if !b"\\^<".contains(byte) => char::from(*byte).to_string(),
                byte => format!("\\x{byte:02x}"),
            })
            .collect(),
    }
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
