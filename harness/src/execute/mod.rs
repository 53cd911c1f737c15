//! Executing runs: supervisors are kept in a pool, a trial is one run with its verdicts, a baseline is learned from
//! undisturbed ones.

pub(crate) mod baseline;
mod known_states;
mod spawner;
pub(crate) mod supervisor_pool;
pub(crate) mod trial;

pub(crate) use baseline::refine;
pub use baseline::{Recordings, learn};
pub use supervisor_pool::SupervisorPool;
pub(crate) use supervisor_pool::until;
pub use trial::{Trial, Trials};
