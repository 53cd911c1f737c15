//! The options of the verbs, and the rules for their values.
//!
//! The command line and scenario files both fill in a spec ([`SweepSpec`], [`FuzzSpec`], …), and the spec checks it. An
//! [`OptionError`] says which option is wrong and why; who filled in the spec adds the place, a flag or a line of a
//! file. So the same mistake gets the same sentence in both.

mod contract;
mod error;
mod faults;
mod fuzz;
mod numbers;
mod points;
mod script;
mod sweep;
mod target;
mod values;

pub(crate) use contract::{ContractSpec, check_alone, check_contract};
pub(crate) use error::{OptionError, OptionName};
pub(crate) use faults::FaultReader;
pub(crate) use fuzz::FuzzSpec;
pub(crate) use numbers::{
    CONFIRM, CPU_COUNT, ESCALATION_SIGNALS, EXIT_STATUS, LATENCY_RUNS, RETRIES,
};
pub(crate) use points::{PhaseName, PointSpec};
pub(crate) use script::ScriptSpec;
pub(crate) use sweep::SweepSpec;
pub(crate) use target::{
    LimitsSpec, check_command, check_inputs, check_stdin, existing, existing_directory,
};
pub(crate) use values::{choose, expression, glob, names, one_of, oracle, terminal_size, variable};
