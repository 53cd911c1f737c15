//! sigproof proves that a program survives Ctrl+C.

#[doc(hidden)]
pub mod cli;
pub mod explore;
pub mod facts;
pub mod inject;
pub mod oracle;
mod probe;
pub mod report;
pub mod results;
pub mod scenario;
mod sys;
pub mod target;
mod tracer;
