//! The messages. Every one of them can be replaced.

use crate::feedback::notice::{Notice, StageNotice};
use crate::machine::Stage;

/// How urgent a line is; the console colours by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Information.
    Info,
    /// Something changed.
    Warning,
    /// Something is lost.
    Error,
}

/// One piece of text to show; it may hold several lines.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Line {
    /// How urgent it is.
    pub level: Level,
    /// The text, without a newline at the end.
    pub text: String,
}

/// The messages of one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StageText {
    /// What happens now.
    pub message: String,
    /// What the person can do next; nothing is shown if it is empty.
    pub hint: String,
}

impl StageText {
    fn new(message: &str, hint: &str) -> StageText {
        StageText {
            message: message.to_owned(),
            hint: hint.to_owned(),
        }
    }
}

/// Every message of the library, ready to be replaced.
///
/// `{index}`, `{total}`, `{completed}`, `{percent}`, `{message}`, `{from}` and
/// `{to}` are filled in where they make sense.
///
/// ```
/// use sigproof_core::feedback::Messages;
/// let mut messages = Messages::standard();
/// messages.stages[0].message = "Finishing what was begun …".to_owned();
/// messages.show_hints = false;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Messages {
    /// Stages 1 to 3.
    pub stages: [StageText; 3],
    /// A first signal that only warns.
    pub armed: String,
    /// The warning expired; empty for silence.
    pub disarmed: String,
    /// A confirmed stop.
    pub stopping: StageText,
    /// Shown on every change of stage, if not empty.
    pub transition: String,
    /// No further task is started.
    pub submission_stopped: String,
    /// Results are not waited for any longer.
    pub collection_stopped: String,
    /// Active tasks were killed after the grace period.
    pub active_killed: String,
    /// A task failed; empty for silence.
    pub task_failed: String,
    /// A task was lost with its worker.
    pub task_lost: String,
    /// A task was abandoned.
    pub task_abandoned: String,
    /// A task was stopped at the limit for one task.
    pub task_timed_out: String,
    /// Partial results are returned.
    pub partial_results: String,
    /// An explanation of what each Ctrl+C does.
    pub help: String,
    /// Removing the handler failed.
    pub cleanup_failed: String,
    /// Whether anything is shown when the stage changes (`feedback_enabled`).
    pub enabled: bool,
    /// Whether hints are shown on what the person can do next.
    pub show_hints: bool,
    /// Whether the help is shown when a program offers it
    /// (`show_interrupt_help`).
    pub show_help: bool,
    /// Whether symbols mark the urgency (`emoji_indicators`), on terminals that
    /// can show them.
    pub show_symbols: bool,
    /// Whether details are shown on what the pool does
    /// (`detailed_feedback`): stopped submission, stopped collection.
    pub show_details: bool,
}

impl Messages {
    /// The standard messages.
    #[must_use]
    pub fn standard() -> Messages {
        Messages {
            stages: [
                StageText::new(
                    "🛑 Interrupt received: Cancelling queued tasks, completing active work...",
                    "Press Ctrl+C again to terminate active tasks",
                ),
                StageText::new(
                    "⚠️  Second interrupt: Terminating active tasks, returning partial results...",
                    "Press Ctrl+C again for immediate exit",
                ),
                StageText::new("💥 Third interrupt: Immediate termination!", ""),
            ],
            armed: "Press Ctrl+C again to stop...".to_owned(),
            disarmed: String::new(),
            stopping: StageText::new(
                "🛑 Stop confirmed: Stopping active work, running teardown...",
                "Press Ctrl+C again to force the exit",
            ),
            transition: String::new(),
            submission_stopped: "Stopping task submission at task {index}/{total}".to_owned(),
            collection_stopped: "Stopping result collection due to urgent cancellation".to_owned(),
            active_killed: "Active tasks did not stop in time and were killed".to_owned(),
            task_failed: String::new(),
            task_lost: "Task {index} was lost: {message}".to_owned(),
            task_abandoned: "Task {index} did not stop in time and was abandoned".to_owned(),
            task_timed_out: "Task {index} took too long and was stopped".to_owned(),
            partial_results:
                "📊 Returning partial results: {completed}/{total} tasks completed ({percent}%)"
                    .to_owned(),
            help: "🛑 Interrupt Handling:\n\
                   • First Ctrl+C: Graceful cancellation (finish active work)\n\
                   • Second Ctrl+C: Urgent cancellation (stop active work)\n\
                   • Third Ctrl+C: Immediate termination (no cleanup)"
                .to_owned(),
            cleanup_failed: "Error during interrupt handler cleanup: {message}".to_owned(),
            enabled: true,
            show_hints: true,
            show_help: true,
            show_symbols: true,
            show_details: true,
        }
    }

