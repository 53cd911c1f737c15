//! The verbs of the command, its reports, and the same from Rust.

mod fuzz;
mod gate;
#[cfg(feature = "browser")]
mod html_report;
mod interrupted_session;
mod minimize;
mod replay;
mod reports;
mod run;
mod shell_helper;
mod testing_api;
mod usage_errors;
