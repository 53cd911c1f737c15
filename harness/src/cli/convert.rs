//! From arguments to what they mean.

use super::args::{ContractArgs, PhaseArg, PointArgs, RunArgs, SweepArgs, TargetArgs};
use crate::error::Error;
use crate::explore::{FaultSpec, PointFilter, SecondFault};
use crate::facts::Phase;
use crate::oracle;
use crate::oracle::{Contract, PhaseSelection};
use crate::schedule::{Delivery, Fault, ParseError, Step, Trigger, duration};
use crate::target::{Limits, Source, Target};
use std::path::PathBuf;
use std::time::Duration;

pub(crate) fn size(text: &str) -> Result<(u16, u16), String> {
    let wrong = || format!("{text}: write rows and columns from 1 to 1000, such as 24x80");
    let (rows, columns) = text.split_once('x').ok_or_else(wrong)?;
    let number = |text: &str| text.parse().ok().filter(|n| (1..=1000).contains(n));
    Ok((
        number(rows).ok_or_else(wrong)?,
        number(columns).ok_or_else(wrong)?,
    ))
}

pub(crate) fn variable(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("{text}: write NAME=VALUE")),
    }
}

pub(crate) fn time(text: &str) -> Result<Duration, ParseError> {
    duration(text)
}

pub(crate) fn delivery(text: &str) -> Result<Delivery, ParseError> {
    Delivery::parse(text)
}

pub(crate) fn trigger(text: &str) -> Result<Trigger, ParseError> {
    Trigger::parse(text)
}

pub(crate) fn glob(text: &str) -> Result<String, String> {
    globset::Glob::new(text).map_err(|error| format!("bad pattern: {error}"))?;
    Ok(text.to_owned())
}

pub(crate) fn oracle_name(text: &str) -> Result<String, String> {
    let names: Vec<&str> = oracle::names().collect();
    if names.contains(&text) {
        return Ok(text.to_owned());
    }
    Err(format!("no such oracle; there are {}", names.join(", ")))
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}

impl TargetArgs {
    /// The target, with its inputs found; `told` when what is done to it needs failpoints.
    pub fn target(&self, told: bool) -> Result<Target, Error> {
        Ok(Target {
            command: self.command.clone(),
            source: self.source()?,
            env: self.env.clone(),
            pty: self.pty.then_some(self.pty_size),
            stdin: self.stdin.as_ref().map(|path| readable(path)).transpose()?,
            keep_aslr: self.keep_aslr,
            serialise: self.serialise,
            failpoints: self.failpoints || told,
            ignored: Vec::new(),
            limits: Limits {
                baseline_ms: milliseconds(self.timeout),
                after_signal_ms: self.deadline.map(milliseconds),
                grace_ms: milliseconds(self.grace),
                tree_bytes: self.tree_limit << 20,
                copy_files: self.copy_limit,
                ..Limits::default()
            },
        })
    }

    fn source(&self) -> Result<Source, Error> {
        if self.empty {
            return Ok(Source::Empty);
        }
        if self.inputs.is_empty() {
            let here = std::env::current_dir()
                .map_err(|error| Error::usage(format!("the working directory: {error}")))?;
            return Ok(Source::View(here));
        }
        let inputs = self
            .inputs
            .iter()
            .map(|path| readable(path))
            .collect::<Result<Vec<_>, _>>()?;
        if let [only] = inputs.as_slice()
            && only.is_dir()
        {
            return Ok(Source::Directory(only.clone()));
        }
        let mut names: Vec<_> = inputs.iter().map(|path| path.file_name()).collect();
        names.sort();
        if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
            return Err(Error::usage(format!(
                "two inputs are called {}; a work tree can hold one of them",
                twice[0].unwrap_or_default().display()
            )));
        }
        Ok(Source::Files(inputs))
    }
}

fn readable(path: &std::path::Path) -> Result<PathBuf, Error> {
    let wrong =
        |error: std::io::Error| Error::usage(format!("cannot read {}: {error}", path.display()));
    let real = path.canonicalize().map_err(wrong)?;
    if real.is_dir() {
        return Ok(real);
    }
    std::fs::File::open(&real).map_err(wrong)?;
    // A link keeps its name, under which the command looks for it.
    let absolute = std::path::absolute(path).map_err(wrong)?;
    Ok(absolute)
}

impl ContractArgs {
    pub fn contract(&self) -> Contract {
        Contract {
            skip: self.skip.iter().cloned().collect(),
            only: self.oracles.iter().cloned().collect(),
            ok_status: self.ok_status.iter().map(|code| i32::from(*code)).collect(),
            baseline_status: i32::from(self.baseline_status),
            keep: self.keep.clone(),
            prefix: self.prefix.clone(),
            any: self.any.clone(),
            check: self.check.clone(),
            daemons: self.daemon.clone(),
            handler_budget_ms: self.handler_budget.map(milliseconds),
            ..Contract::default()
        }
    }
}

