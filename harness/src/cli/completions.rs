//! `sigproof completions`.

use super::args::Cli;
use super::stdio::print;
use crate::cli::exit;
use clap::CommandFactory;
use clap_complete::Shell;

/// Prints a completion script.
pub fn completions(shell: Shell) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "sigproof", &mut script);
    print(&String::from_utf8_lossy(&script));
    exit::HOLDS
}
