//! What a scenario does to its target: one schedule, a sweep, or random schedules.

use super::diagnostic::Diagnostic;
use super::document::{FuzzTable, RunTable, SweepTable};
use crate::explore::{
    FaultSpec, FuzzBudget, FuzzOptions, PointFilter, SecondFault, SweepOptions, Window,
};
use crate::oracle::PhaseSelection;
use crate::scenario::document::faults::FaultText;
use crate::scenario::document::read::Action;
use crate::scenario::document::substitutions::Text;
use crate::scenario::document::value::Phases;
use crate::schedule::{CallSelector, Delivery, Fault, Schedule, Step};
use crate::target::Isolation;
use std::ops::Range;
use toml::Spanned;

/// Runs of a fuzz scenario that says neither how many nor how long: a gate's work is the same on every machine.
const RUNS: usize = 300;
/// Its seed.
const SEED: u64 = 1;

/// What reading it needs.
pub(crate) struct ActionReader<'a> {
    pub(crate) text: &'a Text,
    /// The target runs on a terminal.
    pub(crate) pty: bool,
    pub(crate) isolation: Isolation,
}

impl ActionReader<'_> {
    pub(crate) fn run(&self, table: &RunTable) -> Result<Action, Diagnostic> {
        let steps = table.signals.iter().map(|step| self.step(step));
        Ok(Action::Run {
            schedule: Schedule {
                steps: steps.collect::<Result<_, _>>()?,
            },
            baseline: table.baseline.unwrap_or(true),
            confirm: table.confirm.unwrap_or(2),
        })
    }

    pub(crate) fn sweep(&self, table: &SweepTable) -> Result<Action, Diagnostic> {
        let fault_spec = self.fault_spec(table)?;
        Ok(Action::Sweep(Box::new(SweepOptions {
            mapped: match fault_spec.fault.is_of_call() {
                true => self.mapped_calls(&table.phases)?,
                false => mapped(&table.phases),
            },
            all: table.all,
            filter: PointFilter {
                only: self.calls(&table.only)?,
                paths: table.paths.iter().map(|glob| glob.0.clone()).collect(),
                after: table.after.as_ref().map(|moment| moment.0.clone()),
                no_classes: table.no_classes,
            },
            second: self.second(table, &fault_spec.fault)?,
            confirm: table.confirm.unwrap_or(2),
            isolation: self.isolation,
            ..SweepOptions::of(fault_spec)
        })))
    }

    pub(crate) fn fuzz(&self, table: &FuzzTable) -> Result<Action, Diagnostic> {
        let faults = self.choices(table)?;
        let most = match &table.most {
            None => FuzzOptions::FAULTS_MAX,
            Some(most)
                if !(1..=FuzzOptions::FAULTS_MAX).contains(&usize::from(*most.get_ref())) =>
            {
                return Err(self
                    .text
                    .mistake(most.span(), "a schedule has 1 to 5 faults; write most = 5"));
            }
            Some(most) => usize::from(*most.get_ref()),
        };
        let runs = match (table.runs, table.time) {
            (None, None) => Some(RUNS),
            (runs, _) => runs.map(|runs| runs as usize),
        };
        Ok(Action::Fuzz(Box::new(FuzzOptions {
            most,
            mapped: match faults.iter().any(|(fault, _)| fault.is_of_call()) {
                true if !table.phases.is_empty() => self.mapped_calls(&table.phases)?,
                _ => mapped(&table.phases),
            },
            all: table.all,
            filter: PointFilter {
                only: self.calls(&table.only)?,
                paths: table.paths.iter().map(|glob| glob.0.clone()).collect(),
                after: table.after.as_ref().map(|moment| moment.0.clone()),
                no_classes: false,
            },
            budget: FuzzBudget {
                runs,
                time: table.time.map(|time| time.0),
            },
            keep_going: table.keep_going,
            confirm: table.confirm.unwrap_or(FuzzOptions::CONFIRM),
            isolation: self.isolation,
            ..FuzzOptions::of(faults, table.seed.unwrap_or(SEED))
        })))
    }

    /// What can be done: each fault, to each of those that signals go to.
    fn choices(&self, table: &FuzzTable) -> Result<Vec<(Fault, bool)>, Diagnostic> {
        let usual = |signal| Delivery::usual(signal, self.pty);
        let mut choices = Vec::new();
        let mut add = |choice| {
            if !choices.contains(&choice) {
                choices.push(choice);
            }
        };
        if table.faults.is_empty() {
            let signal = libc::SIGINT;
            if table.deliver.is_empty() {
                let to = usual(signal);
                add((Fault::Signal { signal, to }, false));
            }
            for whom in &table.deliver {
                let to = whom.get_ref().0;
                let fault = Fault::Signal { signal, to };
                self.check(whom.span(), &fault)?;
                add((fault, false));
            }
        }
        for word in &table.faults {
            if table.deliver.is_empty() {
                add(self.fault(word, usual)?);
            }
            for whom in &table.deliver {
                add(self.fault(word, |_| whom.get_ref().0)?);
            }
        }
        Ok(choices)
    }

    fn calls(&self, names: &[Spanned<String>]) -> Result<Vec<String>, Diagnostic> {
        let call = |call: &Spanned<String>| {
            CallSelector::parse(call.get_ref())
                .map_err(|error| self.text.mistake(call.span(), &error.to_string()))?;
            Ok(call.get_ref().clone())
        };
        names.iter().map(call).collect()
    }

    fn step(
        &self,
        word: &Spanned<crate::scenario::document::faults::StepText>,
    ) -> Result<Step, Diagnostic> {
        let step = Step::parse(&word.get_ref().0, |signal| {
            Delivery::usual(signal, self.pty)
        })
        .map_err(|error| self.text.mistake(word.span(), &error.to_string()))?;
        self.check(word.span(), &step.fault)?;
        Ok(step)
    }

    /// What is done at each point.
    fn fault_spec(&self, table: &SweepTable) -> Result<FaultSpec, Diagnostic> {
        let deliver = table.deliver.as_ref().map(|whom| whom.get_ref().0);
        let to = |signal| deliver.unwrap_or_else(|| Delivery::usual(signal, self.pty));
        let (fault, lasting) = match (&table.signal, &table.fault) {
            (Some(_), Some(fault)) => {
                return Err(self.text.mistake(
                    fault.span(),
                    "both signal and fault; a signal is a fault, too, so write one of them",
                ));
            }
            (_, Some(fault)) => self.fault(fault, to)?,
            (signal, None) => {
                let signal = signal.map_or(libc::SIGINT, |signal| signal.0);
                let to = to(signal);
                (Fault::Signal { signal, to }, false)
            }
        };
        if let Some(whom) = &table.deliver {
            self.check(whom.span(), &fault)?;
        }
        let then = table.then.iter().map(|step| self.step(step));
        Ok(FaultSpec {
            fault,
            lasting,
            then: then.collect::<Result<_, _>>()?,
        })
    }

    fn fault(
        &self,
        word: &Spanned<FaultText>,
        to: impl Fn(i32) -> Delivery,
    ) -> Result<(Fault, bool), Diagnostic> {
        let (fault, lasting) = Fault::parse(&word.get_ref().0, to)
            .map_err(|error| self.text.mistake(word.span(), &error.to_string()))?;
        self.check(word.span(), &fault)?;
        Ok((fault, lasting))
    }

    /// The second fault of each pair.
    fn second(&self, table: &SweepTable, first: &Fault) -> Result<Option<SecondFault>, Diagnostic> {
        let wrong = |span, why: &str| Err(self.text.mistake(span, why));
        let Some(place) = table.second.first() else {
            let alone = table.second_fault.as_ref().map(Spanned::span);
            return match alone.or(table.pairs.as_ref().map(Spanned::span)) {
                Some(span) => wrong(
                    span,
                    "nothing says where the second fault comes; add second = [\"in-handler\", \"in-cleanup\"]",
                ),
                None => Ok(None),
            };
        };
        if let Some(then) = table.then.first() {
            return wrong(
                then.span(),
                "both then and second; what comes after the first fault is told by one of them",
            );
        }
        if first.signal().is_none() {
            return wrong(
                place.span(),
                "a second fault follows a signal: other faults have no handler and ask for no clean-up; leave second out, or fault",
            );
        }
        let fault = match &table.second_fault {
            None => first.clone(),
            Some(word) => {
                let to = |signal| Delivery::usual(signal, self.pty);
                let (fault, lasting) = self.fault(word, to)?;
                if lasting || fault.is_of_call() {
                    return wrong(
                        word.span(),
                        "only what happens once, and not to a call, can come second; write a signal such as \"TERM\"",
                    );
                }
                fault
            }
        };
        let most = match &table.pairs {
            None => SecondFault::PAIRS_MAX,
            Some(pairs) if *pairs.get_ref() == 0 => {
                return wrong(pairs.span(), "no pair would be tried; write at least 1");
            }
            Some(pairs) => *pairs.get_ref() as usize,
        };
        let places = table.second.iter().map(|place| place.get_ref().0);
        Ok(Some(SecondFault {
            places: places.collect::<Vec<Window>>(),
            fault,
            most,
        }))
    }

    /// On which sides of the calls, for a fault that happens to the call itself.
    fn mapped_calls(&self, phases: &[Spanned<Phases>]) -> Result<PhaseSelection, Diagnostic> {
        match phases.first() {
            None => Ok(PhaseSelection::CALLS),
            Some(phase) => Err(self.text.mistake(
                phase.span(),
                "an error, a short call or a delay happens to the call itself, on no side of it; leave phases out",
            )),
        }
    }

    /// Whether this can be done to such a target.
    fn check(&self, span: Range<usize>, fault: &Fault) -> Result<(), Diagnostic> {
        if fault.needs_terminal() && !self.pty {
            let what = match fault {
                Fault::HangUp => "closing the terminal",
                _ => "typing on the terminal",
            };
            let why = format!("{what} needs one; add terminal = true to [target]");
            return Err(self.text.mistake(span, &why));
        }
        fault
            .check(self.pty)
            .map_err(|error| self.text.mistake(span, &error.to_string()))
    }
}

/// On which sides of the calls.
fn mapped(phases: &[Spanned<Phases>]) -> PhaseSelection {
    if phases.is_empty() {
        return PhaseSelection::DEFAULT;
    }
    let has = |wanted| {
        let mut phases = phases.iter().map(|phase| *phase.get_ref());
        phases.any(|phase| phase == wanted || phase == Phases::All)
    };
    PhaseSelection {
        exit: has(Phases::Exit),
        before_blocking: false,
        before_all: has(Phases::Before),
        entry: has(Phases::Entry),
        entry_all: false,
    }
}
