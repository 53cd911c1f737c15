//! The arguments of `sigproof test`, `merge` and `init`.

use crate::cli::args::{ReportArgs, TargetArgs};
use crate::scenario::Shard;
use clap::Args;
use std::path::PathBuf;

pub const TEST_HELP: &str = "\
Examples:
  sigproof test                                every scenario below ci/scenarios
  sigproof test ci/scenarios -k seeds          those with `seeds` in their name
  sigproof test --bless -k three-stage         accept what it says now
  sigproof test --shard 2/4 --results 2.json   a quarter of them, then: sigproof merge *.json";

#[derive(Debug, Args)]
pub struct TestArgs {
    /// Scenario files, or directories with them [default: the first of ci/scenarios, tests/scenarios, scenarios]
    #[arg(value_name = "PATH")]
    pub paths: Vec<PathBuf>,
    /// Only scenarios with TEXT in their name (repeatable: any of them)
    #[arg(
        long = "filter",
        short = 'k',
        value_name = "TEXT",
        help_heading = "Which"
    )]
    pub filter: Vec<String>,
    /// No scenarios with TEXT in their name (repeatable)
    #[arg(long, value_name = "TEXT", help_heading = "Which")]
    pub skip: Vec<String>,
    /// Names are given whole
    #[arg(long, help_heading = "Which")]
    pub exact: bool,
    /// Only part I of N, such as 2/4, or `none` [default: what GitLab, Bazel, Slurm or Kubernetes say in the environment]
    #[arg(long, value_name = "I/N", value_parser = part, help_heading = "Which")]
    pub shard: Option<Part>,
    /// Say which scenarios there are, and play none
    #[arg(long, help_heading = "Which")]
    pub list: bool,
    /// Scenarios at a time [default: the cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "How")]
    pub jobs: Option<u16>,
    /// How often a scenario that fails is played again; one that holds then is flaky
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=100), help_heading = "How")]
    pub retries: u32,
    /// Accept what there is: write expected texts and snapshots anew
    #[arg(long, help_heading = "How")]
    pub bless: bool,
    /// Where {bin:NAME} is looked for first (repeatable)
    #[arg(long, value_name = "DIR", help_heading = "How")]
    pub bin_dir: Vec<PathBuf>,
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Where failing runs and results are stored
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".sigproof",
        help_heading = "Output"
    )]
    pub store: PathBuf,
    /// Where the results are written [default: results.json in the store]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Print the JSON Schema of scenario files
    #[arg(long, help_heading = "Output")]
    pub schema: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// What `--shard` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Of(Shard),
    /// Everything, whatever the environment says.
    None,
}

fn part(text: &str) -> Result<Part, String> {
    match text {
        "none" => Ok(Part::None),
        _ => text.parse().map(Part::Of),
    }
}

#[derive(Debug, Args)]
pub struct MergeArgs {
    /// Results files of shards
    #[arg(value_name = "RESULTS", required = true)]
    pub files: Vec<PathBuf>,
    /// Write the results of all of them to FILE
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub results: Option<PathBuf>,
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    #[command(flatten)]
    pub reports: ReportArgs,
}

#[derive(Debug, Args)]
pub struct InitArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    /// The file to write [default: ci/scenarios/PROGRAM.toml]
    #[arg(long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Write it anew when it is there
    #[arg(long)]
    pub force: bool,
    /// The exit status of an undisturbed run
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub baseline_status: u8,
}
