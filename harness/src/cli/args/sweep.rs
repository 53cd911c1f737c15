//! The arguments of `sigproof sweep`.

use super::contract::ContractArgs;
use super::output::OutputArgs;
use super::points::{AfterArgs, PointArgs};
use super::target::TargetArgs;
use super::values::{delivery, one_of, parallel_runs, signal};
use crate::error::Error;
use crate::explore::{SecondFault, SweepOptions, Window};
use crate::options::{PointSpec, SweepSpec};
use crate::schedule::Delivery;
use clap::Args;

/// `sigproof sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// The signal [default: INT]
    #[arg(long = "signal", value_name = "SIGNAL", value_parser = signal)]
    pub signal: Option<i32>,
    #[command(flatten)]
    pub points: PointArgs,
    /// Who gets the signal [default: the group for INT, QUIT, TSTP and HUP (the first three typed with --pty); the
    /// process for others]
    #[arg(long, value_name = "WHOM", value_parser = delivery)]
    pub deliver: Option<Delivery>,
    /// Inject another fault than a signal at each point: ENOSPC, EINTR:always, short=1, delay=50ms, KILL:child, …
    #[arg(long, value_name = "FAULT")]
    pub fault: Option<String>,
    /// A step that follows the fault (repeatable): INT@+50ms
    #[arg(long, value_name = "STEP")]
    pub then: Vec<String>,
    /// Signal between calls as well: at up to N instructions after each chosen point, before its thread's next call
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100")]
    pub instructions: Option<u64>,
    /// Send a second signal at each call that the target makes after the first: pairs of points
    #[arg(long, value_name = "WHERE", value_delimiter = ',', value_parser = one_of::<Window>("window"))]
    pub second: Vec<Window>,
    /// The second fault, if it differs from the first
    #[arg(long, value_name = "FAULT")]
    pub second_fault: Option<String>,
    #[arg(long, value_name = "N", help = format!("Maximum number of pairs [default: {}]", SecondFault::PAIRS_MAX))]
    pub pairs: Option<u64>,
    #[command(flatten)]
    pub after: AfterArgs,
    /// Number of parallel runs [default: number of CPUs]
    #[arg(long, short, value_name = "N", value_parser = parallel_runs)]
    pub jobs: Option<usize>,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub confirm: u64,
    /// Do not group equivalent early points
    #[arg(long)]
    pub no_classes: bool,
}

impl SweepArgs {
    pub fn options(&self) -> Result<SweepOptions, Error> {
        let spec = SweepSpec {
            reader: self.target.faults(),
            isolation: self.target.isolation,
            signal: self.signal,
            fault: self.fault.clone(),
            deliver: self.deliver,
            then: self.then.clone(),
            second: self.second.clone(),
            second_fault: self.second_fault.clone(),
            pairs: self.pairs,
            instructions: self.instructions,
            points: PointSpec {
                after: self.after.after.clone(),
                no_classes: self.no_classes,
                ..self.points.spec()
            },
            confirm: Some(self.confirm),
        };
        Ok(spec.options()?)
    }
}
