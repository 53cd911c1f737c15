//! The processor: where a stopped thread stands, and how the call that it makes is changed. This is the only place that
//! knows on which one it runs.
//!
//! [`x86_64`] and [`aarch64`] have the same names. What they have to say differs in three things:
//!
//! - **The call at a delivery.** When a signal is delivered, the registers of x86-64 still tell in which call the
//!   thread is. Linux forgets the number on aarch64, and has put the thread back in front of a call that is made again
//!   ([`DELIVERY_TELLS_CALL`]). What the tracer remembers of the thread's last call ([`LastCall`]) fills the gap.
//! - **Steps.** On aarch64 a step between a load-exclusive and its store-exclusive makes the store fail: such a loop
//!   would never end. A stepper runs over it ([`Stride`]).
//! - **The first argument** is where the result comes on aarch64: it cannot be put back after a call.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(any(target_arch = "aarch64", test))]
mod exclusive;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
pub(crate) use aarch64::*;
#[cfg(target_arch = "x86_64")]
pub(crate) use x86_64::*;

#[cfg(not(any(target_arch = "aarch64", target_arch = "x86_64")))]
compile_error!(
    "sigproof follows programs on x86-64 and aarch64; of this processor it does not know the registers"
);

/// The last call of a thread at which it has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LastCall {
    /// Its number.
    pub(crate) number: u64,
    /// The address after its instruction.
    pub(crate) ip: u64,
    /// Its first argument.
    pub(crate) first: u64,
    /// What it returned, if the thread has stopped for that.
    pub(crate) result: Option<i64>,
}

/// What a call shows at its end that the kernel makes again whatever a signal does (ERESTARTNOINTR): `fork` and
/// `clone`, when one is pending.
pub(crate) const RESTARTED: i64 = -513;

/// How a thread that is to be stepped goes on.
#[cfg_attr(
    target_arch = "x86_64",
    expect(dead_code, reason = "every instruction of it can be stepped")
)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stride {
    /// By one instruction.
    One,
    /// Through instructions that cannot be interrupted, up to a breakpoint that was set behind them. It is to be
    /// removed ([`clear_stride`]).
    Over,
    /// Not at all: where they end cannot be told, or no breakpoint can be set.
    Impossible,
}

/// The parts of a processor's name in an ELF file that matter: 64 bits, and which machine it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Machine {
    /// `e_machine`.
    pub(crate) number: u16,
    /// As people say it.
    pub(crate) name: &'static str,
}
