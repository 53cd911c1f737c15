//! One schedule, judged with the care of a sweep: what is found is run again,
//! after what depends on the time was learned; and what is judged over several
//! runs is judged here.

use super::latency::{Budget, Measured};
use crate::error::Error;
use crate::execute::refine;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::execute::{Trial, Trials, trial};
use crate::explore::finding::Finding;
use crate::explore::single::multi_run;
use crate::failure::{ExpectedVerdict, Store};
use crate::oracle::{Baseline, Contract, Evidence, Judgement, Verdict};
use crate::schedule::Schedule;
use crate::target::Isolation;
use sigproof_core::{Stage, StopToken};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// What to do.
#[derive(Debug, Clone)]
pub struct RunOptions {
    /// The schedule.
    pub schedule: Schedule,
    /// Learn first what undisturbed runs do. Without that only few oracles can judge.
    pub baseline: bool,
    /// How often a violation is run again, to see whether it shows each time.
    pub confirm: u32,
    /// Latencies that are promised.
    pub budget: Option<Budget>,
    /// How the target is kept apart, for the stored failures.
    pub isolation: Isolation,
}

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

/// Carries it out.
///
/// # Errors
/// A target that cannot be started or has no baseline.
pub fn attempt(
    pool: SupervisorPool,
    contract: Contract,
    attempt: &RunOptions,
    store: &Store,
    token: &StopToken,
) -> Result<RunReport, Error> {
    attempt_in(&Arc::new(pool), contract, attempt, store, token)
}

/// The same in a lab that is used again.
///
/// # Errors
/// A target that cannot be started or has no baseline.
pub fn attempt_in(
    pool: &Arc<SupervisorPool>,
    contract: Contract,
    attempt: &RunOptions,
    store: &Store,
    token: &StopToken,
) -> Result<RunReport, Error> {
    let begun = Instant::now();
    until(pool, token, Stage::CancelQueued, || {
        let set = RunContext::new(pool, contract, attempt)?;
        let mut report = set.judged(attempt, store, token)?;
        report.elapsed = begun.elapsed();
        Ok(report)
    })
}

/// The target, ready to be run with any schedule.
pub(crate) struct RunContext {
    pool: Arc<SupervisorPool>,
    pub(crate) contract: Contract,
    /// With a baseline.
    pub(crate) trials: Option<Arc<Trials>>,
    learned_at: SystemTime,
}

impl RunContext {
    fn new(
        pool: &Arc<SupervisorPool>,
        contract: Contract,
        attempt: &RunOptions,
    ) -> Result<RunContext, Error> {
        let mut trials = None;
        if attempt.baseline {
            let signal = attempt.schedule.first_signal().unwrap_or(libc::SIGINT);
            let baseline = learn(pool, &contract, Recordings::of_signal(signal))?;
            let known = Trials::new(Arc::clone(pool), baseline, contract.clone());
            trials = Some(Arc::new(known));
        }
        Ok(RunContext {
            pool: Arc::clone(pool),
            contract,
            trials,
            learned_at: SystemTime::now(),
        })
    }

    pub(crate) fn pool(&self) -> &SupervisorPool {
        &self.pool
    }

    /// Runs and judges a schedule.
    pub(crate) fn run(&self, schedule: &Schedule, traced: bool) -> Result<Trial, Error> {
        let once = || match &self.trials {
            Some(trials) => trials.run(schedule.clone(), traced),
            None => trial::observe(&self.pool, &self.contract, schedule.clone()),
        };
        let trial = once()?;
        if trial.run.all_fired() {
            return Ok(trial);
        }
        // A count can be off once, on a machine under load; not twice.
        once()
    }

    /// The same with what another second of the clock tells.
    fn relearned(mut self, token: &StopToken) -> Result<RunContext, Error> {
        if let Some(trials) = &self.trials
            && let Some(baseline) = refine(&self.pool, &trials.baseline, self.learned_at, token)?
        {
            self.trials = Some(Arc::new(trials.with_baseline(baseline)));
        }
        Ok(self)
    }

    fn judged(
        self,
        attempt: &RunOptions,
        store: &Store,
        token: &StopToken,
    ) -> Result<RunReport, Error> {
        let schedule = &attempt.schedule;
        let mut set = self;
        let mut trial = set.run(schedule, true)?;
        let mut seen = SeenEvidence::default();
        if trial.violated() {
            set = set.relearned(token)?;
            if let Some(trials) = &set.trials {
                trial = trials.judge(trial.schedule.clone(), trial.run.clone());
            }
        }
        let trial = Arc::new(trial);
        seen.take(&trial);
        if trial.violated() {
            for _ in 0..attempt.confirm {
                seen.take(&Arc::new(set.run(schedule, false)?));
            }
        }
        let mut measured = Vec::new();
        let mut late = Vec::new();
        if let Some(budget) = &attempt.budget {
            (measured, late) = set.measure(budget, schedule, &mut seen)?;
        }
        let mut notes = set.pool.notes.clone();
        let mut findings = seen.findings(schedule);
        for finding in &mut findings {
            if let Some(trials) = &set.trials {
                trials.keep(finding, attempt.isolation, store, &mut notes);
            }
        }
        let over = multi_run::judge(&set, attempt, token)?;
        findings.extend(late);
        findings.extend(over.findings);
        Ok(RunReport {
            trial,
            baseline: set
                .trials
                .as_ref()
                .map(|trials| Arc::clone(&trials.baseline)),
            contract: set.contract.clone(),
            findings,
            several: over.judgements,
            measured,
            runs: seen.runs + over.runs,
            limits: seen.limits,
            notes,
            elapsed: Duration::ZERO,
        })
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
                finding("budget", &evidence, schedule, (1 + u32::from(repeated), 2))
            })
            .collect();
        Ok((second, late))
    }
}

/// A finding that is at no point.
pub(crate) fn finding(
    oracle: &'static str,
    evidence: &Evidence,
    schedule: &Schedule,
    seen: (u32, u32),
) -> Finding {
    Finding {
        oracle,
        subject: evidence.subject.clone(),
        text: evidence.text.clone(),
        points: Vec::new(),
        count: 1,
        schedule: schedule.clone(),
        seen,
        before_ready: false,
        file: None,
        places: Vec::new(),
        moment: None,
        trial: None,
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
            for evidence in evidence {
                self.found
                    .entry((rank, evidence.subject.clone()))
                    .or_insert_with(|| Reproduction {
                        oracle: judgement.oracle,
                        evidence: evidence.clone(),
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
                ..finding(
                    shown.oracle,
                    &shown.evidence,
                    schedule,
                    (shown.times, times),
                )
            })
            .collect()
    }
}

impl Trials {
    /// Stores a finding's failing run.
    fn keep(
        &self,
        finding: &mut Finding,
        isolation: Isolation,
        store: &Store,
        notes: &mut Vec<String>,
    ) {
        let expected = ExpectedVerdict {
            oracle: finding.oracle.to_owned(),
            subject: finding.subject.clone(),
            text: finding.text.clone(),
        };
        match store.put(&self.failure(finding.schedule.clone(), expected, isolation, false)) {
            Ok(file) => finding.file = Some(file),
            // The finding is worth more than its file.
            Err(error) => notes.push(error.to_string()),
        }
    }
}
