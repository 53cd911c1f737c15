//! The functions that the kernel calls: each installation has its own.
//!
//! Another library that registers a handler while ours is installed keeps the
//! address of ours and calls it for ever after, as the handler that was there
//! before. With one function for all installations, such a call would look like
//! a signal for the installation of today: it would count twice, or go round in
//! circles. So every installation reserves one of a fixed set of functions,
//! and a call of another one is known to be stale.
//!
//! A function that somebody may still call is never used again. That is the
//! downside: after [`ENTRIES`] installations over which other libraries have
//! registered handlers, no further one is possible.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use super::unix::on_signal;
use crate::machine::Signal;
use crate::sys::disposition::{self, Callable, Disposition, HandlerFn};

/// How many there are.
const ENTRIES: usize = 32;
/// SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGTSTP.
const SIGNALS: usize = Signal::ALL.len() + 1;
/// Handlers of other libraries that call each other in a circle are left after
/// so many rounds.
const NESTED_MAX: u32 = 8;

/// What is known of one function.
struct Entry {
    /// [`FREE`], [`RESERVED`] or [`RETIRED`].
    state: AtomicU32,
    /// Bit n: signal n got back its previous disposition when the installation
    /// ended.
    restored: AtomicU32,
    /// What a signal did before the installation, if another library still
    /// calls the function for it.
    previous: [OnceLock<Disposition>; SIGNALS],
    /// Calls that pass a signal on at the moment.
    passing: AtomicU32,
}

const FREE: u32 = 0;
const RESERVED: u32 = 1;
const RETIRED: u32 = 2;

static TABLE: [Entry; ENTRIES] = [const {
    Entry {
        state: AtomicU32::new(FREE),
        restored: AtomicU32::new(0),
        previous: [const { OnceLock::new() }; SIGNALS],
        passing: AtomicU32::new(0),
    }
}; ENTRIES];

/// The function of this number, for the kernel.
extern "C" fn entry<const NUMBER: usize>(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    on_signal(NUMBER, signal, info, context);
}

macro_rules! functions {
    ($($number:literal)*) => { [$(entry::<$number>),*] };
}

const FUNCTIONS: [HandlerFn; ENTRIES] = functions!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);

/// A reserved function; free again when dropped, unless it was retired.
#[derive(Debug)]
pub(in crate::signal) struct EntryPoint(usize);

impl EntryPoint {
    /// Reserves a function; `None` if other libraries still call all of them.
    ///
    /// Their order is round robin: a signal whose delivery began long ago still
    /// finds the function without a new owner.
    pub(in crate::signal) fn reserve() -> Option<EntryPoint> {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let first = NEXT.fetch_add(1, Ordering::Relaxed);
        let number = (first..first + ENTRIES)
            .map(|number| number % ENTRIES)
            .find(|&number| {
                let (now, order) = (&TABLE[number].state, Ordering::SeqCst);
                now.compare_exchange(FREE, RESERVED, order, order).is_ok()
            })?;
        TABLE[number].restored.store(0, Ordering::SeqCst);
        Some(EntryPoint(number))
    }

    /// Whether the function that was called is this one.
    pub(super) fn is(&self, number: usize) -> bool {
        self.0 == number
    }

    /// The function.
    pub(super) fn function(&self) -> HandlerFn {
        FUNCTIONS[self.0]
    }

    /// The previous disposition of this signal is about to be put back.
    pub(super) fn mark_restored(&self, signal: Signal) {
        let bit = 1 << signal.number();
        TABLE[self.0].restored.fetch_or(bit, Ordering::SeqCst);
    }

    /// Retires the function for this signal, unless the previous disposition
    /// was put back: another library may call it at any time.
    pub(in crate::signal) fn retire_unless_restored(&self, signal: Signal, previous: &Disposition) {
        let entry = &TABLE[self.0];
        if entry.restored.load(Ordering::SeqCst) & 1 << signal.number() == 0 {
            entry.state.store(RETIRED, Ordering::SeqCst);
            // Set once: a retired function has no second owner.
            let _ = entry.previous[index_of(signal)].set(*previous);
        }
    }
}

impl Drop for EntryPoint {
    fn drop(&mut self) {
        let (state, order) = (&TABLE[self.0].state, Ordering::SeqCst);
        // Fails if it was retired.
        let _ = state.compare_exchange(RESERVED, FREE, order, order);
    }
}