impl RunArgs {
    pub fn steps(&self) -> Result<Vec<Step>, Error> {
        self.steps
            .iter()
            .map(|text| step(text, "--signal", self.target.pty))
            .collect()
    }
}

/// A step that can be done to such a target; `flag` is where it was given.
fn step(text: &str, flag: &str, pty: bool) -> Result<Step, Error> {
    let step = Step::parse(text, |signal| Delivery::usual(signal, pty))
        .map_err(|error| Error::usage(format!("{flag} {error}")))?;
    possible(&step.fault, pty)?;
    Ok(step)
}

pub(crate) fn possible(fault: &Fault, pty: bool) -> Result<(), Error> {
    fault
        .check(pty)
        .map_err(|error| Error::usage(error.to_string()))
}

impl SweepArgs {
    /// What is done at each point.
    pub fn fault_spec(&self) -> Result<FaultSpec, Error> {
        let pty = self.target.pty;
        let default = |signal| self.deliver.unwrap_or_else(|| Delivery::usual(signal, pty));
        let (fault, lasting) = match &self.fault {
            Some(text) => Fault::parse(text, default)
                .map_err(|error| Error::usage(format!("--fault {error}")))?,
            None => {
                let signal = self.points.signal;
                let to = default(signal);
                (Fault::Signal { signal, to }, false)
            }
        };
        possible(&fault, pty)?;
        let then = self.then.iter().map(|text| step(text, "--then", pty));
        Ok(FaultSpec {
            fault,
            lasting,
            then: then.collect::<Result<_, _>>()?,
        })
    }

    /// The second fault of each pair.
    pub fn second(&self, first: &Fault) -> Result<Option<SecondFault>, Error> {
        if self.second.is_empty() {
            return Ok(None);
        }
        if first.signal().is_none() {
            return Err(Error::usage(format!(
                "--second: {first} has no handler and asks for no clean-up; a second fault follows a signal"
            )));
        }
        let fault = match &self.second_fault {
            None => first.clone(),
            Some(text) => {
                let default = |signal| Delivery::usual(signal, self.target.pty);
                let (fault, lasting) = Fault::parse(text, default)
                    .map_err(|error| Error::usage(format!("--second-fault {error}")))?;
                if lasting || fault.is_of_call() {
                    return Err(Error::usage(format!(
                        "--second-fault {text}: only what happens once, and not to a call, can come second"
                    )));
                }
                possible(&fault, self.target.pty)?;
                fault
            }
        };
        Ok(Some(SecondFault {
            places: self.second.clone(),
            fault,
            most: self.pairs,
        }))
    }

    /// On which sides of the calls it is done.
    pub fn mapped(&self, fault: &Fault) -> Result<PhaseSelection, Error> {
        if !fault.is_of_call() {
            return self.points.mapped();
        }
        if !self.points.phase.is_empty() {
            return Err(Error::usage(format!(
                "{fault} happens to the call itself; leave --phase out"
            )));
        }
        Ok(PhaseSelection::CALLS)
    }

    pub fn filter(&self) -> PointFilter {
        PointFilter {
            after: self.after.clone(),
            no_classes: self.no_classes,
            ..self.points.filter()
        }
    }
}

impl PointArgs {
    pub fn filter(&self) -> PointFilter {
        PointFilter {
            only: self.only.clone(),
            paths: self.path.clone(),
            ..PointFilter::default()
        }
    }

    pub fn mapped(&self) -> Result<PhaseSelection, Error> {
        mapped(&self.phase)
    }
}

/// On which sides of the calls.
pub(crate) fn mapped(phases: &[PhaseArg]) -> Result<PhaseSelection, Error> {
    if phases.is_empty() {
        return Ok(PhaseSelection::DEFAULT);
    }
    let has = |phase| phases.contains(&phase) || phases.contains(&PhaseArg::All);
    let mapped = PhaseSelection {
        exit: has(PhaseArg::Exit),
        before_blocking: false,
        before_all: has(PhaseArg::Before),
        entry: has(PhaseArg::Entry),
        entry_all: false,
    };
    if mapped.before_all && !cfg!(target_arch = "x86_64") {
        return Err(Error::usage(format!(
            "phase {} is known for x86-64 only",
            Phase::Before
        )));
    }
    Ok(mapped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_follow_what_sends_the_signal() {
        assert_eq!(Delivery::usual(libc::SIGINT, false), Delivery::Group);
        assert_eq!(Delivery::usual(libc::SIGINT, true), Delivery::Terminal);
        assert_eq!(Delivery::usual(libc::SIGTERM, true), Delivery::Process);
    }

    #[test]
    fn sizes_are_bounded() {
        assert_eq!(size("24x80"), Ok((24, 80)));
        for wrong in ["24", "0x80", "24x", "24x99999", "axb"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
