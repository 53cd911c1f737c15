//! The sockets of this process's network, as the kernel lists them.
//!
//! Of TCP it is asked by messages (sock_diag(7)). Each read of `/proc/net/tcp` goes through the whole table of
//! connections of the machine, which is large where memory is: 2 ms on one of 24 GiB, six times for one look. That is
//! read only where there are no such messages.

use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, socket,
};
use std::fs;
use std::io;
use std::os::fd::AsRawFd;

/// A TCP socket in the tables of this process's network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TcpSocket {
    pub(crate) local_port: u16,
    pub(crate) remote_port: u16,
    pub(crate) listens: bool,
    /// Bytes that nobody has read yet; of a listener, connections that nobody has accepted.
    pub(crate) unread: u64,
    /// 0 while a connection waits to be accepted, and when it is closed.
    pub(crate) inode: u64,
}

/// A Unix socket that listens, or a connection to one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UnixSocket {
    pub(crate) listens: bool,
    pub(crate) inode: u64,
    /// Empty without a name.
    pub(crate) path: String,
}

/// States of a socket, one bit each.
type States = u32;
const LISTENS: u8 = 10;
const ANY_STATE: States = !0;

/// The TCP sockets of this process's network.
pub(crate) fn tcp_sockets() -> Vec<TcpSocket> {
    tcp(ANY_STATE)
}

/// Those that listen: there are few of them, and no table of connections is gone through.
pub(crate) fn tcp_listeners() -> Vec<TcpSocket> {
    let mut found = tcp(1 << LISTENS);
    found.retain(|socket| socket.listens);
    found
}

fn tcp(states: States) -> Vec<TcpSocket> {
    let families = [(libc::AF_INET, "tcp"), (libc::AF_INET6, "tcp6")];
    let lists = families.map(|(family, table)| {
        let listed = asked(family as u8, states);
        listed.unwrap_or_else(|_| read_table(table))
    });
    lists.concat()
}

/// From linux/netlink.h, linux/sock_diag.h and linux/inet_diag.h.
mod message {
    /// The header: length, type, flags, sequence number, port.
    pub(super) const HEADER: usize = 16;
    /// The whole of a request for a list.
    pub(super) const REQUEST: usize = HEADER + 56;
    pub(super) const SOCK_DIAG_BY_FAMILY: u16 = 20;
    /// `NLM_F_REQUEST | NLM_F_DUMP`.
    pub(super) const LIST: u16 = 0x301;
    /// The list changed while it was made.
    pub(super) const INTERRUPTED: u16 = 0x10;
    pub(super) const ERROR: u16 = 2;
    pub(super) const DONE: u16 = 3;
    /// The least that says something of a socket.
    pub(super) const SOCKET: usize = HEADER + 72;
}

/// How often a list is asked for that changes while it is made.
const TRIES: usize = 5;

