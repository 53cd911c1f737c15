//! One trial: run with a schedule, look at the end state, judge.

use super::known_states::{AnswerShape, KnownAnswers, KnownStates};
use super::supervisor_pool::{SupervisorLease, SupervisorPool};
use crate::error::Error;
use crate::facts::{CheckFact, Run, TreeDelta};
use crate::oracle;
use crate::oracle::{Baseline, Context, Contract, Judgement, OracleId, StateShape};
use crate::schedule::{Schedule, Step, Trigger};
use crate::supervisor::{Recorded, RunRequest, StackDetail, Trace};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A judged run.
#[derive(Debug, Clone)]
pub struct Trial {
    /// What was done.
    pub schedule: Schedule,
    /// What happened.
    pub run: Run,
    /// What the oracles say.
    pub judgements: Vec<Judgement>,
}

impl Trial {
    /// Whether any oracle found a violation.
    pub fn violated(&self) -> bool {
        self.judgements
            .iter()
            .any(|judgement| !judgement.verdict.evidence().is_empty())
    }

    /// Whether every point of the schedule was struck at. Steps that wait for
    /// something else may come too late: the target has ended.
    pub fn struck(&self) -> bool {
        let steps = self.schedule.steps.iter().zip(&self.run.fired_ns);
        let mut at_points = steps.filter(|(step, _)| matches!(step.trigger, Trigger::Point { .. }));
        at_points.all(|(_, fired)| fired.is_some())
    }

    /// Whether this oracle found this, or the same of a path of its kind: which of many files a program with threads
    /// is at differs from run to run.
    pub fn has(&self, oracle: &str, subject: &str) -> bool {
        self.judgements.iter().any(|judgement| {
            judgement.oracle.name() == oracle
                && judgement
                    .verdict
                    .evidence()
                    .iter()
                    .any(|evidence| is_alike(&evidence.subject, subject))
        })
    }
}

/// Whether two subjects are the same, or paths in one directory with one ending.
fn is_alike(one: &str, other: &str) -> bool {
    let kind = |subject: &str| {
        let path = Path::new(subject);
        let ending = path.extension()?.to_owned();
        let is_path = !subject.contains(char::is_whitespace);
        is_path.then(|| (path.parent().map(Path::to_owned), ending))
    };
    one == other || kind(one).is_some_and(|kind_of_one| kind(other) == Some(kind_of_one))
}

/// Everything that trials of one target share.
pub struct Trials {
    /// Where they run.
    pub pool: Arc<SupervisorPool>,
    /// What undisturbed runs do.
    pub baseline: Arc<Baseline>,
    /// What is asked.
    pub contract: Contract,
    states: Mutex<KnownStates>,
}

impl Trials {
    /// For this target, baseline and contract.
    pub fn new(pool: Arc<SupervisorPool>, baseline: Baseline, contract: Contract) -> Trials {
        let mut states = KnownStates::default();
        let looks = (contract.check.is_some() && contract.asks(OracleId::Check))
            || (contract.results.is_some() && contract.asks(OracleId::Results));
        if !looks {
            // Nothing was done: running it again is a first run. All was done: that was tried.
            let first = baseline.runs.last().cloned();
            states.know(TreeDelta::default(), KnownAnswers::of_rerun(first));
            if let (Some(last), Some(rerun)) = (baseline.runs.last(), &baseline.rerun) {
                states.know(
                    last.tree.clone(),
                    KnownAnswers::of_rerun(Some(rerun.clone())),
                );
            }
        }
        Trials {
            pool,
            baseline: Arc::new(baseline),
            contract,
            states: Mutex::new(states),
        }
    }

    /// The same target, with more known of what it does undisturbed.
    pub(crate) fn with_baseline(&self, baseline: Baseline) -> Trials {
        Trials {
            pool: Arc::clone(&self.pool),
            baseline: Arc::new(baseline),
            contract: self.contract.clone(),
            states: Mutex::new(self.states().exact()),
        }
    }

