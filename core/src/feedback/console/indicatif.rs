//! Messages above the progress bars of indicatif.

use std::io::{self, Write};

use indicatif::MultiProgress;

use super::Console;

impl Console {
    /// Prints to standard error, as [`Console::stderr`] does, above these
    /// bars: they are cleared, the message is written, they are drawn again
    /// below it. No line is torn, even if another thread moves a bar meanwhile.
    ///
    /// If the bars are hidden, as they are when standard error is no terminal,
    /// the message is written all the same.
    ///
    /// The echo of a typed Ctrl+C would leave a copy of a bar behind:
    /// [`Options::hide_key_echo`](crate::Options::hide_key_echo) hides it.
    ///
    /// Only what the signal handler itself writes at stage 3 bypasses
    /// the bars: it comes below them, and the process ends.
    ///
    /// ```
    /// use indicatif::{MultiProgress, ProgressBar};
    /// use sigproof_core::feedback::Console;
    /// use sigproof_core::{InterruptHandler, Options, Policy};
    /// let bars = MultiProgress::new();
    /// let bar = bars.add(ProgressBar::new(300));
    /// let console = Console::above(&bars);
    /// let options = Options::new(Policy::escalating())
    ///     .feedback(console)
    ///     .hide_key_echo();
    /// let handler = InterruptHandler::install(options)?;
    /// # Ok::<(), sigproof_core::InstallError>(())
    /// ```
    #[must_use]
    pub fn above(bars: &MultiProgress) -> Console {
        Console::beside_stderr(AboveBars(bars.clone()))
    }
}

/// Standard error, above bars.
struct AboveBars(MultiProgress);

impl Write for AboveBars {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let write = || {
            anstream::AutoStream::always(io::stderr())
                .write_all(bytes)
                .map(|()| bytes.len())
        };
        // The bars are locked while they are suspended. Hidden ones need not
        // be: a reader who does not read must not stop whoever moves a bar.
        if self.0.is_hidden() {
            write()
        } else {
            self.0.suspend(write)
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
