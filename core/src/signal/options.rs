//! The options of installing a handler.

use std::fmt;
use std::io;

use super::transition::Transition;
use crate::machine::{Action, Cause, Policy, Signal, Stage};

/// How an interrupted program ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExitStyle {
    /// It dies by the signal, so that a calling shell or script stops as well
    /// (`WIFSIGNALED`). This is what a well-behaved program does.
    #[default]
    BySignal,
    /// It exits with 128 + the number of the signal, as a shell would report
    /// it: 130 for SIGINT, 143 for SIGTERM.
    Status128,
    /// It exits with this status.
    Status(u8),
}

/// Receives every transition, in order, on the watcher thread.
///
/// An observer never runs in the signal handler and never delays the stage;
/// one that blocks delays the observers after it and time-based escalation.
pub trait Observer: Send {
    /// Called once for each transition.
    fn observe(&mut self, policy: &Policy, transition: &Transition);

    /// Called before [`Observer::finish`] for each signal whose previous
    /// disposition could not be put back when the handler was removed; the
    /// error names operation and signal.
    fn cleanup_failed(&mut self, _error: &io::Error) {}

    /// Called once at the end, when no further transition will come.
    fn finish(&mut self) {}
}

/// A closure is an observer, too.
///
/// ```
/// use sigproof_core::{Options, Policy, Transition};
/// let options = Options::new(Policy::escalating())
///     .observer(|_: &Policy, transition: &Transition| println!("{:?}", transition.to));
/// ```
impl<F: FnMut(&Policy, &Transition) + Send> Observer for F {
    fn observe(&mut self, policy: &Policy, transition: &Transition) {
        self(policy, transition);
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("policy", &self.policy)
            .field("signals", &self.signals)
            .field("exit", &self.exit)
            .finish_non_exhaustive()
    }
}

/// The options of installing a handler, made from a [`Policy`] or by
/// [`Options::new`].
pub struct Options {
    pub(super) policy: Policy,
    pub(super) signals: Vec<Signal>,
    pub(super) observers: Vec<Box<dyn Observer>>,
    pub(super) exit: ExitStyle,
    pub(super) takes_ignored: bool,
    pub(super) shares_stage: bool,
    pub(super) exit_message: Vec<u8>,
    pub(super) terminal_restore: Option<Vec<u8>>,
    pub(super) terminal_reapply: Option<Vec<u8>>,
    pub(super) hides_key_echo: bool,
    pub(super) chains: bool,
}

impl Options {
    /// This policy for SIGINT and SIGTERM, without any feedback.
    #[must_use]
    pub fn new(policy: Policy) -> Options {
        Options {
            policy,
            signals: Signal::defaults().to_vec(),
            observers: Vec::new(),
            exit: ExitStyle::default(),
            takes_ignored: false,
            shares_stage: false,
            exit_message: Vec::new(),
            terminal_restore: None,
            terminal_reapply: None,
            hides_key_echo: false,
            chains: false,
        }
    }

    /// Manages exactly these signals, in place of SIGINT and SIGTERM.
    #[must_use]
    pub fn signals(mut self, signals: impl IntoIterator<Item = Signal>) -> Options {
        self.signals = signals.into_iter().collect();
        self.signals.sort_unstable();
        self.signals.dedup();
        self
    }

    /// Manages this signal as well.
    #[must_use]
    pub fn also(self, signal: Signal) -> Options {
        let signals: Vec<_> = self.signals.iter().copied().chain([signal]).collect();
        self.signals(signals)
    }

    /// Calls `action` when the program enters `stage`, on the watcher thread:
    /// for instance at [`Stage::CancelQueued`], to report that a service is not
    /// ready any more.
    #[must_use]
    pub fn on_stage(self, stage: Stage, mut action: impl FnMut() + Send + 'static) -> Options {
        self.observer(move |_: &Policy, transition: &Transition| {
            if transition.from < stage && transition.to >= stage {
                action();
            }
        })
    }

