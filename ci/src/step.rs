//! What a step is: a word to ask for it, when it runs, what it does. `steps.rs` has the table.

use crate::process::Failure;

/// What one step does.
pub enum Action {
    /// Runs these commands one after the other; each must exit with 0.
    Commands(&'static [Command]),
    /// The same, while the steps after it run: what they leave of the processors is enough for it. What it prints comes
    /// when all have ended.
    Beside(&'static [Command]),
    /// Runs this script of the repository.
    Script(&'static str),
    /// Does these one after the other.
    All(&'static [Action]),
    /// Nothing more than what every step begins with: looks for the programs that it uses (`tools.rs`), and installs
    /// those that are missing.
    Tools,
    /// Calls a function of this program.
    Function(fn() -> Result<(), Failure>),
}

/// One command, as data, so that it can be shown as a line to paste.
#[derive(Clone, Copy)]
pub struct Command {
    /// Variables set for it, besides the inherited ones.
    pub environment: &'static [(&'static str, &'static str)],
    /// The arguments of `cargo`.
    pub cargo: &'static [&'static str],
    /// A subcommand of cargo that must be installed, and the arguments to use instead where it is not.
    pub otherwise: Option<(&'static str, &'static [&'static str])>,
}

/// When a step runs without being named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Always.
    Default,
    /// In a full run: it takes long, or installs much.
    Full,
    /// Never: it is a part of another step, or needs a machine for itself.
    Asked,
}

/// One check.
pub struct Step {
    /// The word to ask for it.
    pub name: &'static str,
    /// What it checks.
    pub what: &'static str,
    /// When it runs without being named.
    pub when: When,
    /// What it does.
    pub action: Action,
}

/// A command of Cargo.
pub const fn cargo(arguments: &'static [&'static str]) -> Command {
    cargo_with(&[], arguments)
}

/// The same with variables set.
pub const fn cargo_with(
    environment: &'static [(&'static str, &'static str)],
    arguments: &'static [&'static str],
) -> Command {
    Command {
        environment,
        cargo: arguments,
        otherwise: None,
    }
}
