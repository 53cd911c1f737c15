//! The options of a contract.

use super::error::{OptionError, OptionName};
use super::target::milliseconds;
use super::values::glob;
use crate::oracle::{ALONE, Contract, OracleId, PrefixRule, Served};
use crate::schedule::ParseError;
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
    /// The same as `prefix` with `bytes:` before each.
    pub(crate) prefix_bytes: Vec<String>,
    pub(crate) any: Vec<String>,
    pub(crate) daemons: Vec<String>,
    pub(crate) ok_status: Vec<u8>,
    pub(crate) baseline_status: u8,
    pub(crate) check: Option<String>,
    pub(crate) handler_budget: Option<Duration>,
    pub(crate) served: Served,
    pub(crate) zombie_limit: Option<Duration>,
    pub(crate) ask_first: bool,
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
            prefix: self
                .prefix
                .into_iter()
                .chain(self.prefix_bytes.iter().map(|glob| format!("bytes:{glob}")))
                .collect(),
            any: self.any,
            check: self.check,
            daemons: self.daemons,
            handler_budget_ms: self.handler_budget.map(milliseconds),
            served: self.served,
            zombie_limit_ms: self.zombie_limit.map(milliseconds),
            ask_first: self.ask_first,
            ..Contract::default()
        };
        check_contract(&contract)?;
        Ok(contract)
    }
}

/// Whether all that is asked for by name can be judged without undisturbed runs to compare with.
///
/// # Errors
/// The first thing that cannot.
pub(crate) fn check_alone(contract: &Contract) -> Result<(), OptionError> {
    let severals = [OracleId::Escalation, OracleId::Reach, OracleId::Budget];
    let can = |oracle: &OracleId| ALONE.contains(oracle) || severals.contains(oracle);
    let asked = contract.only.iter().copied();
    let by_value = [
        (contract.check.is_some(), OracleId::Check),
        (contract.results.is_some(), OracleId::Results),
        (contract.ignored, OracleId::Ignored),
        (contract.ask_first, OracleId::AskFirst),
    ];
    let by_value = by_value
        .into_iter()
        .filter_map(|(is, oracle)| is.then_some(oracle));
    match asked.chain(by_value).find(|oracle| !can(oracle)) {
        None => Ok(()),
        Some(oracle) => Err(OptionError::new(
            OptionName::Baseline,
            ParseError::new(format!("{oracle} cannot be judged without a baseline")).hint(format!(
                "learn one, or ask for {} only",
                ALONE.map(OracleId::name).join(", ")
            )),
        )),
    }
}

/// Whether every glob of a contract can be read.
pub(crate) fn check_contract(contract: &Contract) -> Result<(), OptionError> {
    for (index, text) in contract.prefix.iter().enumerate() {
        PrefixRule::parse(text).map_err(OptionError::at(OptionName::Prefix, index))?;
    }
    for (option, globs) in [
        (OptionName::Keep, &contract.keep),
        (OptionName::Any, &contract.any),
        (OptionName::Daemons, &contract.daemons),
    ] {
        for (index, text) in globs.iter().enumerate() {
            glob(text).map_err(OptionError::at(option, index))?;
        }
    }
    Ok(())
}
