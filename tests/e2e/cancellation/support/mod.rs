//! Programs that are started, signaled and judged.

pub mod judge;
pub mod marked;
pub mod target;
pub mod terminal;
