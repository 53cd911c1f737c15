//! Output: formats, results, reports.

use clap::Args;
use std::path::PathBuf;

/// Output of a session.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct OutputArgs {
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
    /// Directory for failing runs
    #[arg(long, value_name = "DIR", default_value = ".sigproof")]
    pub store: PathBuf,
    /// Write the results to FILE, for `sigproof report`
    #[arg(long, value_name = "FILE")]
    pub results: Option<PathBuf>,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// Reports besides the one on the terminal.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportArgs {
    /// Write one self-contained HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write one page of Markdown, for an issue or a reviewer
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,
    /// Write JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print GitHub annotations, and append to the job summary that GITHUB_STEP_SUMMARY names
    #[arg(long)]
    pub github: bool,
    /// Write a trace for the Perfetto UI
    #[arg(long, value_name = "FILE")]
    pub perfetto: Option<PathBuf>,
    /// Write a recording (asciicast v3) of the run that shows the worst case
    #[arg(long, value_name = "FILE")]
    pub asciicast: Option<PathBuf>,
}

/// `sigproof report`.
#[derive(Debug, Args)]
pub struct ReportVerbArgs {
    /// A results file, as --results writes it
    #[arg(value_name = "RESULTS")]
    pub results: PathBuf,
    /// Print every point and what came of it, without times: two sessions can be compared by it
    #[arg(long)]
    pub table: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}
