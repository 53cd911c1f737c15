//! What comes when every point was tried: further signals, and what the reader should know.

pub(crate) mod escalate;
pub(crate) mod notes;
