//! One schedule: run, replayed, judged over several runs.

pub(crate) mod latency;
pub(crate) mod multi_run;
pub(crate) mod replay;
pub(crate) mod run;
mod run_context;
pub(crate) mod run_options;
