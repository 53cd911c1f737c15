//! The functions that the kernel calls: each installation has its own, see
//! `entry_point`.

use super::unix::on_signal;
use crate::machine::Signal;
use crate::signal::entry_point::{self, ENTRIES, EntryPoint};
use crate::sys::disposition::{Disposition, HandlerFn};

/// The function of this number, for the kernel.
extern "C" fn entry<const NUMBER: usize>(
    signal: libc::c_int,
    info: *mut libc::siginfo_t,
    context: *mut libc::c_void,
) {
    on_signal(NUMBER, FUNCTIONS[NUMBER], signal, info, context);
}

macro_rules! functions {
    ($($number:literal)*) => { [$(entry::<$number>),*] };
}

const FUNCTIONS: [HandlerFn; ENTRIES] = functions!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
);

/// The function that this installation has reserved.
pub(super) fn function_of(entry: &EntryPoint) -> HandlerFn {
    FUNCTIONS[entry.number()]
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
    entry_point::previous(number, signal)
        .copied()
        .unwrap_or_else(Disposition::default_action)
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
        let number = retired.number();
        drop(retired);
        for _ in 0..2 * ENTRIES {
            let entry = EntryPoint::reserve().expect("a function");
            assert_ne!(entry.number(), number);
        }
        let stale = Disposition::handler(FUNCTIONS[number], &[]);
        assert!(behind(Signal::HANGUP, stale).is_ignored());
        let other = array::from_fn::<_, 2, _>(|_| EntryPoint::reserve().expect("a function"));
        assert_ne!(other[0].number(), other[1].number());
    }

    #[test]
    fn a_function_that_was_not_retired_stands_for_the_default() {
        let entry = EntryPoint::reserve().expect("a function");
        entry.mark_restored(Signal::QUIT);
        entry.retire_unless_restored(Signal::QUIT, &Disposition::ignored());
        let ours = Disposition::handler(function_of(&entry), &[]);
        let found = behind(Signal::QUIT, ours);
        assert!(!found.is_ignored() && found.callable().is_none());
    }

    /// What was restored for one installation was not for the next one.
    #[test]
    fn a_function_that_is_reserved_again_has_restored_nothing() {
        let first = EntryPoint::reserve().expect("a function");
        first.mark_restored(Signal::TERMINATE);
        let number = first.number();
        drop(first);
        let again = (0..2 * ENTRIES)
            .filter_map(|_| EntryPoint::reserve())
            .find(|entry| entry.number() == number);
        // Another test may have it, or have retired it.
        if let Some(again) = again {
            again.retire_unless_restored(Signal::TERMINATE, &Disposition::ignored());
            let stale = Disposition::handler(function_of(&again), &[]);
            assert!(behind(Signal::TERMINATE, stale).is_ignored(), "not retired");
        }
    }
}
