//! Cases built from what each verb returns.

mod common;
pub(crate) mod from_fuzz;
pub(crate) mod from_minimize;
pub(crate) mod from_replay;
pub(crate) mod from_run;
pub(crate) mod from_sweep;
pub(crate) mod not_followed;
mod version_manager;
