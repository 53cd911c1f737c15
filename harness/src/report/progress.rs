//! A progress bar on a terminal, and words that do not tear it.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use sigproof_core::feedback::{Feedback, Notice};
use std::io::Write;

/// A bar on standard error; invisible when that is no terminal.
#[derive(Clone)]
pub struct Bar {
    bar: ProgressBar,
}

impl Bar {
    /// A bar that shows a word until the number of runs is known.
    pub fn new(visible: bool) -> Bar {
        let target = if visible {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let bar = ProgressBar::with_draw_target(None, target);
        bar.set_style(
            ProgressStyle::with_template("{spinner} {msg}")
                .unwrap_or_else(|_| ProgressStyle::default_spinner()),
        );
        Bar { bar }
    }

    /// What is being done.
    pub fn say(&self, words: &str) {
        self.bar.set_message(words.to_owned());
        self.bar.tick();
    }

    /// So many runs are to be done.
    pub fn begin(&self, runs: usize) {
        self.bar.set_style(
            ProgressStyle::with_template(
                "{bar:30.cyan} {pos}/{len} points  {per_sec}  {eta} left  {msg}",
            )
            .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        self.bar.set_message("");
        self.bar.set_length(runs as u64);
        self.bar.set_position(0);
        self.bar.reset_elapsed();
    }

    /// So many are done.
    pub fn at(&self, done: usize, violated: usize) {
        self.bar.set_position(done as u64);
        if violated > 0 {
            self.bar.set_message(format!("{violated} violated"));
        }
    }

    /// The bar is not needed any more.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints above the bar.
    pub fn above(&self, text: &str) {
        self.bar.suspend(|| {
            let mut out = anstream::stderr().lock();
            // Nobody is left to read it: nothing to do about that here.
            let _ = out.write_all(text.as_bytes());
            let _ = out.flush();
        });
    }
}

/// Tells the person what Ctrl+C on sigproof itself does.
pub struct Sink {
    bar: Bar,
}

impl Sink {
    /// Speaks above this bar.
    pub fn new(bar: &Bar) -> Sink {
        Sink { bar: bar.clone() }
    }
}

impl Feedback for Sink {
    fn notify(&self, notice: &Notice) {
        use sigproof_core::Stage;
        let Notice::Stage(stage) = notice else {
            return;
        };
        let text = match stage.to {
            Stage::CancelQueued => {
                "\ninterrupted: no new runs; what runs now is finished, then the partial report follows (Ctrl+C again: at once)\n"
            }
            Stage::TerminateActive => "\ninterrupted again: what runs now is killed\n",
            _ => return,
        };
        self.bar.above(text);
    }

    fn exit_message(&self) -> Vec<u8> {
        b"\nsigproof: stopped at once; targets are killed, no report\n".to_vec()
    }
}
