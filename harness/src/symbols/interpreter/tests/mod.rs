//! Real interpreters, stopped at their own calls, that say themselves where they are.

mod bash;
mod program;
mod python;
mod tracee;
