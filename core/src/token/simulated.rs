//! A handler without signals, for tests.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::stop_token::StopToken;
use crate::machine::{
    Action, Cause, Event, Millis, Policy, Position, Sender, Signal, Stage, State,
};
use crate::signal::{InterruptHandler, Observer, Options, Transition};
use crate::stage_cell::StageCell;

/// What a program needs of a handler, whether signals or a test moves it.
///
/// ```
/// use sigproof_core::{Handler, Policy, Signal, SimulatedHandler};
/// fn work(handler: &dyn Handler) -> usize {
///     (0..10).take_while(|_| !handler.is_interrupted()).count()
/// }
/// let handler = SimulatedHandler::new(Policy::escalating());
/// assert_eq!(work(&handler), 10);
/// handler.press(Signal::INTERRUPT);
/// assert_eq!(work(&handler), 0);
/// ```
pub trait Handler {
    /// The stage now.
    fn stage(&self) -> Stage;

    /// Why the stage was reached; [`Cause::None`] while running.
    fn cause(&self) -> Cause;

    /// A token that shows the stage.
    fn token(&self) -> StopToken;

    /// Whether any stop was requested (stage 1 and above).
    fn is_interrupted(&self) -> bool {
        self.stage().is_interrupted()
    }

    /// Whether queued tasks are to be cancelled (stage 1 and above).
    fn should_cancel_queued_tasks(&self) -> bool {
        self.stage().should_cancel_queued_tasks()
    }

    /// Whether active tasks are to be terminated (stage 2 and above).
    fn should_terminate_active_tasks(&self) -> bool {
        self.stage().should_terminate_active_tasks()
    }

    /// Whether the program is to exit at once (stage 3).
    fn should_exit_now(&self) -> bool {
        self.stage().should_exit_now()
    }
}

impl Handler for InterruptHandler {
    fn stage(&self) -> Stage {
        self.stage()
    }

    fn cause(&self) -> Cause {
        self.cause()
    }

    fn token(&self) -> StopToken {
        self.token()
    }
}

/// A handler that a test moves: policy, messages and observers are the real
/// ones, signals and time are simulated. Any number of them may exist at a time.
///
/// Where a real handler ends the process, this one only notes it.
pub struct SimulatedHandler {
    cell: Arc<StageCell>,
    inner: Mutex<Inner>,
}

struct Inner {
    policy: Policy,
    observers: Vec<Box<dyn Observer>>,
    state: State,
    now_ms: u64,
    ended: bool,
}

impl SimulatedHandler {
    /// A handler for a [`Policy`] or for [`Options`], at time 0, running.
    #[must_use]
    pub fn new(options: impl Into<Options>) -> SimulatedHandler {
        let (policy, observers) = options.into().into_parts();
        SimulatedHandler {
            cell: Arc::new(StageCell::new()),
            inner: Mutex::new(Inner {
                policy,
                observers,
                state: State::START,
                now_ms: 0,
                ended: false,
            }),
        }
    }

    /// A signal arrives from the terminal.
    pub fn press(&self, signal: Signal) -> Action {
        self.press_from(signal, Sender::Kernel)
    }

    /// A signal arrives from this sender.
    pub fn press_from(&self, signal: Signal, sender: Sender) -> Action {
        self.apply(&mut self.lock(), Event::Signal { signal, sender })
    }

    /// The program itself requests a stage.
    pub fn request(&self, stage: Stage) -> Action {
        self.apply(&mut self.lock(), Event::Request(stage))
    }

    /// Lets time pass. What is due in between happens at its time.
    pub fn advance(&self, time: Duration) {
        let mut inner = self.lock();
        let end_ms = inner.now_ms + u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        while let Some(due) = inner.policy.next_deadline(inner.state) {
            let wait_ms = u64::from(due.millis_since(Millis::from_millis(inner.now_ms)));
            if inner.ended || inner.now_ms + wait_ms > end_ms {
                break;
            }
            inner.now_ms += wait_ms;
            if self.apply(&mut inner, Event::Tick) == Action::Nothing {
                break;
            }
        }
        inner.now_ms = end_ms;
    }

