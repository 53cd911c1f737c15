//! One call that a tracee is about to make; and calls by name and number.

use crate::facts::Signal;
use crate::sys::ids::Tid;
use crate::sys::{proc, ptrace};
use std::borrow::Cow;
use syscalls::Sysno;

/// The position of the descriptor that a call of this name writes output to, if it does.
pub(crate) fn output(name: &str) -> Option<usize> {
    match name {
        "write" | "writev" | "pwritev2" | "sendfile" | "vmsplice" => Some(0),
        "splice" | "tee" => Some(2),
        _ => None,
    }
}

/// Whether a call of this name can write output.
pub(crate) fn is_output(name: &str) -> bool {
    output(name).is_some()
}

/// A program finds out by it how many processors there are.
pub(super) const ASKS: &str = "sched_getaffinity";

/// Whether a program finds out by this call how many processors there are.
pub(crate) fn asks_for_processors(name: &str, call: &Call) -> bool {
    const PLACES: [&str; 4] = [
        "/proc/cpuinfo",
        "/proc/stat",
        "/sys/devices/system/cpu",
        "/sys/fs/cgroup",
    ];
    let position = match name {
        ASKS => return true,
        "open" => 0,
        "openat" | "openat2" => 1,
        _ => return false,
    };
    let path = ptrace::read_string(call.tid, call.args[position]).unwrap_or_default();
    PLACES
        .iter()
        .any(|place| path.starts_with(place.as_bytes()))
}

/// The numbers of the calls whose name is accepted.
pub(crate) fn numbers(accept: impl Fn(&str) -> bool) -> Vec<u32> {
    Sysno::iter()
        .filter(|call| accept(call.name()))
        .map(|call| call.id() as u32)
        .collect()
}

/// The name of a call by its number.
pub(crate) fn name(number: u32) -> Cow<'static, str> {
    match Sysno::new(number as usize) {
        Some(call) => Cow::Borrowed(call.name()),
        None => Cow::Owned(format!("call_{number}")),
    }
}

/// One call that a tracee is about to make.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call {
    pub(crate) tid: Tid,
    pub(crate) number: u32,
    pub(crate) args: [u64; 6],
    pub(crate) threads: usize,
}

impl Call {
    /// Whether it writes to what may be the target's output: a pipe or a terminal.
    pub(crate) fn is_output(&self) -> bool {
        output(&name(self.number))
            .and_then(|position| proc::descriptor(self.tid, self.args[position] as i64))
            .is_some_and(|what| what.starts_with("pipe:") || what.starts_with("/dev/pts/"))
    }
}

/// Whether a `futex` can wait: FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2.
pub(crate) fn futex_waits(call: &Call) -> bool {
    matches!(call.args[1] & 0x7f, 0 | 6 | 9 | 11 | 13)
}

/// The signal for which a `rt_sigaction` installs a handler, if it does.
pub(crate) fn handler_installed(call: &Call) -> Option<Signal> {
    handler_address(call).map(|_| Signal::new(call.args[0] as i32))
}

/// The handler that a `rt_sigaction` installs, if it does.
pub(crate) fn handler_address(call: &Call) -> Option<u64> {
    let action = call.args[1];
    if action == 0 {
        return None;
    }
    // The first field of the kernel's sigaction is the handler: 0 is default, 1 is ignore.
    let handler = ptrace::read_u64(call.tid, action)?;
    (handler > 1).then_some(handler)
}

/// Whether a `rt_sigaction` installs a handler without `SA_RESTART`: calls that it interrupts return EINTR.
pub(crate) fn handler_interrupts(call: &Call) -> bool {
    // What a program does wrong itself interrupts no wait.
    const OWN_FAULTS: [i32; 6] = [
        libc::SIGSEGV,
        libc::SIGBUS,
        libc::SIGILL,
        libc::SIGFPE,
        libc::SIGTRAP,
        libc::SIGSYS,
    ];
    if OWN_FAULTS.contains(&(call.args[0] as i32)) {
        return false;
    }
    // The second field of the kernel's sigaction is the flags.
    let flags = ptrace::read_u64(call.tid, call.args[1].wrapping_add(8));
    flags.is_some_and(|flags| flags & libc::SA_RESTART as u64 == 0)
}

/// Whether a call that can wait returns at once, by its arguments: then nothing interrupts it either.
pub(crate) fn asks_not_to_wait(call: &Call) -> bool {
    let has = |position: usize, flag: i32| call.args[position] as i32 & flag != 0;
    match &*name(call.number) {
        "wait4" => has(2, libc::WNOHANG),
        "waitid" => has(3, libc::WNOHANG),
        "flock" => has(1, libc::LOCK_NB),
        "fcntl" => matches!(call.args[1] as i32, libc::F_SETLK | libc::F_OFD_SETLK),
        "recvfrom" | "sendto" => has(3, libc::MSG_DONTWAIT),
        "recvmsg" | "sendmsg" => has(2, libc::MSG_DONTWAIT),
        "poll" => call.args[2] as i32 == 0,
        "epoll_wait" | "epoll_pwait" => call.args[3] as i32 == 0,
        // Where the kernel has no `poll` and no `select`, a C library makes these for them.
        "ppoll" => is_no_time(call, 2),
        "pselect6" => is_no_time(call, 4),
        _ => false,
    }
}

/// Whether the time at which this argument points is zero; without one a call waits for ever.
fn is_no_time(call: &Call, position: usize) -> bool {
    let word = |at: u64| ptrace::read_u64(call.tid, at);
    let at = call.args[position];
    at != 0 && word(at) == Some(0) && word(at.wrapping_add(8)) == Some(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_asks_not_to_wait_is_told_by_its_arguments() {
        let asks_with = |call: Sysno, position: usize, value: u64| {
            let mut args = [0; 6];
            args[position] = value;
            asks_not_to_wait(&Call {
                tid: crate::sys::ids::Pid::current().main_thread(),
                number: call.id() as u32,
                args,
                threads: 1,
            })
        };
        let asks =
            |call: Sysno, position: usize, value: i32| asks_with(call, position, value as u64);
        assert!(asks(Sysno::wait4, 2, libc::WNOHANG) && !asks(Sysno::wait4, 2, 0));
        let exclusive = libc::LOCK_EX;
        assert!(asks(Sysno::flock, 1, exclusive | libc::LOCK_NB));
        assert!(!asks(Sysno::flock, 1, exclusive));
        assert!(asks(Sysno::fcntl, 1, libc::F_SETLK) && !asks(Sysno::fcntl, 1, libc::F_SETLKW));
        assert!(asks(Sysno::epoll_pwait, 3, 0) && !asks(Sysno::epoll_pwait, 3, -1));
        for (call, position) in [(Sysno::ppoll, 2), (Sysno::pselect6, 4)] {
            // The tracer reads them in the memory of this process.
            for (time, asks) in [([0, 0], true), ([0, 1], false), ([1, 0], false)] {
                let time: &[u64; 2] = &time;
                let at = time.as_ptr() as u64;
                assert_eq!(asks_with(call, position, at), asks, "{call} {time:?}");
            }
            assert!(!asks_with(call, position, 0));
        }
        assert!(!asks(Sysno::read, 0, 0));
    }
}
