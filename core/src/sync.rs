//! The atomics, locks and threads that the lock-free parts are built from: the
//! standard library's, or loom's when the models are checked (`cargo ci loom`,
//! or `RUSTFLAGS="--cfg sigproof_loom" cargo test -p sigproof-core --lib
//! loom_`).
//!
//! The flag has a name of its own because tokio and others react to a plain
//! `loom`. The models lie in this crate, next to what they check, and not in a
//! package above it: they drive the real cell, tokens and coordinator, which
//! are private, with the atomics exchanged underneath.
//!
//! Statics, which loom cannot build, use the standard library directly.

#[cfg(sigproof_loom)]
pub(crate) mod model;

#[cfg(not(sigproof_loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, Ordering, fence};
#[cfg(not(sigproof_loom))]
pub(crate) use std::sync::{Condvar, Mutex, MutexGuard};
#[cfg(not(sigproof_loom))]
pub(crate) use std::thread;

#[cfg(sigproof_loom)]
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering};
#[cfg(sigproof_loom)]
pub(crate) use loom::sync::{Condvar, Mutex, MutexGuard};
#[cfg(sigproof_loom)]
pub(crate) use loom::thread;
#[cfg(sigproof_loom)]
pub(crate) use model::{AtomicBool, AtomicPtr, AtomicU32, fence};
