//! Graceful shutdown in stages: what a program does on Ctrl+C.
//!
//! The first Ctrl+C lets active work complete and drops queued work. The second
//! terminates active work and returns partial results. The third ends the
//! process at once, even if all its threads hang. Afterwards the program dies
//! by the signal, so that the script around it stops as well.
//!
//! ```no_run
//! use std::process::ExitCode;
//! use sigproof_core::{Policy, ThreadPool};
//!
//! fn main() -> ExitCode {
//!     sigproof_core::run(Policy::escalating(), |token| {
//!         let results = ThreadPool::new(token).map(0..300, |number, token| {
//!             token.checkpoint()?;
//!             Ok(number * number)
//!         });
//!         println!("{}", results.tally()); // 300/300 tasks completed (100.0%)
//!         Ok(())
//!     })
//! }
//! ```
//!
//! # The parts
//! - [`run`]: the entry point for a program that needs nothing else.
//! - [`machine`]: [`Stage`], [`Policy`] and the pure state machine. A policy is
//!   a ladder of [`Rung`]s: [`Policy::escalating`] as above,
//!   [`Policy::confirmed`], which only warns at first, or one of your own.
//! - [`InterruptHandler`]: installs the signal handler, removes it on drop, and
//!   [concludes](InterruptHandler::conclude) an interrupted program.
//! - [`StopToken`]: how the rest of the program sees the stage: polled, waited
//!   for, with [scopes](StopToken::scope) and [shields](StopToken::shield).
//! - [`pool`]: runs tasks and reports the outcome of each.
//! - [`controller`]: named phases with a shielded teardown.
//! - [`feedback`]: messages for a person, events for a program.
//!
//! # Guarantees
//! - The handler only uses atomics, `write` and `futex`; it never allocates,
//!   locks, formats or panics.
//! - A signal that was ignored when the program started stays ignored.
//! - Every task has exactly one outcome; a completed value is never dropped.
//! - Output never blocks shutdown.
//!
//! # Guides
//! The module `guide`: from ctrlc, from signal-hook, from `CancellationToken`,
//! beside tokio, in a library, testing.
//!
//! # Systems
//! Linux, macOS and Windows. The README lists how each is tested and what
//! differs; macOS has been checked by the compiler alone.

pub mod controller;
#[doc(hidden)]
pub mod failpoint;
pub mod feedback;
#[cfg(any(doc, doctest))]
pub mod guide;
pub mod machine;
pub mod pool;
mod signal;
mod stage_cell;
mod sync;
mod sys;
mod token;

pub use controller::{Controller, run};
pub use machine::{Cause, OnLadderEnd, Policy, PolicyError, Rung, Sender, Signal, Stage};
pub use pool::{Executor, Outcome, Results, TaskError, ThreadPool};
pub use signal::{ExitStyle, InstallError, InterruptHandler, Observer, Options, Transition};
#[cfg(unix)]
pub use token::StageFd;
pub use token::{
    Bridge, Handler, Interrupted, Interruptible, Scope, Shield, SimulatedHandler, StopSource,
    StopToken,
};
#[cfg(feature = "async")]
pub use token::{Reached, Tracker};

/// The examples of the README are compiled with the documentation's.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

/// Features only add: none takes a trait away from a type. `cargo ci features`
/// compiles this with every set of them.
const _: () = {
    const fn has<T: Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>() {}
    has::<StopToken>();
    has::<StopSource>();
    has::<Scope>();
    has::<Shield>();
    has::<ThreadPool>();
    has::<Outcome<()>>();
    has::<Results<()>>();
    has::<pool::CommandRunner>();
    #[cfg(feature = "process")]
    has::<pool::ProcessPool<(), ()>>();
};
