//! The arguments of `sigproof fuzz`.

use super::contract::ContractArgs;
use super::output::OutputArgs;
use super::points::{AfterArgs, PointArgs};
use super::target::TargetArgs;
use super::values::{delivery, duration, parallel_runs};
use crate::error::Error;
use crate::explore::{FuzzBudget, FuzzOptions};
use crate::options::{FuzzSpec, PointSpec};
use crate::schedule::Delivery;
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

/// `sigproof fuzz`.
#[derive(Debug, Args)]
pub struct FuzzArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// A fault to inject (repeatable): INT, TERM:process, KILL:child, ENOSPC, short=1, freeze=20ms, … [default: INT]
    #[arg(
        long = "fault",
        visible_alias = "signal",
        value_name = "FAULT",
        value_delimiter = ',',
        help_heading = "Faults"
    )]
    pub faults: Vec<String>,
    /// Who gets signals (repeatable) [default: the group for INT, QUIT, TSTP and HUP (the first three typed with
    /// --pty); the process for others]
    #[arg(long, value_name = "WHOM", value_delimiter = ',', value_parser = delivery, help_heading = "Faults")]
    pub deliver: Vec<Delivery>,
    /// Maximum number of faults in one schedule, from 1 to 5
    #[arg(long, value_name = "N", default_value_t = FuzzOptions::FAULTS_MAX as u64, help_heading = "Faults")]
    pub most: u64,
    #[command(flatten)]
    pub after: AfterArgs,
    #[command(flatten)]
    pub points: PointArgs,
    #[command(flatten)]
    pub budget: BudgetArgs,
    /// File for schedules that failed; they are tried first [default: sigproof-regressions/PROGRAM-HASH.toml]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub regressions: Option<PathBuf>,
    /// Neither try what earlier sessions found nor keep what this one finds
    #[arg(long, conflicts_with = "regressions", help_heading = "Output")]
    pub no_regressions: bool,
}

/// How long a session goes on.
#[derive(Debug, Args)]
#[command(next_help_heading = "Budget")]
pub struct BudgetArgs {
    /// Maximum time of the tries, not counting the undisturbed runs before them, confirmation and shrinking
    /// [default: 60s, no limit with --runs]
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub time: Option<Duration>,
    /// Maximum number of runs
    #[arg(long, value_name = "N")]
    pub runs: Option<u64>,
    /// Continue after a finding, until the budget is used up
    #[arg(long)]
    pub keep_going: bool,
    /// Repeat the schedules of this seed, which the report of a session names
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
    /// Number of parallel runs [default: number of CPUs]
    #[arg(long, short, value_name = "N", value_parser = parallel_runs)]
    pub jobs: Option<usize>,
    /// Maximum number of runs to shrink one finding; 0 leaves it as found
    #[arg(long, value_name = "N", default_value_t = FuzzOptions::SHRINK)]
    pub shrink: usize,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(long, value_name = "N", default_value_t = u64::from(FuzzOptions::CONFIRM))]
    pub confirm: u64,
}

impl FuzzArgs {
    /// What to fuzz with.
    pub fn options(&self) -> Result<FuzzOptions, Error> {
        let spec = FuzzSpec {
            reader: self.target.faults(),
            isolation: self.target.isolation,
            faults: self.faults.clone(),
            deliver: self.deliver.clone(),
            faults_per_schedule: Some(self.most),
            runs: self.budget.runs,
            time: self.budget.time,
            usual_budget: FuzzBudget {
                runs: None,
                time: Some(FuzzOptions::TIME),
            },
            seed: self.budget.seed.unwrap_or_else(any_seed),
            keep_going: self.budget.keep_going,
            points: PointSpec {
                after: self.after.after.clone(),
                ..self.points.spec()
            },
            confirm: Some(self.budget.confirm),
        };
        Ok(FuzzOptions {
            shrink: self.budget.shrink,
            regressions: self.regressions(),
            ..spec.options()?
        })
    }

    /// The file of what earlier sessions found.
    fn regressions(&self) -> Option<PathBuf> {
        let usual = || FuzzOptions::regressions_of(&self.target.command);
        (!self.no_regressions).then(|| self.regressions.clone().unwrap_or_else(usual))
    }
}

/// A seed that nobody chose. Short enough to be typed again.
fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("seed") % 1_000_000_000
}
