//! Tests in code: a target, what is done to it and what is asked of it give verdicts.
//!
//! ```no_run
//! use sigproof::testing::{Contract, Target, Test};
//!
//! // In a test of your own package: env!("CARGO_BIN_EXE_tool").
//! let target = Target::new(["target/debug/tool", "words.txt"]).input("tests/words.txt");
//!
//! // SIGINT at every point where it matters, one run each.
//! Test::new(target.clone()).sweep("INT")?.assert_holds();
//!
//! // Two Ctrl+C on a terminal, each at an exact moment, and what a person sees of it.
//! let contract = Contract { prefix: vec!["out.txt".into()], ..Contract::default() };
//! let verdicts = Test::new(target.terminal(24, 80))
//!     .contract(contract)
//!     .run(["INT@output:'task 3'", "INT@+200ms"])?;
//! verdicts.assert_holds();
//! assert!(verdicts.transcript().contains("^C")); // or insta::assert_snapshot!
//! # Ok::<(), sigproof::error::Error>(())
//! ```
//!
//! A program is found as `assert_cmd` finds it: [`Target::of`] takes any [`std::process::Command`].
//!
//! The supervisor of a target is the test's own executable, started once more; nothing has to be installed. Tests may
//! run at the same time, in threads (`cargo test`) or processes (`cargo nextest run`).

mod verdicts;

pub use crate::error::Error;
pub use crate::oracle::Contract;
pub use crate::schedule::{Delivery, Fault, Schedule, Step, Trigger};
pub use crate::target::{Limits, Source, Target};
pub use verdicts::Verdicts;

use crate::execute::SupervisorPool;
use crate::explore;
use crate::explore::{FaultSpec, FuzzBudget, FuzzOptions, RunOptions, SweepOptions};
use crate::failure::Store;
use crate::oracle::PhaseSelection;
use crate::session;
use crate::target::Isolation;
use sigproof_core::StopSource;
use std::path::PathBuf;

/// The guide's page, whose code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/rust.md")]
struct Guide;

/// A target and what is asked of it.
#[derive(Debug, Clone)]
pub struct Test {
    target: Target,
    contract: Contract,
    name: String,
    store: PathBuf,
    jobs: usize,
    baseline: bool,
}

impl Test {
    /// Asks of this target what is asked of every one.
    pub fn new(mut target: Target) -> Test {
        // Its supervisor may be in another directory.
        let full = |path: &mut PathBuf| {
            *path = std::path::absolute(&*path).unwrap_or_else(|_| path.clone());
        };
        match &mut target.source {
            Source::View(path) | Source::Directory(path) => full(path),
            Source::Files(paths) => paths.iter_mut().for_each(full),
            Source::Empty => {}
        }
        target.stdin.iter_mut().for_each(full);
        let program = target.command.first().map_or("", String::as_str);
        let name = program.rsplit('/').next().unwrap_or(program).to_owned();
        // Cargo says where the package is; elsewhere it is here.
        let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
        Test {
            target,
            contract: Contract::default(),
            name,
            store: package.unwrap_or_default().join(".sigproof"),
            jobs: std::thread::available_parallelism().map_or(1, usize::from),
            baseline: true,
        }
    }

    /// Asks this.
    pub fn contract(mut self, contract: Contract) -> Test {
        self.contract = contract;
        self
    }

    /// The name in reports [the program's].
    pub fn name(mut self, name: impl Into<String>) -> Test {
        self.name = name.into();
        self
    }

    /// Where failing runs are stored, for `sigproof replay` [`.sigproof` in the package].
    pub fn store(mut self, directory: impl Into<PathBuf>) -> Test {
        self.store = directory.into();
        self
    }

    /// Runs of a sweep at a time, from 1 [the processors].
    pub fn jobs(mut self, jobs: usize) -> Test {
        self.jobs = jobs.max(1);
        self
    }

    /// For a program that runs until it is told to stop: nothing is learned from undisturbed runs, and only `exits`,
    /// `orphans`, `zombies`, `messages` and `acknowledged` can be judged.
    pub fn without_baseline(mut self) -> Test {
        self.baseline = false;
        self
    }

