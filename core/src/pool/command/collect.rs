//! Programs whose output is wanted as a whole, or not at all.

use std::io;
use std::process::{self, Command};

use super::{CommandRunner, Output};

/// How much of standard error an error holds.
const TAIL_BYTES: usize = 4096;

impl CommandRunner {
    /// As [`CommandRunner::execute`], and collects the output. There is no limit
    /// to it.
    ///
    /// # Errors
    /// Those of [`CommandRunner::execute`]; an [`Interrupted`](crate::Interrupted) inside if the
    /// program was asked to end, too.
    ///
    /// ```
    /// use std::process::Command;
    /// use sigproof_core::{StopSource, pool::CommandRunner};
    /// let runner = CommandRunner::new(&StopSource::new().token());
    /// let output = runner.output(Command::new("date"))?;
    /// assert!(output.status.success() && !output.stdout.is_empty());
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn output(&self, command: Command) -> io::Result<process::Output> {
        let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
        let end = self.execute(command, |output| match output {
            Output::Stdout(bytes) => stdout.extend_from_slice(bytes),
            Output::Stderr(bytes) => stderr.extend_from_slice(bytes),
        })?;
        if let Some(interrupted) = end.interrupted {
            return Err(interrupted.into());
        }
        Ok(process::Output {
            status: end.status,
            stdout,
            stderr,
        })
    }

    /// As [`CommandRunner::execute`], and fails unless the program succeeds. Its
    /// output is dropped.
    ///
    /// # Errors
    /// Those of [`CommandRunner::output`]; the status, and the end of standard
    /// error, if it is not success.
    pub fn run_checked(&self, command: Command) -> io::Result<()> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut last = Vec::new();
        let end = self.execute(command, |output| {
            if let Output::Stderr(bytes) = output {
                last.extend_from_slice(bytes);
                let excess = last.len().saturating_sub(TAIL_BYTES);
                last.drain(..excess);
            }
        })?;
        if let Some(interrupted) = end.interrupted {
            return Err(interrupted.into());
        }
        if end.status.success() {
            return Ok(());
        }
        let tail = String::from_utf8_lossy(&last);
        let text = format!("{name}: {}: {}", end.status, tail.trim());
        Err(io::Error::other(
            text.trim_end_matches([':', ' ']).to_owned(),
        ))
    }
}