    /// The same target, of which an end state is asked only by these oracles: a check and another run take as long as a
    /// run, which is wasted where nobody wants to know what they say.
    pub(crate) fn asking_only<'a>(&self, oracles: impl IntoIterator<Item = &'a str>) -> Trials {
        let wanted: Vec<&str> = oracles.into_iter().collect();
        let slow = [
            OracleId::Rerun,
            OracleId::Restarts,
            OracleId::Check,
            OracleId::Results,
        ];
        let is_wanted = |oracle: &OracleId| wanted.contains(&oracle.name());
        let states = match slow.iter().any(is_wanted) {
            true => self.states().exact(),
            false => KnownStates::default(),
        };
        let unwanted = slow.iter().filter(|oracle| !is_wanted(oracle));
        let contract = unwanted.fold(self.contract.clone(), |contract, oracle| {
            contract.skip(*oracle)
        });
        Trials {
            pool: Arc::clone(&self.pool),
            baseline: Arc::clone(&self.baseline),
            contract,
            states: Mutex::new(states),
        }
    }

    /// From here on end states that differ in what only counts share their answers, once two of them have answered
    /// alike. Asked in the order of representatives, those are the first and the last of a class.
    pub(crate) fn share_by_shape(&self) {
        // Results are compared with what each run has reported.
        if self.contract.results.is_none() {
            self.states().share_by_shape(true);
        }
    }

    /// Each end state answers for itself again.
    pub(crate) fn ask_each(&self) {
        self.states().share_by_shape(false);
    }

    /// Judges a run of this target.
    pub(crate) fn judge(&self, schedule: Schedule, run: Run) -> Trial {
        let context = Context {
            baseline: &self.baseline,
            contract: &self.contract,
            schedule: &schedule,
        };
        let judgements = oracle::judge(&context, &run);
        Trial {
            schedule,
            run,
            judgements,
        }
    }

    /// Runs and judges one schedule.
    pub fn run(&self, schedule: Schedule, trace_effects: bool) -> Result<Trial, Error> {
        let trace = if trace_effects {
            Trace::Effects
        } else {
            Trace::Steps
        };
        self.traced(schedule, trace)
    }

    /// The same, and the calls with an effect are kept.
    pub(crate) fn run_recorded(&self, schedule: Schedule) -> Result<Trial, Error> {
        self.traced(schedule, recorded(false, StackDetail::None))
    }

    fn traced(&self, schedule: Schedule, trace: Trace) -> Result<Trial, Error> {
        let mut lease = self.pool.lease()?;
        let after_ms = self.after_ms(&schedule);
        let baseline_ms = self.baseline.duration_ns / 1_000_000;
        let mut run = lease.run(RunRequest {
            fresh: true,
            command: None,
            trace,
            steps: schedule.steps.clone(),
            contents: self.contract.compared(),
            before_ms: 10_000.max(10 * baseline_ms),
            after_ms,
            grace_ms: self.pool.target().limits.grace_ms,
        })?;
        // A run that had to be killed was stopped by us, at no point of its own choosing.
        if run.status.is_some() && run.last_fault_ns().is_some() {
            self.examine(&mut lease, &mut run, baseline_ms)?;
        }
        drop(lease);
        Ok(self.judge(schedule, run))
    }

    /// Runs one schedule and keeps every call.
    pub(crate) fn record(&self, schedule: &Schedule) -> Result<Run, Error> {
        self.watched(schedule, recorded(true, StackDetail::Addresses))
    }

    /// The same, with the stack of the thread that makes each call.
    pub(crate) fn record_stacks(&self, schedule: &Schedule) -> Result<Run, Error> {
        self.watched(schedule, recorded(true, StackDetail::Names))
    }

    /// Runs the target undisturbed and keeps the calls without an effect of the baseline, with the names of functions.
    pub(crate) fn name_quiet(&self, signal: i32) -> Result<Run, Error> {
        let stacks = StackDetail::Names;
        self.watched(&Schedule::undisturbed(), Trace::Quiet { signal, stacks })
    }

    /// Runs one schedule for its facts alone.
    pub(crate) fn follow(&self, schedule: &Schedule) -> Result<Run, Error> {
        self.watched(schedule, Trace::Steps)
    }

    fn watched(&self, schedule: &Schedule, trace: Trace) -> Result<Run, Error> {
        let baseline_ms = self.baseline.duration_ns / 1_000_000;
        self.pool.lease()?.run(RunRequest {
            fresh: true,
            command: None,
            trace,
            steps: schedule.steps.clone(),
            contents: self.contract.compared(),
            before_ms: 10_000.max(10 * baseline_ms),
            after_ms: self.after_ms(schedule),
            grace_ms: self.pool.target().limits.grace_ms,
        })
    }

    /// How long the target may go on after the last fault, in milliseconds. One that nobody asked to stop has the rest
    /// of its undisturbed time as well.
    fn after_ms(&self, schedule: &Schedule) -> u64 {
        let deadline = SupervisorLease::after_ms(&self.pool, self.baseline.duration_ns);
        let ignored = &self.pool.target().ignored;
        let asks = |step: &Step| {
            let asked = step.fault.signal();
            asked.is_some_and(|signal| !ignored.contains(&signal))
        };
        if schedule.steps.iter().any(asks) {
            deadline
        } else {
            deadline.saturating_add(self.baseline.duration_ns / 1_000_000)
        }
    }

    /// Checks the end state and runs the target again in it.
    fn examine(
        &self,
        lease: &mut SupervisorLease<'_>,
        run: &mut Run,
        baseline_ms: u64,
    ) -> Result<(), Error> {
        let wants_check = self
            .contract
            .check
            .as_ref()
            .filter(|_| self.contract.asks(OracleId::Check));
        let wants_results = self
            .contract
            .results
            .as_ref()
            .filter(|_| self.contract.asks(OracleId::Results));
        let wants_rerun = self.contract.asks_rerun();
        if wants_check.is_none() && wants_results.is_none() && !wants_rerun {
            return Ok(());
        }
        let shape = StateShape::of(&run.tree, &self.baseline.learned);
        let known = self.states().get(&run.tree, &shape);
        let known = match known {
            Some(known) => known,
            None => {
                let mut known = KnownAnswers::default();
                if let Some(command) = wants_check {
                    known.check = Some(check(lease, &self.pool, command, CHECK_CHARS)?);
                }
                if let Some(results) = wants_results {
                    known.results = Some(check(lease, &self.pool, &results.command, usize::MAX)?);
                }
                if wants_rerun {
                    known.rerun = Some(lease.run(RunRequest {
                        fresh: false,
                        command: None,
                        trace: Trace::Steps,
                        steps: Vec::new(),
                        contents: Vec::new(),
                        before_ms: 10_000.max(10 * baseline_ms),
                        after_ms: SupervisorLease::after_ms(&self.pool, self.baseline.duration_ns),
                        grace_ms: self.pool.target().limits.grace_ms,
                    })?);
                }
                let answer = AnswerShape::of(&known, &self.baseline);
                let of = |known: &KnownAnswers| AnswerShape::of(known, &self.baseline) == answer;
                self.states().insert(run.tree.clone(), shape, &known, of);
                known
            }
        };
        run.check = known.check;
        run.results = known.results;
        run.rerun = known.rerun.map(Box::new);
        Ok(())
    }

    fn states(&self) -> std::sync::MutexGuard<'_, KnownStates> {
        self.states.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn recorded(all: bool, stacks: StackDetail) -> Trace {
    Trace::Record(Recorded { all, stacks })
}

