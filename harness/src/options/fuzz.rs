//! The options of a fuzz session.

use super::error::{OptionError, OptionName};
use super::faults::FaultReader;
use super::numbers::{FAULTS_PER_SCHEDULE, FUZZ_RUNS};
use super::points::PointSpec;
use super::sweep::confirm;
use crate::explore::{FuzzBudget, FuzzOptions};
use crate::schedule::{Delivery, Fault};
use crate::target::Isolation;
use std::time::Duration;

/// A fuzz session, as a person asks for it.
#[derive(Debug)]
pub(crate) struct FuzzSpec {
    /// Reads the faults.
    pub(crate) reader: FaultReader,
    pub(crate) isolation: Isolation,
    /// What can be injected [INT].
    pub(crate) faults: Vec<String>,
    /// Who gets signals, each of these.
    pub(crate) deliver: Vec<Delivery>,
    /// Maximum number of faults in a schedule.
    pub(crate) faults_per_schedule: Option<u64>,
    /// Maximum number of runs.
    pub(crate) runs: Option<u64>,
    /// Maximum time.
    pub(crate) time: Option<Duration>,
    /// The budget when neither runs nor time are given.
    pub(crate) usual_budget: FuzzBudget,
    pub(crate) seed: u64,
    /// Continue after a finding.
    pub(crate) keep_going: bool,
    /// Which points.
    pub(crate) points: PointSpec,
    /// How often a finding is run again.
    pub(crate) confirm: Option<u64>,
}

impl FuzzSpec {
    /// Checks it. Shrinking and regressions are as usual.
    ///
    /// # Errors
    /// The first option that is wrong.
    pub(crate) fn options(&self) -> Result<FuzzOptions, OptionError> {
        let faults = self.choices()?;
        let mapped = self
            .points
            .phases_for(faults.iter().map(|(fault, _)| fault))?;
        let most = self.faults_per_schedule.map(|most| {
            FAULTS_PER_SCHEDULE
                .check(most)
                .map_err(OptionError::at(OptionName::FaultsPerSchedule, 0))
        });
        let usual = FuzzOptions::of(faults, self.seed);
        Ok(FuzzOptions {
            most: most.transpose()?.map_or(usual.most, |most| most as usize),
            mapped,
            all: self.points.all,
            filter: self.points.filter()?,
            budget: self.budget()?,
            keep_going: self.keep_going,
            confirm: confirm(self.confirm, usual.confirm)?,
            isolation: self.isolation,
            ..usual
        })
    }

    fn budget(&self) -> Result<FuzzBudget, OptionError> {
        if self.runs.is_none() && self.time.is_none() {
            return Ok(self.usual_budget);
        }
        let runs = self.runs.map(|runs| FUZZ_RUNS.check(runs));
        let runs = runs
            .transpose()
            .map_err(OptionError::at(OptionName::Runs, 0))?;
        Ok(FuzzBudget {
            runs: runs.map(|runs| runs as usize),
            time: self.time,
        })
    }

    /// What can be injected: each fault, to each of those that signals go to.
    fn choices(&self) -> Result<Vec<(Fault, bool)>, OptionError> {
        let mut choices = Vec::new();
        for (index, deliver) in self.deliveries().into_iter().enumerate() {
            for choice in self.choices_to(index, deliver)? {
                if !choices.contains(&choice) {
                    choices.push(choice);
                }
            }
        }
        Ok(choices)
    }

    fn deliveries(&self) -> Vec<Option<Delivery>> {
        match self.deliver.as_slice() {
            [] => vec![None],
            some => some.iter().copied().map(Some).collect(),
        }
    }

    fn choices_to(
        &self,
        index: usize,
        deliver: Option<Delivery>,
    ) -> Result<Vec<(Fault, bool)>, OptionError> {
        if self.faults.is_empty() {
            let option = match deliver {
                Some(_) => OptionName::Deliver,
                None => OptionName::Faults,
            };
            let fault = self.reader.signal(libc::SIGINT, deliver);
            let fault = fault.map_err(OptionError::at(option, index))?;
            return Ok(vec![(fault, false)]);
        }
        let faults = self.faults.iter().enumerate();
        let read = faults.map(|(index, text)| {
            let fault = self.reader.fault(text, deliver);
            fault.map_err(OptionError::at(OptionName::Faults, index))
        });
        read.collect()
    }
}
