//! Stored failures: a failing run as a file, with its inputs, and how it is restored on another machine.

mod digest;
mod packed_inputs;
pub(crate) mod restore;
pub(crate) mod stored_failure;

pub use packed_inputs::{Content, Packed, Parcel};
pub use restore::Stage;
pub(crate) use stored_failure::Expected;
pub use stored_failure::{Failure, Input, Store};
