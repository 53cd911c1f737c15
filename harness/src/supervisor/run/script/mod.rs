//! The script of a run, carried out: ready, clients, keys, stop.
//!
//! Everything here waits in the run's own loop. A built-in client is a few descriptors, so that it is known at every
//! moment whether it can do something more; a client command and the service itself are at rest when none of their
//! threads runs.

mod client_command;
mod client_run;
mod connection;
mod control;
mod keyboard;
mod late;
mod progress;
mod readiness;
mod response;
mod rest;
mod script_run;

pub(crate) use control::ScriptControl;
pub(crate) use readiness::notify_name;
pub(crate) use script_run::{SCRIPT, ScriptRun, Setup};
