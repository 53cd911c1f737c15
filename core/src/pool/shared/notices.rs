//! What a run has to say. It waits until the stage itself was announced: the
//! coordinator is often faster than the watcher thread.

use super::outcome::{Outcome, TimedOut};
use crate::feedback::{Feedback, Notice};

#[derive(Default)]
pub(in crate::pool) struct Notices {
    pending: Vec<Notice>,
    /// Tasks were given up, and that was said or is about to be.
    submission_stopped: bool,
}

impl Notices {
    pub(in crate::pool) fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub(in crate::pool) fn push(&mut self, notice: Notice) {
        self.pending.push(notice);
    }

    /// The outcome of task `index`, if people want to know.
    #[inline]
    pub(in crate::pool) fn outcome<V>(&mut self, index: usize, outcome: &Outcome<V>) {
        match outcome {
            Outcome::Completed(_) => {}
            Outcome::Failed(failure) => self.push(Notice::TaskFailed {
                index,
                message: format!("{failure:#}"),
            }),
            Outcome::Abandoned => self.push(Notice::TaskAbandoned { index }),
            Outcome::TimedOut(end) => self.push(Notice::TaskTimedOut {
                index,
                abandoned: *end == TimedOut::Abandoned,
            }),
            Outcome::Lost(lost) => self.push(Notice::TaskLost {
                index,
                message: lost.to_string(),
            }),
            Outcome::Cancelled(_) => {}
        }
    }

    /// Tasks from `first` to `last` were not started.
    pub(in crate::pool) fn not_started(&mut self, first: usize, last: usize) {
        // A worker may give back a task a moment later, that it had taken and
        // not started: as long as nothing was said, that one was the first.
        let said = self.pending.iter_mut().find_map(|notice| match notice {
            Notice::SubmissionStopped { index, .. } => Some(index),
            _ => None,
        });
        match said {
            Some(index) => *index = first.min(*index),
            None if self.submission_stopped => {}
            None => self.push(Notice::SubmissionStopped {
                index: first,
                total: last + 1,
            }),
        }
        self.submission_stopped = true;
    }

    /// Passes everything on.
    pub(in crate::pool) fn say(&mut self, feedback: &dyn Feedback) {
        for notice in self.pending.drain(..) {
            feedback.notify(&notice);
        }
    }
}
