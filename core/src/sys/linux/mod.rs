//! What Linux has of its own.

#[cfg(not(any(sigproof_loom, sigproof_portable)))]
pub(crate) mod fork_detect;
#[cfg(not(sigproof_portable))]
pub(crate) mod guardian;
#[cfg(not(any(sigproof_loom, sigproof_portable)))]
pub(crate) mod park;
#[cfg(not(any(sigproof_loom, sigproof_portable)))]
pub(crate) mod shared_page;
