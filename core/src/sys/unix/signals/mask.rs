//! The signal mask of the calling thread.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use crate::machine::Signal;

/// No signal. Async-signal-safe.
pub(crate) fn empty() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigemptyset fills the set, and fails for no valid pointer.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        set.assume_init()
    }
}

/// Exactly these signals. Async-signal-safe.
pub(crate) fn of(signals: &[Signal]) -> libc::sigset_t {
    let mut set = empty();
    for signal in signals {
        // SAFETY: the set is initialised and the number is a valid signal, so
        // the call cannot fail.
        unsafe { libc::sigaddset(&mut set, signal.number()) };
    }
    set
}

fn full() -> libc::sigset_t {
    let mut set = MaybeUninit::uninit();
    // SAFETY: sigfillset fills the set, and fails for no valid pointer.
    unsafe {
        libc::sigfillset(set.as_mut_ptr());
        set.assume_init()
    }
}

fn change(how: libc::c_int, set: &libc::sigset_t) -> io::Result<libc::sigset_t> {
    let mut old = MaybeUninit::uninit();
    // SAFETY: both pointers are valid for the call.
    let status = unsafe { libc::pthread_sigmask(how, ptr::from_ref(set), old.as_mut_ptr()) };
    if status != 0 {
        // pthread functions return the error, they do not set errno.
        return Err(io::Error::from_raw_os_error(status));
    }
    // SAFETY: the call succeeded and so filled `old`.
    Ok(unsafe { old.assume_init() })
}

/// A mask to be put back.
#[derive(Clone, Copy)]
pub(crate) struct Mask(libc::sigset_t);

impl Mask {
    /// The mask of the calling thread.
    ///
    /// # Errors
    /// Those of `pthread_sigmask(3)`; for valid arguments there are none.
    pub(crate) fn current() -> io::Result<Mask> {
        change(libc::SIG_BLOCK, &empty()).map(Mask)
    }

    /// Makes it the mask of the calling thread. Async-signal-safe.
    ///
    /// # Errors
    /// Those of `pthread_sigmask(3)`; for valid arguments there are none.
    pub(crate) fn set(&self) -> io::Result<()> {
        change(libc::SIG_SETMASK, &self.0).map(drop)
    }
}

/// Lets this signal through in the calling thread. Async-signal-safe.
///
/// # Errors
/// Those of `pthread_sigmask(3)`; for valid arguments there are none.
pub(crate) fn unblock(signals: &[Signal]) -> io::Result<()> {
    change(libc::SIG_UNBLOCK, &of(signals)).map(drop)
}

/// Lets every signal through in the calling thread.
///
/// # Errors
/// Those of `pthread_sigmask(3)`; for valid arguments there are none.
#[cfg(feature = "process")]
pub(crate) fn unblock_all() -> io::Result<()> {
    change(libc::SIG_SETMASK, &empty()).map(drop)
}

/// Holds this signal back in the calling thread. Async-signal-safe.
///
/// # Errors
/// Those of `pthread_sigmask(3)`; for valid arguments there are none.
pub(crate) fn block(signals: &[Signal]) -> io::Result<()> {
    change(libc::SIG_BLOCK, &of(signals)).map(drop)
}

/// Runs `action` with every signal blocked in the calling thread: a thread
/// that it spawns inherits the full mask from its first instruction on.
///
/// # Errors
/// Those of `pthread_sigmask(3)`, or of `action`.
pub(crate) fn with_all_blocked<T>(action: impl FnOnce() -> io::Result<T>) -> io::Result<T> {
    let old = change(libc::SIG_BLOCK, &full())?;
    let result = action();
    change(libc::SIG_SETMASK, &old)?;
    result
}
