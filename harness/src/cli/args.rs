//! The arguments.

use crate::explore::{Error, Isolation, Narrowing};
use crate::facts::Phase;
use crate::inject::{Delivery, ParseError, Step, Trigger, duration, signal};
use crate::oracle::{self, Contract, Mapped};
use crate::target::{Limits, Source, Target};
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;
use std::time::Duration;

const EXIT_CODES: &str = "\
Exit codes:
  0  every contract holds
  1  a contract is violated
  2  usage, an input or the target's baseline is wrong
  3  the harness itself failed
  4  an injection point was not reached
  5  flaky: a verdict was not reproduced
  Interrupted by Ctrl+C or SIGTERM it cleans up and dies by that signal.";

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
    pub colour: Colour,
    #[command(subcommand)]
    pub verb: Verb,
}

/// When to use colour.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Colour {
    Auto,
    Always,
    Never,
}

impl Colour {
    pub fn apply(self) {
        match self {
            Colour::Auto => {}
            Colour::Always => anstream::ColorChoice::Always.write_global(),
            Colour::Never => anstream::ColorChoice::Never.write_global(),
        }
    }
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of it in the life of a process")]
pub enum Verb {
    /// Run once with a schedule of signals; print a timeline and the verdicts
    #[command(after_help = RUN_HELP)]
    Run(RunArgs),
    /// Deliver the signal at every point where it matters, one run each
    #[command(after_help = SWEEP_HELP)]
    Sweep(SweepArgs),
    /// List the injection points of an undisturbed run
    Points(PointsArgs),
    /// Repeat a stored failing run
    Replay(ReplayArgs),
    /// Say what this machine can do (ptrace, namespaces, overlays, ptys)
    Doctor,
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

const RUN_HELP: &str = "\
A step is SIGNAL[:DELIVERY]@TRIGGER; steps come due in order. Triggers:
  250ms             after the start           (units: us, ms, s, m)
  +200ms            after the step before
  output:REGEX      the output matches
  handler           a handler for the signal is installed
  child[:N]         the N-th process was created
  file:GLOB         a path exists in the work tree
  call:POINT        a system call, as `sigproof points` prints them:
                    [PROCESS:]CALL[(ARGUMENT)][#N][@before|entry|exit]
Example:
  sigproof run --pty --signal INT@output:'task 3' --signal INT@+200ms -- ./prog";

const SWEEP_HELP: &str = "\
Examples:
  sigproof sweep --in README.md -- gzip -k README.md
  sigproof sweep --in repo --check 'git fsck' -- git commit -am change
  sigproof sweep --signal TERM --after output:ready -- ./server-test";

/// What to run and where.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
    /// Put FILE into the work tree, or take a directory's content as its root (repeatable for files)
    #[arg(long = "in", value_name = "PATH", help_heading = "Target")]
    inputs: Vec<PathBuf>,
    /// Start with an empty work tree
    #[arg(long, conflicts_with = "inputs", help_heading = "Target")]
    empty: bool,
    /// Run on a pseudo-terminal instead of pipes
    #[arg(long, help_heading = "Target")]
    pty: bool,
    /// Size of the pseudo-terminal
    #[arg(long, value_name = "ROWSxCOLUMNS", default_value = "24x80", value_parser = size, help_heading = "Target")]
    pty_size: (u16, u16),
    /// File for standard input (otherwise it reads end of file)
    #[arg(long, value_name = "FILE", help_heading = "Target")]
    stdin: Option<PathBuf>,
    /// Set a variable; the environment is pinned otherwise (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable, help_heading = "Target")]
    env: Vec<(String, String)>,
    /// How long an undisturbed run may take
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = time, help_heading = "Target")]
    timeout: Duration,
    /// How long a run may go on after the last signal [default: the larger of 2s and 3 × the baseline]
    #[arg(long, value_name = "TIME", value_parser = time, help_heading = "Target")]
    deadline: Option<Duration>,
    /// How long descendants may outlive the target
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = time, help_heading = "Target")]
    grace: Duration,
    /// How targets are kept apart from the machine
    #[arg(
        long,
        value_name = "HOW",
        default_value = "auto",
        help_heading = "Target"
    )]
    pub isolation: Isolation,
    /// Files in a work tree that has to be copied
    #[arg(
        long,
        value_name = "FILES",
        default_value_t = 10_000,
        help_heading = "Target"
    )]
    copy_limit: usize,
    /// Size of the private file system, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048, value_parser = clap::value_parser!(u64).range(1..=1_048_576), help_heading = "Target")]
    tree_limit: u64,
}

