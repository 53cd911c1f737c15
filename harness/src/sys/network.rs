//! Networks: a private one for a run, and connections that do not block.

use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::sockopt::{RcvBuf, SocketError};
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrIn, SockaddrIn6, SockaddrStorage, UnixAddr, bind,
    connect, getpeername, getsockname, getsockopt, setsockopt, socket,
};
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

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
    use crate::sys::sockets::unix_sockets;

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
