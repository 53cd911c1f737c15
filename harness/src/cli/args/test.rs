//! The arguments of `sigproof test`, `merge` and `init`.

use super::output::ReportArgs;
use super::target::TargetArgs;
use super::values::{ShardChoice, exit_status, parallel_runs, shard};
use crate::options::RETRIES;
use crate::schedule::ParseError;
use clap::Args;
use std::path::PathBuf;

/// `sigproof test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Scenario files, or directories with them [default: the first of ci/scenarios, tests/scenarios, scenarios]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Number of parallel scenarios [default: number of CPUs]
    #[arg(long, short, value_name = "N", value_parser = parallel_runs, help_heading = "Execution")]
    pub jobs: Option<usize>,
    /// How often a scenario that fails is run again; one that then holds is flaky
    #[arg(long, value_name = "N", default_value = "0", value_parser = retries, help_heading = "Execution")]
    pub retries: u32,
    /// Update expected output and snapshots
    #[arg(long, help_heading = "Execution")]
    pub bless: bool,
    /// Directory in which {bin:NAME} is looked up first (repeatable)
    #[arg(long, value_name = "DIR", help_heading = "Execution")]
    pub bin_dir: Vec<PathBuf>,
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Directory for failing runs and results
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".sigproof",
        help_heading = "Output"
    )]
    pub store: PathBuf,
    /// Write the results to FILE [default: results.json in the store]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Print the JSON Schema of scenario files
    #[arg(long, help_heading = "Output")]
    pub schema: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// Which scenarios.
#[derive(Debug, Args)]
#[command(next_help_heading = "Selection")]
pub struct SelectionArgs {
    /// Only scenarios whose name contains TEXT (repeatable: any of them)
    #[arg(long = "filter", short = 'k', value_name = "TEXT")]
    pub filter: Vec<String>,
    /// No scenarios whose name contains TEXT (repeatable)
    #[arg(long, value_name = "TEXT")]
    pub skip: Vec<String>,
    /// Match whole names
    #[arg(long)]
    pub exact: bool,
    /// Only part I of N, such as 2/4, or `none` [default: as GitLab, Bazel, Slurm or Kubernetes set it in the
    /// environment]
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<ShardChoice>,
    /// List scenarios without running them
    #[arg(long)]
    pub list: bool,
}

fn retries(text: &str) -> Result<u32, ParseError> {
    Ok(u32::try_from(RETRIES.parse(text)?).unwrap_or(u32::MAX))
}

/// `sigproof merge`.
#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Results files of shards
    #[arg(value_name = "RESULTS", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the merged results to FILE
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// `sigproof init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// The file to write [default: ci/scenarios/PROGRAM.toml]
    #[arg(long, value_name = "FILE", help_heading = "Scenario")]
    pub out: Option<PathBuf>,
    /// Overwrite an existing file
    #[arg(long, help_heading = "Scenario")]
    pub force: bool,
    /// Exit status of an undisturbed run
    #[arg(long, value_name = "N", default_value = "0", value_parser = exit_status, help_heading = "Scenario")]
    pub baseline_status: u8,
}
