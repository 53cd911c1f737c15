//! Cases built from what each verb returns.

pub(crate) mod from_attempt;
pub(crate) mod from_fuzz;
pub(crate) mod from_run;
pub(crate) mod from_sweep;
