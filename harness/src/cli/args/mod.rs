//! The arguments.

pub(crate) mod fuzz;
pub(crate) mod test;

use super::convert::{delivery, glob, oracle_name, size, time, trigger, variable};
use super::help::{EXIT_CODES, FUZZ_HELP, MINIMISE_HELP, REPORT_HELP, RUN_HELP, SWEEP_HELP};
use super::minimize::MinimizeArgs;
use crate::explore::{SecondFault, Window};
use crate::schedule::{Delivery, Trigger, signal};
use crate::target::Isolation;
use clap::{Args, Parser, Subcommand, ValueEnum};
use fuzz::FuzzArgs;
use std::path::PathBuf;
use std::time::Duration;
use test::{InitArgs, MergeArgs, TEST_HELP, TestArgs};

/// Proves that a program survives Ctrl+C.
#[derive(Debug, Parser)]
#[command(name = "sigproof", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    /// When to use colour (NO_COLOR and CLICOLOR are honoured, too)
    #[arg(
        long = "color",
        value_name = "WHEN",
        default_value = "auto",
        global = true
    )]
    pub colour: ColorChoice,
    #[command(subcommand)]
    pub verb: Verb,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum ColorChoice {
    Auto,
    Always,
    Never,
}

impl ColorChoice {
    pub fn apply(self) {
        match self {
            ColorChoice::Auto => {}
            ColorChoice::Always => anstream::ColorChoice::Always.write_global(),
            ColorChoice::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one of it in the life of a process"
)]
pub enum Verb {
    /// Run once with a schedule of signals; print a timeline and the verdicts
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Deliver the signal at every point where it matters, one run each
    #[command(after_help = SWEEP_HELP)]
    Sweep(SweepArgs),
    /// Try random schedules of several faults, and shrink what fails
    #[command(after_help = FUZZ_HELP)]
    Fuzz(Box<FuzzArgs>),
    /// List the injection points of an undisturbed run
    Points(PointsArgs),
    /// Repeat a stored failing run
    Replay(ReplayArgs),
    /// Leave out of a stored failing run what it does not need
    #[command(after_help = MINIMISE_HELP)]
    Minimise(MinimizeArgs),
    /// Play scenario files: the gate
    #[command(after_help = TEST_HELP)]
    Test(Box<TestArgs>),
    /// Write a first scenario from a program's undisturbed run
    Init(Box<InitArgs>),
    /// Join the results of shards
    Merge(MergeArgs),
    /// Make reports from a results file
    #[command(after_help = REPORT_HELP)]
    Report(ReportVerbArgs),
    /// Say what this machine can do (ptrace, namespaces, overlays, ptys)
    Doctor,
    /// Write manual pages, one for each verb
    Man {
        /// The directory, which is made if need be: `~/.local/share/man/man1`, `/usr/local/share/man/man1`
        #[arg(value_name = "DIR")]
        directory: PathBuf,
    },
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// What to run and where.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    pub command: Vec<String>,
    /// Put FILE into the work tree, or take a directory's content as its root (repeatable for files)
    #[arg(long = "in", value_name = "PATH", help_heading = "Target")]
    pub inputs: Vec<PathBuf>,
    /// Start with an empty work tree
    #[arg(long, conflicts_with = "inputs", help_heading = "Target")]
    pub empty: bool,
    /// Run on a pseudo-terminal instead of pipes
    #[arg(long, help_heading = "Target")]
    pub pty: bool,
    /// Size of the pseudo-terminal
    #[arg(long, value_name = "ROWSxCOLUMNS", default_value = "24x80", value_parser = size, help_heading = "Target")]
    pub pty_size: (u16, u16),
    /// File for standard input (otherwise it reads end of file)
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    pub stdin: Option<PathBuf>,
    /// Set a variable; the environment is pinned otherwise (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Target")]
    pub env: Vec<(String, String)>,
    /// How long an undisturbed run may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time, help_heading = "Target")]
    pub timeout: Duration,
    /// How long a run may go on after the last signal [default: the larger of 2s and 3 × the baseline]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Target")]
    pub deadline: Option<Duration>,
    /// How long descendants may outlive the target
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = time, help_heading = "Target")]
    pub grace: Duration,
    /// How targets are kept apart from the machine
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        help_heading = "Target"
    )]
    pub isolation: Isolation,
    /// Leave address-space randomisation on: slower, and points are told apart less exactly
    #[arg(long, help_heading = "Target")]
    pub keep_aslr: bool,
    /// All threads and processes of the target on one processor: their order is then more often the same
    #[arg(long, help_heading = "Target")]
    pub serialise: bool,
    /// Tell the target of failpoints, as a step or --after with failpoint:NAME does by itself
    #[arg(long, help_heading = "Target")]
    pub failpoints: bool,
    /// Files in a work tree that has to be copied
    #[arg(
        long,
        value_name = "FILES",
        default_value_t = 10_000,
        help_heading = "Target"
    )]
    pub copy_limit: usize,
    /// Size of the private file system, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(1..=1_048_576), help_heading = "Target")]
    pub tree_limit: u64,
}

