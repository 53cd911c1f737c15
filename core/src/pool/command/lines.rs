//! Output line by line.

use std::io;
use std::process::Command;

use super::{CommandEnd, CommandRunner, Output};

/// A line that is longer comes in pieces of this size.
const LINE_MAX: usize = 1 << 20;

impl CommandRunner {
    /// As [`CommandRunner::execute`], but `on_line` gets each line as a whole, without its end (`\n` or `\r\n`). What
    /// stands behind the last end of a line is a line, too. Lines of standard output and standard error keep their
    /// order, each for itself. A line of more than 1 MiB comes in pieces.
    ///
    /// # Errors
    /// Those of [`CommandRunner::execute`].
    ///
    /// ```
    /// use std::process::Command;
    /// use sigproof_core::{StopSource, pool::{CommandRunner, Output}};
    /// let runner = CommandRunner::new(&StopSource::new().token());
    /// let mut lines = Vec::new();
    /// runner.execute_lines(Command::new("date"), |line| {
    ///     if let Output::Stdout(line) = line {
    ///         lines.push(String::from_utf8_lossy(line).into_owned());
    ///     }
    /// })?;
    /// assert_eq!(lines.len(), 1);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn execute_lines(
        &self,
        command: Command,
        mut on_line: impl FnMut(Output<'_>) + Send,
    ) -> io::Result<CommandEnd> {
        let (mut stdout, mut stderr) = (Lines::default(), Lines::default());
        let end = self.execute(command, |output| match output {
            Output::Stdout(bytes) => stdout.take(bytes, |line| on_line(Output::Stdout(line))),
            Output::Stderr(bytes) => stderr.take(bytes, |line| on_line(Output::Stderr(line))),
        })?;
        stdout.finish(|line| on_line(Output::Stdout(line)));
        stderr.finish(|line| on_line(Output::Stderr(line)));
        Ok(end)
    }
}

/// What a stream has said of a line that is not over yet.
#[derive(Default)]
struct Lines {
    begun: Vec<u8>,
}

impl Lines {
    fn take(&mut self, bytes: &[u8], mut on_line: impl FnMut(&[u8])) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.begun.extend_from_slice(piece);
            if let Some(line) = self.begun.strip_suffix(b"\n") {
                on_line(line.strip_suffix(b"\r").unwrap_or(line));
                self.begun.clear();
            }
            while self.begun.len() >= LINE_MAX {
                let rest = self.begun.split_off(LINE_MAX);
                on_line(&self.begun);
                self.begun = rest;
            }
        }
    }

    fn finish(self, mut on_line: impl FnMut(&[u8])) {
        if !self.begun.is_empty() {
            on_line(&self.begun);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(pieces: &[&[u8]]) -> Vec<Vec<u8>> {
        let (mut found, mut lines) = (Vec::new(), Lines::default());
        for piece in pieces {
            lines.take(piece, |line| found.push(line.to_vec()));
        }
        lines.finish(|line| found.push(line.to_vec()));
        found
    }

    #[test]
    fn lines_are_whole_wherever_they_were_cut() {
        assert_eq!(
            lines(&[b"a\nb", b"c\r", b"\n\nd"]),
            [&b"a"[..], b"bc", b"", b"d"]
        );
        assert_eq!(lines(&[b"a\n"]), [b"a"]);
        assert!(lines(&[]).is_empty());
    }

    #[test]
    fn a_line_without_an_end_takes_no_more_memory_than_its_bound() {
        let found = lines(&[&vec![b'x'; LINE_MAX - 1], b"yz\n"]);
        assert_eq!(
            found.iter().map(Vec::len).collect::<Vec<_>>(),
            [LINE_MAX + 1]
        );
        let found = lines(&[&vec![b'x'; 2 * LINE_MAX + 3], b"\n"]);
        let lengths: Vec<usize> = found.iter().map(Vec::len).collect();
        assert_eq!(lengths, [LINE_MAX, LINE_MAX, 3]);
    }
}
