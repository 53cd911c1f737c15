//! What can happen to the machine, what it asks its caller to do, and why a
//! stage was reached.

use super::signal::{Sender, Signal};
use super::stage::Stage;

/// An event of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Event {
    /// A signal arrived.
    Signal {
        /// Which one.
        signal: Signal,
        /// From whom.
        sender: Sender,
    },
    /// Time passed: windows may have expired, grace periods may be over.
    Tick,
    /// The program itself requests a stage.
    Request(Stage),
    /// The work is done.
    Finished,
}

/// What the machine asks its caller to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Action {
    /// Do nothing.
    Nothing,
    /// Warn that the next signal will stop the program (`WARN_ARM`). Work
    /// goes on.
    WarnArmed,
    /// Forget the warning, which has expired: the next signal warns again.
    Disarmed,
    /// Stop at this stage, as confirmed (`REQUEST_STOP`).
    RequestStop(Stage),
    /// Enter this stage and announce it.
    Announce(Stage),
    /// Report a signal that is an event of the program's own ([`Policy::event`]).
    /// Nothing else changes.
    ///
    /// [`Policy::event`]: crate::Policy::event
    Notify,
    /// Give the signal to the default handler (`DELEGATE`): a forced exit.
    Delegate,
}

impl Action {
    /// The stage that the action brings, `None` if it brings none.
    #[must_use]
    pub const fn stage(self) -> Option<Stage> {
        match self {
            Action::RequestStop(stage) | Action::Announce(stage) => Some(stage),
            Action::Nothing
            | Action::WarnArmed
            | Action::Disarmed
            | Action::Notify
            | Action::Delegate => None,
        }
    }

    /// Whether the process has to end now, whatever its threads do.
    #[must_use]
    pub const fn ends_process(self) -> bool {
        matches!(
            self,
            Action::Delegate
                | Action::Announce(Stage::ExitNow)
                | Action::RequestStop(Stage::ExitNow)
        )
    }
}

/// Why a stage was reached.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Cause {
    /// No stage was reached.
    #[default]
    None,
    /// A signal.
    Signal(Signal),
    /// A grace period ended; the signal is the one that began the stop.
    Deadline(Option<Signal>),
    /// The program requested it.
    Request,
}

impl Cause {
    /// The signal behind the cause, directly or by way of a grace period.
    #[must_use]
    pub const fn signal(self) -> Option<Signal> {
        match self {
            Cause::Signal(signal) => Some(signal),
            Cause::Deadline(signal) => signal,
            Cause::None | Cause::Request => None,
        }
    }

    /// Eight bits: three of kind, five of signal number.
    pub(crate) const fn to_bits(self) -> u32 {
        match self {
            Cause::None => 0,
            Cause::Signal(signal) => 1 << 5 | signal.number() as u32,
            Cause::Deadline(None) => 2 << 5,
            Cause::Deadline(Some(signal)) => 2 << 5 | signal.number() as u32,
            Cause::Request => 3 << 5,
        }
    }

    pub(crate) const fn from_bits(bits: u32) -> Cause {
        let signal = Signal::from_number((bits & 0x1f) as i32);
        match (bits >> 5 & 0b111, signal) {
            (1, Some(signal)) => Cause::Signal(signal),
            (2, signal) => Cause::Deadline(signal),
            (3, _) => Cause::Request,
            _ => Cause::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn causes_round_trip() {
        let mut causes = vec![Cause::None, Cause::Deadline(None), Cause::Request];
        for signal in Signal::ALL {
            causes.push(Cause::Signal(signal));
            causes.push(Cause::Deadline(Some(signal)));
        }
        for cause in causes {
            assert!(cause.to_bits() < 256);
            assert_eq!(Cause::from_bits(cause.to_bits()), cause);
        }
    }

    #[test]
    fn only_stage_three_and_delegation_end_the_process() {
        for stage in Stage::ALL {
            let last = stage == Stage::ExitNow;
            assert_eq!(Action::Announce(stage).ends_process(), last);
            assert_eq!(Action::RequestStop(stage).ends_process(), last);
        }
        assert!(Action::Delegate.ends_process());
        assert!(!Action::WarnArmed.ends_process());
        assert!(!Action::Disarmed.ends_process());
        assert!(!Action::Nothing.ends_process());
    }
}
