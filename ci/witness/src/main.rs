//! Two threads write the same number and nothing orders them: a data race, for ThreadSanitizer to find. As long as it
//! does, its silence about the core means something.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

/// Each is found nearly always: two writes at the very same moment escape it.
const RACES: usize = 32;

struct Shared(UnsafeCell<u32>);

// SAFETY: none. This is what is wrong here.
unsafe impl Sync for Shared {}

/// Gives what the two have counted: 1 or 2.
fn race() -> u32 {
    let shared = Shared(UnsafeCell::new(0));
    // Both are there before either writes and until both have: the place that one leaves in the sanitizer's books may
    // be given to the other, and then their writes look like those of one thread. Relaxed: that orders nothing else.
    let (come, done) = (AtomicU32::new(0), AtomicU32::new(0));
    let meet = |place: &AtomicU32| {
        place.fetch_add(1, Ordering::Relaxed);
        while place.load(Ordering::Relaxed) < 2 {
            thread::yield_now();
        }
    };
    let write = || {
        let shared = &shared;
        meet(&come);
        // SAFETY: none, as above.
        unsafe { *shared.0.get() += 1 };
        meet(&done);
    };
    thread::scope(|scope| {
        scope.spawn(write);
        scope.spawn(write);
    });
    shared.0.into_inner()
}

fn main() {
    println!("{}", (0..RACES).map(|_| race()).sum::<u32>());
}
