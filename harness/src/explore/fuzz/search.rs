//! The search itself: batch after batch, until the budget is used up or something is found.
//!
//! A batch is chosen as a whole, and what it taught is taken in its order: then a seed gives the same schedules
//! whatever the number of runs at a time, as far as the target does the same.

use super::corpus::Corpus;
use super::findings::{FoundFindings, violations};
use super::novelty::{Chooser, Next};
use super::regressions::Regressions;
use super::report::{EndReason, FuzzReport, KeptRegressions};
use crate::error::Error;
use crate::execute::trial::{Trial, Trials};
use crate::explore::fuzz::{FuzzOptions, FuzzProgress};
use crate::explore::oracle_summary::OracleSummary;
use crate::explore::store::Origin;
use crate::explore::sweep::outside::outside;
use crate::failure::Store;
use crate::schedule::{PointName, Trigger};
use sigproof_core::{Outcome, StopToken, ThreadPool};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Runs that are chosen at once.
const BATCH: usize = 16;
/// Runs that may fail in a row.
const FAILED_MAX: usize = 20;

/// A search that is going on.
pub(crate) struct Search<'a> {
    pub(crate) trials: Arc<Trials>,
    pub(crate) options: &'a FuzzOptions,
    pub(crate) token: &'a StopToken,
    pub(crate) learned_at: SystemTime,
    pub(crate) relearned: bool,
    pub(crate) chooser: Chooser,
    pub(crate) corpus: Corpus,
    pub(crate) begun: Instant,
    /// Time that does not count: repeating what was found.
    pub(crate) aside: Duration,
    pub(crate) runs: usize,
    pub(crate) repeats: usize,
    pub(crate) violated: usize,
    pub(crate) unstruck: usize,
    pub(crate) failed_in_a_row: usize,
    pub(crate) ledger: FoundFindings,
    pub(crate) tried: BTreeSet<PointName>,
    pub(crate) answers: OracleSummary,
    pub(crate) failed_runs: Vec<String>,
    pub(crate) regressions: Option<Regressions>,
    pub(crate) kept: KeptRegressions,
}

