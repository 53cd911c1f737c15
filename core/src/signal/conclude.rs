//! The end of an interrupted program.
//!
//! The rule is Martin Cracauer's: clean up, put the default back, kill
//! yourself with the same signal. A program that exits with a status instead
//! tells its shell that it dealt with Ctrl+C as an editor does, and the script
//! around it goes on.

use std::io::{self, Write};
use std::process::ExitCode;

use super::install::InterruptHandler;
use super::options::ExitStyle;
use crate::machine::Cause;
use crate::sys::exit;

impl InterruptHandler {
    /// Ends an interrupted program as configured, by default by the signal;
    /// returns if it was never interrupted.
    ///
    /// Observers are finished (which shows what the handler's feedback still
    /// holds back, for at most a second) and the handler is removed first;
    /// standard output is flushed. Destructors of the caller do not run: call
    /// this last, after clean-up. A program that was stopped by
    /// [`InterruptHandler::request`] alone, without a signal, ends with the
    /// configured status, and returns from here if there is none.
    pub fn conclude(self) {
        let (cause, style) = (self.cause(), self.exit_style());
        self.finish();
        drop(self);
        let signal = match cause {
            Cause::None => return,
            Cause::Signal(_) | Cause::Deadline(_) | Cause::Request => cause.signal(),
        };
        // A closed or full standard output must not keep the program alive,
        // and there is nobody left to tell.
        let _ = io::stdout().flush();
        match (style, signal) {
            (ExitStyle::BySignal, Some(signal)) => exit::die_by(signal),
            (ExitStyle::Status128, Some(signal)) => std::process::exit(128 + signal.number()),
            (ExitStyle::Status(status), _) => std::process::exit(i32::from(status)),
            (ExitStyle::BySignal | ExitStyle::Status128, None) => {}
        }
    }

    /// As [`InterruptHandler::conclude`], for the end of `main`: returns `code`
    /// if the program was never interrupted by a signal.
    ///
    /// ```no_run
    /// use std::process::ExitCode;
    /// use sigproof_core::{InterruptHandler, Policy};
    /// fn main() -> Result<ExitCode, sigproof_core::InstallError> {
    ///     let handler = InterruptHandler::install(Policy::escalating())?;
    ///     // … work …
    ///     Ok(handler.conclude_with(ExitCode::SUCCESS))
    /// }
    /// ```
    #[must_use = "the code is to be returned from main"]
    pub fn conclude_with(self, code: ExitCode) -> ExitCode {
        self.conclude();
        code
    }
}
