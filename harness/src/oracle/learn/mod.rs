//! What undisturbed runs teach: end states, points, and what varies.

pub(crate) mod baseline;
pub(crate) mod point_map;
pub(crate) mod redact;
