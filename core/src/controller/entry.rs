//! The shortest way to an interruptible program.

use std::error::Error;
use std::io::{self, Write};
use std::process::ExitCode;

use crate::pool::TaskError;
use crate::signal::{InterruptHandler, Options};
use crate::token::{Interrupted, StopToken};

/// Runs `work` with a signal handler, and ends the program as it should end.
///
/// | `work` | not interrupted | interrupted |
/// | --- | --- | --- |
/// | returns `Ok` | success | dies by the signal |
/// | returns an error | prints it; failure (1) | prints it; dies by the signal |
/// | returns an [`Interrupted`] | failure (1) | dies by the signal |
///
/// "Dies by the signal" is what [`Options::exit_style`] says, and what a shell
/// needs to stop the script around the program. So `?` may be used anywhere in
/// `work`; what it has on its stack is dropped before the end. If the handler
/// cannot be installed, that is printed, `work` does not run, and the result is
/// failure.
///
/// ```no_run
/// use std::process::ExitCode;
/// use sigproof_core::Policy;
///
/// fn main() -> ExitCode {
///     sigproof_core::run(Policy::escalating(), |token| {
///         for line in std::io::stdin().lines() {
///             token.checkpoint()?;
///             println!("{}", line?.len());
///         }
///         Ok(())
///     })
/// }
/// ```
pub fn run(
    options: impl Into<Options>,
    work: impl FnOnce(&StopToken) -> Result<(), TaskError>,
) -> ExitCode {
    let handler = match InterruptHandler::install(options) {
        Ok(handler) => handler,
        Err(error) => {
            print_error(&error);
            return ExitCode::FAILURE;
        }
    };
    let result = work(&handler.token());
    let code = match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if Interrupted::find(&*error).is_none() {
                print_error(&*error);
            }
            ExitCode::FAILURE
        }
    };
    handler.conclude_with(code)
}

/// Prints an error with its causes. Standard error may be closed; that is no
/// reason to end otherwise.
fn print_error(error: &dyn Error) {
    let mut text = format!("Error: {error}\n");
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(&format!("  caused by: {cause}\n"));
        next = cause.source();
    }
    let _ = io::stderr().write_all(text.as_bytes());
}
