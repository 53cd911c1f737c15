//! Random schedules, each with something new in it: several faults, at points, at moments of the output, at times.
//!
//! 1. The target is learned undisturbed, as for a sweep; `corpus.rs` says which moments that offers.
//! 2. `strategy.rs` draws schedules from them, `novelty.rs` chooses those with most that is new.
//! 3. `search.rs` runs them in batches on the pool. What the target does after a fault is recorded, and its calls
//!    become moments for the next batch.
//! 4. A violation is judged once more with what varies with time, repeated, shrunk (`shrink.rs`) and told.
//! 5. What was found is kept in a file (`regressions.rs`) that later sessions try first.

pub(crate) mod canonicalize;
pub(crate) mod corpus;
pub(crate) mod findings;
pub(crate) mod novelty;
pub(crate) mod reductions;
pub(crate) mod regressions;
pub(crate) mod report;
pub(crate) mod search;
pub(crate) mod shrink;
pub(crate) mod strategy;
pub(crate) mod triage;

use crate::error::Error;
use crate::execute::Trials;
use crate::execute::until;
use crate::execute::{Recordings, SupervisorPool, learn};
use crate::explore::shard::Shard;
use crate::explore::sweep::plan::PointFilter;
use crate::failure::Store;
use crate::oracle::{Baseline, Contract, PhaseSelection};
use crate::schedule::Fault;
use crate::target::Isolation;
use corpus::Corpus;
use regressions::Regressions;
use report::FuzzReport;
use search::Search;
use sigproof_core::{Stage, StopToken};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// How long to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FuzzBudget {
    /// Runs at most.
    pub runs: Option<usize>,
    /// For so long at most; learning, repeating and shrinking are not counted.
    pub time: Option<Duration>,
}

/// What to fuzz with.
#[derive(Debug, Clone)]
pub struct FuzzOptions {
    /// What can be done, each as likely as the others; `true` for from there on.
    pub faults: Vec<(Fault, bool)>,
    /// Faults in one schedule at most, from 1.
    pub most: usize,
    /// On which sides of the calls.
    pub mapped: PhaseSelection,
    /// Every call, not only those with an effect.
    pub all: bool,
    /// Which of the points.
    pub filter: PointFilter,
    /// The same seed gives the same schedules.
    pub seed: u64,
    /// How long to go on.
    pub budget: FuzzBudget,
    /// The part of the runs that is made; `None` for all.
    pub shard: Option<Shard>,
    /// Go on when something was found.
    pub keep_going: bool,
    /// How often a finding is run again, to see whether it shows each time.
    pub confirm: u32,
    /// Runs that shrinking one finding may take; 0 leaves it as it was found.
    pub shrink: usize,
    /// The file of what earlier sessions found.
    pub regressions: Option<PathBuf>,
    /// How the target is kept apart, for the stored failures.
    pub isolation: Isolation,
}

impl FuzzOptions {
    /// Faults in one schedule at most, unless told otherwise.
    pub const FAULTS_MAX: usize = 5;
    /// For how long, unless told otherwise.
    pub const TIME: Duration = Duration::from_secs(60);
    /// How often a finding is run again, unless told otherwise.
    pub const CONFIRM: u32 = 4;

    /// Runs that shrinking one finding may take, unless told otherwise.
    pub const SHRINK: usize = 300;

    /// Where the schedules that a command failed under are kept unless told otherwise:
    /// `sigproof-regressions/PROGRAM-HASH.toml`, a hash of the program's name and its arguments.
    pub fn regressions_of(command: &[String]) -> PathBuf {
        regressions::usual_path(command)
    }

    /// The signal that it sends, if it sends one alone.
    pub(crate) fn only_signal(&self) -> Option<i32> {
        match self.faults.as_slice() {
            [(fault, _)] => fault.signal(),
            _ => None,
        }
    }

    /// These faults, everything else as it is unless told otherwise.
    pub fn of(faults: Vec<(Fault, bool)>, seed: u64) -> FuzzOptions {
        FuzzOptions {
            faults,
            most: FuzzOptions::FAULTS_MAX,
            mapped: PhaseSelection::DEFAULT,
            all: false,
            filter: PointFilter::default(),
            seed,
            budget: FuzzBudget {
                runs: None,
                time: Some(FuzzOptions::TIME),
            },
            shard: None,
            keep_going: false,
            confirm: FuzzOptions::CONFIRM,
            shrink: FuzzOptions::SHRINK,
            regressions: None,
            isolation: Isolation::Auto,
        }
    }

