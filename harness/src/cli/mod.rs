//! The command: arguments in, exit codes out, nothing else.

mod args;
mod cargo_test;
mod convert;
mod doctor;
mod exit;
mod fuzz;
mod fuzz_args;
mod help;
mod init;
mod manual;
mod merge;
mod minimise;
mod reports;
mod sessions;
mod test;
mod test_args;

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
        Verb::Minimise(args) => minimise::minimise(&args),
        Verb::Test(args) => test::test(*args),
        Verb::Init(args) => init::init(&args),
        Verb::Merge(args) => merge::merge(&args),
        Verb::Report(args) => reports::report(&args),
        Verb::Doctor => doctor::doctor(),
        Verb::Man { directory } => manual::write(&directory),
        Verb::Completions { shell } => {
            use clap::CommandFactory;
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "sigproof", &mut script);
            sessions::print(&String::from_utf8_lossy(&script));
            exit::HOLDS
        }
    }
}
