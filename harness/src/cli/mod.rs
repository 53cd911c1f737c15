//! The command: arguments in, exit codes out, nothing else.

mod accept;
mod args;
mod beginnings;
mod cargo_test;
mod completions;
mod doctor;
mod exit;
mod explain;
mod fuzz;
mod help;
mod init;
mod interrupt;
mod man;
mod merge;
mod minimize;
mod points;
mod pool;
mod replay;
mod report;
mod results;
mod run;
#[cfg(test)]
mod same_sentence_tests;
mod selection;
mod stdio;
mod sweep;
mod test;
#[cfg(test)]
mod verdict_table;

use args::{Cli, Verb};

use clap::Parser;

pub use cargo_test::scenarios;

/// Runs the command with the arguments of this process. Returns its exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version were asked for: no errors.
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::HOLDS
            };
            // A closed pipe is no reason to panic.
            let _ = error.print();
            let arguments: Vec<String> = std::env::args_os()
                .map(|word| word.to_string_lossy().into_owned())
                .collect();
            if let Some(hint) = beginnings::hint(&error, &arguments) {
                anstream::eprintln!("\n{hint}");
            }
            return code;
        }
    };
    cli.color.apply();
    match cli.verb {
        Verb::Run(args) => run::run(&args),
        Verb::Sweep(args) => sweep::sweep(&args),
        Verb::Fuzz(args) => fuzz::fuzz(&args),
        Verb::Points(args) => points::points(&args),
        Verb::Replay(args) => replay::replay(&args),
        Verb::Minimize(args) => minimize::minimize(&args),
        Verb::Test(args) => test::test(&args),
        Verb::Init(args) => init::init(&args),
        Verb::Merge(args) => merge::merge(&args),
        Verb::Report(args) => report::report(&args),
        Verb::Explain { oracle, example } => explain::explain(oracle, example),
        Verb::Doctor => doctor::doctor(),
        Verb::Man { directory } => man::write(&directory),
        Verb::Completions { shell } => completions::completions(shell),
    }
}