    /// Leaves other shards their part of the runs, or of the time. Each shard has schedules of its own: the first those
    /// of the seed, the others those of seeds made from it.
    /// Returns whether there is a run for this one.
    pub fn keep_part(&mut self, shard: Shard) -> bool {
        let total = shard.total as usize;
        let extra = |runs: usize| usize::from(shard.index as usize <= runs % total);
        self.budget.runs = self.budget.runs.map(|runs| runs / total + extra(runs));
        self.budget.time = self.budget.time.map(|time| time / shard.total);
        if shard.index > 1 {
            self.seed = xxh3_64_with_seed(&shard.index.to_le_bytes(), self.seed);
        }
        self.shard = Some(shard);
        self.budget.runs != Some(0)
    }

    /// What is done, in words.
    pub fn words(&self) -> String {
        let words: Vec<String> = self
            .faults
            .iter()
            .map(|(fault, lasting)| fault.words(*lasting))
            .collect();
        let words = words.join(" or ");
        match self.most {
            1 => format!("{words}, once"),
            most => format!("{words}, 1 to {most} times"),
        }
    }

    /// Whether something of it waits for a failpoint.
    pub fn needs_failpoints(&self) -> bool {
        self.filter.needs_failpoints()
    }

    fn all_calls(&self) -> bool {
        self.all
            || self
                .faults
                .iter()
                .any(|(fault, _)| fault.needs_every_call())
    }
}

/// What happens meanwhile.
pub enum FuzzProgress<'a> {
    /// The baseline is known.
    Learned(&'a Baseline),
    /// One more run is done.
    Ran {
        /// Runs done.
        runs: usize,
        /// Time used of the budget.
        used: Duration,
        /// Points at which something was done so far.
        points: usize,
        /// Pairs of moments chosen so far.
        pairs: usize,
        /// Runs that violated the contract.
        violated: usize,
    },
    /// It is run undisturbed once more, to see what depends on the time.
    Relearning,
    /// What an earlier session found is tried.
    Again {
        /// What was wrong.
        text: &'a str,
    },
    /// A smaller schedule is looked for.
    Shrinking {
        /// What is wrong.
        text: &'a str,
    },
    /// A finding is run again.
    Confirming {
        /// What is wrong.
        text: &'a str,
    },
}

/// Fuzzes. `token` stops it as it stops a sweep: at stage 1 no new run is started, at stage 2 what runs is killed;
/// what was found so far is reported.
///
/// # Errors
/// A target that has no baseline, a narrowing that cannot be read, a target that offers no moment at all.
pub fn fuzz(
    pool: SupervisorPool,
    contract: Contract,
    options: &FuzzOptions,
    store: &Store,
    token: &StopToken,
    mut progress: impl FnMut(FuzzProgress<'_>),
) -> Result<FuzzReport, Error> {
    let begun = Instant::now();
    let command = &pool.target().command;
    let regressions = options.regressions.as_deref();
    let regressions = regressions
        .map(|path| Regressions::read(path, command))
        .transpose()?;
    let pool = Arc::new(pool);
    let signal = options.faults.iter().find_map(|(fault, _)| fault.signal());
    let signal = signal.unwrap_or(libc::SIGINT);
    let baseline = until(&pool, token, Stage::CancelQueued, || {
        learn(
            &pool,
            &contract,
            Recordings {
                signal,
                mapped: options.mapped,
                all: options.all_calls(),
                named: false,
                quiet: false,
            },
        )
    })?;
    let learned_at = SystemTime::now();
    let corpus = Corpus::new(&baseline, &options.faults, &options.filter)?;
    let trials = Arc::new(Trials::new(Arc::clone(&pool), baseline, contract));
    progress(FuzzProgress::Learned(&trials.baseline));
    let mut search = Search::new(trials, corpus, options, learned_at, token, regressions);
    let ended = until(&pool, token, Stage::TerminateActive, || {
        search.go(&mut progress)
    })?;
    Ok(search.report(ended, store, begun))
}
