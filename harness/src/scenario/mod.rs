//! Scenario files: a target, what is done to it and what is asked of it, as TOML.
//!
//! One file is one scenario. Reading checks everything that can be checked
//! without the program; a mistake points at its place in the file.

mod act;
mod contract;
mod discover;
mod document;
mod draft;
mod either;
mod faults;
mod mistake;
mod play;
mod read;
mod schema;
mod shard;
mod snapshot;
mod start;
mod suite;
mod value;
mod words;

pub use discover::{Filter, Found, USUAL_PLACES};
pub use draft::{draft, named};
pub use mistake::Mistake;
pub use play::Player;
pub use read::{Act, Scenario, Snapshots};
pub use schema::json_schema;
pub use shard::Shard;
pub use start::Unready;
pub use suite::{Played, play_all};
pub use words::Binaries;