/// What to ask.
#[derive(Debug, Args)]
pub struct ContractArgs {
    /// Ask these oracles only
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle_name, help_heading = "Contract")]
    pub oracles: Vec<String>,
    /// Leave these oracles out
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle_name, help_heading = "Contract")]
    pub skip: Vec<String>,
    /// A command (for sh -c) that must succeed on the end state of every run
    #[arg(long, value_name = "CMD", help_heading = "Contract")]
    pub check: Option<String>,
    /// Paths that may be left behind (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    pub keep: Vec<String>,
    /// Outputs that may be cut short: streams, logs (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    pub prefix: Vec<String>,
    /// Outputs whose content does not matter (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    pub any: Vec<String>,
    /// An exit status that is right for a cancelled run (repeatable)
    #[arg(long, value_name = "N", help_heading = "Contract")]
    pub ok_status: Vec<u8>,
    /// The exit status of an undisturbed run
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Contract")]
    pub baseline_status: u8,
    /// How long a signal handler may run
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Contract")]
    pub handler_budget: Option<Duration>,
    /// Command lines that may outlive the target (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    pub daemon: Vec<String>,
}

/// How to tell.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Print JSON Lines
    #[arg(long, help_heading = "Output")]
    pub json: bool,
    /// Where failing runs are stored
    #[arg(
        long,
        value_name = "DIR",
        default_value = ".sigproof",
        help_heading = "Output"
    )]
    pub store: PathBuf,
    /// Write what came of it to FILE, for `sigproof report`
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    pub results: Option<PathBuf>,
    #[command(flatten)]
    pub reports: ReportArgs,
}

/// Reports besides the one on the terminal.
#[derive(Debug, Args)]
#[command(next_help_heading = "Reports")]
pub struct ReportArgs {
    /// Write one self-contained HTML page
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,
    /// Write JUnit XML
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// Print GitHub annotations, and append to the job summary that GITHUB_STEP_SUMMARY names
    #[arg(long)]
    pub github: bool,
    /// Write a trace that the Perfetto UI opens
    #[arg(long, value_name = "FILE")]
    pub perfetto: Option<PathBuf>,
    /// Write the run that shows the worst case as a recording (asciicast v3)
    #[arg(long, value_name = "FILE")]
    pub asciicast: Option<PathBuf>,
}

/// `sigproof report`.
#[derive(Debug, Args)]
pub struct ReportVerbArgs {
    /// A results file, as --results writes it
    #[arg(value_name = "RESULTS")]
    pub results: PathBuf,
    #[command(flatten)]
    pub reports: ReportArgs,
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// A step of the schedule (repeatable): INT@250ms, TERM:process@output:'ready', ENOSPC@write#3, …
    #[arg(long = "signal", visible_alias = "fault", value_name = "STEP")]
    pub steps: Vec<String>,
    /// Do not run it undisturbed first: only `exits` and `orphans` can be judged
    #[arg(long)]
    pub no_baseline: bool,
    /// Show every file effect in the timeline
    #[arg(long)]
    pub files: bool,
}

#[derive(Debug, Args)]
pub struct SweepArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    #[command(flatten)]
    pub points: PointArgs,
    /// To whom the signal goes [default: the group for INT, QUIT, TSTP and HUP (the first three typed with --pty); the process for others]
    #[arg(long, value_name = "WHOM", value_parser = delivery)]
    pub deliver: Option<Delivery>,
    /// Another fault than a signal at each point: ENOSPC, EINTR:always, short=1, delay=50ms, KILL:child, …
    #[arg(long, value_name = "FAULT", conflicts_with = "signal")]
    pub fault: Option<String>,
    /// What comes after it, a step (repeatable): INT@+50ms
    #[arg(long, value_name = "STEP")]
    pub then: Vec<String>,
    /// Between calls as well: at up to N instructions after each chosen point, before its thread's next call
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "100", conflicts_with_all = ["second", "fault"], value_parser = clap::value_parser!(u32).range(1..=20_000))]
    pub instructions: Option<u32>,
    /// A second signal at each call that the target makes after the first: pairs of points
    #[arg(
        long,
        value_name = "WHERE",
        value_delimiter = ',',
        conflicts_with = "then"
    )]
    pub second: Vec<Window>,
    /// Another second fault than the first one again
    #[arg(long, value_name = "FAULT", requires = "second")]
    pub second_fault: Option<String>,
    /// Pairs that are tried at most
    #[arg(long, value_name = "N", default_value_t = SecondFault::PAIRS_MAX, requires = "second")]
    pub pairs: usize,
    /// From when the promise holds, a trigger; earlier points are reported apart
    #[arg(long, value_name = "TRIGGER", value_parser = trigger)]
    pub after: Option<Trigger>,
    /// Runs at a time [default: the cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub confirm: u32,
    /// Try each of the points before the target acts at all, not one for all
    #[arg(long)]
    pub no_classes: bool,
}

#[derive(Debug, Args)]
pub struct PointsArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub points: PointArgs,
    /// Show which code makes each call: the functions on the stack, the innermost first
    #[arg(long)]
    pub stacks: bool,
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
}

/// Which points.
#[derive(Debug, Args)]
pub struct PointArgs {
    /// The signal
    #[arg(long = "signal", value_name = "SIGNAL", default_value = "INT", value_parser = signal)]
    pub signal: i32,
    /// Every system call, not only those with an effect
    #[arg(long)]
    pub all: bool,
    /// Only calls of these names
    #[arg(long, value_name = "CALLS", value_delimiter = ',')]
    pub only: Vec<String>,
    /// Only points whose argument matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub path: Vec<String>,
    /// On which side of the calls [default: exit, and before calls that can block]
    #[arg(long, value_name = "PHASES", value_delimiter = ',')]
    pub phase: Vec<PhaseArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum PhaseArg {
    Before,
    Entry,
    Exit,
    All,
}

#[derive(Debug, Args)]
pub struct ReplayArgs {
    /// The stored failing run
    pub file: PathBuf,
    /// How often to run it
    #[arg(long, short = 'n', value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub times: u32,
    /// Print JSON Lines
    #[arg(long)]
    pub json: bool,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }
}
