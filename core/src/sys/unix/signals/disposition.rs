//! What a signal does to the process: read, replace, put back.

use std::io;
use std::mem::MaybeUninit;
use std::ptr;

use super::mask;
use crate::machine::Signal;

/// The type of a handler installed with `SA_SIGINFO`.
pub(crate) type HandlerFn = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

/// A disposition, as the kernel gave it.
#[derive(Clone, Copy)]
pub(crate) struct Disposition(libc::sigaction);

impl Disposition {
    /// The default of the signal.
    pub(crate) fn default_action() -> Disposition {
        Disposition::new(libc::SIG_DFL, 0, mask::empty())
    }

    /// Ignored.
    pub(crate) fn ignored() -> Disposition {
        Disposition::new(libc::SIG_IGN, 0, mask::empty())
    }

    /// Calls `handler` with siginfo, on the alternate stack if there is one,
    /// restarting system calls, with `masked` blocked meanwhile.
    pub(crate) fn handler(handler: HandlerFn, masked: &[Signal]) -> Disposition {
        let flags = libc::SA_RESTART | libc::SA_ONSTACK | libc::SA_SIGINFO;
        Disposition::new(
            handler as *const () as libc::sighandler_t,
            flags,
            mask::of(masked),
        )
    }

    fn new(action: libc::sighandler_t, flags: libc::c_int, masked: libc::sigset_t) -> Disposition {
        // SAFETY: sigaction is plain data for which all zeroes is valid.
        let mut raw: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
        raw.sa_sigaction = action;
        raw.sa_flags = flags;
        raw.sa_mask = masked;
        Disposition(raw)
    }

    /// Whether the signal is ignored.
    pub(crate) fn is_ignored(&self) -> bool {
        self.0.sa_sigaction == libc::SIG_IGN
    }

    /// Whether both call the same handler. Async-signal-safe.
    pub(crate) fn is_same_handler(&self, other: &Disposition) -> bool {
        self.callable().is_some() && self.0.sa_sigaction == other.0.sa_sigaction
    }

    /// Whether this is exactly `handler`.
    pub(crate) fn is_handler(&self, handler: HandlerFn) -> bool {
        self.0.sa_sigaction == handler as *const () as libc::sighandler_t
    }
}

/// What a disposition does when it is called.
pub(crate) enum Callable {
    /// A handler that takes the siginfo.
    WithInfo(HandlerFn),
    /// A handler that takes the number alone.
    Plain(extern "C" fn(libc::c_int)),
}

impl Disposition {
    /// The handler, if there is one. Async-signal-safe.
    pub(crate) fn callable(&self) -> Option<Callable> {
        let address = self.0.sa_sigaction;
        if address == libc::SIG_DFL || address == libc::SIG_IGN {
            return None;
        }
        Some(if self.0.sa_flags & libc::SA_SIGINFO != 0 {
            // SAFETY: the kernel would call the address in the same way, as
            // SA_SIGINFO says.
            Callable::WithInfo(unsafe { std::mem::transmute::<usize, HandlerFn>(address) })
        } else {
            // SAFETY: likewise, without SA_SIGINFO.
            Callable::Plain(unsafe {
                std::mem::transmute::<usize, extern "C" fn(libc::c_int)>(address)
            })
        })
    }
}

/// The disposition of `signal` now. Async-signal-safe.
///
/// # Errors
/// Those of `sigaction(2)`; for a valid signal there are none.
pub(crate) fn current(signal: Signal) -> io::Result<Disposition> {
    exchange(signal, None)
}

/// Replaces the disposition of `signal` and returns the previous one.
/// Async-signal-safe.
///
/// # Errors
/// Those of `sigaction(2)`.
pub(crate) fn replace(signal: Signal, with: &Disposition) -> io::Result<Disposition> {
    exchange(signal, Some(with))
}

fn exchange(signal: Signal, with: Option<&Disposition>) -> io::Result<Disposition> {
    let new = with.map_or(ptr::null(), |with| ptr::from_ref(&with.0));
    let mut old = MaybeUninit::uninit();
    // SAFETY: `new` is null or points to a complete sigaction that outlives
    // the call; `old` has room for one. A handler in it is a function of this
    // program (ours, or one that was installed before), made for siginfo as
    // its flags say.
    let status = unsafe { libc::sigaction(signal.number(), new, old.as_mut_ptr()) };
    if status != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: sigaction succeeded and so filled `old`.
    Ok(Disposition(unsafe { old.assume_init() }))
}
