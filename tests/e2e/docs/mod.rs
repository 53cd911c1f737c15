//! The documentation is true.

mod guide;
mod json_output;
mod pages;
mod scenario_reference;
mod seeds;
