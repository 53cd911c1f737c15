//! Which points; the arguments of `sigproof points`.

use super::contract::ContractArgs;
use super::target::TargetArgs;
use super::values::{glob, one_of, signal, trigger};
use crate::options::{PhaseName, PointSpec};
use crate::schedule::Trigger;
use clap::Args;

/// Which points.
#[derive(Debug, Args)]
#[command(next_help_heading = "Points")]
pub struct PointArgs {
    /// Include every system call, not only those with an effect
    #[arg(long)]
    pub all: bool,
    /// Only calls of these names
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only points whose argument matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub path: Vec<String>,
    /// Sides of the calls [default: exit; for calls that can block before as well, and entry where the signal is
    /// handled]
    #[arg(long, value_name = "PHASES", value_delimiter = ',', value_parser = one_of::<PhaseName>("phase"))]
    pub phase: Vec<PhaseName>,
}

impl PointArgs {
    pub fn spec(&self) -> PointSpec {
        PointSpec {
            all: self.all,
            only: self.only.clone(),
            paths: self.path.clone(),
            phases: self.phase.clone(),
            after: None,
            no_classes: false,
            strict_start: false,
        }
    }
}

/// When the contract begins to apply.
#[derive(Debug, Args)]
#[command(next_help_heading = "Points")]
pub struct AfterArgs {
    /// Trigger after which the contract applies; earlier findings are reported apart
    #[arg(long, value_name = "TRIGGER", value_parser = trigger)]
    pub after: Option<Trigger>,
}

/// `sigproof points`.
#[derive(Debug, Args)]
pub struct PointsArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    /// The signal whose handler counts
    #[arg(long = "signal", value_name = "SIGNAL", default_value = "INT", value_parser = signal, help_heading = "Points")]
    pub signal: i32,
    #[command(flatten)]
    pub points: PointArgs,
    /// Show which code makes each call: the functions on the stack, innermost first
    #[arg(long, help_heading = "Output")]
    pub stacks: bool,
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
}
