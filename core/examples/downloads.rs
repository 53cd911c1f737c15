//! Downloads files, three at a time. Ctrl+C lets those complete that have
//! begun, a second one drops them; a file is there as a whole or not at all:
//!
//!     cargo run -p sigproof-core --example downloads -- http://HOST:PORT/PATH…

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use sigproof_core::{InterruptHandler, Outcome, Policy, StopToken, TaskError, ThreadPool};

fn download(url: &str, token: &StopToken) -> Result<String, TaskError> {
    let address = url
        .strip_prefix("http://")
        .ok_or("not an http:// address")?;
    let (host, path) = address.split_once('/').ok_or("an address without a path")?;
    let name = path.rsplit('/').next().unwrap_or(path);
    let mut server = TcpStream::connect(host)?;
    server.set_read_timeout(Some(Duration::from_millis(100)))?;
    write!(server, "GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n")?;
    println!("{name} begun");
    let (mut reply, mut piece) = (Vec::new(), [0; 16 * 1024]);
    loop {
        token.checkpoint()?; // an error from the second Ctrl+C on
        match server.read(&mut piece) {
            Ok(0) => break,
            Ok(count) => reply.extend_from_slice(&piece[..count]),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let head = reply.windows(4).position(|four| four == b"\r\n\r\n");
    let head = head.ok_or("not an answer of HTTP")?;
    if !reply[..head].starts_with(b"HTTP/1.0 200 ") && !reply[..head].starts_with(b"HTTP/1.1 200 ")
    {
        return Err("refused by the server".into());
    }
    std::fs::write(format!("{name}.part"), &reply[head + 4..])?;
    std::fs::rename(format!("{name}.part"), name)?;
    Ok(name.to_owned())
}

fn main() -> Result<(), sigproof_core::InstallError> {
    let handler = InterruptHandler::install(Policy::escalating())?;
    let results = ThreadPool::new(&handler.token()).workers(3).map_streaming(
        std::env::args().skip(1),
        |url, token| download(&url, token),
        |index, outcome| match outcome {
            Outcome::Completed(name) => println!("{name} done"),
            other => println!("address {}: {other:?}", index + 1),
        },
    );
    println!("{}", results.tally());
    handler.conclude(); // dies by the signal, if there was one
    Ok(())
}