/// Asks the kernel for the sockets of one family.
fn asked(family: u8, states: States) -> io::Result<Vec<TcpSocket>> {
    let flags = SockFlag::SOCK_CLOEXEC;
    let protocol = SockProtocol::NetlinkSockDiag;
    let line = socket(AddressFamily::Netlink, SockType::Datagram, flags, protocol)?;
    let mut request = [0_u8; message::REQUEST];
    request[..4].copy_from_slice(&(message::REQUEST as u32).to_ne_bytes());
    request[4..6].copy_from_slice(&message::SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request[6..8].copy_from_slice(&message::LIST.to_ne_bytes());
    request[message::HEADER] = family;
    request[message::HEADER + 1] = libc::IPPROTO_TCP as u8;
    request[message::HEADER + 4..][..4].copy_from_slice(&states.to_ne_bytes());
    let mut found = Vec::new();
    for _ in 0..TRIES {
        found.clear();
        send(line.as_raw_fd(), &request, MsgFlags::empty())?;
        if is_whole(line.as_raw_fd(), &mut found)? {
            break;
        }
    }
    Ok(found)
}

/// Takes the answers to one request; whether nothing changed meanwhile.
fn is_whole(line: i32, found: &mut Vec<TcpSocket>) -> io::Result<bool> {
    // The kernel sends 32 KiB at a time at most.
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut whole = true;
    loop {
        let count = match recv(line, &mut buffer, MsgFlags::empty()) {
            Err(Errno::EINTR) => continue,
            other => other?,
        };
        let mut rest = &buffer[..count];
        while rest.len() >= message::HEADER {
            let length = number(rest, 0) as usize;
            if length < message::HEADER || length > rest.len() {
                return Err(io::ErrorKind::InvalidData.into());
            }
            let (one, after) = rest.split_at(length);
            let short = |at: usize| u16::from_ne_bytes([one[at], one[at + 1]]);
            whole &= short(6) & message::INTERRUPTED == 0;
            match short(4) {
                message::DONE => return Ok(whole),
                message::ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.extend(listed_socket(one)),
            }
            // Each begins at a multiple of four.
            rest = after
                .get(length.next_multiple_of(4) - length..)
                .unwrap_or_default();
        }
    }
}

fn number(bytes: &[u8], at: usize) -> u32 {
    let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
    u32::from_ne_bytes(four.unwrap_or_default())
}

/// `family state timer retransmits, local port, remote port, addresses …, expires, unread, unsent, uid, inode`
fn listed_socket(one: &[u8]) -> Option<TcpSocket> {
    if one.len() < message::SOCKET {
        return None;
    }
    let facts = &one[message::HEADER..];
    let port = |at: usize| u16::from_be_bytes([facts[at], facts[at + 1]]);
    Some(TcpSocket {
        local_port: port(4),
        remote_port: port(6),
        listens: facts[1] == LISTENS,
        unread: number(facts, 56).into(),
        inode: number(facts, 68).into(),
    })
}

fn read_table(name: &str) -> Vec<TcpSocket> {
    let text = fs::read_to_string(format!("/proc/self/net/{name}")).unwrap_or_default();
    text.lines().skip(1).filter_map(tcp_socket).collect()
}

/// `sl local remote state tx:rx timer retransmits uid timeout inode …`
fn tcp_socket(line: &str) -> Option<TcpSocket> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let port = |field: &str| u16::from_str_radix(field.rsplit_once(':')?.1, 16).ok();
    Some(TcpSocket {
        local_port: port(fields.get(1)?)?,
        remote_port: port(fields.get(2)?)?,
        listens: *fields.get(3)? == "0A",
        unread: u64::from_str_radix(fields.get(4)?.split_once(':')?.1, 16).ok()?,
        inode: fields.get(9)?.parse().ok()?,
    })
}

/// The Unix sockets of this process's network.
pub(crate) fn unix_sockets() -> Vec<UnixSocket> {
    let text = fs::read_to_string("/proc/self/net/unix").unwrap_or_default();
    text.lines().skip(1).filter_map(unix_socket).collect()
}

/// `number: references protocol flags type state inode path`
fn unix_socket(line: &str) -> Option<UnixSocket> {
    const ACCEPTS: u64 = 0x1_0000;
    let mut fields = line.split_ascii_whitespace().skip(3);
    let flags = u64::from_str_radix(fields.next()?, 16).ok()?;
    let mut fields = fields.skip(2);
    Some(UnixSocket {
        listens: flags & ACCEPTS != 0,
        inode: fields.next()?.parse().ok()?,
        path: fields.next().unwrap_or_default().to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};

    /// Both ways to look say the same.
    fn both(port: u16) -> Vec<TcpSocket> {
        let of_port = |list: Vec<TcpSocket>| {
            let mut list: Vec<TcpSocket> = list
                .into_iter()
                .filter(|socket| [socket.local_port, socket.remote_port].contains(&port))
                .collect();
            list.sort_by_key(|socket| (socket.local_port, socket.remote_port));
            list
        };
        let by_message = of_port(
            [libc::AF_INET, libc::AF_INET6]
                .map(|family| asked(family as u8, ANY_STATE).expect("a list"))
                .concat(),
        );
        let by_table = of_port(["tcp", "tcp6"].map(read_table).concat());
        assert_eq!(by_message, by_table);
        assert_eq!(of_port(tcp_sockets()), by_table);
        by_message
    }

    #[test]
    fn a_listener_and_a_connection_that_nobody_has_accepted_are_seen() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut client = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        client.write_all(b"12345").expect("sent");
        let own = client.local_addr().expect("an address").port();
        let found = || {
            let sockets = both(port);
            let is_ours =
                |socket: &&TcpSocket| (socket.local_port, socket.remote_port) == (port, own);
            let served = sockets.iter().find(is_ours).cloned();
            let listens = |socket: &TcpSocket| socket.listens && socket.local_port == port;
            assert_eq!(
                sockets.iter().any(listens),
                tcp_listeners().iter().any(listens)
            );
            (sockets.iter().any(listens), served)
        };
        let (listens, served) = found();
        assert!(listens);
        let served = served.expect("the kernel has completed it");
        assert_eq!((served.inode, served.unread), (0, 5), "in the queue");
        let (accepted, _) = listener.accept().expect("accepted");
        let (_, served) = found();
        assert_ne!(served.expect("it is there").inode, 0);
        drop((accepted, listener));
        assert!(!found().0);
    }
}
