//! What a scenario does to its target: one schedule, a sweep, or random schedules.

use super::diagnostic::Diagnostic;
use super::document::{FuzzTable, RunTable, SweepTable};
use crate::explore::{FuzzBudget, FuzzOptions, Shard, SweepOptions};
use crate::options::{CONFIRM, PhaseName};
use crate::options::{FaultReader, FuzzSpec, OptionError, OptionName, PointSpec, SweepSpec};
use crate::scenario::document::substitutions::Text;
use crate::scenario::document::value::{GlobText, PhaseText, TriggerText};
use crate::schedule::{Schedule, Step};
use crate::session::Kind;
use crate::target::Isolation;
use std::ops::Range;
use toml::Spanned;

/// Runs of a fuzz scenario that says neither how many nor how long: a gate's work is the same on every machine.
const RUNS: usize = 300;
/// Its seed.
const SEED: u64 = 1;
/// How often a violation of one schedule is run again, unless the scenario says so.
const USUAL_CONFIRM: u32 = 2;

/// What is done to the target.
#[derive(Debug)]
pub enum Action {
    /// One run with a schedule.
    Run {
        /// The schedule.
        schedule: Schedule,
        /// An undisturbed run is learned first.
        baseline: bool,
        /// How often a violation is run again.
        confirm: u32,
    },
    /// One run for each point.
    Sweep(Box<SweepOptions>),
    /// Random schedules.
    Fuzz(Box<FuzzOptions>),
}

impl Action {
    /// The kind of case that it makes.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Action::Run { .. } => Kind::Run,
            Action::Sweep(_) => Kind::Sweep,
            Action::Fuzz(_) => Kind::Fuzz,
        }
    }

    /// Leaves other shards their part of it. Returns whether a part of it is this shard's: a single schedule is not
    /// divided, and belongs to one shard by its scenario's name.
    pub fn keep_part(&mut self, shard: Shard, name: &str) -> bool {
        match self {
            Action::Run { .. } => return shard.takes(name),
            Action::Sweep(options) => options.shard = Some(shard),
            Action::Fuzz(options) => return options.keep_part(shard),
        }
        true
    }

    /// The signal that is sent to the target.
    pub(crate) fn signal(&self) -> Option<i32> {
        match self {
            Action::Run { schedule, .. } => schedule.first_signal(),
            Action::Sweep(options) => options.fault_spec.fault.signal(),
            Action::Fuzz(options) => options.only_signal(),
        }
    }

    pub(crate) fn needs_failpoints(&self) -> bool {
        match self {
            Action::Run { schedule, .. } => schedule.needs_failpoints(),
            Action::Sweep(options) => options.needs_failpoints(),
            Action::Fuzz(options) => options.needs_failpoints(),
        }
    }
}

/// What reading it needs.
pub(crate) struct ActionReader<'a> {
    pub(crate) text: &'a Text,
    /// The target is used by clients.
    pub(crate) is_service: bool,
    /// The target runs on a terminal.
    pub(crate) terminal: bool,
    pub(crate) isolation: Isolation,
}

