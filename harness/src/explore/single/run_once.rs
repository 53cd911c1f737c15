//! One run with a schedule that a person wrote.

use crate::error::Error;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::execute::{Trial, Trials};
use crate::failure::restore;
use crate::failure::{ExpectedVerdict, Store, StoredFailure};
use crate::oracle::{Baseline, Contract};
use crate::schedule::Schedule;
use crate::target::Isolation;
use sigproof_core::{Stage, StopToken};
use std::path::PathBuf;
use std::sync::Arc;

/// What came of it.
pub struct RunOnceReport {
    /// The judged run.
    pub trial: Trial,
    /// How long an undisturbed run takes, in nanoseconds; `None` without a baseline.
    pub baseline_ns: Option<u64>,
    /// Where the failing run is stored.
    pub file: Option<PathBuf>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// What undisturbed runs do, whole.
    pub baseline: Option<Arc<Baseline>>,
    /// What was asked.
    pub contract: Contract,
}

impl RunOnceReport {
    /// Steps whose trigger was never met.
    pub fn not_reached(&self) -> usize {
        self.trial
            .run
            .fired_ns
            .iter()
            .filter(|fired| fired.is_none())
            .count()
    }
}

/// Learns a baseline, runs the schedule, judges, and stores a failing run.
///
/// # Errors
/// A target that cannot be started or has no baseline.
pub fn run(
    pool: Arc<SupervisorPool>,
    contract: Contract,
    schedule: Schedule,
    isolation: Isolation,
    store: &Store,
    token: &StopToken,
) -> Result<RunOnceReport, Error> {
    let watched = Arc::clone(&pool);
    until(&watched, token, Stage::CancelQueued, || {
        judged(pool, contract, schedule, isolation, store)
    })
}

fn judged(
    pool: Arc<SupervisorPool>,
    contract: Contract,
    schedule: Schedule,
    isolation: Isolation,
    store: &Store,
) -> Result<RunOnceReport, Error> {
    let signal = schedule.first_signal().unwrap_or(libc::SIGINT);
    let baseline = learn(&pool, &contract, Recordings::of_signal(signal))?;
    let baseline_ns = Some(baseline.duration_ns);
    let mut notes = pool.notes.clone();
    let trials = Trials::new(pool, baseline, contract);
    let trial = trials.run(schedule, true)?;
    let mut file = None;
    if let Some((oracle, evidence)) = trial
        .judgements
        .iter()
        .find_map(|judgement| Some((judgement.oracle, judgement.verdict.evidence().first()?)))
    {
        let expected = ExpectedVerdict {
            oracle: oracle.to_owned(),
            subject: evidence.subject.clone(),
            text: evidence.text.clone(),
        };
        match store.put(&trials.failure(trial.schedule.clone(), expected, isolation, false)) {
            Ok(path) => file = Some(path),
            // The verdict is worth more than its file.
            Err(error) => notes.push(error.to_string()),
        }
    }
    Ok(RunOnceReport {
        trial,
        baseline_ns,
        file,
        notes,
        baseline: Some(Arc::clone(&trials.baseline)),
        contract: trials.contract.clone(),
    })
}

/// Runs the schedule without a baseline: facts only, no verdicts that need one.
///
/// # Errors
/// A target that cannot be started.
pub fn observe(
    pool: &SupervisorPool,
    contract: &Contract,
    schedule: Schedule,
    token: &StopToken,
) -> Result<RunOnceReport, Error> {
    let trial = until(pool, token, Stage::CancelQueued, || {
        crate::execute::observe(pool, contract, schedule)
    })?;
    Ok(RunOnceReport {
        trial,
        baseline_ns: None,
        file: None,
        notes: pool.notes.clone(),
        baseline: None,
        contract: contract.clone(),
    })
}

impl Trials {
    /// A failing run of this target, to be stored.
    pub(crate) fn failure(
        &self,
        schedule: Schedule,
        expected: ExpectedVerdict,
        isolation: Isolation,
        all_calls: bool,
    ) -> StoredFailure {
        StoredFailure {
            version: StoredFailure::VERSION,
            target: self.pool.target().clone(),
            inputs: self.pool.inputs().0.clone(),
            isolation,
            contract: self.contract.clone(),
            schedule,
            all_calls,
            expected,
            seed: None,
            system: restore::system(),
            program: restore::program(self.pool.target()),
            packed: self.pool.inputs().1.clone(),
        }
    }
}
