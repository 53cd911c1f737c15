//! What to run and where.

mod script;

use super::values::{duration, one_of, terminal_size, variable};
use crate::error::Error;
use crate::options::{
    FaultReader, LimitsSpec, OptionError, OptionName, check_command, check_inputs, check_stdin,
    existing, existing_directory,
};
use crate::script::Script;
use crate::target::{IoUring, Isolation, Network, Source, StartState, Target};
use clap::Args;
use script::ScriptArgs;
use std::path::PathBuf;
use std::time::Duration;

/// What to run and where.
#[derive(Debug, Args)]
#[command(next_help_heading = "Target")]
pub struct TargetArgs {
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "CMD", help_heading = None)]
    pub command: Vec<String>,
    /// Copy FILE into the work tree, or a directory's content as its root (repeatable for files)
    #[arg(long = "in", value_name = "PATH")]
    pub inputs: Vec<PathBuf>,
    /// Start with an empty work tree
    #[arg(long, conflicts_with = "inputs")]
    pub empty: bool,
    /// The state in which each run begins: `fresh`, the inputs; or `finished`, what a finished run leaves. A sweep
    /// takes both, `fresh,finished`, one after the other
    #[arg(long, value_name = "STATE", default_value = "fresh", value_delimiter = ',', value_parser = one_of::<StartState>("state"))]
    pub from: Vec<StartState>,
    /// Run on a pseudo-terminal instead of pipes
    #[arg(long)]
    pub pty: bool,
    /// Size of the pseudo-terminal
    #[arg(long, value_name = "ROWSxCOLUMNS", default_value = "24x80", value_parser = terminal_size)]
    pub pty_size: (u16, u16),
    /// File for standard input (without it the target reads end of file)
    #[arg(long, value_name = "FILE")]
    pub stdin: Option<PathBuf>,
    /// Set a variable of the environment, which is otherwise pinned (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = variable)]
    pub env: Vec<(String, String)>,
    /// Time limit of an undisturbed run
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = duration)]
    pub timeout: Duration,
    /// Time limit of a run after the last signal [default: the larger of 2s and 3 × the undisturbed run]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub deadline: Option<Duration>,
    /// How long descendants may outlive the target
    #[arg(long, value_name = "TIME", default_value = "500ms", value_parser = duration)]
    pub grace: Duration,
    /// How targets are isolated from the machine
    #[arg(long, value_name = "HOW", default_value = "auto", value_parser = one_of::<Isolation>("isolation"))]
    pub isolation: Isolation,
    /// Whether the target gets io_uring. Its operations are no system calls, so they cannot be followed
    #[arg(long, value_name = "HOW", default_value = "refuse", value_parser = one_of::<IoUring>("io_uring"))]
    pub io_uring: IoUring,
    /// Leave address-space randomization on: slower, and points are told apart less exactly
    #[arg(long)]
    pub keep_aslr: bool,
    /// Run all threads and processes of the target on one processor: their order varies less
    #[arg(long, alias = "serialise")]
    pub serialize: bool,
    /// Enable failpoints in the target; a step or --after with failpoint:NAME does so by itself
    #[arg(long)]
    pub failpoints: bool,
    /// Maximum number of files in a work tree that is copied
    #[arg(long, value_name = "FILES", default_value_t = 10_000)]
    pub copy_limit: u64,
    /// Size of the private file system, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 2048)]
    pub tree_limit: u64,
    #[command(flatten)]
    pub script: ScriptArgs,
}

impl TargetArgs {
    /// The target, with its inputs located. `needs_failpoints` when what is done to it waits for one, `signal` is what
    /// is sent to it.
    pub fn target(&self, needs_failpoints: bool, signal: Option<i32>) -> Result<Target, Error> {
        match self.from.as_slice() {
            [only] => self.target_from(*only, needs_failpoints, signal),
            _ => Err(
                Error::usage("--from: only a sweep takes several states".to_owned())
                    .with_hint("give one of fresh and finished"),
            ),
        }
    }

    /// The same, with runs that begin in this state.
    pub fn target_from(
        &self,
        start: StartState,
        needs_failpoints: bool,
        signal: Option<i32>,
    ) -> Result<Target, Error> {
        check_command(&self.command)?;
        check_stdin(self.pty, self.stdin.is_some())?;
        let limits = LimitsSpec {
            timeout: Some(self.timeout),
            deadline: self.deadline,
            grace_period: self.script.grace_period,
            grace: Some(self.grace),
            tree_mib: Some(self.tree_limit),
            copy_files: Some(self.copy_limit),
        };
        let script = self.script.script(signal)?;
        let usual = Network::of_script(script.as_ref());
        let stdin = self.stdin.as_ref().map(|path| existing(path)).transpose();
        Ok(Target {
            source: self.source()?,
            start,
            env: self.env.clone(),
            pty: self.pty.then_some(self.pty_size),
            stdin: stdin.map_err(OptionError::at(OptionName::Stdin, 0))?,
            keep_aslr: self.keep_aslr,
            serialise: self.serialize,
            failpoints: self.failpoints
                || needs_failpoints
                || script.as_ref().is_some_and(Script::needs_failpoints),
            network: self.script.network.unwrap_or(usual),
            script,
            io_uring: self.io_uring,
            limits: limits.limits()?,
            ..Target::new(self.command.iter().map(String::as_str))
        })
    }

    /// Reads faults for it.
    pub fn faults(&self) -> FaultReader {
        FaultReader {
            terminal: self.pty,
            service: self.script.is_service(),
        }
    }

    fn source(&self) -> Result<Source, Error> {
        if self.empty {
            return Ok(Source::Empty);
        }
        if self.inputs.is_empty() {
            let here = std::env::current_dir()
                .map_err(|error| Error::usage(error.to_string()).during("the working directory"))?;
            return Ok(Source::View(here));
        }
        if let [only] = self.inputs.as_slice()
            && only.is_dir()
        {
            let directory = existing_directory(only);
            let directory = directory.map_err(OptionError::at(OptionName::Inputs, 0))?;
            return Ok(Source::Directory(directory));
        }
        let inputs = self.inputs.iter().enumerate().map(|(index, path)| {
            existing(path).map_err(OptionError::at(OptionName::Inputs, index))
        });
        let inputs = inputs.collect::<Result<Vec<_>, _>>()?;
        check_inputs(&inputs)?;
        Ok(Source::Files(inputs))
    }
}
