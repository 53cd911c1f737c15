//! The options of a contract.

use super::error::{OptionError, OptionName};
use super::target::milliseconds;
use super::values::glob;
use crate::oracle::{Contract, OracleId, Served};
use std::time::Duration;

/// What must hold, as a person asks for it on the command line and in a scenario.
#[derive(Debug, Default)]
pub(crate) struct ContractSpec {
    /// Only these oracles.
    pub(crate) oracles: Vec<OracleId>,
    /// Not these oracles.
    pub(crate) skip: Vec<OracleId>,
    pub(crate) keep: Vec<String>,
    pub(crate) prefix: Vec<String>,
    pub(crate) any: Vec<String>,
    pub(crate) daemons: Vec<String>,
    pub(crate) ok_status: Vec<u8>,
    pub(crate) baseline_status: u8,
    pub(crate) check: Option<String>,
    pub(crate) handler_budget: Option<Duration>,
    pub(crate) served: Served,
}

impl ContractSpec {
    /// Checks it.
    ///
    /// # Errors
    /// A glob that cannot be read.
    pub(crate) fn contract(self) -> Result<Contract, OptionError> {
        let contract = Contract {
            skip: self.skip.into_iter().collect(),
            only: self.oracles.into_iter().collect(),
            ok_status: self.ok_status.into_iter().map(i32::from).collect(),
            baseline_status: i32::from(self.baseline_status),
            keep: self.keep,
            prefix: self.prefix,
            any: self.any,
            check: self.check,
            daemons: self.daemons,
            handler_budget_ms: self.handler_budget.map(milliseconds),
            served: self.served,
            ..Contract::default()
        };
        check_contract(&contract)?;
        Ok(contract)
    }
}

/// Whether every glob of a contract can be read.
pub(crate) fn check_contract(contract: &Contract) -> Result<(), OptionError> {
    for (option, globs) in [
        (OptionName::Keep, &contract.keep),
        (OptionName::Prefix, &contract.prefix),
        (OptionName::Any, &contract.any),
        (OptionName::Daemons, &contract.daemons),
    ] {
        for (index, text) in globs.iter().enumerate() {
            glob(text).map_err(OptionError::at(option, index))?;
        }
    }
    Ok(())
}
