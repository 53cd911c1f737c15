//! The descriptor of the failpoints, which whoever started the program left
//! open.

use std::fs::File;
use std::os::fd::{FromRawFd, IntoRawFd, RawFd};

/// The descriptor with this number, if it is a socket. Another one than was
/// meant may have got the number since, and what is written into a file stays
/// there.
pub(crate) fn inherited(number: RawFd) -> Option<File> {
    // SAFETY: an all-zero `stat` is a valid value of it.
    let mut stat: libc::stat = unsafe { std::mem::zeroed() };
    // SAFETY: `fstat` looks the number up and writes into a live local.
    if unsafe { libc::fstat(number, &raw mut stat) } == -1
        || stat.st_mode & libc::S_IFMT != libc::S_IFSOCK
    {
        return None;
    }
    // SAFETY: the number is open and, by the protocol, belongs to nobody else
    // in this process. It is never closed (`leave_open`), so that nothing else
    // can get it while this value lives.
    Some(unsafe { File::from_raw_fd(number) })
}

/// Gives it up and leaves it open, as children may have it, too.
pub(crate) fn leave_open(file: Option<File>) {
    let _ = file.map(IntoRawFd::into_raw_fd);
}
