//! Tying feedback to the signal handler: the watcher tells an observer, the
//! observer tells the feedback.

use std::io;

use super::console::Console;
use super::notice::{Feedback, Notice, StageNotice};
use crate::machine::{Action, Policy, Rung};
use crate::signal::{Observer, Options, Transition};

struct FeedbackObserver<F>(F);

impl<F: Feedback> Observer for FeedbackObserver<F> {
    fn observe(&mut self, policy: &Policy, transition: &Transition) {
        if let Some(notice) = notice_of(policy, transition) {
            self.0.notify(&notice);
        }
    }

    fn cleanup_failed(&mut self, error: &io::Error) {
        let message = error.to_string();
        self.0.notify(&Notice::CleanupFailed { message });
    }

    fn finish(&mut self) {
        self.0.flush();
    }
}

/// Returns the notice for a transition.
fn notice_of(policy: &Policy, transition: &Transition) -> Option<Notice> {
    let rung = transition
        .rung
        .and_then(|index| policy.rungs().get(usize::from(index)));
    let message = rung.and_then(Rung::own_message).map(str::to_owned);
    match transition.action {
        Action::Nothing | Action::Notify | Action::Delegate => None,
        Action::WarnArmed => Some(Notice::Armed { message }),
        Action::Disarmed => Some(Notice::Disarmed),
        Action::RequestStop(_) | Action::Announce(_) => Some(Notice::Stage(StageNotice {
            at_ns: transition.at_ns,
            from: transition.from,
            to: transition.to,
            cause: transition.cause,
            rung: rung.map_or("", Rung::name).to_owned(),
            confirmed: matches!(transition.action, Action::RequestStop(_)),
            message,
            hint: rung.and_then(Rung::own_hint).map(str::to_owned),
        })),
    }
}

impl Options {
    /// Passes every change to this feedback, and lets it word what the handler
    /// writes when a stage 3 ends the process. With several feedbacks, each adds its
    /// own message.
    #[must_use]
    pub fn feedback(self, feedback: impl Feedback + 'static) -> Options {
        let last = self.policy().rungs().last();
        let last = last.filter(|rung| rung.stage().should_exit_now());
        let own = last
            .and_then(Rung::own_message)
            .map(|text| format!("{text}\n"));
        let message = own.map_or_else(|| feedback.exit_message(), String::into_bytes);
        self.add_exit_message(&message)
            .observer(FeedbackObserver(feedback))
    }
}

/// A bare policy gets the console on standard error.
impl From<Policy> for Options {
    fn from(policy: Policy) -> Options {
        Options::new(policy).feedback(Console::stderr())
    }
}
