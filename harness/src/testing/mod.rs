//! Tests in Rust: whether a program survives Ctrl+C, and what it does then.
//!
//! A [`Test`] is a [`Target`] and a [`Contract`]. It runs the target with a schedule of signals ([`Test::run`]), once
//! per point where a signal could do harm ([`Test::sweep`]), or with random schedules ([`Test::fuzz`]), and returns
//! [`Verdicts`].
//!
//! ```no_run
//! use sigproof::testing::{Contract, Target, Test};
//!
//! // In a test of your own package: env!("CARGO_BIN_EXE_tool").
//! let target = Target::new(["target/debug/tool", "words.txt"]).input("tests/words.txt");
//!
//! // One run per point where SIGINT could do harm.
//! Test::new(target.clone()).sweep("INT")?.assert_holds();
//!
//! // Two Ctrl+C on a terminal, each at an exact moment, and what a person then sees.
//! let contract = Contract::default().prefix("out.txt");
//! let verdicts = Test::new(target.terminal(24, 80))
//!     .contract(contract)
//!     .run(["INT@output:'task 3'", "INT@+200ms"])?;
//! verdicts.assert_holds();
//! assert!(verdicts.transcript().contains("^C")); // or insta::assert_snapshot!
//! # Ok::<(), sigproof::testing::Error>(())
//! ```
//!
//! A program is found as `assert_cmd` finds it: [`Target::of`] takes any [`std::process::Command`].
//!
//! The supervisor of a target is the test's own executable, started once more; nothing has to be installed. Tests may
//! run at the same time, in threads (`cargo test`) or processes (`cargo nextest run`).

mod sweep;
mod verdicts;

pub use crate::error::Error;
pub use crate::oracle::{Contract, OracleId};
pub use crate::schedule::{Delivery, Fault, Schedule, Step, Trigger};
pub use crate::target::{Limits, Source, Target};
pub use sweep::Sweep;
pub use verdicts::Verdicts;

use crate::execute::SupervisorPool;
use crate::explore;
use crate::explore::{FuzzBudget, FuzzOptions, RunOptions};
use crate::failure::Store;
use crate::options::{FaultReader, ScriptSpec, check_alone, check_command, check_contract};
use crate::oracle::PhaseSelection;
use crate::session;
use crate::target::{Isolation, Network};
use sigproof_core::StopSource;
use std::path::PathBuf;

/// The guide's page, whose code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../pages/rust.md")]
struct Guide;

