//! Sending signals, and the dispositions of this process.

use super::ids::{Pid, Tid};
use crate::facts::Signal;
use std::io;

/// Who gets a signal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recipient {
    Process(Pid),
    /// The process group that this process leads.
    Group(Pid),
    Thread(Pid, Tid),
}

impl Recipient {
    /// Sends a signal. False when nobody is there: whoever gets it may end at any moment, which is no error.
    ///
    /// # Panics
    /// For process 0 or 1 and their groups, which mean more than one program.
    pub(crate) fn send(self, signal: Signal) -> io::Result<bool> {
        let (Recipient::Process(pid) | Recipient::Group(pid) | Recipient::Thread(pid, _)) = self;
        assert!(pid.number() > 1, "a signal for everybody is a bug here");
        // SAFETY: kill and tgkill have no memory to get wrong.
        let sent = unsafe {
            match self {
                Recipient::Process(pid) => libc::kill(pid.number(), signal.number()).into(),
                Recipient::Group(pid) => libc::kill(-pid.number(), signal.number()).into(),
                Recipient::Thread(pid, tid) => libc::syscall(
                    libc::SYS_tgkill,
                    pid.number(),
                    tid.number(),
                    signal.number(),
                ),
            }
        };
        match io::Error::last_os_error() {
            _ if sent == 0 => Ok(true),
            error if error.raw_os_error() == Some(libc::ESRCH) => Ok(false),
            error => Err(error),
        }
    }
}

/// Sets every signal to its default disposition and empties the mask, so that
/// a target starts clean whatever this process inherited.
pub(crate) fn reset_all() {
    use nix::sys::signal::{SigSet, SigmaskHow};
    for number in 1..=64 {
        if number != libc::SIGKILL && number != libc::SIGSTOP {
            default(number);
        }
    }
    nix::sys::signal::sigprocmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::empty()), None)
        .expect("an empty mask is always valid");
}

/// The C library keeps 32 and 33 for itself and refuses to touch them; they are
/// inherited like the others, so the kernel is asked directly.
fn default(number: i32) {
    /// The kernel's `sigaction`: handler, flags, restorer and a mask of 64 bits.
    const DEFAULT: [u64; 4] = [0; 4];
    const MASK_BYTES: usize = 8;
    // SAFETY: the kernel reads 32 bytes from a live constant, and is given no
    // place to write to.
    let answer = unsafe {
        libc::syscall(
            libc::SYS_rt_sigaction,
            number,
            DEFAULT.as_ptr(),
            std::ptr::null::<u64>(),
            MASK_BYTES,
        )
    };
    assert_eq!(answer, 0, "signal {number} takes its default disposition");
}
