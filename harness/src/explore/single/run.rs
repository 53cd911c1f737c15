//! One schedule, judged with the care of a sweep: what is found is run again, after what depends on the time was
//! learned; and what is judged over several runs is judged here. `sigproof run`, scenarios and tests in code go through
//! it.

use super::latency::{Budget, Measured};
use super::run_context::RunContext;
use super::run_options::RunOptions;
use crate::error::Error;
use crate::execute::SupervisorPool;
use crate::execute::Trial;
use crate::execute::until;
use crate::explore::finding::Finding;
use crate::explore::single::multi_run::{self, MultiRunResult};
use crate::explore::store::Origin;
use crate::failure::Store;
use crate::oracle::{Baseline, Contract, Evidence, Judgement, Verdict, killed_unasked};
use crate::schedule::Schedule;
use sigproof_core::{Stage, StopToken};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// What came of it.
pub struct RunReport {
    /// The run that is shown.
    pub trial: Arc<Trial>,
    /// What undisturbed runs do.
    pub baseline: Option<Arc<Baseline>>,
    /// What was asked.
    pub contract: Contract,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What oracles of several runs say.
    pub several: Vec<Judgement>,
    /// Latencies.
    pub measured: Vec<Measured>,
    /// Runs with a signal, of whatever schedule.
    pub runs: usize,
    /// Limits that runs met, with how many did.
    pub limits: BTreeMap<String, usize>,
    /// It was interrupted after something was found: not all repetitions were done.
    pub interrupted: bool,
    /// What the user should know.
    pub notes: Vec<String>,
    /// How long everything took.
    pub elapsed: Duration,
}

impl RunReport {
    /// Steps whose trigger was never met.
    pub fn not_reached(&self) -> usize {
        let fired = self.trial.run.fired_ns.iter();
        fired.filter(|fired| fired.is_none()).count()
    }
}

/// Carries it out. When it is interrupted, what was found so far is reported.
///
/// # Errors
/// A target that cannot be started or has no baseline; an interruption before anything was found.
pub fn run(
    pool: SupervisorPool,
    contract: Contract,
    options: &RunOptions,
    store: &Store,
    token: &StopToken,
) -> Result<RunReport, Error> {
    run_in(&Arc::new(pool), contract, options, store, token)
}

/// The same in a pool that is used again.
///
/// # Errors
/// As for [`run`].
pub fn run_in(
    pool: &Arc<SupervisorPool>,
    contract: Contract,
    options: &RunOptions,
    store: &Store,
    token: &StopToken,
) -> Result<RunReport, Error> {
    let begun = Instant::now();
    until(pool, token, Stage::CancelQueued, || {
        let context = RunContext::new(pool, contract, options)?;
        let mut report = context.judged(options, store, token)?;
        report.elapsed = begun.elapsed();
        Ok(report)
    })
}

impl RunContext {
    fn judged(
        mut self,
        options: &RunOptions,
        store: &Store,
        token: &StopToken,
    ) -> Result<RunReport, Error> {
        let schedule = &options.schedule;
        let mut interrupted = false;
        let mut trial = self.run(schedule, true)?;
        if trial.violated() {
            unless_interrupted(self.relearn(token), &mut interrupted)?;
            if let Some(trials) = &self.trials {
                trial = trials.judge(trial.schedule.clone(), trial.run.clone());
            }
        }
        let trial = Arc::new(trial);
        let mut seen = SeenEvidence::default();
        seen.take(&trial);
        if trial.violated() {
            unless_interrupted(self.repeat(options, &mut seen), &mut interrupted)?;
        }
        let mut measured = Vec::new();
        let mut late = Vec::new();
        if let Some(budget) = options.budget.as_ref().filter(|_| !interrupted) {
            let all = self.measure(budget, schedule, &mut seen);
            (measured, late) = unless_interrupted(all, &mut interrupted)?.unwrap_or_default();
        }
        let mut over = MultiRunResult::default();
        if !interrupted {
            let all = multi_run::judge(&self, options, token);
            over = unless_interrupted(all, &mut interrupted)?.unwrap_or_default();
        }
        let mut notes = self.pool().notes.clone();
        if !self.contract.ask_first {
            let undisturbed = self
                .trials
                .as_ref()
                .map(|trials| trials.baseline.runs.as_slice());
            let found = killed_unasked(schedule, undisturbed.unwrap_or_default(), &trial.run);
            notes.extend(found.into_iter().map(|(pid, command)| {
                format!(
                    "pid {pid} ({command}) was ended by SIGKILL and had not been asked to stop before; --ask-first \
                     makes that a violation"
                )
            }));
        }
        let mut findings = seen.findings(schedule);
        for finding in &mut findings {
            finding.unconfirmed = interrupted && finding.seen.1 <= 1;
        }
        self.store(&mut findings, options, store, &mut notes);
        findings.extend(late);
        findings.extend(over.findings);
        if interrupted && findings.is_empty() {
            return Err(Error::interrupted());
        }
        Ok(RunReport {
            trial,
            baseline: self
                .trials
                .as_ref()
                .map(|trials| Arc::clone(&trials.baseline)),
            contract: self.contract,
            findings,
            several: over.judgements,
            measured,
            runs: seen.runs + over.runs,
            limits: seen.limits,
            interrupted,
            notes,
            elapsed: Duration::ZERO,
        })
    }

