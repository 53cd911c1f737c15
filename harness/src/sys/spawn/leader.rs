//! The leader of a terminal's session: a process that does what a shell does for whom it has started, and no more.
//!
//! When the leader of a session ends, the kernel hangs up on everybody in the terminal's foreground. A target that is
//! the leader itself takes its helpers with it by that, whom Ctrl+C leaves alive in real life. So the session belongs
//! to a process of ours. It waits until it is killed, or until the terminal is closed: then it ends, as a shell does,
//! and the kernel hangs up.
//!
//! The target is made by the leader, because a session is inherited and not joined, but as a child of ours
//! (`CLONE_PARENT`). That leaves its process group orphaned, as it is without a terminal: the kernel discards SIGTSTP.

use super::{Line, STACK_LINES};
use crate::facts::Signal;
use crate::sys::ids::Pid;
use crate::sys::signals::Recipient;
use crate::sys::wait;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, RawFd};
use std::ptr;

/// A leader that lives; it is killed and waited for when this goes.
pub(crate) struct Leader {
    pid: Pid,
    _memory: Box<LeaderMemory>,
}

/// The child that the leader makes.
pub(super) struct Child {
    /// The terminal's descriptor.
    pub(super) terminal: RawFd,
    /// Where it begins, on which stack, with what.
    pub(super) entry: extern "C" fn(*mut libc::c_void) -> libc::c_int,
    pub(super) stack_top: *mut libc::c_void,
    pub(super) argument: *mut libc::c_void,
}

/// What a leader needs for as long as it lives, in memory that it shares.
struct LeaderMemory {
    child: Child,
    /// Where it says the number of the child, or why there is none.
    answer: RawFd,
    stack: Box<[MaybeUninit<Line>]>,
}

impl Leader {
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }
}

impl Drop for Leader {
    /// Before the memory that it uses is freed.
    fn drop(&mut self) {
        let _ = Recipient::Process(self.pid).send(Signal::KILL);
        let _ = wait::until_ended(self.pid);
    }
}

/// Starts a leader, and by it the child. Must be called by a process with a single thread.
pub(super) fn start(child: Child) -> io::Result<(Pid, Leader)> {
    let (answer, theirs) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC)?;
    let mut memory = Box::new(LeaderMemory {
        child,
        answer: theirs.as_raw_fd(),
        stack: Box::new_uninit_slice(STACK_LINES),
    });
    let top = memory.stack.as_mut_ptr_range().end;
    // SAFETY: the leader runs on a stack of its own; that, and all that it reads, lives until it has ended (see the
    // `Drop` above). It writes to nothing of ours but errno, before this function goes on. No signal tells of its end
    // (the exit signal is 0), so that nobody who waits for any child takes it for one.
    let pid = unsafe {
        libc::clone(
            in_leader,
            top.cast(),
            libc::CLONE_VM,
            (&raw mut *memory).cast(),
        )
    };
    if pid == -1 {
        return Err(io::Error::last_os_error());
    }
    let leader = Leader {
        pid: Pid::new(pid),
        _memory: memory,
    };
    drop(theirs);
    let mut number = [0u8; 4];
    let mut got = 0;
    while got < number.len() {
        match nix::unistd::read(&answer, &mut number[got..]) {
            Ok(0) => return Err(io::Error::other("the leader of the session ended")),
            Ok(count) => got += count,
            Err(nix::errno::Errno::EINTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    match i32::from_ne_bytes(number) {
        pid @ 1.. => Ok((Pid::new(pid), leader)),
        errno => Err(io::Error::from_raw_os_error(-errno)),
    }
}

/// Where a leader begins, and stays.
extern "C" fn in_leader(memory: *mut libc::c_void) -> libc::c_int {
    // SAFETY: `start` passes memory that outlives the leader; nobody writes to it meanwhile.
    let memory = unsafe { &*memory.cast::<LeaderMemory>() };
    let answer = match lead(&memory.child) {
        Ok(pid) => pid,
        Err(errno) => -errno,
    };
    let answer = answer.to_ne_bytes();
    // SAFETY: plain system calls on a live local; all descriptors are copies, and the terminal's must not be held.
    unsafe {
        libc::write(memory.answer, answer.as_ptr().cast(), answer.len());
        libc::syscall(libc::SYS_close_range, 0, u32::MAX, 0);
        loop {
            libc::pause();
        }
    }
}

/// Makes a session with the terminal, and the child in it.
fn lead(child: &Child) -> Result<libc::pid_t, i32> {
    // SAFETY: plain system calls, on a live descriptor and live locals; the child's stack and argument live until it
    // has executed or ended, as its owner promises.
    unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL);
        if libc::setsid() == -1 || libc::ioctl(child.terminal, libc::TIOCSCTTY, 0) == -1 {
            return Err(super::errno());
        }
        // A hang-up ends it; nothing else does, but SIGKILL.
        libc::signal(libc::SIGHUP, libc::SIG_DFL);
        let mut blocked: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut blocked);
        libc::sigdelset(&raw mut blocked, libc::SIGHUP);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const blocked, ptr::null_mut());
        let pid = libc::clone(
            child.entry,
            child.stack_top,
            libc::CLONE_VM | libc::CLONE_PARENT | libc::SIGCHLD,
            child.argument,
        );
        if pid == -1 {
            return Err(super::errno());
        }
        Ok(pid)
    }
}

/// The calling process gets a group of its own, which has the terminal. Every signal but SIGHUP is blocked here, so
/// that none stops it for asking from the background.
pub(super) fn to_foreground(terminal: RawFd) -> Result<(), i32> {
    // SAFETY: plain system calls on a live descriptor and a live local.
    unsafe {
        if libc::setpgid(0, 0) == -1 {
            return Err(super::errno());
        }
        let group = libc::getpid();
        if libc::ioctl(terminal, libc::TIOCSPGRP, &raw const group) == -1 {
            return Err(super::errno());
        }
    }
    Ok(())
}
