//! Changing how one call goes: another answer, a smaller length.
//!
//! Both are for a thread that is held at the beginning of a call, or nothing
//! happens: what the kernel has already done cannot be taken back.

use super::tracer::Tracer;
use crate::sys::ptrace;
use crate::sys::ptrace::CallStop;
use crate::tracer::thread::pending_syscall::PendingSyscall;
use std::io;

impl Tracer {
    /// The call at which a thread is held is not made; it answers with this error.
    pub(crate) fn answer_with_error(&mut self, tid: i32, errno: i32) -> io::Result<bool> {
        if !matches!(ptrace::call_stop(tid)?, CallStop::Entry { .. }) {
            return Ok(false);
        }
        ptrace::answer_call(tid, -i64::from(errno))?;
        Ok(true)
    }

    /// The call at which a thread is held moves at most `most` bytes, or half of
    /// what it wants to. `position` tells which argument is the length, by the
    /// call's name. False when there is nothing to shorten.
    pub(crate) fn shorten(
        &mut self,
        tid: i32,
        most: Option<u64>,
        position: impl Fn(&str) -> Option<usize>,
    ) -> io::Result<bool> {
        let CallStop::Entry { number, args, .. } = ptrace::call_stop(tid)? else {
            return Ok(false);
        };
        let Some(position) = position(&crate::tracer::syscalls::name(number as u32)) else {
            return Ok(false);
        };
        let wanted = args[position];
        let length = most.unwrap_or(wanted / 2).max(1);
        if wanted <= length {
            return Ok(false);
        }
        ptrace::set_argument(tid, position, length)?;
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            let inside = thread.inside.get_or_insert_with(PendingSyscall::default);
            inside.restore = Some((position, wanted));
        }
        Ok(true)
    }
}
