//! sigproof proves that a program survives Ctrl+C: it runs the program once per point where a signal could do harm,
//! with the signal there, and judges what happens.
//!
//! The command `sigproof` does that on the command line, and for scenario files. This library does it in Rust:
//!
//! - [`testing`]: tests of a program, written in Rust.
//! - [`scenarios!`]: scenario files as the tests of a Cargo package.
//! - [`results`]: the results file of a session, to read and to write.

mod cli;
mod error;
#[doc(hidden)]
pub mod execute;
#[doc(hidden)]
pub mod explore;
#[doc(hidden)]
pub mod facts;
#[doc(hidden)]
pub mod failure;
mod options;
mod oracle;
#[doc(hidden)]
pub mod report;
mod scenario;
mod schedule;
mod script;
#[doc(hidden)]
pub mod session;
mod supervisor;
mod symbols;
mod sys;
mod target;
pub mod testing;
mod tracer;

/// The results format: what `--results FILE` writes and `sigproof report` reads.
///
/// A sweep, a run or a scenario becomes a [`Case`](results::Case); the cases of one session are
/// [`Results`](results::Results), one versioned JSON file. Reports are made from it, at any time, on any machine,
/// without the program that it came from.
pub mod results {
    #[doc(inline)]
    pub use crate::facts::{
        AtFault, Capture, Change, CheckFact, CommandFact, Entry, EntryKind, Event, EventKind,
        ExitStatus, HandlerFact, LateConnection, Orphan, Phase, Reply, RequestFact, Run,
        ServiceFacts, Stream, Stuck, TerminalFact, TreeDelta, UnreadyFact, Usage, Zombie,
    };
    #[doc(inline)]
    pub use crate::session::{
        Budget, Case, CaseError, CaseVerdict, CodeWindow, Coverage, Difference, Finding, Kind,
        Limit, OracleResult, OracleVerdict, PathChange, Point, PointOutcome, ReadError, Record,
        Results, ScreenFrame, ShownRequest, Span, Text, Times, Tool, bounds,
    };
}

/// What the project's own binary and tests need besides; nothing here is stable.
#[doc(hidden)]
pub mod internals {
    pub use crate::cli::{main, scenarios};
    pub use crate::scenario::{Diagnostic, Scenario, json_schema};
    pub use crate::schedule::PointName;
    pub use crate::target::Isolation;
}

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
            $crate::internals::scenarios(env!("CARGO_MANIFEST_DIR"), $path)
        }
    };
}
