//! Changing how one call goes: another result, a smaller length.
//!
//! Both are for a thread that is held at the beginning of a call, or nothing
//! happens: what the kernel has already done cannot be taken back.

use crate::sys::arch;
use crate::sys::ids::Tid;
use crate::sys::ptrace;
use crate::sys::ptrace::CallStop;
use crate::tracer::changed_argument::ChangedArgument;
use crate::tracer::syscalls;
use std::io;

/// The call is not made; it returns this error. False when the thread is not at the beginning of a call.
pub(crate) fn fail(tid: Tid, errno: i32) -> io::Result<bool> {
    if !matches!(ptrace::call_stop(tid)?, CallStop::Entry { .. }) {
        return Ok(false);
    }
    arch::skip_call_with(tid, -i64::from(errno))?;
    Ok(true)
}

/// The call moves at most `most` bytes, or half of what it wants to. `position` returns which argument is the length,
/// by the call's name. `None` when there is nothing to shorten.
pub(crate) fn shorten(
    tid: Tid,
    most: Option<u64>,
    position: impl Fn(&str) -> Option<usize>,
) -> io::Result<Option<ChangedArgument>> {
    let CallStop::Entry { number, args, .. } = ptrace::call_stop(tid)? else {
        return Ok(None);
    };
    let Some(position) = position(&syscalls::name(number as u32)) else {
        return Ok(None);
    };
    let was = args[position];
    let length = most.unwrap_or(was / 2).max(1);
    if was <= length {
        return Ok(None);
    }
    arch::set_argument(tid, position, length)?;
    Ok(Some(ChangedArgument { position, was }))
}