    /// Runs the schedule again, to see whether what it shows shows each time.
    fn repeat(&self, options: &RunOptions, seen: &mut SeenEvidence) -> Result<(), Error> {
        for _ in 0..options.confirm {
            seen.take(&Arc::new(self.run(&options.schedule, false)?));
        }
        Ok(())
    }

    /// Stores the findings; without a baseline there is nothing that a replay could compare with.
    fn store(
        &self,
        findings: &mut [Finding],
        options: &RunOptions,
        store: &Store,
        notes: &mut Vec<String>,
    ) {
        let Some(trials) = &self.trials else {
            return;
        };
        let origin = Origin {
            isolation: options.isolation,
            all_calls: false,
            seed: None,
        };
        for finding in findings {
            trials.store(finding, origin, store, notes);
        }
    }

    /// Measures the latencies; those that are too long are measured again.
    fn measure(
        &self,
        budget: &Budget,
        schedule: &Schedule,
        seen: &mut SeenEvidence,
    ) -> Result<(Vec<Measured>, Vec<Finding>), Error> {
        let mut round = || -> Result<Vec<Measured>, Error> {
            let mut runs = Vec::new();
            for _ in 0..budget.runs {
                let trial = Arc::new(self.run(schedule, false)?);
                seen.take(&trial);
                runs.push(trial.run.clone());
            }
            let limits = budget.limits.iter();
            Ok(limits
                .filter_map(|limit| Measured::of(limit, &self.contract, &runs))
                .collect())
        };
        let first = round()?;
        if first.iter().all(Measured::holds) {
            return Ok((first, Vec::new()));
        }
        // A machine under load is slow once.
        let second = round()?;
        let late = first
            .iter()
            .filter(|measured| !measured.holds())
            .map(|measured| {
                let again = second.iter().find(|again| again.limit == measured.limit);
                let repeated = again.is_some_and(|again| !again.holds());
                let evidence = measured.evidence();
                Finding::of_evidence("budget", &evidence, schedule, (1 + u32::from(repeated), 2))
            })
            .collect();
        Ok((second, late))
    }
}

/// What runs of one schedule show, and how often.
#[derive(Default)]
struct SeenEvidence {
    runs: usize,
    limits: BTreeMap<String, usize>,
    /// By the oracle's place and the subject.
    found: BTreeMap<(usize, String), Reproduction>,
}

/// One thing that is wrong.
struct Reproduction {
    oracle: &'static str,
    evidence: Evidence,
    /// The first run that shows it.
    trial: Arc<Trial>,
    times: u32,
}

impl SeenEvidence {
    fn take(&mut self, trial: &Arc<Trial>) {
        self.runs += 1;
        for limit in &trial.run.limits {
            *self.limits.entry(limit.clone()).or_default() += 1;
        }
        for (rank, judgement) in trial.judgements.iter().enumerate() {
            let Verdict::Violated { evidence } = &judgement.verdict else {
                continue;
            };
            let mut alike: BTreeMap<&str, Vec<&Evidence>> = BTreeMap::new();
            for evidence in evidence {
                alike.entry(&evidence.subject).or_default().push(evidence);
            }
            for (subject, evidence) in alike {
                self.found
                    .entry((rank, subject.to_owned()))
                    .or_insert_with(|| Reproduction {
                        oracle: judgement.oracle.name(),
                        evidence: first_of(&evidence),
                        trial: Arc::clone(trial),
                        times: 0,
                    })
                    .times += 1;
            }
        }
    }

    fn findings(&self, schedule: &Schedule) -> Vec<Finding> {
        let times = u32::try_from(self.runs).unwrap_or(u32::MAX);
        self.found
            .values()
            .map(|shown| Finding {
                trial: Some(Arc::clone(&shown.trial)),
                ..Finding::of_evidence(
                    shown.oracle,
                    &shown.evidence,
                    schedule,
                    (shown.times, times),
                )
            })
            .collect()
    }
}

/// The first of several that say the same of one subject, such as of two hundred children with one command.
fn first_of(alike: &[&Evidence]) -> Evidence {
    let mut first = alike[0].clone();
    if alike.len() > 1 {
        first.text = format!("{} ({} more like it)", first.text, alike.len() - 1);
    }
    first
}

/// What was achieved before an interruption stands: `None` when this was interrupted.
fn unless_interrupted<T>(
    result: Result<T, Error>,
    interrupted: &mut bool,
) -> Result<Option<T>, Error> {
    match result {
        Err(error) if error.is_interrupted() => {
            *interrupted = true;
            Ok(None)
        }
        other => other.map(Some),
    }
}
