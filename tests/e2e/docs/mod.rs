//! The documentation is true.

mod guide;
mod pages;
mod scenario_reference;
mod seeds;
