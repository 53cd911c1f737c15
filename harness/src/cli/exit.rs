//! Exit codes, as documented in docs/guide/exit-codes.md. `session::verdict` decides which one it is.

pub use crate::session::exit_code::{HARNESS, HOLDS, USAGE};
