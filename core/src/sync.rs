//! The atomics, locks and pointers that the lock-free parts are built from:
//! the standard library's, or loom's when the models are checked:
//! `RUSTFLAGS="--cfg sigproof_loom" cargo test -p sigproof-core --lib loom_`.
//!
//! Statics, which loom cannot build, use the standard library directly.

#[cfg(not(sigproof_loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(all(not(sigproof_loom), not(target_os = "linux")))]
pub(crate) use std::sync::{Condvar, Mutex};
#[cfg(not(sigproof_loom))]
pub(crate) use std::thread::yield_now;

#[cfg(sigproof_loom)]
pub(crate) use loom::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(sigproof_loom)]
pub(crate) use loom::sync::{Condvar, Mutex};
#[cfg(sigproof_loom)]
pub(crate) use loom::thread::yield_now;
