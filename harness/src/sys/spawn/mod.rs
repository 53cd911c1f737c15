//! Starting a program: a child that shares our memory, set up, exec.
//!
//! To copy the memory's map for a child that throws it away at once takes longer
//! than all the rest (a tenth of a run of `true`). So the child has a stack of
//! its own, and everything that it reads is kept until it has executed or ended.
//! It allocates nothing and makes only async-signal-safe calls. One that cannot
//! go on writes one errno into a close-on-exec pipe, whose end of file otherwise
//! shows that the program runs.

mod leader;
#[cfg(test)]
mod tests;

pub(crate) use leader::Leader;

use crate::facts::Signal;
use crate::sys::ids::Pid;
use crate::sys::signals::Recipient;
use crate::sys::{seccomp, wait};
use libc::sock_filter;
use nix::fcntl::OFlag;
use std::ffi::CString;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::ptr;

/// What the new program's standard streams are.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stdio<'a> {
    /// Three descriptors.
    Three(BorrowedFd<'a>, BorrowedFd<'a>, BorrowedFd<'a>),
    /// A terminal, which becomes the controlling one. Its session has a leader of its own, as in real life, where that
    /// is a shell.
    Terminal(BorrowedFd<'a>),
}

/// What to start.
pub(crate) struct Program<'a> {
    pub(crate) path: CString,
    pub(crate) argv: Vec<CString>,
    pub(crate) env: Vec<CString>,
    pub(crate) directory: CString,
    pub(crate) stdio: Stdio<'a>,
    /// One more descriptor, and its number there.
    pub(crate) extra: Option<(BorrowedFd<'a>, RawFd)>,
    /// Stop at these calls once executed.
    pub(crate) filter: Vec<sock_filter>,
    /// Signals that it is started with ignored; all others have their default.
    pub(crate) ignored: Vec<Signal>,
    /// Wait at the gate, so that a tracer can attach before anything runs.
    pub(crate) gated: bool,
}

/// A started child.
pub(crate) struct Started {
    pub(crate) pid: Pid,
    /// Readable once the program runs (end of file) or cannot (an errno).
    failure: OwnedFd,
    gate: Option<OwnedFd>,
    /// The leader of its session, on a terminal.
    leader: Option<Leader>,
    /// The child may still use the memory below.
    shares_memory: bool,
    _memory: Box<ChildSharedMemory>,
}

/// What a child needs until it executes, in memory that it shares.
struct ChildSharedMemory {
    path: CString,
    directory: CString,
    /// Point into the words below; a null pointer is the last.
    argv: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
    _words: [Vec<CString>; 2],
    /// Standard input, output and error, or a terminal for all of them.
    stdio: [RawFd; 3],
    terminal: bool,
    extra: Option<(RawFd, RawFd)>,
    filter: Vec<sock_filter>,
    ignored: Vec<i32>,
    /// Both ends of the gate.
    gate: Option<(RawFd, RawFd)>,
    failure: RawFd,
    stack: Box<[MaybeUninit<Line>]>,
}

/// A piece of stack, as large as a stack has to be aligned.
type Line = u128;

/// The child's calls need some kilobytes.
const STACK_LINES: usize = 64 * 1024 / size_of::<Line>();

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

    /// The leader of the terminal's session, to be kept until nobody is left.
    pub(crate) fn take_leader(&mut self) -> Option<Leader> {
        self.leader.take()
    }

    /// It has executed its program, somebody saw.
    pub(crate) fn has_left(mut self) {
        self.shares_memory = false;
    }

    /// Blocks until the program runs or has failed to.
    pub(crate) fn executed(mut self) -> io::Result<Result<(), ExecFailure>> {
        let mut answer = [0u8; 5];
        let mut got = 0;
        while got < answer.len() {
            match nix::unistd::read(&self.failure, &mut answer[got..]) {
                // The kernel closes a descriptor when the child has left our memory.
                Ok(0) => break,
                Ok(count) => got += count,
                Err(nix::errno::Errno::EINTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
        if got < answer.len() {
            self.shares_memory = false;
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

impl Drop for Started {
    /// A child that is still in that memory is ended before the memory is freed: a run was given up, or the child
    /// failed and is on its way out.
    fn drop(&mut self) {
        if self.shares_memory && wait::is_own_child(self.pid) {
            let _ = Recipient::Process(self.pid).send(Signal::KILL);
            let _ = wait::until_ended(self.pid);
        }
    }
}

/// Starts a child. Must be called by a process with a single thread.
pub(crate) fn start(program: Program<'_>) -> io::Result<Started> {
    let (failure, failure_child) = nix::unistd::pipe2(OFlag::O_CLOEXEC)?;
    let gate = if program.gated {
        Some(nix::unistd::pipe2(OFlag::O_CLOEXEC)?)
    } else {
        None
    };
    let (stdio, terminal) = match program.stdio {
        Stdio::Terminal(slave) => ([slave.as_raw_fd(); 3], true),
        Stdio::Three(input, output, error) => {
            let three = [input.as_raw_fd(), output.as_raw_fd(), error.as_raw_fd()];
            (three, false)
        }
    };
    let mut memory = Box::new(ChildSharedMemory {
        path: program.path,
        directory: program.directory,
        argv: pointers(&program.argv),
        env: pointers(&program.env),
        _words: [program.argv, program.env],
        stdio,
        terminal,
        extra: program
            .extra
            .map(|(extra, number)| (extra.as_raw_fd(), number)),
        filter: program.filter,
        ignored: program.ignored.into_iter().map(Signal::number).collect(),
        gate: gate
            .as_ref()
            .map(|(read, write)| (read.as_raw_fd(), write.as_raw_fd())),
        failure: failure_child.as_raw_fd(),
        stack: Box::new_uninit_slice(STACK_LINES),
    });
    let top: *mut libc::c_void = memory.stack.as_mut_ptr_range().end.cast();
    let argument: *mut libc::c_void = (&raw mut *memory).cast();
    let (pid, leader) = if terminal {
        let (pid, leader) = leader::start(leader::Child {
            terminal: memory.stdio[0],
            entry: in_child,
            stack_top: top,
            argument,
        })?;
        (pid, Some(leader))
    } else {
        // SAFETY: the child runs on a stack of its own, which lives, like everything else that it reads, in that
        // memory. It changes nothing of ours but errno, and that only when it fails, which ends this run. Its
        // descriptors, signal mask and handlers are copies.
        let pid = unsafe { libc::clone(in_child, top, libc::CLONE_VM | libc::SIGCHLD, argument) };
        if pid == -1 {
            return Err(io::Error::last_os_error());
        }
        (Pid::new(pid), None)
    };
    Ok(Started {
        pid,
        leader,
        failure,
        gate: gate.map(|(_read, write)| write),
        shares_memory: true,
        _memory: memory,
    })
}

/// Where a child begins. It ends in another program, or in `_exit`.
extern "C" fn in_child(memory: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `start` passes memory that outlives the child in here; nobody writes to it meanwhile.
    let memory = unsafe { &*memory.cast::<ChildSharedMemory>() };
    let (step, errno) = child(memory);
    let mut answer = [0u8; 5];
    answer[0] = step as u8;
    answer[1..].copy_from_slice(&errno.to_ne_bytes());
    // SAFETY: writes a live local and leaves without running destructors, which belong to the parent.
    unsafe {
        libc::write(memory.failure, answer.as_ptr().cast(), answer.len());
        libc::_exit(127)
    }
}

/// The child's part. Returns only on failure.
fn child(memory: &ChildSharedMemory) -> (Step, i32) {
    // SAFETY: plain system calls on live descriptors and NUL-terminated strings;
    // argv and env end with a null pointer.
    unsafe {
        if memory.terminal {
            if let Err(errno) = leader::to_foreground(memory.stdio[0]) {
                return (Step::Terminal, errno);
            }
        } else if libc::setsid() == -1 {
            return (Step::Session, errno());
        }
        for (number, stream) in memory.stdio.into_iter().enumerate() {
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
        if let Some((extra, number)) = memory.extra
            && libc::dup2(extra, number) == -1
        {
            return (Step::Streams, errno());
        }
        if libc::chdir(memory.directory.as_ptr()) == -1 {
            return (Step::Directory, errno());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
        for signal in &memory.ignored {
            libc::signal(*signal, libc::SIG_IGN);
        }
        if let Some((read, write)) = memory.gate {
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
        if !memory.filter.is_empty()
            && let Err(errno) = seccomp::install(&memory.filter)
        {
            return (Step::Filter, errno);
        }
        libc::execve(
            memory.path.as_ptr(),
            memory.argv.as_ptr(),
            memory.env.as_ptr(),
        );
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
/// Returns `None` when the number is not open.
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