    /// The long form: each stage explains in points what will happen.
    #[must_use]
    pub fn detailed() -> Messages {
        Messages {
            stages: [
                StageText::new(
                    "🛑 Graceful cancellation: Finishing current work, no new tasks started",
                    "• Active tasks will complete normally\n\
                     • Queued tasks will be skipped\n\
                     • Press Ctrl+C again to stop active tasks",
                ),
                StageText::new(
                    "⚠️  Urgent cancellation: Stopping active tasks, saving partial results",
                    "• Active tasks will be cancelled\n\
                     • Completed results will be returned\n\
                     • Press Ctrl+C again for immediate exit",
                ),
                StageText::new("💥 Immediate termination: Exiting without cleanup", ""),
            ],
            transition: "Interrupt escalation: {from} → {to}".to_owned(),
            task_failed: "Task {index} failed: {message}".to_owned(),
            ..Messages::standard()
        }
    }

    /// The short form: one line for each stage.
    #[must_use]
    pub fn brief() -> Messages {
        Messages {
            stages: [
                StageText::new("🛑 Graceful cancellation in progress...", ""),
                StageText::new("⚠️  Urgent cancellation - stopping active work...", ""),
                StageText::new("💥 Immediate termination requested!", ""),
            ],
            show_details: false,
            ..Messages::standard()
        }
    }

    /// The short form without symbols.
    #[must_use]
    pub fn plain() -> Messages {
        Messages {
            stages: [
                StageText::new("Cancelling queued tasks, completing active work...", ""),
                StageText::new("Terminating active tasks, returning partial results...", ""),
                StageText::new("Immediate termination requested!", ""),
            ],
            show_details: false,
            ..Messages::standard()
        }
    }

    /// The message of a stage by its number, as it may come from another
    /// program.
    #[must_use]
    pub fn stage_message(&self, number: u8) -> String {
        match Stage::from_number(number).map(|stage| self.stage_text(stage)) {
            Some(Some(text)) => text.message.clone(),
            Some(None) | None => format!("Unknown interrupt stage: {number}"),
        }
    }

    /// Whether progress is worth showing at this stage: not when the program
    /// exits at once, and not without details.
    #[must_use]
    pub fn should_show_progress_info(&self, stage: Stage) -> bool {
        !stage.should_exit_now() && self.show_details
    }

    /// Returns the lines to show for a notice, in order; none for silence.
    #[must_use]
    pub fn lines(&self, notice: &Notice) -> Vec<Line> {
        let mut lines = self.lines_with_symbols(notice);
        if !self.show_symbols {
            for line in &mut lines {
                line.text = without_symbols(&line.text);
            }
        }
        lines
    }

