//! The functions that the kernel calls: each installation reserves one of its
//! own. They are in `handler/entry_functions.rs`; this is what is known of each.
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

use crate::machine::Signal;
use crate::sys::disposition::Disposition;

/// How many there are.
pub(in crate::signal) const ENTRIES: usize = 32;
/// SIGHUP, SIGINT, SIGQUIT, SIGTERM and SIGTSTP.
const SIGNALS: usize = Signal::ALL.len() + 1;

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
    pub(in crate::signal) fn is(&self, number: usize) -> bool {
        self.0 == number
    }

    /// Its number.
    pub(in crate::signal) fn number(&self) -> usize {
        self.0
    }

    /// The previous disposition of this signal is about to be put back.
    pub(in crate::signal) fn mark_restored(&self, signal: Signal) {
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

/// Whether this signal got back its previous disposition when the installation
/// of the function ended.
pub(in crate::signal) fn is_restored(number: usize, signal: Signal) -> bool {
    TABLE[number].restored.load(Ordering::SeqCst) & 1 << signal.number() != 0
}

/// What the signal did before the installation, if another library still calls
/// the function for it.
pub(in crate::signal) fn previous(number: usize, signal: Signal) -> Option<&'static Disposition> {
    TABLE[number].previous[index_of(signal)].get()
}

/// Counts the calls of the function that pass a signal on at the moment.
pub(in crate::signal) fn passing(number: usize) -> &'static AtomicU32 {
    &TABLE[number].passing
}

fn index_of(signal: Signal) -> usize {
    let known = Signal::ALL.iter().position(|known| *known == signal);
    known.unwrap_or(SIGNALS - 1)
}
