//! Oracles that judge several runs of one schedule.

pub(crate) mod escalation;
pub(crate) mod ignored;
pub(crate) mod reach;