    fn lines_with_symbols(&self, notice: &Notice) -> Vec<Line> {
        let (level, text) = match notice {
            Notice::Stage(stage) => return self.stage_lines(stage),
            Notice::Armed { message } if self.enabled => {
                let text = message.clone().unwrap_or_else(|| self.armed.clone());
                (Level::Warning, text)
            }
            Notice::Disarmed if self.enabled => (Level::Info, self.disarmed.clone()),
            Notice::Armed { .. } | Notice::Disarmed => return Vec::new(),
            Notice::SubmissionStopped { index, total } if self.show_details => {
                let text = fill(&self.submission_stopped, "index", index + 1);
                (Level::Info, fill(&text, "total", total))
            }
            Notice::CollectionStopped if self.show_details => {
                (Level::Info, self.collection_stopped.clone())
            }
            Notice::SubmissionStopped { .. } | Notice::CollectionStopped => return Vec::new(),
            Notice::ActiveKilled => (Level::Warning, self.active_killed.clone()),
            Notice::TaskFailed { index, message } => {
                let text = fill(&self.task_failed, "index", index + 1);
                (Level::Error, fill(&text, "message", visible(message)))
            }
            Notice::TaskLost { index, message } => {
                let text = fill(&self.task_lost, "index", index + 1);
                (Level::Error, fill(&text, "message", visible(message)))
            }
            Notice::TaskAbandoned { index } => {
                let text = fill(&self.task_abandoned, "index", index + 1);
                (Level::Warning, text)
            }
            Notice::TaskTimedOut { index, abandoned } => {
                let text = if *abandoned {
                    &self.task_abandoned
                } else {
                    &self.task_timed_out
                };
                (Level::Warning, fill(text, "index", index + 1))
            }
            Notice::PartialResults { completed, total } => {
                let text = fill(&self.partial_results, "completed", completed);
                let text = fill(&text, "total", total);
                let percent = format!("{:.1}", percent(*completed, *total));
                (Level::Info, fill(&text, "percent", percent))
            }
            Notice::Help if self.show_help => (Level::Info, self.help.clone()),
            Notice::Help => return Vec::new(),
            Notice::CleanupFailed { message } => (
                Level::Error,
                fill(&self.cleanup_failed, "message", visible(message)),
            ),
        };
        if text.is_empty() {
            return Vec::new();
        }
        vec![Line { level, text }]
    }

    fn stage_text(&self, stage: Stage) -> Option<&StageText> {
        usize::from(stage.number())
            .checked_sub(1)
            .and_then(|index| self.stages.get(index))
    }

    fn stage_lines(&self, notice: &StageNotice) -> Vec<Line> {
        let usual = if notice.confirmed {
            Some(&self.stopping)
        } else {
            self.stage_text(notice.to)
        };
        let Some(usual) = usual.filter(|_| self.enabled) else {
            return Vec::new();
        };
        let level = if notice.to.should_exit_now() {
            Level::Error
        } else {
            Level::Warning
        };
        let transition = fill(&self.transition, "from", notice.from);
        let message = notice.message.as_ref().unwrap_or(&usual.message);
        let hint = notice.hint.as_ref().unwrap_or(&usual.hint);
        let shown = [
            (Level::Warning, transition),
            (level, message.clone()),
            (
                Level::Info,
                if self.show_hints {
                    hint.clone()
                } else {
                    String::new()
                },
            ),
        ];
        shown
            .into_iter()
            .filter(|(_, text)| !text.is_empty())
            .map(|(level, text)| Line {
                level,
                text: fill(&text, "to", notice.to),
            })
            .collect()
    }
}

impl Default for Messages {
    fn default() -> Messages {
        Messages::standard()
    }
}

fn fill(template: &str, name: &str, value: impl ToString) -> String {
    let place = format!("{{{name}}}");
    if template.contains(&place) {
        template.replace(&place, &value.to_string())
    } else {
        template.to_owned()
    }
}

/// The text of an error, which may hold names of files and the like: control
/// characters, with which it could move the cursor, are escaped.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for char in text.chars() {
        if char.is_control() && !matches!(char, '\n' | '\t') {
            shown.extend(char.escape_default());
        } else {
            shown.push(char);
        }
    }
    shown
}

/// The share of completed tasks in percent; 0 if there are no tasks.
#[must_use]
pub fn percent(completed: usize, total: usize) -> f64 {
    if total == 0 {
        return 0.0;
    }
    // Exact up to 2^53 tasks, and only shown with one decimal.
    completed as f64 / total as f64 * 100.0
}

/// The symbols of the messages, each with the spaces that follow it.
const SYMBOLS: [&str; 4] = ["🛑 ", "⚠️  ", "💥 ", "📊 "];

fn without_symbols(text: &str) -> String {
    SYMBOLS
        .iter()
        .fold(text.to_owned(), |text, symbol| text.replace(symbol, ""))
}

/// `text` without anything that an ASCII terminal cannot show: the symbols
/// go, points and arrows become `*` and `->`, the rest `?`.
#[must_use]
pub fn to_ascii(text: &str) -> String {
    let text = without_symbols(text)
        .replace('•', "*")
        .replace('→', "->")
        .replace('…', "...");
    text.chars()
        .map(|char| if char.is_ascii() { char } else { '?' })
        .collect()
}
