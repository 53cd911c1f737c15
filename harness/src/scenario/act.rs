//! What a scenario does to its target: one schedule, or a sweep.

use super::document::{RunTable, SweepTable};
use super::faults::FaultText;
use super::mistake::Mistake;
use super::read::Act;
use super::value::Phases;
use super::words::Text;
use crate::explore::{Isolation, Narrowing, Place, Second, Strike, SweepOptions};
use crate::inject::{CallSelector, Delivery, Fault, Schedule, Step};
use crate::oracle::Mapped;
use std::ops::Range;
use toml::Spanned;

/// What reading it needs.
pub(super) struct Acting<'a> {
    pub(super) text: &'a Text,
    /// The target runs on a terminal.
    pub(super) pty: bool,
    pub(super) isolation: Isolation,
}

impl Acting<'_> {
    pub(super) fn run(&self, table: &RunTable) -> Result<Act, Mistake> {
        let steps = table.signals.iter().map(|step| self.step(step));
        Ok(Act::Run {
            schedule: Schedule {
                steps: steps.collect::<Result<_, _>>()?,
            },
            baseline: table.baseline.unwrap_or(true),
            confirm: table.confirm.unwrap_or(2),
        })
    }

    pub(super) fn sweep(&self, table: &SweepTable) -> Result<Act, Mistake> {
        let strike = self.strike(table)?;
        for call in &table.only {
            CallSelector::parse(call.get_ref())
                .map_err(|error| self.text.mistake(call.span(), &error.to_string()))?;
        }
        Ok(Act::Sweep(Box::new(SweepOptions {
            mapped: self.mapped(table, &strike.fault)?,
            all: table.all,
            narrowing: Narrowing {
                only: unspanned(&table.only),
                paths: table.paths.iter().map(|glob| glob.0.clone()).collect(),
                after: table.after.as_ref().map(|moment| moment.0.clone()),
                no_classes: table.no_classes,
            },
            second: self.second(table, &strike.fault)?,
            confirm: table.confirm.unwrap_or(2),
            isolation: self.isolation,
            ..SweepOptions::of(strike)
        })))
    }

    fn step(&self, word: &Spanned<super::faults::StepText>) -> Result<Step, Mistake> {
        let step = Step::parse(&word.get_ref().0, |signal| {
            Delivery::usual(signal, self.pty)
        })
        .map_err(|error| self.text.mistake(word.span(), &error.to_string()))?;
        self.check(word.span(), &step.fault)?;
        Ok(step)
    }

    /// What is done at each point.
    fn strike(&self, table: &SweepTable) -> Result<Strike, Mistake> {
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
        Ok(Strike {
            fault,
            lasting,
            then: then.collect::<Result<_, _>>()?,
        })
    }

    fn fault(
        &self,
        word: &Spanned<FaultText>,
        to: impl Fn(i32) -> Delivery,
    ) -> Result<(Fault, bool), Mistake> {
        let (fault, lasting) = Fault::parse(&word.get_ref().0, to)
            .map_err(|error| self.text.mistake(word.span(), &error.to_string()))?;
        self.check(word.span(), &fault)?;
        Ok((fault, lasting))
    }

    /// The second fault of each pair.
    fn second(&self, table: &SweepTable, first: &Fault) -> Result<Option<Second>, Mistake> {
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
            None => Second::MOST,
            Some(pairs) if *pairs.get_ref() == 0 => {
                return wrong(pairs.span(), "no pair would be tried; write at least 1");
            }
            Some(pairs) => *pairs.get_ref() as usize,
        };
        let places = table.second.iter().map(|place| place.get_ref().0);
        Ok(Some(Second {
            places: places.collect::<Vec<Place>>(),
            fault,
            most,
        }))
    }

    /// On which sides of the calls.
    fn mapped(&self, table: &SweepTable, fault: &Fault) -> Result<Mapped, Mistake> {
        let phases: Vec<Phases> = table.phases.iter().map(|phase| *phase.get_ref()).collect();
        if let (true, Some(phase)) = (fault.is_of_call(), table.phases.first()) {
            return Err(self.text.mistake(
                phase.span(),
                "this fault happens to the call itself, on no side of it; leave phases out",
            ));
        }
        if fault.is_of_call() {
            return Ok(Mapped::CALLS);
        }
        if phases.is_empty() {
            return Ok(Mapped::DEFAULT);
        }
        let has = |phase| phases.contains(&phase) || phases.contains(&Phases::All);
        Ok(Mapped {
            exit: has(Phases::Exit),
            before_blocking: false,
            before_all: has(Phases::Before),
            entry: has(Phases::Entry),
            entry_all: false,
        })
    }

    /// Whether this can be done to such a target.
    fn check(&self, span: Range<usize>, fault: &Fault) -> Result<(), Mistake> {
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

fn unspanned(words: &[Spanned<String>]) -> Vec<String> {
    words.iter().map(|word| word.get_ref().clone()).collect()
}
