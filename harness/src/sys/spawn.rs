//! Starting a program: fork, set up the child, exec.
//!
//! Everything that allocates or can fail in a complicated way is done before
//! the fork; between fork and exec only async-signal-safe calls are made. A
//! child that cannot go on writes one errno into a close-on-exec pipe, whose
//! end of file otherwise tells that the program runs.

use super::seccomp;
use libc::sock_filter;
use nix::fcntl::OFlag;
use std::ffi::{CStr, CString};
use std::io::{self, Read};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// What the new program's standard streams are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stdio<'a> {
    /// Three descriptors.
    Three(BorrowedFd<'a>, BorrowedFd<'a>, BorrowedFd<'a>),
    /// A terminal, which becomes the controlling one.
    Terminal(BorrowedFd<'a>),
}

/// What to start.
pub(crate) struct Program<'a> {
    pub(crate) path: &'a CStr,
    pub(crate) argv: &'a [CString],
    pub(crate) env: &'a [CString],
    pub(crate) directory: &'a CStr,
    pub(crate) stdio: Stdio<'a>,
    /// One more descriptor, and its number there.
    pub(crate) extra: Option<(BorrowedFd<'a>, RawFd)>,
    /// Stop at these calls once executed.
    pub(crate) filter: &'a [sock_filter],
    /// Signals that it is started with ignored; all others have their default.
    pub(crate) ignored: &'a [i32],
    /// Wait at the gate, so that a tracer can attach before anything runs.
    pub(crate) gated: bool,
}

/// A started child.
pub(crate) struct Started {
    pub(crate) pid: i32,
    /// Readable once the program runs (end of file) or cannot (an errno).
    failure: OwnedFd,
    gate: Option<OwnedFd>,
}

/// Why a program could not be executed.
#[derive(Debug)]
pub(crate) struct ExecFailure {
    pub(crate) step: Step,
    pub(crate) errno: i32,
}

/// Where a child failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Step {
    Session = 1,
    Terminal,
    Streams,
    Directory,
    Filter,
    Exec,
}

impl Started {
    /// Lets a gated child go on.
    pub(crate) fn open_gate(&mut self) -> io::Result<()> {
        // A byte is the message; end of file tells the child that nobody traces it.
        if let Some(gate) = self.gate.take() {
            nix::unistd::write(&gate, b"!")?;
        }
        Ok(())
    }

