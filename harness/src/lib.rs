//! sigproof proves that a program survives Ctrl+C.

#[doc(hidden)]
pub mod cli;
pub mod error;
pub mod execute;
pub mod explore;
pub mod facts;
pub mod failure;
pub mod oracle;
pub mod report;
pub mod scenario;
pub mod schedule;
pub mod session;
mod supervisor;
mod symbols;
mod sys;
pub mod target;
pub mod testing;
mod tracer;

/// Makes the `main` of a test target (with `harness = false`) that has one test
/// for each scenario file below a directory, relative to the package's:
///
/// ```toml
/// [[test]]
/// name = "gate"
/// harness = false
/// ```
///
/// ```no_run
/// sigproof::scenarios!("ci/scenarios");
/// ```
///
/// `cargo test --test gate NAME` runs some of them, as does
/// `cargo nextest run --test gate`; `INSTA_UPDATE=always` accepts new snapshots.
#[macro_export]
macro_rules! scenarios {
    ($path:expr) => {
        fn main() -> ::std::process::ExitCode {
            $crate::cli::scenarios(env!("CARGO_MANIFEST_DIR"), $path)
        }
    };
}