    /// Runs it once with these steps, such as `INT@output:'ready'`; they come due in order. A violation is run again
    /// twice: one that does not show each time is flaky.
    ///
    /// # Errors
    /// A step that cannot be read, or that this target cannot take; a target that cannot be started, or whose
    /// undisturbed runs fail.
    pub fn run<S: AsRef<str>>(
        &self,
        steps: impl IntoIterator<Item = S>,
    ) -> Result<Verdicts, Error> {
        let steps = steps.into_iter().map(|text| {
            let step = Step::parse(text.as_ref(), |signal| self.usual(signal)).map_err(usage)?;
            self.can(&step.fault)?;
            Ok(step)
        });
        let schedule = Schedule {
            steps: steps.collect::<Result<_, Error>>()?,
        };
        self.run_schedule(&schedule)
    }

    /// The same with a schedule that is data already.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn run_schedule(&self, schedule: &Schedule) -> Result<Verdicts, Error> {
        let attempt = RunOptions {
            schedule: schedule.clone(),
            baseline: self.baseline,
            confirm: 2,
            budget: None,
            isolation: Isolation::Auto,
        };
        let pool = self.pool(1, schedule.needs_failpoints())?;
        let source = StopSource::new();
        let report = explore::run(
            pool,
            self.contract.clone(),
            &attempt,
            &self.stored(),
            &source.token(),
        )?;
        let case = session::of_run(&self.name, &self.target.command, &report);
        Ok(Verdicts::new(case, Some(report.trial)))
    }

    /// Runs it once for each point where this fault matters: a signal, or another one such as `ENOSPC:always`.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn sweep(&self, fault: &str) -> Result<Verdicts, Error> {
        let (fault, lasting) = self.fault(fault)?;
        self.sweep_with(&SweepOptions::of(FaultSpec {
            lasting,
            ..FaultSpec::once(fault)
        }))
    }

    /// The same with everything that can be said about a sweep.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn sweep_with(&self, options: &SweepOptions) -> Result<Verdicts, Error> {
        let pool = self.pool(self.jobs, options.needs_failpoints())?;
        let source = StopSource::new();
        let report = explore::sweep(
            pool,
            self.contract.clone(),
            options,
            &self.stored(),
            &source.token(),
            |_| {},
        )?;
        let case = session::of_sweep(&self.name, &self.target.command, options.words(), &report);
        let shown = report
            .findings
            .iter()
            .find_map(|finding| finding.trial.clone());
        Ok(Verdicts::new(case, shown))
    }

    /// Runs it so many times with random schedules of these faults. The same seed gives the same schedules.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn fuzz<S: AsRef<str>>(
        &self,
        faults: impl IntoIterator<Item = S>,
        runs: usize,
        seed: u64,
    ) -> Result<Verdicts, Error> {
        let faults = faults.into_iter().map(|text| self.fault(text.as_ref()));
        let faults = faults.collect::<Result<Vec<_>, Error>>()?;
        let options = FuzzOptions {
            mapped: PhaseSelection::DEFAULT,
            budget: FuzzBudget {
                runs: Some(runs),
                time: None,
            },
            ..FuzzOptions::of(faults, seed)
        };
        let pool = self.pool(self.jobs, options.needs_failpoints())?;
        let source = StopSource::new();
        let report = explore::fuzz(
            pool,
            self.contract.clone(),
            &options,
            &self.stored(),
            &source.token(),
            |_| {},
        )?;
        let case = session::of_fuzz(&self.name, &self.target.command, options.words(), &report);
        let shown = report
            .found
            .iter()
            .find_map(|found| found.finding.trial.clone());
        Ok(Verdicts::new(case, shown))
    }

    /// A lab in which the target is told of failpoints when what is done to it needs them.
    fn pool(&self, jobs: usize, needs_failpoints: bool) -> Result<SupervisorPool, Error> {
        let mut target = self.target.clone();
        target.failpoints |= needs_failpoints;
        SupervisorPool::open(&target, jobs, Isolation::Auto)
    }

    fn usual(&self, signal: i32) -> Delivery {
        Delivery::usual(signal, self.target.pty.is_some())
    }

    fn fault(&self, text: &str) -> Result<(Fault, bool), Error> {
        let (fault, lasting) = Fault::parse(text, |signal| self.usual(signal)).map_err(usage)?;
        self.can(&fault)?;
        Ok((fault, lasting))
    }

    fn can(&self, fault: &Fault) -> Result<(), Error> {
        fault.check(self.target.pty.is_some()).map_err(usage)
    }

    fn stored(&self) -> Store {
        Store::at(&self.store)
    }
}

fn usage(error: impl std::fmt::Display) -> Error {
    Error::usage(error.to_string())
}