    /// Blocks until the program runs or has failed to.
    pub(crate) fn executed(self) -> io::Result<Result<(), ExecFailure>> {
        let mut answer = [0u8; 5];
        let mut file = std::fs::File::from(self.failure);
        let mut got = 0;
        while got < answer.len() {
            match file.read(&mut answer[got..]) {
                Ok(0) => break,
                Ok(count) => got += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if got < answer.len() {
            return Ok(Ok(()));
        }
        let step = match answer[0] {
            1 => Step::Session,
            2 => Step::Terminal,
            3 => Step::Streams,
            4 => Step::Directory,
            5 => Step::Filter,
            _ => Step::Exec,
        };
        let errno = i32::from_ne_bytes([answer[1], answer[2], answer[3], answer[4]]);
        Ok(Err(ExecFailure { step, errno }))
    }
}

/// Forks and executes. Must be called by a process with a single thread.
pub(crate) fn start(program: &Program<'_>) -> io::Result<Started> {
    let argv = pointers(program.argv);
    let env = pointers(program.env);
    let (failure, failure_child) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let gate = if program.gated {
        Some(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
    } else {
        None
    };
    // SAFETY: this process has one thread, so the child may call what the parent
    // could; it still keeps to async-signal-safe calls and ends in exec or _exit.
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let gate = gate
                .as_ref()
                .map(|(read, write)| (read.as_raw_fd(), write.as_raw_fd()));
            let (step, errno) = child(program, &argv, &env, gate);
            let mut answer = [0u8; 5];
            answer[0] = step as u8;
            answer[1..].copy_from_slice(&errno.to_ne_bytes());
            // SAFETY: writes a live local and leaves without running destructors,
            // which belong to the parent.
            unsafe {
                libc::write(
                    failure_child.as_raw_fd(),
                    answer.as_ptr().cast(),
                    answer.len(),
                );
                libc::_exit(127)
            }
        }
        pid => Ok(Started {
            pid,
            failure,
            gate: gate.map(|(_read, write)| write),
        }),
    }
}

/// The child's part. Returns only on failure.
fn child(
    program: &Program<'_>,
    argv: &[*const libc::c_char],
    env: &[*const libc::c_char],
    gate: Option<(RawFd, RawFd)>,
) -> (Step, i32) {
    // SAFETY: plain system calls on live descriptors and NUL-terminated strings;
    // argv and env end with a null pointer.
    unsafe {
        if libc::setsid() == -1 {
            return (Step::Session, errno());
        }
        if let Some((read, write)) = gate {
            libc::close(write);
            let mut byte = 0u8;
            let mut got = -1;
            while got == -1 {
                got = libc::read(read, (&raw mut byte).cast(), 1);
                if got == -1 && errno() != libc::EINTR {
                    return (Step::Session, errno());
                }
            }
            if got == 0 {
                // The supervisor died before it could attach.
                libc::_exit(127);
            }
        }
        let streams = match program.stdio {
            Stdio::Terminal(slave) => {
                if libc::ioctl(slave.as_raw_fd(), libc::TIOCSCTTY, 0) == -1 {
                    return (Step::Terminal, errno());
                }
                [slave.as_raw_fd(); 3]
            }
            Stdio::Three(input, output, error) => {
                [input.as_raw_fd(), output.as_raw_fd(), error.as_raw_fd()]
            }
        };
        for (number, stream) in streams.into_iter().enumerate() {
            if libc::dup2(stream, number as RawFd) == -1 {
                return (Step::Streams, errno());
            }
        }
        // What the caller's caller left open is none of the target's business.
        libc::syscall(
            libc::SYS_close_range,
            3,
            u32::MAX,
            libc::CLOSE_RANGE_CLOEXEC,
        );
        if let Some((extra, number)) = program.extra
            && libc::dup2(extra.as_raw_fd(), number) == -1
        {
            return (Step::Streams, errno());
        }
        if libc::chdir(program.directory.as_ptr()) == -1 {
            return (Step::Directory, errno());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
        for signal in program.ignored {
            libc::signal(*signal, libc::SIG_IGN);
        }
        if !program.filter.is_empty()
            && let Err(errno) = seccomp::install(program.filter)
        {
            return (Step::Filter, errno);
        }
        libc::execve(program.path.as_ptr(), argv.as_ptr(), env.as_ptr());
        (Step::Exec, errno())
    }
}

fn errno() -> i32 {
    // SAFETY: the address of this thread's errno is always valid.
    unsafe { *libc::__errno_location() }
}

fn pointers(words: &[CString]) -> Vec<*const libc::c_char> {
    words
        .iter()
        .map(|word| word.as_ptr())
        .chain([ptr::null()])
        .collect()
}

/// A pipe whose reading end does not block; both ends close on exec.
pub(crate) fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    nix::fcntl::fcntl(&read, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((read, write))
}

/// Two ends that exchange packets; the first does not block. Both close on exec.
pub(crate) fn packet_pair() -> io::Result<(OwnedFd, OwnedFd)> {
    use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
    let (ours, theirs) = socketpair(
        AddressFamily::Unix,
        SockType::SeqPacket,
        None,
        SockFlag::SOCK_CLOEXEC,
    )?;
    nix::fcntl::fcntl(&ours, nix::fcntl::FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((ours, theirs))
}

/// Takes a descriptor that this process was started with.
///
/// Answers `None` when the number is not open.
pub(crate) fn inherited(number: RawFd) -> Option<OwnedFd> {
    // SAFETY: F_GETFD only looks the number up.
    if unsafe { libc::fcntl(number, libc::F_GETFD) } == -1 {
        return None;
    }
    // SAFETY: the number is open, and by the protocol of the caller nothing else
    // in this process owns it.
    let owned = unsafe { OwnedFd::from_raw_fd(number) };
    nix::fcntl::fcntl(
        &owned,
        nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC),
    )
    .ok()?;
    Some(owned)
}

/// Sends a signal to a process (positive) or a group (negative). A target that
/// is gone is no error: it may end at any moment.
pub(crate) fn kill(pid: i32, signal: i32) -> io::Result<bool> {
    assert!(
        pid != 0 && pid != -1,
        "a signal for everybody is a bug here"
    );
    // SAFETY: kill has no memory to get wrong.
    if unsafe { libc::kill(pid, signal) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        error => Err(error),
    }
}

/// Sends a signal to one thread of a process. One that is gone is no error.
pub(crate) fn kill_thread(pid: i32, tid: i32, signal: i32) -> io::Result<bool> {
    // SAFETY: tgkill has no memory to get wrong.
    if unsafe { libc::syscall(libc::SYS_tgkill, pid, tid, signal) } == 0 {
        return Ok(true);
    }
    match io::Error::last_os_error() {
        error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
        error => Err(error),
    }
}