/// The disposition behind one of our functions: what `found` stands for, if it
/// is one of them.
///
/// There are two cases. In a forked child it is the function of the parent's
/// installation, which does in the child what the signal does by default. And
/// another library that removes its handler may put back a stale function.
pub(super) fn behind(signal: Signal, found: Disposition) -> Disposition {
    let Some(number) = FUNCTIONS
        .iter()
        .position(|function| found.is_handler(*function))
    else {
        return found;
    };
    let previous = TABLE[number].previous[index_of(signal)].get();
    previous
        .copied()
        .unwrap_or_else(Disposition::default_action)
}

/// A call of a function whose installation has ended. Async-signal-safe.
pub(super) fn on_stale_call(
    number: usize,
    signal: Signal,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    let entry = &TABLE[number];
    if entry.restored.load(Ordering::SeqCst) & 1 << signal.number() != 0 {
        // Its delivery had begun when the handler was removed. What was there
        // before is back, and gets the signal.
        return raise(signal);
    }
    let Some(previous) = entry.previous[index_of(signal)].get() else {
        // The handler is being removed below that of another library, which
        // has had the signal.
        return;
    };
    let Ok(current) = disposition::current(signal) else {
        return;
    };
    if current.is_handler(FUNCTIONS[number]) {
        // The other library has put the stale function back, and left.
        if disposition::replace(signal, previous).is_ok() {
            raise(signal);
        }
    } else if !current.is_same_handler(previous) {
        // Without us, the other library would have called this one. If it is
        // the other library's own handler, it is at work already.
        if entry.passing.fetch_add(1, Ordering::SeqCst) < NESTED_MAX {
            call(previous, signal, info, context);
        }
        entry.passing.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Calls the handler of a disposition, if it has one. Async-signal-safe if the
/// handler is.
pub(super) fn call(
    disposition: &Disposition,
    signal: Signal,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    match disposition.callable() {
        Some(Callable::WithInfo(handler)) => handler(signal.number(), info, context),
        Some(Callable::Plain(handler)) => handler(signal.number()),
        None => {}
    }
}

/// The signal is blocked in this handler and arrives when it returns.
fn raise(signal: Signal) {
    // SAFETY: raise takes any signal number.
    let _ = unsafe { libc::raise(signal.number()) };
}

fn index_of(signal: Signal) -> usize {
    let known = Signal::ALL.iter().position(|known| *known == signal);
    known.unwrap_or(SIGNALS - 1)
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::array;

    use super::*;

    #[test]
    fn every_function_has_an_address_of_its_own() {
        let addresses: std::collections::BTreeSet<usize> = FUNCTIONS
            .iter()
            .map(|function| *function as *const () as usize)
            .collect();
        assert_eq!(addresses.len(), ENTRIES);
    }

    #[test]
    fn a_retired_function_is_not_reserved_again() {
        let retired = EntryPoint::reserve().expect("a function");
        retired.retire_unless_restored(Signal::HANGUP, &Disposition::ignored());
        let number = retired.0;
        drop(retired);
        for _ in 0..2 * ENTRIES {
            let entry = EntryPoint::reserve().expect("a function");
            assert_ne!(entry.0, number);
        }
        let stale = Disposition::handler(FUNCTIONS[number], &[]);
        assert!(behind(Signal::HANGUP, stale).is_ignored());
        let other = array::from_fn::<_, 2, _>(|_| EntryPoint::reserve().expect("a function"));
        assert_ne!(other[0].0, other[1].0);
    }

    #[test]
    fn a_function_that_was_not_retired_stands_for_the_default() {
        let entry = EntryPoint::reserve().expect("a function");
        entry.mark_restored(Signal::QUIT);
        entry.retire_unless_restored(Signal::QUIT, &Disposition::ignored());
        let ours = Disposition::handler(entry.function(), &[]);
        let found = behind(Signal::QUIT, ours);
        assert!(!found.is_ignored() && found.callable().is_none());
    }

    /// What was restored for one installation was not for the next one.
    #[test]
    fn a_function_that_is_reserved_again_has_restored_nothing() {
        let first = EntryPoint::reserve().expect("a function");
        first.mark_restored(Signal::TERMINATE);
        let number = first.0;
        drop(first);
        let again = (0..2 * ENTRIES)
            .filter_map(|_| EntryPoint::reserve())
            .find(|entry| entry.0 == number);
        // Another test may have it, or have retired it.
        if let Some(again) = again {
            again.retire_unless_restored(Signal::TERMINATE, &Disposition::ignored());
            let stale = Disposition::handler(again.function(), &[]);
            assert!(behind(Signal::TERMINATE, stale).is_ignored(), "not retired");
        }
    }
}
