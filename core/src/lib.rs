//! core
pub mod machine;
pub use machine::{Beyond, Policy, Rung, Signal, Stage};
