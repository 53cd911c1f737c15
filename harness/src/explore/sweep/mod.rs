//! The main job: the signal at every point where it matters, one run each.

pub(crate) mod after_runs;
pub(crate) mod coverage;
pub(crate) mod execute_plan;
pub(crate) mod instruction_points;
pub(crate) mod outcome_shape;
pub(crate) mod outlook;
pub(crate) mod outside;
pub(crate) mod pairs;
pub(crate) mod plan;
pub(crate) mod plan_class;
pub(crate) mod plan_origin;
pub(crate) mod point_outcome;
pub(crate) mod quiet_points;
pub(crate) mod representatives;
pub(crate) mod trigger_time;

use super::call_sites::CallSites;
use super::confirm::confirm;
use super::finding::{Finding, Findings, Standing};
use super::locate::place;
use super::shard::Shard;
use crate::error::Error;
use crate::execute::Trials;
use crate::execute::refine;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::explore::request_summary::RequestSummary;
use crate::explore::store::Origin;
use crate::failure::Store;
use crate::oracle::{Baseline, Contract, Judgement, OracleId, PhaseSelection};
use crate::schedule::{Delivery, Fault, PointName};
use crate::target::Isolation;
use after_runs::escalate::escalate;
use after_runs::notes::unasked;
use coverage::Coverage;
use execute_plan::{Execution, Method, run_all};
use instruction_points::between;
pub use outlook::Outlook;
use outlook::outlook;
use outside::outside;
use pairs::{SecondFault, pairs};
use plan::{FaultSpec, Plan, PointFilter};
use plan_origin::{InstructionPoints, Pairs, QuietTries};
use point_outcome::{TriedPoint, tried_points};
use sigproof_core::{Stage, StopToken};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use trigger_time::not_met_yet;

/// What to sweep with.
#[derive(Debug, Clone)]
pub struct SweepOptions {
    /// What is done at each point.
    pub fault_spec: FaultSpec,
    /// On which sides of the calls.
    pub mapped: PhaseSelection,
    /// Every call, not only those with an effect.
    pub all: bool,
    /// Which of the points.
    pub filter: PointFilter,
    /// Between calls as well: at most so many instructions after each point, up to the next call of its thread.
    pub instructions: Option<u32>,
    /// A second fault after the first: pairs are tried, not single points.
    pub second: Option<SecondFault>,
    /// Try every point, or some of each class; `None` decides by what it would cost.
    pub exhaustive: Option<bool>,
    /// No run begins later than this after the sweep began.
    pub time: Option<Duration>,
    /// Which points of a class are drawn.
    pub seed: u64,
    /// The part of the classes that is tried; `None` for all.
    pub shard: Option<Shard>,
    /// How often the first run of each finding is repeated, to see whether it shows each time.
    pub confirm: u32,
    /// How the target is kept apart, for the stored failures.
    pub isolation: Isolation,
}

impl SweepOptions {
    /// This at each point where it matters, everything else as it is unless told otherwise.
    pub fn of(fault_spec: FaultSpec) -> SweepOptions {
        let mapped = if fault_spec.fault.is_of_call() {
            PhaseSelection::CALLS
        } else {
            PhaseSelection::DEFAULT
        };
        SweepOptions {
            fault_spec,
            mapped,
            all: false,
            filter: PointFilter::default(),
            instructions: None,
            second: None,
            exhaustive: None,
            time: None,
            seed: 1,
            shard: None,
            confirm: 2,
            isolation: Isolation::Auto,
        }
    }

    /// What is done, in words.
    pub fn words(&self) -> String {
        let words = self.fault_spec.words();
        match &self.second {
            Some(second) => format!("{words}, {}", second.words()),
            None => words,
        }
    }

    /// Whether something of it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        self.filter.needs_failpoints() || self.fault_spec.needs_failpoints()
    }

    fn origin(&self) -> Origin {
        Origin {
            isolation: self.isolation,
            all_calls: self.all_calls(),
            seed: None,
        }
    }

    /// Whether calls without an effect are tried where a handler is installed. Not for a signal to a thread or a child
    /// of somebody's choice: who is interrupted by that is another.
    fn tries_quiet(&self) -> bool {
        let Fault::Signal { to, .. } = &self.fault_spec.fault else {
            return false;
        };
        let is_usual = !matches!(to, Delivery::Child | Delivery::Thread(_));
        is_usual && !self.all_calls() && self.second.is_none() && self.mapped.exit
    }

    fn all_calls(&self) -> bool {
        self.all || self.fault_spec.fault.needs_every_call()
    }
}

