//! Which points.

use super::error::{OptionError, OptionName};
use super::values::glob;
use crate::explore::PointFilter;
use crate::oracle::{MappedCalls, PhaseSelection};
use crate::schedule::{CallSelector, Fault, ParseError, Trigger};

/// On which side of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum PhaseName {
    Before,
    Entry,
    Exit,
    All,
}

/// Which points of a recording, as a person asks for them.
#[derive(Debug, Default)]
pub(crate) struct PointSpec {
    /// Every call, not only those with an effect.
    pub(crate) all: bool,
    /// Names of calls.
    pub(crate) only: Vec<String>,
    /// Globs for arguments.
    pub(crate) paths: Vec<String>,
    /// Sides of the calls.
    pub(crate) phases: Vec<PhaseName>,
    /// When the contract begins to apply.
    pub(crate) after: Option<Trigger>,
    /// Equivalent early points are not grouped.
    pub(crate) no_classes: bool,
    /// The start of an interpreter counts.
    pub(crate) strict_start: bool,
}

impl PointSpec {
    pub(crate) fn filter(&self) -> Result<PointFilter, OptionError> {
        for (index, call) in self.only.iter().enumerate() {
            CallSelector::parse(call).map_err(OptionError::at(OptionName::Only, index))?;
        }
        for (index, path) in self.paths.iter().enumerate() {
            glob(path).map_err(OptionError::at(OptionName::Paths, index))?;
        }
        Ok(PointFilter {
            only: self.only.clone(),
            paths: self.paths.clone(),
            after: self.after.clone(),
            no_classes: self.no_classes,
            strict_start: self.strict_start,
        })
    }

    /// On which sides of the calls signals come.
    pub(crate) fn phases(&self) -> Result<PhaseSelection, OptionError> {
        if self.phases.is_empty() {
            return Ok(PhaseSelection::DEFAULT);
        }
        let has = |wanted| self.index_of(wanted).is_some();
        let at = |phase, calls| {
            if has(phase) {
                calls
            } else {
                MappedCalls::Never
            }
        };
        Ok(PhaseSelection {
            before: at(PhaseName::Before, MappedCalls::All),
            entry: at(PhaseName::Entry, MappedCalls::Waits),
            exit: has(PhaseName::Exit),
        })
    }

    /// The same for these faults: what happens to a call itself has no side.
    pub(crate) fn phases_for<'a>(
        &self,
        mut faults: impl Iterator<Item = &'a Fault>,
    ) -> Result<PhaseSelection, OptionError> {
        match faults.find(|fault| fault.is_of_call()) {
            Some(fault) if !self.phases.is_empty() => Err(OptionError::new(
                OptionName::Phases,
                ParseError::new(format!(
                    "{fault} happens to the call itself, on no side of it"
                ))
                .hint("leave the phases out"),
            )),
            _ => self.phases(),
        }
    }

    fn index_of(&self, wanted: PhaseName) -> Option<usize> {
        self.phases
            .iter()
            .position(|phase| *phase == wanted || *phase == PhaseName::All)
    }
}
