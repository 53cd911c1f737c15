//! The arguments of `sigproof sweep`.

use super::contract::ContractArgs;
use super::output::OutputArgs;
use super::points::{AfterArgs, PointArgs};
use super::target::TargetArgs;
use super::values::{ShardChoice, delivery, duration, one_of, parallel_runs, shard, signal};
use crate::error::Error;
use crate::explore::{SecondFault, SweepOptions, Window};
use crate::options::{ESCALATION_SIGNALS, PointSpec, SweepSpec};
use crate::oracle::{Contract, Escalation};
use crate::schedule::{Delivery, ParseError};
use clap::builder::{OsStringValueParser, TypedValueParser};
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

/// `sigproof sweep`.
#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// The signal [default: INT; TERM for a service]
    #[arg(long = "signal", value_name = "SIGNAL", value_parser = signal, help_heading = "Faults")]
    pub signal: Option<i32>,
    #[command(flatten)]
    pub points: PointArgs,
    /// Who gets the signal [default: the group for INT, QUIT, TSTP and HUP (the first three typed with --pty); the
    /// process for others]
    #[arg(long, value_name = "WHOM", value_parser = delivery, help_heading = "Faults")]
    pub deliver: Option<Delivery>,
    /// Inject another fault than a signal at each point: ENOSPC, EINTR:always, short=1, delay=50ms, KILL:child, …
    #[arg(long, value_name = "FAULT", help_heading = "Faults")]
    pub fault: Option<String>,
    /// A step that follows the fault (repeatable): INT@+50ms
    #[arg(long, value_name = "STEP", help_heading = "Faults")]
    pub then: Vec<String>,
    /// Signal between calls as well: at up to N instructions after each chosen point, before its thread's next call
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", help_heading = "Points")]
    pub instructions: Option<u64>,
    /// Send a second signal at each call that the target makes after the first: pairs of points
    #[arg(long, value_name = "WHERE", value_delimiter = ',', value_parser = one_of::<Window>("window"), help_heading = "Faults")]
    pub second: Vec<Window>,
    /// The second fault, if it differs from the first
    #[arg(long, value_name = "FAULT", help_heading = "Faults")]
    pub second_fault: Option<String>,
    #[arg(long, value_name = "N", help = format!("Maximum number of pairs [default: {}]", SecondFault::PAIRS_MAX), help_heading = "Faults")]
    pub pairs: Option<u64>,
    #[command(flatten)]
    pub after: AfterArgs,
    /// Declare right what is found: write a scenario file with it, one line of reason each [default:
    /// ci/scenarios/PROGRAM.toml]
    // A path as clap reads it must not be empty, which stands for the default here.
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "", value_parser = OsStringValueParser::new().map(PathBuf::from), help_heading = "Contract")]
    pub accept: Option<PathBuf>,
    /// Send a second and a third signal where the target takes longest to end: the second must stop it sooner, the
    /// third at once
    #[arg(long, help_heading = "Contract")]
    pub escalate: bool,
    /// Number of signals that the target tells apart, 2 or 3; asks for --escalate [default: 3]
    #[arg(long, value_name = "N", value_parser = stages, help_heading = "Contract")]
    pub stages: Option<u8>,
    /// Number of parallel runs [default: number of CPUs]
    #[arg(long, short, value_name = "N", value_parser = parallel_runs, help_heading = "Execution")]
    pub jobs: Option<usize>,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(
        long,
        value_name = "N",
        default_value_t = 2,
        help_heading = "Execution"
    )]
    pub confirm: u64,
    /// Do not group equivalent early points
    #[arg(long, help_heading = "Points")]
    pub no_classes: bool,
    /// Points at which an interpreter starts, before the program that it runs has begun, are part of the verdict
    #[arg(long, help_heading = "Points")]
    pub strict_start: bool,
    /// Try every point, not some of each class [default: when all of it takes less than about 5 s]
    #[arg(long)]
    pub exhaustive: bool,
    /// Try some points of each class, even when all would take little time
    #[arg(long, conflicts_with = "exhaustive")]
    pub representatives: bool,
    /// Maximum time of the tries, not counting the undisturbed runs before them and the repetition of findings after
    /// them. What was not tried is reported
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub time: Option<Duration>,
    /// Seed of the points that are drawn from each class
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Only part I of N of the classes, such as 2/4, or `auto`: as GitLab, Bazel, Slurm or Kubernetes set it in the
    /// environment. `sigproof merge` joins the results of all parts
    #[arg(long, value_name = "I/N", value_parser = shard)]
    pub shard: Option<ShardChoice>,
}

fn stages(text: &str) -> Result<u8, ParseError> {
    Ok(u8::try_from(ESCALATION_SIGNALS.parse(text)?).unwrap_or(u8::MAX))
}

impl SweepArgs {
    /// A service is stopped by SIGTERM; a program for a person by Ctrl+C.
    fn usual_signal(&self) -> Option<i32> {
        let is_service = self.target.script.is_service() && self.fault.is_none();
        is_service.then_some(libc::SIGTERM)
    }

    /// The contract, with what only a sweep can be asked for.
    pub fn contract(&self) -> Result<Contract, Error> {
        let mut contract = self.contract.contract()?;
        if self.escalate || self.stages.is_some() {
            contract.escalation = Some(Escalation {
                signals: self.stages.unwrap_or(Escalation::SIGNALS),
                ..Escalation::usual()
            });
        }
        Ok(contract)
    }

    /// The sides of the calls that were asked for, by name.
    pub fn phases(&self) -> Vec<String> {
        let names = self.points.phase.iter();
        names
            .filter_map(|phase| Some(phase.to_possible_value()?.get_name().to_owned()))
            .collect()
    }

    pub fn options(&self) -> Result<SweepOptions, Error> {
        let spec = SweepSpec {
            reader: self.target.faults(),
            isolation: self.target.isolation,
            signal: self.signal.or_else(|| self.usual_signal()),
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
                strict_start: self.strict_start,
                ..self.points.spec()
            },
            confirm: Some(self.confirm),
            exhaustive: match (self.exhaustive, self.representatives) {
                (true, _) => Some(true),
                (_, true) => Some(false),
                _ => None,
            },
            time: self.time,
            seed: self.seed,
            shard: self.shard.map_or(Ok(None), ShardChoice::shard)?,
        };
        Ok(spec.options()?)
    }
}
