//! A progress bar on a terminal, and words that do not tear it.

use super::writer::{Style, TerminalWriter};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};
use sigproof_core::feedback::{Feedback, Notice};
use std::fmt::Write;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The length of a bar that shows a share.
const BUDGET: u64 = 1000;

/// A bar on standard error; invisible when that is no terminal.
#[derive(Clone)]
pub struct Bar {
    bar: ProgressBar,
    /// Runs and time that may be used up.
    budget: Arc<Mutex<(Option<usize>, Option<Duration>)>>,
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
        Bar {
            bar,
            budget: Arc::default(),
        }
    }

    /// What is being done.
    pub fn say(&self, words: &str) {
        self.bar.set_message(words.to_owned());
        self.bar.tick();
    }

    /// So many runs are to be done.
    pub fn begin(&self, runs: usize) {
        let style =
            ProgressStyle::with_template("{wide_bar:.cyan} {pos}/{len}  {rate}  {eta} left{msg}")
                .unwrap_or_else(|_| ProgressStyle::default_bar())
                .with_key("rate", |state: &ProgressState, out: &mut dyn Write| {
                    // A template has nowhere to report an error to.
                    let _ = write!(out, "{:.0}/s", state.per_sec());
                });
        self.bar.set_style(style);
        self.bar.set_message("");
        self.bar.set_length(runs as u64);
        self.bar.set_position(0);
        self.bar.reset_elapsed();
    }

    /// So many are done.
    pub fn at(&self, done: usize, violated: usize) {
        self.bar.set_position(done as u64);
        if violated > 0 {
            self.bar.set_message(format!("  {violated} violated"));
        }
    }

    /// So many of so many are done, in so many of so many classes. How many there are can change on the way: where
    /// tries of a class show different things, those between are tried as well.
    pub fn at_classes(&self, done: usize, total: usize, violated: usize, classes: (usize, usize)) {
        self.bar.set_length(total as u64);
        self.bar.set_position(done as u64);
        let mut words = format!("  {} of {} classes", classes.0, classes.1);
        if violated > 0 {
            let _ = write!(words, "  {violated} violated");
        }
        self.bar.set_message(words);
    }

    /// A budget of runs or of time, whichever is used up first.
    pub fn begin_budget(&self, runs: Option<usize>, time: Option<Duration>) {
        let style = ProgressStyle::with_template("{wide_bar:.cyan} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        self.bar.set_style(style);
        self.bar.set_message("");
        self.bar.set_length(BUDGET);
        self.bar.set_position(0);
        let mut budget = self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        *budget = (runs, time);
    }

    /// So much of the budget is used up.
    pub fn at_budget(
        &self,
        runs: usize,
        used: Duration,
        points: usize,
        pairs: usize,
        violated: usize,
    ) {
        let budget = *self.budget.lock().unwrap_or_else(PoisonError::into_inner);
        let of_runs = budget.0.map(|most| runs as f64 / most.max(1) as f64);
        let of_time = budget
            .1
            .map(|most| used.as_secs_f64() / most.as_secs_f64().max(1e-9));
        let share = of_runs.unwrap_or(0.0).max(of_time.unwrap_or(0.0)).min(1.0);
        self.bar.set_position((share * BUDGET as f64) as u64);
        let rate = runs as f64 / used.as_secs_f64().max(1e-3);
        let mut words = format!("{runs} runs  {rate:.0}/s  {points} points  {pairs} pairs");
        if let Some(time) = budget.1 {
            let left = time.saturating_sub(used).as_secs();
            let _ = write!(words, "  {left} s left");
        }
        if violated > 0 {
            let _ = write!(words, "  {violated} violated");
        }
        self.bar.set_message(words);
    }

    /// What is done instead of runs for a while; the bar stays where it is.
    pub fn remark(&self, words: &str) {
        // A line that wraps cannot be drawn over.
        let short = words.char_indices().nth(60);
        let short = short.map_or_else(|| words.to_owned(), |(at, _)| format!("{}…", &words[..at]));
        self.bar.set_message(short);
        self.bar.tick();
    }

    /// The bar is not needed any more.
    pub fn clear(&self) {
        self.bar.finish_and_clear();
    }

    /// Prints on standard output, above the bar.
    pub fn print(&self, text: &str) {
        self.bar.suspend(|| {
            let mut out = anstream::stdout().lock();
            // A reader that has gone away misses nothing that it wanted.
            let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        });
    }

    /// Prints on standard error, above the bar.
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
                "no new runs; what runs now is finished, then the partial report follows. \
                 Ctrl+C again: what runs now is killed"
            }
            Stage::TerminateActive => "what runs now is killed. Ctrl+C again: no report",
            _ => return,
        };
        let mut out = TerminalWriter::new();
        // After the ^C that the terminal shows.
        out.gap();
        out.item(0, (Style::Warn, "interrupted: "), Style::Plain, text);
        self.bar.above(&out.finish());
    }

    fn exit_message(&self) -> Vec<u8> {
        b"\nsigproof: stopped at once; targets are killed, no report\n".to_vec()
    }
}
