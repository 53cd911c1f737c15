//! The atomics, locks and shared pointers that the lock-free parts are built
//! from: the standard library's, or loom's when the models are checked with
//! `RUSTFLAGS="--cfg sigproof_loom"`.

#[cfg(not(sigproof_loom))]
pub(crate) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
