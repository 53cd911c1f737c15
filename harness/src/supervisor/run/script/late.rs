//! New connections to a service that is gone, or has had its time: they are to be refused or closed, not to hang.

use super::progress::Sockets;
use crate::facts::LateConnection;
use crate::script::Address;
use crate::sys::network;
use crate::sys::proc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

/// How long a new connection may take to be answered or closed. Nobody who is asked for nothing answers, so that this
/// is only waited for where somebody listens.
const ANSWER_MS: u16 = 300;

/// Tries each address once.
pub(super) fn try_all(addresses: &[&Address], tree: &str) -> Vec<LateConnection> {
    let sockets = Sockets::now();
    let mut tried: Vec<LateConnection> = Vec::new();
    for address in addresses {
        let listeners = sockets.listeners(address);
        let name = address.to_string();
        if tried.iter().any(|late| late.address == name) {
            continue;
        }
        // Without a listener the kernel refuses: nothing has to be tried.
        let hangs = !listeners.is_empty() && hangs(address, tree);
        tried.push(LateConnection {
            address: name,
            hangs,
            holders: match hangs {
                true => holders(&listeners),
                false => Vec::new(),
            },
        });
    }
    tried
}

fn hangs(address: &Address, tree: &str) -> bool {
    let Ok(stream) = connect(address, tree) else {
        return false;
    };
    if nix::unistd::write(&stream, b"GET / HTTP/1.0\r\n\r\n").is_err() {
        return false;
    }
    let mut wanted = [PollFd::new(stream.as_fd(), PollFlags::POLLIN)];
    matches!(poll(&mut wanted, PollTimeout::from(ANSWER_MS)), Ok(0))
}

fn connect(address: &Address, tree: &str) -> std::io::Result<OwnedFd> {
    match address {
        Address::Tcp(address) => {
            let stream = network::connect_tcp(*address, None)?;
            let mut wanted = [PollFd::new(stream.as_fd(), PollFlags::POLLOUT)];
            poll(&mut wanted, PollTimeout::from(ANSWER_MS))?;
            network::connection_error(stream.as_fd())?;
            Ok(stream)
        }
        Address::Unix(path) if path.starts_with('@') => network::connect_unix(Path::new(path)),
        Address::Unix(path) => network::connect_unix(&Path::new(tree).join(path)),
    }
}

/// The command lines of the processes that have one of these sockets open.
fn holders(inodes: &[u64]) -> Vec<String> {
    let sockets: Vec<String> = inodes
        .iter()
        .map(|inode| format!("socket:[{inode}]"))
        .collect();
    let mut found: Vec<String> = proc::descendants()
        .iter()
        .filter(|stat| proc::has_open(stat.pid, &sockets))
        .map(|stat| format!("pid {} ({})", stat.pid, proc::command(stat.pid)))
        .collect();
    found.dedup();
    found
}