/// A target and its contract.
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
    /// Tests this target with the default contract.
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

    /// Uses this contract instead.
    pub fn contract(mut self, contract: Contract) -> Test {
        self.contract = contract;
        self
    }

    /// Makes the target a service, used by these clients in every run once it is ready: `port:8000` and `GET /slow`, as
    /// `--ready` and `--client` take them. SIGTERM stops it when they are done, and it has a network of its own.
    ///
    /// ```no_run
    /// use sigproof::testing::{Target, Test};
    ///
    /// let server = Target::new(["target/debug/server"]);
    /// let test = Test::new(server).service("port:8000", ["GET /slow"])?;
    /// test.sweep("TERM")?.assert_holds();
    /// # Ok::<(), sigproof::testing::Error>(())
    /// ```
    ///
    /// # Errors
    /// A readiness or a client that cannot be read.
    pub fn service<S: AsRef<str>>(
        mut self,
        ready: &str,
        clients: impl IntoIterator<Item = S>,
    ) -> Result<Test, Error> {
        let clients = clients.into_iter();
        let spec = ScriptSpec {
            ready: Some(ready.to_owned()),
            clients: clients.map(|client| client.as_ref().to_owned()).collect(),
            ..ScriptSpec::default()
        };
        let script = spec.script().map_err(|error| error.problem)?;
        self.target.network = Network::of_script(script.as_ref());
        self.target.script = script;
        Ok(self)
    }

    /// The target, and what is asked of it.
    #[doc(hidden)]
    pub fn into_parts(self) -> (Target, Contract) {
        let contract = self.asked();
        (self.target, contract)
    }

    /// What is asked of this target.
    fn asked(&self) -> Contract {
        let contract = self.contract.clone();
        contract.of_script(self.target.script.as_ref())
    }

    /// Sets the name in reports; the program's unless set.
    pub fn name(mut self, name: impl Into<String>) -> Test {
        self.name = name.into();
        self
    }

    /// Sets the directory for failing runs, for `sigproof replay`; `.sigproof` in the package unless set.
    pub fn store(mut self, directory: impl Into<PathBuf>) -> Test {
        self.store = directory.into();
        self
    }

    /// Sets the number of parallel runs of a sweep or a fuzz session, from 1; the number of CPUs unless set.
    pub fn jobs(mut self, jobs: usize) -> Test {
        self.jobs = jobs.max(1);
        self
    }

    /// Learns nothing from undisturbed runs: for a program that runs until it is stopped. `status` then judges crashes
    /// and tracebacks only, and neither files nor another run can be judged; to ask for that is an error.
    pub fn without_baseline(mut self) -> Test {
        self.baseline = false;
        self
    }

    /// Runs it once with these steps, such as `INT@output:'ready'`, in this order. A violation is run again
    /// twice: one that does not show each time is flaky.
    ///
    /// # Errors
    /// A step that cannot be read, or that this target cannot take; a target that cannot be started, or whose
    /// undisturbed runs fail.
    pub fn run<S: AsRef<str>>(
        &self,
        steps: impl IntoIterator<Item = S>,
    ) -> Result<Verdicts, Error> {
        let steps = steps
            .into_iter()
            .map(|text| self.faults().step(text.as_ref()));
        let schedule = Schedule {
            steps: steps.collect::<Result<_, _>>()?,
        };
        self.run_schedule(&schedule)
    }

    /// Runs it once with a schedule that is data already.
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
        if !self.baseline {
            check_alone(&self.contract)?;
        }
        let pool = self.pool(1, schedule.needs_failpoints())?;
        let source = StopSource::new();
        let report = explore::run(
            pool,
            self.asked(),
            &attempt,
            &self.stored(),
            &source.token(),
        )?;
        let case = session::of_run(&self.name, &self.target.command, &report);
        Ok(Verdicts::new(case, Some(report.trial)))
    }

    /// Runs it once per point where this fault matters: a signal, or another fault such as `ENOSPC:always`.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn sweep(&self, fault: &str) -> Result<Verdicts, Error> {
        self.sweep_with(&Sweep::new(fault))
    }

    /// Runs a sweep with options.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn sweep_with(&self, sweep: &Sweep) -> Result<Verdicts, Error> {
        let options = sweep.options(self.faults())?;
        let pool = self.pool(self.jobs, options.needs_failpoints())?;
        let source = StopSource::new();
        let report = explore::sweep(
            pool,
            self.asked(),
            &options,
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

    /// Runs it `runs` times with random schedules of these faults. The same seed gives the same schedules.
    ///
    /// # Errors
    /// As for [`Test::run`].
    pub fn fuzz<S: AsRef<str>>(
        &self,
        faults: impl IntoIterator<Item = S>,
        runs: usize,
        seed: u64,
    ) -> Result<Verdicts, Error> {
        let faults = faults
            .into_iter()
            .map(|text| self.faults().fault(text.as_ref(), None));
        let faults = faults.collect::<Result<Vec<_>, _>>()?;
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
            self.asked(),
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

    /// A pool whose targets have failpoints when the schedule needs them.
    fn pool(&self, jobs: usize, needs_failpoints: bool) -> Result<SupervisorPool, Error> {
        check_contract(&self.contract).map_err(|error| error.problem)?;
        check_command(&self.target.command).map_err(|error| error.problem)?;
        let mut target = self.target.clone();
        target.failpoints |= needs_failpoints;
        SupervisorPool::open(&target, jobs, Isolation::Auto)
    }

    fn faults(&self) -> FaultReader {
        FaultReader {
            terminal: self.target.pty.is_some(),
            service: self
                .target
                .script
                .as_ref()
                .is_some_and(|script| script.is_service()),
        }
    }

    fn stored(&self) -> Store {
        Store::at(&self.store)
    }
}