/// What to ask.
#[derive(Debug, Args)]
pub struct ContractArgs {
    /// Ask these oracles only
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle_name, help_heading = "Contract")]
    oracles: Vec<String>,
    /// Leave these oracles out
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle_name, help_heading = "Contract")]
    skip: Vec<String>,
    /// A command (for sh -c) that must succeed on the end state of every run
    #[arg(long, value_name = "CMD", help_heading = "Contract")]
    check: Option<String>,
    /// Paths that may be left behind (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    keep: Vec<String>,
    /// Outputs that may be cut short: streams, logs (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    prefix: Vec<String>,
    /// Outputs whose content does not matter (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    any: Vec<String>,
    /// An exit status that is right for a cancelled run (repeatable)
    #[arg(long, value_name = "N", help_heading = "Contract")]
    ok_status: Vec<u8>,
    /// The exit status of an undisturbed run
    #[arg(long, value_name = "N", default_value_t = 0, help_heading = "Contract")]
    baseline_status: u8,
    /// Command lines that may outlive the target (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob, help_heading = "Contract")]
    daemon: Vec<String>,
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
}

#[derive(Debug, Args)]
pub struct RunArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub output: OutputArgs,
    /// A step of the schedule (repeatable): INT@250ms, TERM:process@output:'ready', …
    #[arg(long = "signal", value_name = "STEP")]
    steps: Vec<String>,
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
    /// To whom the signal goes [default: the group for INT, QUIT and TSTP, typed with --pty; the process for others]
    #[arg(long, value_name = "WHOM")]
    deliver: Option<Delivery>,
    /// From when the promise holds, a trigger; earlier points are reported apart
    #[arg(long, value_name = "TRIGGER", value_parser = trigger)]
    after: Option<Trigger>,
    /// Runs at a time [default: the cores]
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub jobs: Option<u16>,
    /// How often each finding is run again, to see whether it shows each time
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub confirm: u32,
    /// Try each of the points before the target acts at all, not one for all
    #[arg(long)]
    no_classes: bool,
}

#[derive(Debug, Args)]
pub struct PointsArgs {
    #[command(flatten)]
    pub target: TargetArgs,
    #[command(flatten)]
    pub contract: ContractArgs,
    #[command(flatten)]
    pub points: PointArgs,
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
    only: Vec<String>,
    /// Only points whose argument matches (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    path: Vec<String>,
    /// On which side of the calls [default: exit, and before calls that can block]
    #[arg(long, value_name = "PHASES", value_delimiter = ',')]
    phase: Vec<PhaseArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PhaseArg {
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

fn size(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("{text}: write rows and columns from 1 to 1000, such as 24x80");
    let (rows, columns) = text.split_once('x').ok_or_else(wrong)?;
    let number = |text: &str| text.parse().ok().filter(|n| (1..=1000).contains(n));
    Ok((
        number(rows).ok_or_else(wrong)?,
        number(columns).ok_or_else(wrong)?,
    ))
}

fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("{text}: write NAME=VALUE")),
    }
}

fn time(text: &str) -> Result<Duration, ParseError> {
    duration(text)
}

fn trigger(text: &str) -> Result<Trigger, ParseError> {
    Trigger::parse(text)
}

fn glob(text: &str) -> Result<String, String> {
    globset::Glob::new(text).map_err(|error| format!("bad pattern: {error}"))?;
    Ok(text.to_owned())
}

fn oracle_name(text: &str) -> Result<String, String> {
    let names: Vec<&str> = oracle::ALL.iter().map(|oracle| oracle.name).collect();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("no such oracle; there are {}", names.join(", ")))
}

impl TargetArgs {
    /// The target, with its inputs found.
    pub fn target(&self) -> Result<Target, Error> {
        let milliseconds = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        Ok(Target {
            command: self.command.clone(),
            source: self.source()?,
            env: self.env.clone(),
            pty: self.pty.then_some(self.pty_size),
            stdin: self.stdin.as_ref().map(|path| readable(path)).transpose()?,
            limits: Limits {
                baseline_ms: milliseconds(self.timeout),
                after_signal_ms: self.deadline.map(milliseconds),
                grace_ms: milliseconds(self.grace),
                tree_bytes: self.tree_limit << 20,
                copy_files: self.copy_limit,
                ..Limits::default()
            },
        })
    }

    fn source(&self) -> Result<Source, Error> {
        if self.empty {
            return Ok(Source::Empty);
        }
        if self.inputs.is_empty() {
            let here = std::env::current_dir()
                .map_err(|error| Error::Usage(format!("the working directory: {error}")))?;
            return Ok(Source::View(here));
        }
        let inputs = self
            .inputs
            .iter()
            .map(|path| readable(path))
            .collect::<Result<Vec<_>, _>>()?;
        if let [only] = inputs.as_slice()
            && only.is_dir()
        {
            return Ok(Source::Directory(only.clone()));
        }
        let mut names: Vec<_> = inputs.iter().map(|path| path.file_name()).collect();
        names.sort();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::Usage(format!(
                "two inputs are called {}; a work tree can hold one of them",
                twice[0].unwrap_or_default().display()
            )));
        }
        Ok(Source::Files(inputs))
    }
}

