//! The arguments of `sigproof fuzz`.

use crate::cli::args::{ContractArgs, OutputArgs, PhaseArg, TargetArgs};
use crate::cli::convert::{delivery, glob, mapped, possible, time, trigger};
use crate::error::Error;
use crate::explore::{FuzzBudget, FuzzOptions, PointFilter};
use crate::oracle::PhaseSelection;
use crate::schedule::{Delivery, Fault, Trigger};
use clap::Args;
use std::path::PathBuf;
use std::time::Duration;

#[derive(Debug, Args)]
pub struct FuzzArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// What is done (repeatable): INT, TERM:process, KILL:child, ENOSPC, short=1, freeze=20ms, … [default: INT]
    #[arg(
        long = "fault",
        visible_alias = "signal",
        value_name = "FAULT",
        value_delimiter = ','
    )]
    pub faults: Vec<String>,
    /// To whom signals go (repeatable) [default: the group for INT, QUIT, TSTP and HUP (the first three typed with --pty); the process for others]
    #[arg(long, value_name = "WHOM", value_delimiter = ',', value_parser = delivery)]
    pub deliver: Vec<Delivery>,
    /// Faults in one schedule at most
    #[arg(long, value_name = "N", default_value_t = FuzzOptions::FAULTS_MAX as u8, value_parser = clap::value_parser!(u8).range(1..=5))]
    pub most: u8,
    /// From when the promise holds, a trigger: nothing is done earlier
    #[arg(long, value_name = "TRIGGER", value_parser = trigger)]
    pub after: Option<Trigger>,
    /// Every system call, not only those with an effect
    #[arg(long)]
    pub all: bool,
    /// Begin at calls of these names only
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Begin at points only whose argument matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub path: Vec<String>,
    /// On which side of the calls [default: exit, and before calls that can block]
    #[arg(long, value_name = "PHASES", value_delimiter = ',')]
    pub phase: Vec<PhaseArg>,
    /// For how long at most; repeating and shrinking are not counted [default: 60s, no limit with --runs]
    #[arg(
        long = "for",
        value_name = "TIME",
        value_parser = time,
        help_heading = "Budget"
    )]
    pub time: Option<Duration>,
    /// How many runs at most
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub runs: Option<usize>,
    /// Go on when something was found, until the budget is used up
    #[arg(long, help_heading = "Budget")]
    pub keep_going: bool,
    /// Repeat the schedules of this seed, which the report of a session names
    #[arg(long, value_name = "N", help_heading = "Budget")]
    pub seed: Option<u64>,
    /// Runs at a time [default: the cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Budget")]
    pub jobs: Option<u16>,
    /// Runs that shrinking one finding may take; 0 leaves it as it was found
    #[arg(long, value_name = "N", default_value_t = FuzzOptions::SHRINK, help_heading = "Budget")]
    pub shrink: usize,
    /// Where schedules that failed are kept; they are tried first [default: sigproof-regressions/PROGRAM-HASH.toml]
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub regressions: Option<PathBuf>,
    /// Neither try what earlier sessions found nor keep what this one finds
    #[arg(long, conflicts_with = "regressions", help_heading = "Output")]
    pub no_regressions: bool,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(long, value_name = "N", default_value_t = FuzzOptions::CONFIRM, help_heading = "Budget")]
    pub confirm: u32,
}

impl FuzzArgs {
    /// What can be done: each fault, to each of those that signals go to.
    fn choices(&self) -> Result<Vec<(Fault, bool)>, Error> {
        let pty = self.target.pty;
        let usual = ["INT".to_owned()];
        let texts = if self.faults.is_empty() {
            &usual[..]
        } else {
            &self.faults[..]
        };
        let ways: Vec<Option<Delivery>> = if self.deliver.is_empty() {
            vec![None]
        } else {
            self.deliver.iter().copied().map(Some).collect()
        };
        let mut choices = Vec::new();
        for text in texts {
            for way in &ways {
                let default = |signal| way.unwrap_or_else(|| Delivery::usual(signal, pty));
                let choice = Fault::parse(text, default)
                    .map_err(|error| Error::usage(format!("--fault {error}")))?;
                possible(&choice.0, pty)?;
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
        }
        Ok(choices)
    }

    /// On which sides of the calls signals come.
    fn mapped(&self, choices: &[(Fault, bool)]) -> Result<PhaseSelection, Error> {
        match choices.iter().find(|(fault, _)| fault.is_of_call()) {
            Some((fault, _)) if !self.phase.is_empty() => Err(Error::usage(format!(
                "{fault} happens to the call itself; leave --phase out"
            ))),
            _ => mapped(&self.phase),
        }
    }

    /// The file of what earlier sessions found.
    fn regressions(&self) -> Option<PathBuf> {
        let usual = || FuzzOptions::regressions_of(&self.target.command);
        (!self.no_regressions).then(|| self.regressions.clone().unwrap_or_else(usual))
    }

    /// What to fuzz with.
    pub fn options(&self) -> Result<FuzzOptions, Error> {
        let choices = self.choices()?;
        Ok(FuzzOptions {
            most: usize::from(self.most),
            mapped: self.mapped(&choices)?,
            all: self.all,
            filter: PointFilter {
                only: self.only.clone(),
                paths: self.path.clone(),
                after: self.after.clone(),
                no_classes: false,
            },
            budget: FuzzBudget {
                runs: self.runs,
                time: match (self.time, self.runs) {
                    (None, None) => Some(FuzzOptions::TIME),
                    (time, _) => time,
                },
            },
            keep_going: self.keep_going,
            confirm: self.confirm,
            shrink: self.shrink,
            regressions: self.regressions(),
            isolation: self.target.isolation,
            ..FuzzOptions::of(choices, self.seed.unwrap_or_else(any_seed))
        })
    }
}

/// A seed that nobody chose. Short enough to be typed again.
fn any_seed() -> u64 {
    use std::hash::{BuildHasher, RandomState};
    RandomState::new().hash_one("seed") % 1_000_000_000
}
