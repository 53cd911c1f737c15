//! The arguments of `sigproof run`.

use super::contract::ContractArgs;
use super::output::OutputArgs;
use super::target::TargetArgs;
use crate::error::Error;
use crate::options::{OptionError, OptionName};
use crate::schedule::Schedule;
use clap::Args;

/// `sigproof run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// A step of the schedule (repeatable): INT@250ms, TERM:process@output:'ready', ENOSPC@write#3, …
    #[arg(
        long = "signal",
        visible_alias = "fault",
        value_name = "STEP",
        help_heading = "Schedule"
    )]
    pub steps: Vec<String>,
    /// Do not run it undisturbed first: `status` judges crashes and tracebacks only, and neither files nor another run
    /// can be judged
    #[arg(long, help_heading = "Schedule")]
    pub no_baseline: bool,
    /// Show every change to a file in the timeline
    #[arg(long, help_heading = "Output")]
    pub files: bool,
}

impl RunArgs {
    pub fn schedule(&self) -> Result<Schedule, Error> {
        let steps = self.steps.iter().enumerate().map(|(index, text)| {
            let step = self.target.faults().step(text);
            step.map_err(OptionError::at(OptionName::Steps, index))
        });
        Ok(Schedule {
            steps: steps.collect::<Result<_, _>>()?,
        })
    }
}
