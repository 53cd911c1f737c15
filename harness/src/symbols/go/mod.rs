//! Functions, files and lines of Go programs, from the table with which Go itself prints its stacks (`.gopclntab`).
//!
//! It is in every Go program, stripped or not, in the format of Go 1.18 or that of 1.20 and later. Calls that the compiler
//! put into their callers are told apart by another table, which Go's `moduledata` points to ([`module`]).

mod module;
mod table;
#[cfg(test)]
mod tests;

pub(super) use table::GoTable;
