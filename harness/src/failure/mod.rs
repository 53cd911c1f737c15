//! Stored failures: a failing run as a file, with its inputs, and how it is restored on another machine.

mod digest;
mod packed_inputs;
pub(crate) mod restore;
pub(crate) mod stored_failure;

pub use packed_inputs::{Content, PackedFile, PackedInputs};
pub use restore::RestoredFailure;
pub(crate) use stored_failure::ExpectedVerdict;
pub use stored_failure::{Input, Store, StoredFailure};
