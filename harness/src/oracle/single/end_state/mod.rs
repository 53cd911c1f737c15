//! Oracles that judge what is left in the work tree, one a file.

pub(crate) mod leftovers;
pub(crate) mod old_or_new;
pub(crate) mod rerun;
pub(crate) mod results;
