//! How much a results file holds.
//!
//! A target decides how much it writes, how many files it makes and at how many points it fails; a report has to open
//! all the same.

/// Points of one case. A sweep of more is shown from its beginning on.
pub const POINTS: usize = 20_000;
/// Findings of one case.
pub const FINDINGS: usize = 10_000;
/// Points named by all findings together.
pub const POINTS_NAMED: usize = 200_000;
/// Findings whose call stacks are kept.
pub const STACKS: usize = 500;
/// Functions of one call stack: the innermost ones.
pub const FRAMES: usize = 24;
/// Calls, and functions, whose coverage is kept: those with most points.
pub const SHARES: usize = 1_000;
/// Reasons of runs that the harness could not do.
pub const FAILED_RUNS: usize = 1_000;
/// Runs that are kept whole, the baseline counted.
pub const RUNS: usize = 64;
/// Events of one run: the first and the last of them.
pub const EVENTS: usize = 2_000;
/// Bytes of output of one run, from its beginning, over all streams.
pub const OUTPUT_BYTES: usize = 64 * 1024;
/// Changes of the screen of one run: of more, every second, third, … is kept, and what stood there at each fault.
pub const SCREENS: usize = 96;
/// Requests of clients of one run.
pub const REQUESTS: usize = 500;
/// Changed paths of one run.
pub const PATHS: usize = 500;
/// Characters of one text: an evidence, an error, a command line of a process.
pub const TEXT_CHARS: usize = 4_000;

/// The text, cut at [`TEXT_CHARS`] with an ellipsis.
pub fn text(text: &str) -> String {
    match text.char_indices().nth(TEXT_CHARS) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}