fn readable(path: &std::path::Path) -> Result<PathBuf, Error> {
    let wrong =
        |error: std::io::Error| Error::Usage(format!("cannot read {}: {error}", path.display()));
    let path = path.canonicalize().map_err(wrong)?;
    if path.is_file() {
        std::fs::File::open(&path).map_err(wrong)?;
    }
    Ok(path)
}

impl ContractArgs {
    pub fn contract(&self) -> Contract {
        Contract {
            skip: self.skip.iter().cloned().collect(),
            only: self.oracles.iter().cloned().collect(),
            ok_status: self.ok_status.iter().map(|code| i32::from(*code)).collect(),
            baseline_status: i32::from(self.baseline_status),
            keep: self.keep.clone(),
            prefix: self.prefix.clone(),
            any: self.any.clone(),
            check: self.check.clone(),
            daemons: self.daemon.clone(),
        }
    }
}

/// Whom a signal goes to unless told otherwise: what a keyboard sends goes to
/// the group (typed, on a pty), what `kill`, `timeout` and `docker stop` send to the process.
fn usual_delivery(signal: i32, pty: bool) -> Delivery {
    match signal {
        libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP if pty => Delivery::Terminal,
        libc::SIGINT | libc::SIGQUIT | libc::SIGTSTP | libc::SIGHUP => Delivery::Group,
        _ => Delivery::Process,
    }
}

impl RunArgs {
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        self.steps
            .iter()
            .map(|text| {
                let step = Step::parse(text, |signal| usual_delivery(signal, self.target.pty))
                    .map_err(|error| Error::Usage(format!("--signal {error}")))?;
                check_delivery(step.fault.signal(), delivery(&step), self.target.pty)?;
                Ok(step)
            })
            .collect()
    }
}

fn delivery(step: &Step) -> Delivery {
    match step.fault {
        crate::inject::Fault::Signal { to, .. } => to,
    }
}

fn check_delivery(signal: i32, to: Delivery, pty: bool) -> Result<(), Error> {
    if to != Delivery::Terminal {
        return Ok(());
    }
    if !pty {
        return Err(Error::Usage(
            "typing on the terminal needs one; add --pty".to_owned(),
        ));
    }
    if crate::inject::typed(signal).is_none() {
        return Err(Error::Usage(format!(
            "{} cannot be typed on a terminal; only INT, QUIT and TSTP can",
            crate::sys::signals::name(signal)
        )));
    }
    Ok(())
}

impl SweepArgs {
    pub fn delivery(&self) -> Result<Delivery, Error> {
        let signal = self.points.signal;
        let to = self
            .deliver
            .unwrap_or_else(|| usual_delivery(signal, self.target.pty));
        check_delivery(signal, to, self.target.pty)?;
        Ok(to)
    }

    pub fn narrowing(&self) -> Narrowing {
        Narrowing {
            after: self.after.clone(),
            no_classes: self.no_classes,
            ..self.points.narrowing()
        }
    }
}

impl PointArgs {
    pub fn narrowing(&self) -> Narrowing {
        Narrowing {
            only: self.only.clone(),
            paths: self.path.clone(),
            ..Narrowing::default()
        }
    }

    pub fn mapped(&self) -> Result<Mapped, Error> {
        if self.phase.is_empty() {
            return Ok(Mapped::DEFAULT);
        }
        let has = |phase| self.phase.contains(&phase) || self.phase.contains(&PhaseArg::All);
        let mapped = Mapped {
            exit: has(PhaseArg::Exit),
            before_blocking: false,
            before_all: has(PhaseArg::Before),
            entry: has(PhaseArg::Entry),
        };
        if mapped.before_all && !cfg!(target_arch = "x86_64") {
            return Err(Error::Usage(format!(
                "phase {} is known for x86-64 only",
                Phase::Before
            )));
        }
        Ok(mapped)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn deliveries_follow_what_sends_the_signal() {
        assert_eq!(usual_delivery(libc::SIGINT, false), Delivery::Group);
        assert_eq!(usual_delivery(libc::SIGINT, true), Delivery::Terminal);
        assert_eq!(usual_delivery(libc::SIGTERM, true), Delivery::Process);
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(size("24x80"), Ok((24, 80)));
        for wrong in ["24", "0x80", "24x", "24x99999", "axb"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
