//! The interrupt stage machine: pure values and total functions, no clock, no
//! I/O, no globals. Everything else in the crate is wiring around it.
//!
//! A [`Policy`] is a ladder of [`Rung`]s. [`Policy::step`] takes a [`State`],
//! an [`Event`] and the time, and returns the next state and an [`Action`].

mod event;
mod millis;
#[cfg(all(test, not(sigproof_loom)))]
mod model_tests;
mod policy;
mod rung;
mod signal;
mod stage;
mod state;
mod step;
#[cfg(all(test, not(sigproof_loom)))]
mod step_tests;

pub use event::{Action, Cause, Event};
pub use millis::Millis;
pub use policy::{OnLadderEnd, Policy, PolicyError};
pub use rung::Rung;
pub use signal::{Sender, Signal};
pub use stage::Stage;
pub use state::{MAX_RUNGS, Position, State};
