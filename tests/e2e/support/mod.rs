//! What the tests of several folders share.

pub mod copy;
pub mod output;
pub mod own_process;
