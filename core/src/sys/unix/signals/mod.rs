//! Signals: what they do, and who lets them through.

pub(crate) mod disposition;
pub(crate) mod errno;
pub(crate) mod mask;
