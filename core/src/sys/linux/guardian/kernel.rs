//! What the guardian asks the kernel for. Async-signal-safe, all of it.

use std::ffi::CStr;
use std::mem::MaybeUninit;
use std::os::fd::RawFd;
use std::ptr;

/// The name of a process that has not executed its program yet. The kernel
/// gives it the program's name when it does.
pub(super) const NOT_EXECUTED: &CStr = c"not-executed";

/// The children of the calling thread; the guardian has one thread.
const CHILDREN: &CStr = c"/proc/thread-self/children";

/// The signal mask, and what SIGCHLD does, as the program is to find them.
pub(super) struct Signals {
    mask: libc::sigset_t,
    on_child: libc::sigaction,
}

impl Signals {
    /// Blocks every signal and gives SIGCHLD its default: were it ignored, the
    /// kernel would reap the program before anybody knows its status.
    pub(super) fn hold_back() -> Signals {
        // SAFETY: each call fills what it is given; for these arguments none
        // can fail. A sigaction of zeroes is the default.
        unsafe {
            let mut full = MaybeUninit::uninit();
            libc::sigfillset(full.as_mut_ptr());
            let mut mask = MaybeUninit::uninit();
            libc::sigprocmask(libc::SIG_SETMASK, full.as_ptr(), mask.as_mut_ptr());
            let default = MaybeUninit::<libc::sigaction>::zeroed();
            let mut on_child = MaybeUninit::uninit();
            libc::sigaction(libc::SIGCHLD, default.as_ptr(), on_child.as_mut_ptr());
            Signals {
                mask: mask.assume_init(),
                on_child: on_child.assume_init(),
            }
        }
    }

    pub(super) fn put_back(&self) {
        // SAFETY: values that the kernel itself gave.
        unsafe {
            libc::sigaction(libc::SIGCHLD, &self.on_child, ptr::null_mut());
            libc::sigprocmask(libc::SIG_SETMASK, &self.mask, ptr::null_mut());
        }
    }
}

/// Signals a child, which nobody but us can reap, so the number is its own.
pub(super) fn signal_child(pid: libc::pid_t, signal: i32) {
    // SAFETY: kill takes any arguments.
    let _ = unsafe { libc::kill(pid, signal) };
}

/// Reaps the child if it has ended.
pub(super) fn reap(pid: libc::pid_t) -> bool {
    // SAFETY: no status is asked for.
    unsafe { libc::waitpid(pid, ptr::null_mut(), libc::WNOHANG) == pid }
}

/// The wait status of the child if it has ended; it is not reaped.
pub(super) fn status_unreaped(pid: libc::pid_t) -> Option<i32> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WEXITED | libc::WNOWAIT | libc::WNOHANG;
    // SAFETY: `info` has room for the result.
    let status =
        unsafe { libc::waitid(libc::P_PID, pid.cast_unsigned(), info.as_mut_ptr(), options) };
    // SAFETY: zeroes are a siginfo, and the call fills in those of a child.
    let (who, code, value) = unsafe {
        let info = info.assume_init();
        (info.si_pid(), info.si_code, info.si_status())
    };
    if status != 0 || who != pid {
        return None;
    }
    Some(match code {
        libc::CLD_EXITED => (value & 0xff) << 8,
        libc::CLD_DUMPED => value | 0x80,
        _ => value,
    })
}

/// The signal that has stopped the child since the last call.
pub(super) fn stop_signal(pid: libc::pid_t) -> Option<i32> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let options = libc::WSTOPPED | libc::WNOHANG;
    // SAFETY: `info` has room for the result.
    let status =
        unsafe { libc::waitid(libc::P_PID, pid.cast_unsigned(), info.as_mut_ptr(), options) };
    // SAFETY: zeroes are a siginfo, and the call fills in those of a child.
    let (who, signal) = unsafe {
        let info = info.assume_init();
        (info.si_pid(), info.si_status())
    };
    (status == 0 && who == pid).then_some(signal)
}

/// Whether the ended, unreaped child has executed its program.
pub(super) fn was_executed(pid: libc::pid_t) -> bool {
    // "/proc/", at most ten digits, "/comm" and a NUL.
    let mut path = [0_u8; 24];
    let mut end = path.len() - b"/comm\0".len();
    path[end..].copy_from_slice(b"/comm\0");
    let mut rest = pid;
    while rest > 0 {
        end -= 1;
        path[end] = b'0' + u8::try_from(rest % 10).unwrap_or(0);
        rest /= 10;
    }
    end -= b"/proc/".len();
    path[end..][..b"/proc/".len()].copy_from_slice(b"/proc/");
    let mut name = [0_u8; 32];
    let Ok(path) = CStr::from_bytes_with_nul(&path[end..]) else {
        return true;
    };
    let count = with_file(path, |fd| read(fd, &mut name)).unwrap_or(0);
    name[..count].trim_ascii_end() != NOT_EXECUTED.to_bytes()
}

/// Calls `meet` with each child of this process. Without `/proc` there is
/// none; that was looked at before.
pub(super) fn for_each_child(mut meet: impl FnMut(libc::pid_t)) {
    with_file(CHILDREN, |fd| {
        let mut buffer = [0_u8; 1024];
        let mut number = 0_i32;
        loop {
            let count = read(fd, &mut buffer);
            for &byte in &buffer[..count] {
                match byte {
                    b'0'..=b'9' => number = number * 10 + i32::from(byte - b'0'),
                    _ if number > 0 => meet(std::mem::take(&mut number)),
                    _ => {}
                }
            }
            if count == 0 {
                break;
            }
        }
        if number > 0 {
            meet(number);
        }
    });
}

pub(super) fn with_file<T>(path: &CStr, action: impl FnOnce(RawFd) -> T) -> Option<T> {
    // SAFETY: the path is terminated.
    let fd = unsafe { libc::open(path.as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC) };
    (fd >= 0).then(|| {
        let result = action(fd);
        // SAFETY: the descriptor is ours.
        unsafe { libc::close(fd) };
        result
    })
}

/// Reads what there is; 0 at the end, or if it cannot be read.
pub(super) fn read(fd: RawFd, buffer: &mut [u8]) -> usize {
    // SAFETY: pointer and length are those of one buffer.
    let count = unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) };
    usize::try_from(count).unwrap_or(0)
}

/// Waits for the death of a child or for word on the socket; whether there is
/// word.
pub(super) fn wait(children: RawFd, socket: RawFd) -> bool {
    let entry = |fd| libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    let mut entries = [entry(children), entry(socket)];
    // SAFETY: two pollfds, valid for the call. Every signal is blocked, so it
    // is not interrupted.
    let _ = unsafe { libc::poll(entries.as_mut_ptr(), 2, -1) };
    if entries[0].revents != 0 {
        // One record at most: SIGCHLD does not queue. Its news is in `/proc`.
        let mut record = [0_u8; size_of::<libc::signalfd_siginfo>()];
        read(children, &mut record);
    }
    entries[1].revents != 0
}

pub(super) fn close_range(first: u32, last: u32) {
    if first > last {
        return;
    }
    // SAFETY: takes plain integers; what is closed belongs to the process
    // that this one was copied from, and is not used here.
    if unsafe { libc::syscall(libc::SYS_close_range, first, last, 0) } == 0 {
        return;
    }
    // Before Linux 5.9.
    const LAST: u32 = 65_535;
    for fd in first..=last.min(LAST) {
        // SAFETY: as above.
        unsafe { libc::close(fd.cast_signed()) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_executed_its_program() {
        // SAFETY: no precondition.
        assert!(was_executed(unsafe { libc::getpid() }));
    }
}