    /// Calls `action` when a first signal only warns (`on_first_sigint`), on the
    /// watcher thread. The confirmed stop is a stage: [`Options::on_stage`].
    #[must_use]
    pub fn on_warning(self, mut action: impl FnMut() + Send + 'static) -> Options {
        self.observer(move |_: &Policy, transition: &Transition| {
            if transition.action == Action::WarnArmed {
                action();
            }
        })
    }

    /// Takes `signal` as an event of the program's own: calls `action` each time
    /// that it comes, on the watcher thread. It does not stop the program. For
    /// instance SIGHUP, to read the configuration again.
    #[must_use]
    pub fn on_event(
        mut self,
        signal: Signal,
        mut action: impl FnMut() + Send + 'static,
    ) -> Options {
        self.policy = self.policy.event(signal);
        let cause = Cause::Signal(signal);
        self.also(signal)
            .observer(move |_: &Policy, transition: &Transition| {
                if transition.action == Action::Notify && transition.cause == cause {
                    action();
                }
            })
    }

    pub(crate) fn into_parts(self) -> (Policy, Vec<Box<dyn Observer>>) {
        (self.policy, self.observers)
    }

    /// Sets how an interrupted program ends.
    #[must_use]
    pub fn exit_style(mut self, exit: ExitStyle) -> Options {
        self.exit = exit;
        self
    }

    /// Installs the handler even for signals that the parent had ignored
    /// (`nohup`, `cmd &` in a script). By default those stay ignored.
    #[must_use]
    pub fn take_ignored_signals(mut self) -> Options {
        self.takes_ignored = true;
        self
    }

    /// Puts the stage on a page of memory that other processes can map; give
    /// them the descriptor of `StopToken::shared_stage`.
    #[must_use]
    pub fn share_stage(mut self) -> Options {
        self.shares_stage = true;
        self
    }

    /// Adds an observer, which receives every transition.
    #[must_use]
    pub fn observer(mut self, observer: impl Observer + 'static) -> Options {
        self.observers.push(Box::new(observer));
        self
    }

    /// The bytes that the handler itself writes to standard error before a
    /// stage 3 ends the process. Written only if that does not block.
    #[must_use]
    pub fn exit_message(mut self, message: impl Into<Vec<u8>>) -> Options {
        self.exit_message = message.into();
        self
    }

    /// Adds to the bytes of [`Options::exit_message`], unless they end so.
    pub(crate) fn add_exit_message(mut self, message: &[u8]) -> Options {
        if !self.exit_message.ends_with(message) {
            self.exit_message.extend_from_slice(message);
        }
        self
    }

    /// The bytes that the handler itself writes to standard error before it
    /// ends the process, to repair the terminal. The default, on a terminal,
    /// shows the cursor and resets colours; elsewhere nothing.
    #[must_use]
    pub fn terminal_restore(mut self, bytes: impl Into<Vec<u8>>) -> Options {
        self.terminal_restore = Some(bytes.into());
        self
    }

    /// Repairs the terminal when Ctrl+Z stops the program, and when it goes
    /// on writes `reapply` to standard error (for instance, to hide the cursor
    /// again) and sets the modes it had. Commands and worker processes stop
    /// and go on with it: they have process groups of their own, so that the
    /// terminal does not stop them. Not done by default.
    #[must_use]
    pub fn on_terminal_stop(mut self, reapply: impl Into<Vec<u8>>) -> Options {
        self.terminal_reapply = Some(reapply.into());
        self
    }

    /// Hides the `^C` that a terminal shows when the key is pressed, as long as
    /// the handler is installed. Progress bars need that: at the end of the
    /// last bar, the echo moves the cursor to the next line, and a copy of
    /// the first bar stays behind. Not done by default, as it changes a mode
    /// of the terminal (`ECHOCTL`), which a `kill -9` would leave changed.
    #[must_use]
    pub fn hide_key_echo(mut self) -> Options {
        self.hides_key_echo = true;
        self
    }

    /// Calls the handler that was there before as well, after this one has
    /// taken the signal; not when the signal ends the process. The previous
    /// handler has to be async-signal-safe and to stay valid.
    #[must_use]
    pub fn chain_previous_handlers(mut self) -> Options {
        self.chains = true;
        self
    }

    /// The policy.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.policy
    }
}
