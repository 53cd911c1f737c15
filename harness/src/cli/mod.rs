//! The command: arguments in, exit codes out, nothing else.

mod args;
mod cargo_test;
mod convert;
mod doctor;
mod exit;
mod fuzz;
mod help;
mod init;
mod man;
mod merge;
mod minimize;
mod report;
mod sessions;
mod test;
#[cfg(test)]
mod verdict_table;

use args::{Cli, Verb};

use clap::Parser;

pub use cargo_test::scenarios;

/// Runs the command with the arguments of this process. Answers its exit code.
pub fn main() -> u8 {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are answers, not errors.
            let code = if error.use_stderr() {
                exit::USAGE
            } else {
                exit::HOLDS
            };
            // A closed pipe is no reason to panic.
            let _ = error.print();
            return code;
        }
    };
    cli.colour.apply();
    match cli.verb {
        Verb::Run(args) => sessions::run(args),
        Verb::Sweep(args) => sessions::sweep(args),
        Verb::Fuzz(args) => fuzz::fuzz(&args),
        Verb::Points(args) => sessions::points(args),
        Verb::Replay(args) => sessions::replay(args),
        Verb::Minimise(args) => minimize::minimise(&args),
        Verb::Test(args) => test::test(*args),
        Verb::Init(args) => init::init(&args),
        Verb::Merge(args) => merge::merge(&args),
        Verb::Report(args) => report::report(&args),
        Verb::Doctor => doctor::doctor(),
        Verb::Man { directory } => man::write(&directory),
        Verb::Completions { shell } => {
            use clap::CommandFactory;
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sigproof", &mut script);
            sessions::print(&String::from_utf8_lossy(&script));
            exit::HOLDS
        }
    }
}
