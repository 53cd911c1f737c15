//! The guard between the signal handler and the engine it works on.
//!
//! A handler announces itself in `inside` before it reads `active`.
//! [`HandlerGuard::retract`] clears `active` before it waits for `inside` to
//! fall to
//! 0. Between the two, each side has a sequentially consistent fence: a handler
//!   either finds nothing, or is seen and waited for. Reference counting would
//!   need the same two steps, and a handler that drops the last reference would
//!   have to free memory, which it must not.
//!
//! The downside: [`HandlerGuard::retract`] spins while a handler is inside.
//! That is about a microsecond, unless a debugger stopped the thread.

use std::ptr;

use crate::sync::thread::yield_now;
use crate::sync::{AtomicPtr, AtomicU32, Ordering, fence};

/// The guard. Pointers are only passed on, never followed.
pub(super) struct HandlerGuard<T> {
    active: AtomicPtr<T>,
    inside: AtomicU32,
}

impl<T> HandlerGuard<T> {
    /// A guard with nothing behind it.
    #[cfg(not(sigproof_loom))]
    pub(super) const fn new() -> HandlerGuard<T> {
        HandlerGuard {
            active: AtomicPtr::new(ptr::null_mut()),
            inside: AtomicU32::new(0),
        }
    }

    /// A guard with nothing behind it.
    #[cfg(sigproof_loom)]
    pub(super) fn new() -> HandlerGuard<T> {
        HandlerGuard {
            active: AtomicPtr::new(ptr::null_mut()),
            inside: AtomicU32::new(0),
        }
    }

    /// Goes in. What the pointer points to, if it is not null, stays valid
    /// until [`HandlerGuard::leave`]. Async-signal-safe.
    pub(super) fn enter(&self) -> *const T {
        self.inside.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.active.load(Ordering::SeqCst)
    }

    /// Goes out again. Async-signal-safe.
    pub(super) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    /// Puts `value` behind the guard in place of `expected`; the value that is
    /// there instead if it is another one.
    pub(super) fn publish(&self, expected: *const T, value: *const T) -> Result<(), *const T> {
        self.active
            .compare_exchange(
                expected.cast_mut(),
                value.cast_mut(),
                Ordering::SeqCst,
                Ordering::SeqCst,
            )
            .map(drop)
            .map_err(<*mut T>::cast_const)
    }

    /// Takes `value` away and waits until nobody is inside; does nothing if it
    /// is not there. Must not be called from inside.
    pub(super) fn retract(&self, value: *const T) {
        if self.publish(value, ptr::null()).is_ok() {
            fence(Ordering::SeqCst);
            while self.inside.load(Ordering::SeqCst) > 0 {
                // There is nothing to wait on that a handler could signal in
                // its very last instruction.
                yield_now();
            }
        }
    }

    /// Forgets who is inside, after a fork: threads that a fork did not copy.
    #[cfg(unix)]
    pub(super) fn forget_visitors(&self) {
        self.inside.store(0, Ordering::SeqCst);
    }
}

#[cfg(all(test, sigproof_loom))]
mod loom_tests {
    use loom::cell::UnsafeCell;
    use loom::sync::Arc;

    use super::*;
    use crate::sync::model::{Bound, Plant, catches, check};

    /// Stands for the engine: a handler reads it, whoever retracted it writes
    /// to it, as freeing does. Loom objects to both at a time.
    type Engine = UnsafeCell<u32>;

    fn a_handler_and_a_retraction() {
        let guard = Arc::new(HandlerGuard::new());
        let engine = Arc::new(Engine::new(0));
        let address: *const Engine = &raw const *engine;
        guard.publish(ptr::null(), address).expect("empty");
        let handler = {
            let (guard, engine) = (Arc::clone(&guard), Arc::clone(&engine));
            loom::thread::spawn(move || {
                if !guard.enter().is_null() {
                    engine.with(|_| ());
                }
                guard.leave();
            })
        };
        guard.retract(address);
        engine.with_mut(|_| ());
        handler.join().expect("no panic");
    }

    #[test]
    fn loom_nobody_is_inside_after_retraction() {
        check("handler guard", Bound::Every, a_handler_and_a_retraction);
    }

    #[test]
    fn loom_a_gate_without_fences_is_caught() {
        let objection = "Causality violation";
        let model = a_handler_and_a_retraction;
        catches(
            "handler guard",
            Bound::Every,
            Plant::AcquireRelease,
            objection,
            model,
        );
    }

    /// Without release on the way out and acquire in retraction, the reads of
    /// a handler may come after the free.
    #[test]
    fn loom_a_relaxed_gate_is_caught() {
        let objection = "Causality violation";
        let model = a_handler_and_a_retraction;
        catches(
            "handler guard",
            Bound::Every,
            Plant::Relaxed,
            objection,
            model,
        );
    }

    /// A signal reaches the entry point of the first installation, while that
    /// one ends and the next one begins: it never counts for the second.
    #[test]
    fn loom_a_stale_entry_point_does_not_reach_the_next_engine() {
        check("stale entry point", Bound::Every, || {
            struct Installed {
                entry: usize,
                state: Engine,
            }
            let guard = Arc::new(HandlerGuard::new());
            let engines = Arc::new([1, 2].map(|entry| Installed {
                entry,
                state: Engine::new(0),
            }));
            let [first, second] = [0, 1].map(|index| &raw const engines[index]);
            guard.publish(ptr::null(), first).expect("empty");
            let handler = {
                let (guard, engines) = (Arc::clone(&guard), Arc::clone(&engines));
                loom::thread::spawn(move || {
                    let address = guard.enter();
                    let found = engines.iter().find(|engine| ptr::eq(*engine, address));
                    // The entry point that the kernel has called is the first.
                    if let Some(engine) = found.filter(|engine| engine.entry == 1) {
                        engine.state.with(|_| ());
                    }
                    guard.leave();
                })
            };
            guard.retract(first);
            engines[0].state.with_mut(|_| ());
            guard.publish(ptr::null(), second).expect("empty again");
            engines[1].state.with_mut(|_| ());
            handler.join().expect("no panic");
        });
    }

    #[test]
    fn loom_only_one_is_published() {
        check("two install", Bound::Every, || {
            let guard = Arc::new(HandlerGuard::<Engine>::new());
            let publish = |guard: &HandlerGuard<Engine>, address: usize| {
                let engine = ptr::without_provenance::<Engine>(address);
                guard.publish(ptr::null(), engine).is_ok()
            };
            let other = {
                let guard = Arc::clone(&guard);
                loom::thread::spawn(move || publish(&guard, 64))
            };
            let here = publish(&guard, 128);
            let there = other.join().expect("no panic");
            assert!(here != there);
        });
    }
}
