//! The arguments of a stopped call, as points show them.

use super::{Call, name};
use crate::sys::ids::Tid;
use crate::sys::{proc, ptrace};
use crate::target::{FAILPOINTS_FD, TargetPaths};
use std::net::IpAddr;

/// The name in a call of the failpoints' protocol (`docs/failpoints.md`).
pub(super) fn failpoint(call: &Call) -> Option<String> {
    const BYTES_MAX: u64 = 65;
    if call.args[0] as i32 != FAILPOINTS_FD || call.args[2] > BYTES_MAX {
        return None;
    }
    let is_socket = proc::descriptor(call.tid, i64::from(FAILPOINTS_FD))?.starts_with("socket:");
    if !is_socket || !matches!(&*name(call.number), "write" | "sendto") {
        return is_socket.then(|| "failpoint".to_owned());
    }
    let said = ptrace::read_bytes(call.tid, call.args[1], call.args[2] as usize)?;
    let said = std::str::from_utf8(&said).ok()?.trim();
    crate::facts::is_failpoint(said).then(|| format!("failpoint:{said}"))
}

/// What a descriptor is open on, as a point shows it.
pub(super) fn descriptor(tid: Tid, number: i32, paths: &TargetPaths) -> String {
    let stream = match number {
        0 => Some("stdin"),
        1 => Some("stdout"),
        2 => Some("stderr"),
        _ => None,
    };
    let Some(what) = proc::descriptor(tid, i64::from(number)) else {
        return format!("fd {number}");
    };
    if let Some(path) = what.strip_prefix('/') {
        if path.starts_with("dev/pts/") {
            return stream.unwrap_or("terminal").to_owned();
        }
        return paths.shorten(what.trim_end_matches(" (deleted)"));
    }
    // The numbers of pipes and sockets differ from run to run.
    let kind = what.split(":[").next().unwrap_or(&what);
    let kind = kind.strip_prefix("anon_inode:").unwrap_or(kind);
    stream.unwrap_or(kind.trim_matches(['[', ']'])).to_owned()
}

/// A path, relative to the work tree where it is in there.
pub(super) fn path(call: &Call, dir: Option<usize>, path: usize, paths: &TargetPaths) -> String {
    let Some(path) = ptrace::read_string(call.tid, call.args[path]) else {
        return dir.map_or_else(
            || "?".to_owned(),
            // Without a path these calls mean the descriptor itself.
            |position| descriptor(call.tid, call.args[position] as i32, paths),
        );
    };
    let path = String::from_utf8_lossy(&path).into_owned();
    let base = dir.map(|position| call.args[position] as i32);
    absolute(call, base, path, paths)
}

/// A path by itself, or relative to a directory that is open, or to the working directory.
pub(super) fn absolute(
    call: &Call,
    base: Option<i32>,
    path: String,
    paths: &TargetPaths,
) -> String {
    if path.starts_with('/') {
        return paths.shorten(&path);
    }
    let base = match base {
        Some(number) if number != libc::AT_FDCWD => proc::descriptor(call.tid, i64::from(number)),
        _ => proc::directory(call.tid),
    };
    match base {
        Some(base) => paths.shorten(&format!("{base}/{path}")),
        None => path,
    }
}

/// The name of a message queue, as the file system of queues shows it: it is no path of the work tree.
pub(super) fn queue(call: &Call, position: usize) -> String {
    let name = ptrace::read_string(call.tid, call.args[position]).unwrap_or_default();
    format!("/dev/mqueue/{}", String::from_utf8_lossy(&name))
}

/// The path in an address of the family AF_UNIX; its length is the argument after it. `None` where it is another
/// family's, or has no name in the file system.
pub(super) fn socket_file(call: &Call, position: usize) -> Option<String> {
    let (family, rest) = address(call, position)?;
    let path = rest.split(|byte| *byte == 0).next()?;
    let is_file = family == libc::AF_UNIX && !path.is_empty();
    is_file.then(|| String::from_utf8_lossy(path).into_owned())
}

/// Where a process of this machine is reached: the absolute path of a socket, `@name`, or `localhost:80`. `None` for
/// addresses elsewhere, and for those of name servers, which only answer.
pub(crate) fn socket_address(call: &Call, position: usize) -> Option<String> {
    const DOMAIN: u16 = 53;
    let (family, rest) = address(call, position)?;
    if family == libc::AF_UNIX {
        let Some(path) = socket_file(call, position) else {
            let name = rest.strip_prefix(&[0])?;
            return Some(format!("@{}", String::from_utf8_lossy(name)));
        };
        if path.starts_with('/') {
            return Some(path);
        }
        let directory = proc::directory(call.tid)?;
        return Some(format!("{directory}/{path}"));
    }
    let port = u16::from_be_bytes(*rest.first_chunk()?);
    let host = match family {
        libc::AF_INET => IpAddr::from(*rest.get(2..)?.first_chunk::<4>()?),
        libc::AF_INET6 => IpAddr::from(*rest.get(6..)?.first_chunk::<16>()?),
        _ => return None,
    };
    let is_here = host.to_canonical().is_loopback() || host.is_unspecified();
    (is_here && port != DOMAIN).then(|| format!("localhost:{port}"))
}

/// The family of a socket's address, and what follows; its length is the argument after it.
fn address(call: &Call, position: usize) -> Option<(i32, Vec<u8>)> {
    const BYTES_MAX: u64 = size_of::<libc::sockaddr_un>() as u64;
    let length = call.args[position + 1].min(BYTES_MAX) as usize;
    let mut address = ptrace::read_bytes(call.tid, call.args[position], length)?;
    let family = u16::from_ne_bytes(*address.first_chunk()?);
    address.drain(..2);
    Some((i32::from(family), address))
}

/// The descriptor that the first of a list of control blocks (`struct iocb *`) is about.
pub(super) fn control_block(call: &Call, position: usize) -> Option<i32> {
    const DESCRIPTOR_AT: u64 = 20;
    let block = ptrace::read_u64(call.tid, call.args[position])?;
    let bytes = ptrace::read_bytes(call.tid, block + DESCRIPTOR_AT, 4)?;
    Some(i32::from_ne_bytes(bytes.try_into().ok()?))
}