impl<'a> Search<'a> {
    pub(crate) fn new(
        trials: Arc<Trials>,
        corpus: Corpus,
        options: &'a FuzzOptions,
        learned_at: SystemTime,
        token: &'a StopToken,
        regressions: Option<Regressions>,
    ) -> Search<'a> {
        Search {
            trials,
            options,
            token,
            learned_at,
            relearned: false,
            chooser: Chooser::new(options.seed, options.most),
            corpus,
            begun: Instant::now(),
            aside: Duration::ZERO,
            runs: 0,
            repeats: 0,
            violated: 0,
            unstruck: 0,
            failed_in_a_row: 0,
            ledger: FoundFindings::default(),
            tried: BTreeSet::new(),
            answers: OracleSummary::default(),
            failed_runs: Vec::new(),
            regressions,
            kept: KeptRegressions::default(),
        }
    }

    /// Searches. Answers why it ended.
    pub(crate) fn go(
        &mut self,
        progress: &mut impl FnMut(FuzzProgress<'_>),
    ) -> Result<EndReason, Error> {
        self.try_kept(progress)?;
        self.begun = Instant::now();
        self.aside = Duration::ZERO;
        loop {
            if let Some(ended) = self.over() {
                return Ok(ended);
            }
            let left = self.options.budget.runs.map_or(BATCH, |runs| {
                BATCH.min(runs.saturating_sub(self.runs).max(1))
            });
            let batch = self.chooser.batch(&self.corpus, left);
            if batch.is_empty() {
                return Err(Error::not_reached(
                    "there is no moment at which this can be done: the undisturbed run comes by no such point"
                        .to_owned(),
                ));
            }
            let violated = self.run(batch, progress);
            if !violated.is_empty() && !self.token.is_interrupted() {
                let aside = Instant::now();
                self.take(violated, progress)?;
                self.aside += aside.elapsed();
            } else {
                for (run, trial) in violated {
                    for found in violations(run, &Arc::new(trial)) {
                        self.ledger.keep(found);
                    }
                }
            }
        }
    }

    fn used(&self) -> Duration {
        self.begun.elapsed().saturating_sub(self.aside)
    }

    fn over(&self) -> Option<EndReason> {
        let budget = self.options.budget;
        if self.token.is_interrupted() {
            Some(EndReason::Interrupted)
        } else if self.ledger.settled() && !self.options.keep_going {
            Some(EndReason::Found)
        } else if self.failed_in_a_row >= FAILED_MAX {
            Some(EndReason::Failing)
        } else if budget.runs.is_some_and(|runs| self.runs >= runs) {
            Some(EndReason::Runs)
        } else if budget.time.is_some_and(|time| self.used() >= time) {
            Some(EndReason::Time)
        } else {
            None
        }
    }

    /// Runs a batch. Answers the runs that violate something new.
    fn run(
        &mut self,
        batch: Vec<Next>,
        progress: &mut impl FnMut(FuzzProgress<'_>),
    ) -> Vec<(usize, Trial)> {
        let over = self.options.budget.time.map(|time| {
            let left = time.saturating_sub(self.used());
            Instant::now() + left.min(Duration::from_secs(1_000_000_000))
        });
        let shared = Arc::clone(&self.trials);
        let workers = ThreadPool::new(self.token).workers(self.trials.pool.jobs());
        let (mut runs, begun, aside) = (self.runs, self.begun, self.aside);
        let (points, pairs, violated) = (self.tried.len(), self.chooser.pairs(), self.violated);
        let results = workers.map_streaming(
            batch,
            move |next: Next, _token| {
                if over.is_some_and(|over| Instant::now() >= over) {
                    return Ok(None);
                }
                let trial = if next.new_first {
                    shared.run_recorded(next.schedule)?
                } else {
                    shared.run(next.schedule, false)?
                };
                Ok(Some(trial))
            },
            |_, outcome: &Outcome<Option<Trial>>| {
                runs += usize::from(matches!(outcome, Outcome::Completed(Some(_))));
                progress(FuzzProgress::Ran {
                    runs,
                    used: begun.elapsed().saturating_sub(aside),
                    points,
                    pairs,
                    violated,
                });
            },
        );
        let mut violated = Vec::new();
        for outcome in results.into_outcomes() {
            match outcome {
                Outcome::Completed(Some(trial)) => {
                    self.failed_in_a_row = 0;
                    self.runs += 1;
                    if let Some(trial) = self.look_at(trial) {
                        violated.push((self.runs, trial));
                    }
                }
                Outcome::Failed(failure) => {
                    self.failed_in_a_row += 1;
                    self.failed_runs.push(failure.to_string());
                }
                _ => {}
            }
        }
        violated
    }

    /// Takes in what a run teaches. Answers it when it violates something.
    fn look_at(&mut self, mut trial: Trial) -> Option<Trial> {
        self.answers.take_limits(&trial);
        if trial.run.last_fault_ns().is_none() {
            self.unstruck += 1;
            return None;
        }
        self.answers.take(&trial);
        self.corpus.learn(&trial.run);
        trial.run.points = Vec::new();
        let fired = trial.run.fired_ns.iter();
        for (step, _) in trial
            .schedule
            .steps
            .iter()
            .zip(fired)
            .filter(|(_, at)| at.is_some())
        {
            if let Trigger::Point { name, .. } = &step.trigger {
                self.tried.insert(name.clone());
            }
        }
        if !trial.violated() {
            return None;
        }
        self.violated += 1;
        Some(trial)
    }

    /// What came of it; failing runs are stored.
    pub(crate) fn report(mut self, ended: EndReason, store: &Store, begun: Instant) -> FuzzReport {
        let mut notes = self.trials.pool.notes.clone();
        notes.extend(outside(&self.trials.baseline));
        for found in &mut self.ledger.found {
            let origin = Origin {
                isolation: self.options.isolation,
                all_calls: self.options.all_calls(),
                seed: Some(found.kept.unwrap_or(self.options.seed)),
            };
            self.trials
                .store(&mut found.finding, origin, store, &mut notes);
        }
        self.keep_found(&mut notes);
        notes.dedup();
        let points: BTreeSet<&PointName> = self
            .corpus
            .choices
            .iter()
            .flat_map(|choice| choice.first_points.iter())
            .filter_map(|trigger| match trigger {
                Trigger::Point { name, .. } => Some(name),
                _ => None,
            })
            .collect();
        FuzzReport {
            seed: self.options.seed,
            shard: self.options.shard,
            ended,
            runs: self.runs,
            repeats: self.repeats,
            unstruck: self.unstruck,
            points_found: points.len(),
            points_tried: self
                .tried
                .iter()
                .filter(|name| points.contains(name))
                .count(),
            points_later: self.corpus.later.len(),
            pairs: self.chooser.pairs(),
            searching: self.used(),
            elapsed: begun.elapsed(),
            unjudged: self.answers.unjudged(),
            limits: self.answers.limits,
            notes,
            failed_runs: self.failed_runs,
            kept: self.regressions.is_some().then_some(self.kept),
            baseline: Arc::clone(&self.trials.baseline),
            contract: self.trials.contract.clone(),
            found: self.ledger.found,
        }
    }
}
