//! The arguments of `sigproof minimize`.

use clap::Args;
use std::path::PathBuf;

/// `sigproof minimize`.
#[derive(Debug, Args)]
pub struct MinimizeArgs {
    /// The stored failing run
    pub file: PathBuf,
    /// Arguments that may be left out, as a glob (repeatable); several globs, separated by spaces, go together
    #[arg(long, value_name = "GLOBS", allow_hyphen_values = true)]
    pub optional: Vec<String>,
    /// Number of runs that confirm each smaller failure
    #[arg(long, short = 'n', value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub times: u32,
    /// Maximum number of runs, not counting baselines
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub runs: usize,
    /// File for the smaller failure [default: beside FILE, with .min before its extension]
    #[arg(long, value_name = "FILE")]
    pub to: Option<PathBuf>,
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
}
