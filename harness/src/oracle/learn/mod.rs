//! What undisturbed runs teach: end states, points, and what varies.

pub(crate) mod argument_shape;
pub(crate) mod baseline;
pub(crate) mod interpreter_start;
pub(crate) mod interruptions;
pub(crate) mod point_map;
pub(crate) mod recorded_call;
pub(crate) mod redact;
pub(crate) mod rendered;
pub(crate) mod situation;
pub(crate) mod state_shape;
