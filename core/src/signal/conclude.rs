//! The end of an interrupted program.
//!
//! The rule is Martin Cracauer's: clean up, put the default back, kill
//! yourself with the same signal. A program that exits with a status instead
//! tells its shell that it dealt with Ctrl+C as an editor does, and the script
//! around it goes on.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use super::install::InterruptHandler;
use super::options::ExitStyle;
use crate::machine::Cause;
use crate::sys::{exit, mask};

/// How long standard output may take.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

impl InterruptHandler {
    /// Ends an interrupted program as configured, by default by the signal;
    /// returns if it was never interrupted.
    ///
    /// Standard output is flushed, for at most a second: a task that was
    /// abandoned may hold its lock for ever. Observers are finished (which shows
    /// what the handler's feedback still holds back, for at most a second) and
    /// the handler is removed. Destructors of the caller do not run: call
    /// this last, after clean-up. A program that was stopped by
    /// [`InterruptHandler::request`] alone, without a signal, ends with the
    /// configured status, and returns from here if there is none.
    pub fn conclude(self) {
        let (cause, style) = (self.cause(), self.exit_style());
        let interrupted = cause != Cause::None;
        if interrupted {
            // While the handler is there: a further press, or a deadline of the
            // policy, ends the process in any case.
            flush_stdout();
        }
        self.finish();
        drop(self);
        if !interrupted {
            return;
        }
        let signal = cause.signal();
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

/// Flushes standard output, or leaves it after a while: its lock may be held, or
/// its reader may not read. Nobody is left to be told of an error.
fn flush_stdout() {
    let (done, is_done) = mpsc::channel();
    let flushing = mask::with_all_blocked(|| {
        thread::Builder::new().spawn(move || {
            let _ = io::stdout().flush();
            let _ = done.send(());
        })
    });
    if flushing.is_ok() {
        let _ = is_done.recv_timeout(FLUSH_LIMIT);
    }
}