/// Characters kept of what a check says.
pub(crate) const CHECK_CHARS: usize = 2000;

/// Runs a command of the user's own in the work tree as it is, and keeps the
/// last `chars` characters of what it says.
pub(crate) fn check(
    lease: &mut SupervisorLease<'_>,
    pool: &SupervisorPool,
    command: &str,
    chars: usize,
) -> Result<CheckFact, Error> {
    let run = lease.run(RunRequest {
        fresh: false,
        command: Some(vec!["sh".to_owned(), "-c".to_owned(), command.to_owned()]),
        trace: Trace::Steps,
        steps: Vec::new(),
        contents: Vec::new(),
        before_ms: pool.target().limits.baseline_ms,
        after_ms: 0,
        grace_ms: pool.target().limits.grace_ms,
    })?;
    let output = run.stdout.text() + &run.stderr.text();
    let from = output
        .char_indices()
        .rev()
        .nth(chars)
        .map_or(0, |(index, _)| index);
    Ok(CheckFact {
        command: command.to_owned(),
        status: run.status,
        output: output[from..].to_owned(),
    })
}

/// One run that is only looked at: without a baseline, what needs one cannot be
/// judged. A target that goes on after the last signal's deadline is a violation
/// all the same.
pub(crate) fn observe(
    pool: &SupervisorPool,
    contract: &Contract,
    schedule: Schedule,
) -> Result<Trial, Error> {
    let limits = pool.target().limits;
    let run = pool.lease()?.run(RunRequest {
        fresh: true,
        command: None,
        trace: Trace::Effects,
        steps: schedule.steps.clone(),
        contents: Vec::new(),
        before_ms: limits.baseline_ms,
        after_ms: limits.after_signal_ms.unwrap_or(2000),
        grace_ms: limits.grace_ms,
    })?;
    let judgements = oracle::judge_alone(contract, &schedule, &run);
    Ok(Trial {
        schedule,
        run,
        judgements,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_kind_confirm_each_other() {
        for (one, other, alike) in [
            ("src/a.py", "src/b.py", true),
            ("src/a.py", "lib/b.py", false),
            ("src/a.py", "src/b.tmp", false),
            ("out", "other", false),
            ("out", "out", true),
            ("exit status 1.", "exit status 2.", false),
        ] {
            assert_eq!(is_alike(one, other), alike, "{one} {other}");
        }
    }
}
