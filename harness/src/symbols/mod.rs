//! The functions behind addresses: call stacks are walked, and named from the files that a process has mapped.
//!
//! Everything about a process comes in as plain values (the text of `/proc/PID/maps`, three registers, a way to read
//! its memory); this room reads files, no processes. Stacks are walked while the thread stands still, by frame pointers
//! or `.eh_frame` (`framehop`), and are kept as addresses; they are named once, at the end (`addr2line`), when nothing
//! waits for it.

mod collect;
mod go;
mod image;
mod interpreter;
mod maps;
mod names;
#[cfg(test)]
mod tests;

pub(crate) use collect::{Collector, Registers};
pub(crate) use go::is_go;
pub(crate) use interpreter::{Interpreters, Stop, runs_program};
