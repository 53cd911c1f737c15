//! The `sigproof` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(sigproof::internals::main())
}
