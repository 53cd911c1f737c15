//! Networks: a private one for a run, the sockets in it, and connections that do not block.

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::sockopt::{RcvBuf, SocketError};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrStorage, UnixAddr, bind,
    connect, getpeername, getsockname, getsockopt, setsockopt, socket,
};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

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

/// Takes this process (and the children that it forks from now on) into a network of its own, in which there is the
/// loopback interface alone.
pub(crate) fn own_network() -> io::Result<()> {
    unshare(CloneFlags::CLONE_NEWNET)?;
    loopback_up()
}

fn loopback_up() -> io::Result<()> {
    let any = socket(
        AddressFamily::Inet,
        SockType::Datagram,
        SockFlag::SOCK_CLOEXEC,
        None,
    )?;
    // SAFETY: all zeros is a valid value of this plain struct.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (to, from) in request.ifr_name.iter_mut().zip(b"lo") {
        *to = from.cast_signed() as libc::c_char;
    }
    request.ifr_ifru.ifru_flags = (libc::IFF_UP | libc::IFF_RUNNING) as libc::c_short;
    // SAFETY: the name ends with a zero, and the kernel reads the flags of a live local.
    match unsafe { libc::ioctl(any.as_raw_fd(), libc::SIOCSIFFLAGS, &raw const request) } {
        0 => Ok(()),
        _ => Err(io::Error::last_os_error()),
    }
}

/// The TCP sockets of this process's network.
pub(crate) fn tcp_sockets() -> Vec<TcpSocket> {
    let table = |name: &str| fs::read_to_string(format!("/proc/self/net/{name}"));
    let tables = [table("tcp"), table("tcp6")];
    tables
        .iter()
        .flatten()
        .flat_map(|text| text.lines().skip(1))
        .filter_map(tcp_socket)
        .collect()
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

/// Begins to connect to a TCP address, without waiting for it.
pub(crate) fn connect_tcp(
    address: SocketAddr,
    receive_bytes: Option<usize>,
) -> io::Result<OwnedFd> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::Inet,
        SocketAddr::V6(_) => AddressFamily::Inet6,
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let stream = socket(family, SockType::Stream, flags, None)?;
    if let Some(bytes) = receive_bytes {
        setsockopt(&stream, RcvBuf, &bytes)?;
    }
    let connected = match address {
        SocketAddr::V4(address) => connect(stream.as_raw_fd(), &SockaddrIn::from(address)),
        SocketAddr::V6(address) => connect(stream.as_raw_fd(), &SockaddrIn6::from(address)),
    };
    match connected {
        Ok(()) | Err(nix::errno::Errno::EINPROGRESS) => Ok(stream),
        Err(error) => Err(error.into()),
    }
}

/// Connects to a Unix socket; an abstract one begins with `@`.
pub(crate) fn connect_unix(path: &Path) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let stream = socket(AddressFamily::Unix, SockType::Stream, flags, None)?;
    let text = path.to_string_lossy();
    let address = match text.strip_prefix('@') {
        Some(name) => UnixAddr::new_abstract(name.as_bytes())?,
        None => UnixAddr::new(path)?,
    };
    connect(stream.as_raw_fd(), &address)?;
    Ok(stream)
}

/// A socket that takes datagrams under an abstract name, without blocking.
pub(crate) fn datagrams(name: &str) -> io::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let taken = socket(AddressFamily::Unix, SockType::Datagram, flags, None)?;
    bind(taken.as_raw_fd(), &UnixAddr::new_abstract(name.as_bytes())?)?;
    Ok(taken)
}

/// The error with which a connection failed, if it did.
pub(crate) fn connection_error(stream: BorrowedFd<'_>) -> io::Result<()> {
    match getsockopt(&stream, SocketError)? {
        0 => Ok(()),
        errno => Err(io::Error::from_raw_os_error(errno)),
    }
}

/// Whether a connection is made.
pub(crate) fn is_connected(stream: BorrowedFd<'_>) -> bool {
    getpeername::<SockaddrStorage>(stream.as_raw_fd()).is_ok()
}

/// The port of this end of a TCP connection.
pub(crate) fn own_port(stream: BorrowedFd<'_>) -> Option<u16> {
    let address: SockaddrStorage = getsockname(stream.as_raw_fd()).ok()?;
    let v4 = address.as_sockaddr_in().map(|address| address.port());
    v4.or_else(|| address.as_sockaddr_in6().map(|address| address.port()))
}

/// Whether the other end of a Unix connection has read all that was sent.
pub(crate) fn is_all_read(stream: BorrowedFd<'_>) -> bool {
    let mut waiting: libc::c_int = 0;
    // SAFETY: the ioctl writes one int through a pointer to a live local.
    let answer = unsafe { libc::ioctl(stream.as_raw_fd(), libc::TIOCOUTQ, &raw mut waiting) };
    answer == 0 && waiting == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_and_a_connection_that_nobody_has_accepted_are_seen() {
        use std::io::Write;
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let mut client = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a connection");
        client.write_all(b"12345").expect("sent");
        let own = client.local_addr().expect("an address").port();
        let found = || {
            let sockets = tcp_sockets();
            let is_ours =
                |socket: &&TcpSocket| (socket.local_port, socket.remote_port) == (port, own);
            let served = sockets.iter().find(is_ours).cloned();
            (
                sockets
                    .iter()
                    .any(|socket| socket.listens && socket.local_port == port),
                served,
            )
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

    #[test]
    fn a_unix_listener_is_seen_and_what_was_read_is_known() {
        use std::io::{Read, Write};
        use std::os::fd::AsFd;
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("run.sock");
        let listener = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        let text = path.to_string_lossy().into_owned();
        assert!(
            unix_sockets()
                .iter()
                .any(|socket| socket.listens && socket.path == text)
        );
        let client = connect_unix(&path).expect("connected");
        let mut client = std::os::unix::net::UnixStream::from(client);
        client.write_all(b"12345").expect("sent");
        assert!(!is_all_read(client.as_fd()));
        let (mut served, _) = listener.accept().expect("accepted");
        served.read_exact(&mut [0; 5]).expect("read");
        assert!(is_all_read(client.as_fd()));
    }
}
