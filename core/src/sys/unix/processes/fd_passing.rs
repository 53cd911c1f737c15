//! Passing a descriptor over a socket (`SCM_RIGHTS`), so that a worker gets
//! its page without any other child inheriting it.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::ptr;

const FD_BYTES: u32 = size_of::<libc::c_int>() as u32;

#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
/// The standard library has set SO_NOSIGPIPE.
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: libc::c_int = 0;

#[cfg(not(target_vendor = "apple"))]
const CLOSE_ON_EXEC: libc::c_int = libc::MSG_CMSG_CLOEXEC;
#[cfg(target_vendor = "apple")]
const CLOSE_ON_EXEC: libc::c_int = 0;

/// Room for one control message with one descriptor, aligned as its header.
#[repr(C)]
union Control {
    _header: libc::cmsghdr,
    bytes: [u8; 64],
}

/// Sends one descriptor, along with one byte.
///
/// # Errors
/// Those of `sendmsg(2)`.
pub(crate) fn send(socket: &UnixStream, fd: BorrowedFd<'_>) -> io::Result<()> {
    let mut byte = [0_u8];
    let mut control = Control { bytes: [0; 64] };
    with_message(&mut byte, &mut control, |message| {
        // SAFETY: the control buffer is aligned and larger than CMSG_SPACE of
        // one descriptor, so header and data lie within it.
        unsafe {
            message.msg_controllen = libc::CMSG_SPACE(FD_BYTES) as _;
            let header = libc::CMSG_FIRSTHDR(message);
            (*header).cmsg_level = libc::SOL_SOCKET;
            (*header).cmsg_type = libc::SCM_RIGHTS;
            (*header).cmsg_len = libc::CMSG_LEN(FD_BYTES) as _;
            let data = libc::CMSG_DATA(header).cast::<libc::c_int>();
            ptr::write_unaligned(data, fd.as_raw_fd());
        }
        // SAFETY: a complete message whose parts outlive the call.
        let sent = unsafe { libc::sendmsg(socket.as_raw_fd(), message, NO_SIGNAL) };
        if sent == 1 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    })
}

/// Receives one descriptor, closed on exec.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if something else came; those of
/// `recvmsg(2)`.
pub(crate) fn receive(socket: &UnixStream) -> io::Result<OwnedFd> {
    let mut byte = [0_u8];
    let mut control = Control { bytes: [0; 64] };
    with_message(&mut byte, &mut control, |message| {
        // SAFETY: a complete message whose parts outlive the call.
        let got = unsafe { libc::recvmsg(socket.as_raw_fd(), message, CLOSE_ON_EXEC) };
        if got < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel filled the control buffer as the length says.
        let header = unsafe { libc::CMSG_FIRSTHDR(message).as_ref() };
        match header {
            Some(header)
                if header.cmsg_level == libc::SOL_SOCKET
                    && header.cmsg_type == libc::SCM_RIGHTS
                    // SAFETY: only computes a length.
                    && header.cmsg_len as u64 == u64::from(unsafe { libc::CMSG_LEN(FD_BYTES) }) =>
            {
                // SAFETY: a message of this type and length holds one
                // descriptor, which is now ours.
                let fd = unsafe {
                    let data = libc::CMSG_DATA(header).cast::<libc::c_int>();
                    OwnedFd::from_raw_fd(ptr::read_unaligned(data))
                };
                close_on_exec(&fd)?;
                Ok(fd)
            }
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "no descriptor came over the control socket",
            )),
        }
    })
}

/// Where no flag of `recvmsg` does that. A worker receives before it starts
/// threads, so that none of them forks in between.
#[cfg(target_vendor = "apple")]
fn close_on_exec(fd: &OwnedFd) -> io::Result<()> {
    // SAFETY: the descriptor is open; F_SETFD takes an int.
    if unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFD, libc::FD_CLOEXEC) } < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(not(target_vendor = "apple"))]
#[expect(clippy::unnecessary_wraps, reason = "its twin can fail")]
fn close_on_exec(_fd: &OwnedFd) -> io::Result<()> {
    Ok(())
}

/// Builds the header of a message of one byte, with a control buffer.
fn with_message<T>(
    byte: &mut [u8; 1],
    control: &mut Control,
    action: impl FnOnce(&mut libc::msghdr) -> io::Result<T>,
) -> io::Result<T> {
    let mut part = libc::iovec {
        iov_base: byte.as_mut_ptr().cast(),
        iov_len: 1,
    };
    // SAFETY: msghdr is plain data for which all zeroes is valid.
    let mut message: libc::msghdr = unsafe { MaybeUninit::zeroed().assume_init() };
    message.msg_iov = &raw mut part;
    message.msg_iovlen = 1;
    message.msg_control = ptr::from_mut(control).cast();
    message.msg_controllen = size_of::<Control>() as _;
    action(&mut message)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::{Read, Write};
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn a_descriptor_arrives_and_anything_else_is_refused() {
        let (here, mut there) = UnixStream::pair().expect("a socket pair");
        let (reader, mut writer) = io::pipe().expect("a pipe");
        send(&there, reader.as_fd()).expect("send");
        drop(reader);
        let mut received = File::from(receive(&here).expect("receive"));
        writer.write_all(b"hello").expect("write");
        drop(writer);
        let mut text = String::new();
        received.read_to_string(&mut text).expect("read");
        assert_eq!(text, "hello");
        there.write_all(b"x").expect("write");
        let error = receive(&here).expect_err("a byte alone");
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    }
}