impl ActionReader<'_> {
    pub(crate) fn run(&self, table: &RunTable) -> Result<Action, Diagnostic> {
        let steps = table.signals.iter().map(|step| self.step(step));
        let steps = steps.collect::<Result<_, _>>()?;
        let confirm = table.confirm.unwrap_or(USUAL_CONFIRM);
        CONFIRM
            .check(u64::from(confirm))
            .map_err(|problem| self.text.problem(self.text.find_key("confirm"), problem))?;
        Ok(Action::Run {
            schedule: Schedule { steps },
            baseline: table.baseline.unwrap_or(true),
            confirm,
        })
    }

    fn step(
        &self,
        text: &Spanned<crate::scenario::document::faults::StepText>,
    ) -> Result<Step, Diagnostic> {
        let step = self.faults().step(&text.get_ref().0);
        step.map_err(|problem| self.text.problem(text.span(), problem))
    }

    pub(crate) fn sweep(&self, table: &SweepTable) -> Result<Action, Diagnostic> {
        let spec = SweepSpec {
            reader: self.faults(),
            isolation: self.isolation,
            signal: table
                .signal
                .map(|signal| signal.0)
                .or((self.is_service && table.fault.is_none()).then_some(libc::SIGTERM)),
            fault: table.fault.as_ref().map(|fault| fault.get_ref().0.clone()),
            deliver: table.deliver.as_ref().map(|deliver| deliver.get_ref().0),
            then: plain(&table.then, |step| step.0.clone()),
            second: plain(&table.second, |window| window.0),
            second_fault: table
                .second_fault
                .as_ref()
                .map(|fault| fault.get_ref().0.clone()),
            pairs: table
                .pairs
                .as_ref()
                .map(|pairs| u64::from(*pairs.get_ref())),
            instructions: None,
            points: PointSpec {
                no_classes: table.no_classes,
                strict_start: table.strict_start,
                ..points(
                    table.all,
                    &table.only,
                    &table.paths,
                    &table.phases,
                    table.after.as_ref(),
                )
            },
            confirm: table.confirm.map(u64::from),
            exhaustive: table.exhaustive,
            time: table.time.as_ref().map(|time| time.0),
            seed: table.seed.unwrap_or(SEED),
            shard: None,
        };
        let options = spec
            .options()
            .map_err(|error| self.wrong(table.span_of(&error), error))?;
        Ok(Action::Sweep(Box::new(options)))
    }

    pub(crate) fn fuzz(&self, table: &FuzzTable) -> Result<Action, Diagnostic> {
        let spec = FuzzSpec {
            reader: self.faults(),
            isolation: self.isolation,
            faults: plain(&table.faults, |fault| fault.0.clone()),
            deliver: plain(&table.deliver, |deliver| deliver.0),
            faults_per_schedule: table.most.as_ref().map(|most| u64::from(*most.get_ref())),
            runs: table.runs.map(u64::from),
            time: table.time.map(|time| time.0),
            usual_budget: FuzzBudget {
                runs: Some(RUNS),
                time: None,
            },
            seed: table.seed.unwrap_or(SEED),
            keep_going: table.keep_going,
            points: points(
                table.all,
                &table.only,
                &table.paths,
                &table.phases,
                table.after.as_ref(),
            ),
            confirm: table.confirm.map(u64::from),
        };
        let options = spec
            .options()
            .map_err(|error| self.wrong(table.span_of(&error), error))?;
        Ok(Action::Fuzz(Box::new(options)))
    }

    fn faults(&self) -> FaultReader {
        FaultReader {
            terminal: self.terminal,
            service: self.is_service,
        }
    }

    /// The error at its value, or at the key when the value's place is not known.
    fn wrong(&self, span: Option<Range<usize>>, error: OptionError) -> Diagnostic {
        let span = span.unwrap_or_else(|| self.text.find_key(key(error.option)));
        self.text.problem(span, error.problem)
    }
}

impl SweepTable {
    fn span_of(&self, error: &OptionError) -> Option<Range<usize>> {
        let at = error.index;
        match error.option {
            OptionName::Fault => self.fault.as_ref().map(Spanned::span),
            OptionName::Deliver => self.deliver.as_ref().map(Spanned::span),
            OptionName::Then => self.then.get(at).map(Spanned::span),
            OptionName::Second => self.second.get(at).map(Spanned::span),
            OptionName::SecondFault => self.second_fault.as_ref().map(Spanned::span),
            OptionName::Pairs => self.pairs.as_ref().map(Spanned::span),
            OptionName::Only => self.only.get(at).map(Spanned::span),
            OptionName::Phases => self.phases.get(at).map(Spanned::span),
            _ => None,
        }
    }
}

impl FuzzTable {
    fn span_of(&self, error: &OptionError) -> Option<Range<usize>> {
        let at = error.index;
        match error.option {
            OptionName::Faults => self.faults.get(at).map(Spanned::span),
            OptionName::Deliver => self.deliver.get(at).map(Spanned::span),
            OptionName::FaultsPerSchedule => self.most.as_ref().map(Spanned::span),
            OptionName::Only => self.only.get(at).map(Spanned::span),
            OptionName::Phases => self.phases.get(at).map(Spanned::span),
            _ => None,
        }
    }
}

/// The key of an option whose values are read without their places.
fn key(option: OptionName) -> &'static str {
    match option {
        OptionName::Confirm => "confirm",
        OptionName::Runs => "runs",
        OptionName::Signal => "signal",
        OptionName::Paths => "paths",
        _ => "",
    }
}

fn plain<T, U>(values: &[Spanned<T>], value: impl Fn(&T) -> U) -> Vec<U> {
    values
        .iter()
        .map(|spanned| value(spanned.get_ref()))
        .collect()
}

fn points(
    all: bool,
    only: &[Spanned<String>],
    paths: &[GlobText],
    phases: &[Spanned<PhaseText>],
    after: Option<&TriggerText>,
) -> PointSpec {
    PointSpec {
        all,
        only: plain(only, String::clone),
        paths: paths.iter().map(|glob| glob.0.clone()).collect(),
        phases: plain(phases, |phase| -> PhaseName { phase.0 }),
        after: after.map(|trigger| trigger.0.clone()),
        no_classes: false,
        strict_start: false,
    }
}
