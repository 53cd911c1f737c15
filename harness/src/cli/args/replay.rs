//! The arguments of `sigproof replay`.

use clap::Args;
use std::path::PathBuf;

/// `sigproof replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The stored failing run
    pub file: PathBuf,
    /// Number of runs
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub times: u32,
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
}
