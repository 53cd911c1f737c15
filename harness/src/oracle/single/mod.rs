//! Oracles that judge one run, one a file.

pub(crate) mod acknowledged;
pub(crate) mod ask_first;
#[cfg(test)]
mod asked_tests;
pub(crate) mod check;
pub(crate) mod end_state;
pub(crate) mod exits;
pub(crate) mod handler;
pub(crate) mod orphans;
pub(crate) mod status;
pub(crate) mod terminal;
#[cfg(test)]
mod tests;
pub(crate) mod zombies;