/// What happens meanwhile.
pub enum Progress<'a> {
    /// The baseline is known.
    Learned(&'a Baseline, &'a Plan, &'a Outlook),
    /// One more run is done.
    Ran {
        /// Runs done.
        done: usize,
        /// Runs planned.
        total: usize,
        /// Runs that violated the contract.
        violated: usize,
        /// Classes of points.
        classes: usize,
        /// Classes of which at least one point was tried.
        classes_tried: usize,
    },
    /// It is run undisturbed once more, to see what depends on the time.
    Relearning,
    /// Findings are run again.
    Confirming {
        /// How many.
        findings: usize,
    },
}

/// What came of a sweep.
pub struct SweepReport {
    /// What undisturbed runs do.
    pub baseline_ns: u64,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Points found in the recording.
    pub points_found: usize,
    /// Points tried, those of a class counted through the one that stands for them.
    pub points_tried: usize,
    /// Points that no run came by, of classes that were not tried at all.
    pub not_reached: Vec<PointName>,
    /// Points that lie between two tries of their class that show the same.
    pub represented: usize,
    /// Points for which there was no time.
    pub untried: usize,
    /// Points of classes that were tried, or of one recording alone, that no run came by when they were to be tried.
    pub not_met_again: usize,
    /// Classes of points at which the fault was to be tried.
    pub classes: usize,
    /// Classes of which at least one point was tried.
    pub classes_tried: usize,
    /// Whether every point was tried, or some of each class.
    pub method: Method,
    /// Points left out by `--only`, `--path` and the like.
    pub left_out: usize,
    /// The part of the classes that was tried; `None` for all.
    pub shard: Option<Shard>,
    /// Points that other shards try; not among those found.
    pub elsewhere: usize,
    /// Classes of which other shards try the points.
    pub classes_elsewhere: usize,
    /// Points at which the fault cannot happen; not among those found.
    pub unfit: usize,
    /// Calls without an effect, where a handler is installed; not among the points.
    pub quiet: QuietTries,
    /// Points tried through another one of their class.
    pub by_class: usize,
    /// Calls that were met in one recording only.
    pub unsteady: usize,
    /// How moments between calls came about.
    pub between: Option<InstructionPoints>,
    /// How the pairs came about; then points are pairs of points.
    pub pairs: Option<Pairs>,
    /// Runs of the target, baseline and confirmation not counted.
    pub runs: usize,
    /// How long the runs took.
    pub sweeping: Duration,
    /// Processor time of the targets of these runs, without which no harness can do; nothing where a run was not
    /// waited for.
    pub target: Duration,
    /// How long everything took.
    pub elapsed: Duration,
    /// Oracles that could never be judged, with the reason.
    pub unjudged: BTreeMap<&'static str, String>,
    /// What clients of a service saw.
    pub requests: RequestSummary,
    /// Limits that runs met, with how many did.
    pub limits: BTreeMap<String, usize>,
    /// What the user should know.
    pub notes: Vec<String>,
    /// Points not tried because the person interrupted the sweep.
    pub cut_short: usize,
    /// Runs that the harness could not do.
    pub failed_runs: Vec<String>,
    /// Who makes the calls; empty when it was interrupted.
    pub sites: CallSites,
    /// Points tried by call and by function; `None` for pairs.
    pub covered: Option<Coverage>,
    /// Every point found, in the order of the recording, and what came of it.
    pub tried_points: Vec<TriedPoint>,
    /// What oracles of several runs say.
    pub several: Vec<Judgement>,
    /// What undisturbed runs do, whole.
    pub baseline: Arc<Baseline>,
    /// What was asked.
    pub contract: Contract,
}

impl SweepReport {
    /// Interrupt coverage: points tried ÷ points found, 0 to 1.
    pub fn coverage(&self) -> f64 {
        if self.points_found == 0 {
            return 1.0;
        }
        (self.points_tried + self.represented) as f64 / self.points_found as f64
    }
}