    /// Whether a real handler would have ended the process.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        self.lock().ended
    }

    fn apply(&self, inner: &mut Inner, event: Event) -> Action {
        let before = inner.state;
        let (after, action) = inner
            .policy
            .step(before, event, Millis::from_millis(inner.now_ms));
        inner.state = after;
        inner.ended |= action.ends_process();
        let (cause, sender) = match event {
            Event::Signal { signal, sender } => (Cause::Signal(signal), sender),
            Event::Tick => (Cause::Deadline(self.cause().signal()), Sender::Unknown),
            Event::Request(_) => (Cause::Request, Sender::Unknown),
            Event::Finished => (Cause::None, Sender::Unknown),
        };
        let (from, to) = (inner.policy.stage_of(before), inner.policy.stage_of(after));
        let rung = match after.position() {
            Position::Rung(index) if after.position() != before.position() => Some(index),
            _ => None,
        };
        let to = if action == Action::Delegate {
            Stage::ExitNow
        } else {
            to
        };
        self.cell.raise(to, rung.unwrap_or(0), cause);
        self.cell.wake_all();
        if action != Action::Nothing && !action.ends_process() {
            let transition = Transition {
                at_ns: inner.now_ms * 1_000_000,
                action,
                from,
                to,
                rung,
                cause,
                sender,
            };
            for observer in &mut inner.observers {
                observer.observe(&inner.policy, &transition);
            }
        }
        action
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        // An observer that panics has failed the test.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Handler for SimulatedHandler {
    fn stage(&self) -> Stage {
        self.cell.poll().stage()
    }

    fn cause(&self) -> Cause {
        self.cell.poll().cause()
    }

    fn token(&self) -> StopToken {
        StopToken::root(&self.cell)
    }
}

impl fmt::Debug for SimulatedHandler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedHandler")
            .field("stage", &self.stage())
            .finish_non_exhaustive()
    }
}

/// Observers are finished, as when a real handler is dropped.
impl Drop for SimulatedHandler {
    fn drop(&mut self) {
        for observer in &mut self.lock().observers {
            observer.finish();
        }
        self.cell.close();
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::sync::mpsc;

    use super::*;

    fn observed(policy: Policy) -> (SimulatedHandler, mpsc::Receiver<(u64, Action)>) {
        let (sender, told) = mpsc::channel();
        let options = Options::new(policy).observer(move |_: &Policy, transition: &Transition| {
            let _ = sender.send((transition.at_ns / 1_000_000, transition.action));
        });
        (SimulatedHandler::new(options), told)
    }

    #[test]
    fn presses_and_time_move_it_as_signals_would() {
        let (handler, told) = observed(Policy::service());
        let token = handler.token();
        handler.advance(Duration::from_secs(5));
        handler.press(Signal::TERMINATE);
        assert_eq!(handler.stage(), Stage::CancelQueued);
        assert_eq!(handler.cause(), Cause::Signal(Signal::TERMINATE));
        handler.advance(Duration::from_secs(29));
        assert!(token.checkpoint().is_ok());
        handler.advance(Duration::from_secs(1));
        assert!(token.checkpoint().is_err());
        assert_eq!(handler.cause(), Cause::Deadline(Some(Signal::TERMINATE)));
        assert!(!handler.has_ended());
        handler.advance(Duration::from_secs(60));
        assert!(handler.has_ended() && handler.should_exit_now());
        let (drain, stop) = (Stage::CancelQueued, Stage::TerminateActive);
        let expected = [
            (5000, Action::Announce(drain)),
            (35_000, Action::Announce(stop)),
        ];
        assert!(told.try_iter().eq(expected));
    }

    #[test]
    fn a_warning_expires_and_an_event_changes_nothing() {
        let policy = Policy::confirmed()
            .arm_expires_after(Duration::from_secs(2))
            .event(Signal::HANGUP);
        let (handler, told) = observed(policy);
        assert_eq!(handler.press(Signal::INTERRUPT), Action::WarnArmed);
        assert_eq!(handler.press(Signal::HANGUP), Action::Notify);
        handler.advance(Duration::from_secs(3));
        assert_eq!(handler.press(Signal::INTERRUPT), Action::WarnArmed);
        assert_eq!(handler.stage(), Stage::Running);
        let actions: Vec<_> = told.try_iter().map(|(_, action)| action).collect();
        let (warned, event) = (Action::WarnArmed, Action::Notify);
        assert_eq!(actions, [warned, event, Action::Disarmed, warned]);
    }
}
