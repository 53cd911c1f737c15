//! What must hold.

use super::values::{duration, exit_status, glob, oracle};
use crate::error::Error;
use crate::options::ContractSpec;
use crate::oracle::{Contract, OracleId, Served};
use clap::Args;
use std::time::Duration;

/// What must hold.
#[derive(Debug, Args)]
#[command(next_help_heading = "Contract")]
pub struct ContractArgs {
    /// Judge by these oracles only
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle)]
    pub oracles: Vec<OracleId>,
    /// Do not judge by these oracles
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = oracle)]
    pub skip: Vec<OracleId>,
    /// Command (for sh -c) that must succeed on the end state of every run
    #[arg(long, value_name = "CMD")]
    pub check: Option<String>,
    /// Paths that may be left behind (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub keep: Vec<String>,
    /// Outputs that may be cut short after whole lines, such as logs (repeatable). KIND is lines, bytes (cut anywhere),
    /// set (lines in any order) or blocks=N
    #[arg(long, value_name = "[KIND:]GLOB")]
    pub prefix: Vec<String>,
    /// Outputs that may be cut short anywhere, such as streams (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub prefix_bytes: Vec<String>,
    /// Outputs whose content does not matter (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub any: Vec<String>,
    /// Exit status that is right for a canceled run (repeatable)
    #[arg(long, value_name = "N", value_parser = exit_status)]
    pub ok_status: Vec<u8>,
    /// Exit status of an undisturbed run
    #[arg(long, value_name = "N", default_value = "0", value_parser = exit_status)]
    pub baseline_status: u8,
    /// How long a signal handler may run
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub handler_budget: Option<Duration>,
    /// How long a child that has ended may be left unwaited for [default: 2s; while nobody has asked the target to
    /// stop, a little longer than in undisturbed runs]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub zombie_limit: Option<Duration>,
    /// A child that is ended by SIGKILL must have been asked to stop before
    #[arg(long)]
    pub ask_first: bool,
    /// Command lines that may outlive the target (repeatable)
    #[arg(long, value_name = "GLOB", value_parser = glob)]
    pub daemon: Vec<String>,
    /// Requests that a service owes an answer: read, accepted or backlog [default: accepted]
    #[arg(long, value_name = "WHICH", value_enum)]
    pub served: Option<Served>,
}

impl ContractArgs {
    pub fn contract(&self) -> Result<Contract, Error> {
        let spec = ContractSpec {
            oracles: self.oracles.clone(),
            skip: self.skip.clone(),
            keep: self.keep.clone(),
            prefix: self.prefix.clone(),
            prefix_bytes: self.prefix_bytes.clone(),
            any: self.any.clone(),
            daemons: self.daemon.clone(),
            ok_status: self.ok_status.clone(),
            baseline_status: self.baseline_status,
            check: self.check.clone(),
            handler_budget: self.handler_budget,
            served: self.served.unwrap_or_default(),
            zombie_limit: self.zombie_limit,
            ask_first: self.ask_first,
        };
        Ok(spec.contract()?)
    }
}
