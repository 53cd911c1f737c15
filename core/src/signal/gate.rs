//! The gate between the signal handler and the engine it works on.
//!
//! A handler announces itself in `inside` before it reads `active`.
//! [`Gate::retract`] clears `active` before it waits for `inside` to fall to
//! 0. Between the two, each side has a sequentially consistent fence: a
//! handler either finds nothing, or is seen and waited for. Reference counting would need the same two
//! steps, and a handler that drops the last reference would have to free
//! memory, which it must not.
//!
//! The downside: [`Gate::retract`] spins while a handler is inside. That is
//! about a microsecond, unless a debugger stopped the thread.

use std::ptr;

use crate::sync::thread::yield_now;
use crate::sync::{AtomicPtr, AtomicU32, Ordering, fence};

/// The gate. Pointers are only passed on, never followed.
pub(super) struct Gate<T> {
    active: AtomicPtr<T>,
    inside: AtomicU32,
}

impl<T> Gate<T> {
    /// A gate with nothing behind it.
    #[cfg(not(sigproof_loom))]
    pub(super) const fn new() -> Gate<T> {
        Gate {
            active: AtomicPtr::new(ptr::null_mut()),
            inside: AtomicU32::new(0),
        }
    }

    /// A gate with nothing behind it.
    #[cfg(sigproof_loom)]
    pub(super) fn new() -> Gate<T> {
        Gate {
            active: AtomicPtr::new(ptr::null_mut()),
            inside: AtomicU32::new(0),
        }
    }

    /// Goes in. What the pointer points to, if it is not null, stays valid
    /// until [`Gate::leave`]. Async-signal-safe.
    pub(super) fn enter(&self) -> *const T {
        self.inside.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        self.active.load(Ordering::SeqCst)
    }

    /// Goes out again. Async-signal-safe.
    pub(super) fn leave(&self) {
        self.inside.fetch_sub(1, Ordering::SeqCst);
    }

    /// Puts `value` behind the gate in place of `expected`; the value that is
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
        let gate = Arc::new(Gate::new());
        let engine = Arc::new(Engine::new(0));
        let address: *const Engine = &raw const *engine;
        gate.publish(ptr::null(), address).expect("empty");
        let handler = {
            let (gate, engine) = (Arc::clone(&gate), Arc::clone(&engine));
            loom::thread::spawn(move || {
                if !gate.enter().is_null() {
                    engine.with(|_| ());
                }
                gate.leave();
            })
        };
        gate.retract(address);
        engine.with_mut(|_| ());
        handler.join().expect("no panic");
    }

    #[test]
    fn loom_nobody_is_inside_after_retraction() {
        check("handler gate", Bound::Every, a_handler_and_a_retraction);
    }

    #[test]
    fn loom_a_gate_without_fences_is_caught() {
        let objection = "Causality violation";
        let model = a_handler_and_a_retraction;
        catches(
            "handler gate",
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
            "handler gate",
            Bound::Every,
            Plant::Relaxed,
            objection,
            model,
        );
    }

    #[test]
    fn loom_only_one_is_published() {
        check("two install", Bound::Every, || {
            let gate = Arc::new(Gate::<Engine>::new());
            let publish = |gate: &Gate<Engine>, address: usize| {
                let engine = ptr::without_provenance::<Engine>(address);
                gate.publish(ptr::null(), engine).is_ok()
            };
            let other = {
                let gate = Arc::clone(&gate);
                loom::thread::spawn(move || publish(&gate, 64))
            };
            let here = publish(&gate, 128);
            let there = other.join().expect("no panic");
            assert!(here != there);
        });
    }
}
