//! Builds the fixtures written in C.
fn main() {}