/// Sweeps. `token` stops it: at stage 1 runs that go on are ended in order and
/// no new one is started; at stage 2 they are killed. Either way what was found
/// so far is reported.
///
/// # Errors
/// A target that has no baseline, a narrowing that cannot be read.
pub fn sweep(
    pool: SupervisorPool,
    contract: Contract,
    options: &SweepOptions,
    store: &Store,
    token: &StopToken,
    mut progress: impl FnMut(Progress<'_>),
) -> Result<SweepReport, Error> {
    let begun = Instant::now();
    let pool = Arc::new(pool);
    // Without a baseline there are no partial results to wait for.
    let baseline = until(&pool, token, Stage::CancelQueued, || {
        let wanted = Recordings {
            signal: options.fault_spec.signal(),
            mapped: options.mapped,
            all: options.all_calls(),
            named: true,
            quiet: options.tries_quiet(),
        };
        learn(&pool, &contract, wanted)
    })?;
    let learned_at = SystemTime::now();
    if !options.fault_spec.starves() {
        if baseline.is_sequential() {
            pool.pin_to_cpu();
        }
        pool.enable_prefetch();
    }
    let mut plan = Plan::new(
        &baseline,
        &options.filter,
        &options.fault_spec,
        options.shard,
    )?;
    let trials = Arc::new(Trials::new(Arc::clone(&pool), baseline, contract));
    let all = options.exhaustive == Some(true);
    if let Some(second) = &options.second {
        plan = until(&pool, token, Stage::CancelQueued, || {
            pairs(&trials, &plan, second, all, token)
        })?;
    }
    if let Some(most) = options.instructions {
        until(&pool, token, Stage::CancelQueued, || {
            between(&trials, &mut plan, most, all, token)
        })?;
    }
    quiet_points::add(
        &mut plan,
        &trials.baseline,
        &options.filter,
        &options.fault_spec,
        options.shard,
    );
    let outlook = outlook(
        options.exhaustive,
        options.second.as_ref().map(|second| second.most),
        options.time,
        options.shard,
        &plan,
        &trials,
    );
    progress(Progress::Learned(&trials.baseline, &plan, &outlook));
    if outlook.method == Method::Representatives {
        trials.share_by_shape();
    }

    let swept = Instant::now();
    let mut tally = until(&pool, token, Stage::TerminateActive, || {
        let execution = Execution {
            method: outlook.method,
            seed: options.seed,
            deadline: options.time.map(|time| swept + time),
            most: options.second.as_ref().map(|second| second.most),
        };
        run_all(&trials, &plan, execution, token, &mut progress)
    });
    let sweeping = swept.elapsed();
    trials.ask_each();
    let trials = if tally.kept.is_empty() || token.is_interrupted() {
        trials
    } else {
        progress(Progress::Relearning);
        match until(&pool, token, Stage::CancelQueued, || {
            refine(&pool, &trials.contract, &trials.baseline, learned_at, token)
        }) {
            Ok(Some(baseline)) => Arc::new(trials.with_baseline(baseline)),
            Ok(None) => trials,
            Err(error) if error.is_interrupted() => trials,
            Err(error) => return Err(error),
        }
    };
    let mut represented: BTreeMap<usize, usize> = BTreeMap::new();
    for (order, by) in &tally.represented {
        *represented.entry(*by).or_default() += plan.planned[*order].stands_for;
    }
    let stands_for = |order| represented.get(&order).copied().unwrap_or(0);
    let mut findings = Findings::default();
    for (order, trial) in std::mem::take(&mut tally.kept) {
        let planned = &plan.planned[order];
        let trial = trials.judge(trial.schedule.clone(), trial.run.clone());
        let after = options.filter.after.as_ref();
        let standing = match planned.standing() {
            Standing::Counts if after.is_some_and(|after| not_met_yet(&trial.run, after)) => {
                Standing::BeforeReady
            }
            standing => standing,
        };
        findings.take(
            order,
            &planned.point,
            (planned.stands_for + stands_for(order)).max(1),
            standing,
            &Arc::new(trial),
        );
    }
    let mut findings = findings.into_list();
    for finding in &mut findings {
        let shown = |order: &usize| finding.places.contains(order);
        let between = tally.represented.iter().filter(|(_, by)| shown(by));
        let orders = between.map(|(order, _)| order).chain(&finding.places);
        // Calls without an effect come last in the plan, and anywhere in a run.
        let orders = orders.filter(|order| **order < plan.loud().len());
        let last = orders.max().and_then(|order| plan.planned.get(*order));
        finding.last = last.map(|planned| planned.point.clone());
        let places = finding.places.iter();
        finding.quiet = places.filter(|order| plan.planned[**order].quiet).count();
    }
    if !token.is_interrupted() && !findings.is_empty() && options.confirm > 0 {
        progress(Progress::Confirming {
            findings: findings.len(),
        });
        findings = until(&pool, token, Stage::CancelQueued, || {
            confirm(&trials, findings, plan.to_confirm(), options.confirm, token)
        });
    }
    if token.is_interrupted() && options.confirm > 0 {
        for finding in &mut findings {
            finding.unconfirmed = finding.seen.1 <= 1;
        }
    }
    let mut several = Vec::new();
    if let Some(asked) = &trials.contract.escalation
        && trials.contract.asks(OracleId::Escalation)
        && !token.is_interrupted()
    {
        let escalated = until(&pool, token, Stage::CancelQueued, || {
            escalate(&trials, &plan, &tally, asked, options.confirm, token)
        });
        match escalated {
            Ok(escalated) => {
                findings.extend(escalated.findings);
                several.push(escalated.judgement);
            }
            Err(error) if error.is_interrupted() => {}
            Err(error) => return Err(error),
        }
    }
    let mut notes = pool.notes.clone();
    notes.extend(outside(&trials.baseline));
    if !trials.contract.ask_first {
        notes.extend(unasked(&tally.unasked, &plan));
    }
    let mut sites = CallSites::default();
    if !token.is_interrupted() {
        // After everything else: neither a run nor the time that is measured is slower for it.
        let placed = until(&pool, token, Stage::CancelQueued, || {
            place(&trials, &mut findings)
        });
        match placed {
            Ok(placed) => sites = placed,
            Err(error) if error.is_interrupted() => {}
            Err(error) => notes.push(format!("call stacks could not be taken: {error}")),
        }
    }
    for finding in &mut findings {
        trials.store(finding, options.origin(), store, &mut notes);
    }
    notes.dedup();
    let points = &trials.baseline.points;
    let found = match &plan.pairs {
        Some(_) => plan.loud().len(),
        None => points.points.len() - plan.unfit.len() + plan.more() - plan.elsewhere.len(),
    };
    let tried_points = tried_points(&trials.baseline, &plan, &options.filter, tally.outcomes);
    Ok(SweepReport {
        baseline_ns: trials.baseline.duration_ns,
        findings,
        points_found: found - tally.unfit,
        points_tried: tally.tried,
        not_reached: tally.not_reached,
        represented: represented.values().sum(),
        untried: tally.untried,
        not_met_again: tally.not_met_again,
        classes: plan.class_count(),
        classes_tried: tally.classes.len(),
        method: outlook.method,
        left_out: plan.left_out,
        elsewhere: plan.elsewhere.len(),
        classes_elsewhere: plan.classes_elsewhere.len(),
        shard: options.shard,
        unfit: plan.unfit.len() + tally.unfit,
        quiet: tally.quiet,
        by_class: plan.by_class,
        unsteady: points.unsteady,
        between: plan.between.clone(),
        pairs: plan.pairs.clone(),
        runs: tally.runs,
        sweeping,
        target: Duration::from_micros(tally.target_us),
        elapsed: begun.elapsed(),
        unjudged: tally.answers.unjudged(),
        requests: tally.answers.requests,
        limits: tally.answers.limits,
        notes,
        cut_short: tally.cut_short,
        failed_runs: tally.failed_runs,
        covered: plan
            .pairs
            .is_none()
            .then(|| Coverage::of_sweep(&tried_points, &sites)),
        sites,
        tried_points,
        several,
        baseline: Arc::clone(&trials.baseline),
        contract: trials.contract.clone(),
    })
}
