//! The machine in motion: policy, state and cell of one installed handler.
//!
//! Every method here may run inside a signal handler: atomics, the clock and
//! the pipe, nothing else.

use std::sync::Arc;

use super::entry_point::EntryPoint;
use super::options::ExitStyle;
use super::transition::{Record, Transition};
use crate::machine::{
    Action, Cause, Event, Millis, Policy, Position, Sender, Signal, Stage, State,
};
use crate::stage_cell::StageCell;
use crate::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use crate::sys::disposition::Disposition;
use crate::sys::fork_detect::OwnerProcess;
use crate::sys::park::WAKES_FROM_HANDLER;
use crate::sys::terminal::Modes;
use crate::sys::{clock, wake_pipe};

/// What the signal handler works on. It never changes but for its atomics.
#[cfg_attr(
    windows,
    allow(
        dead_code,
        reason = "there are neither terminal modes nor previous handlers"
    )
)]
pub(super) struct Engine {
    pub(super) policy: Policy,
    pub(super) cell: Arc<StageCell>,
    pub(super) signals: Vec<Signal>,
    pub(super) exit: ExitStyle,
    pub(super) exit_message: Vec<u8>,
    pub(super) terminal_restore: Vec<u8>,
    pub(super) terminal_reapply: Vec<u8>,
    /// The modes of the terminal at the time of installation.
    pub(super) modes: Option<Modes>,
    /// What each signal did before, to be called as well; empty without
    /// chaining.
    pub(super) chained: Vec<(Signal, Disposition)>,
    /// The process that installed the handler; a forked child differs.
    pub(super) owner: OwnerProcess,
    /// The function that the kernel calls for this installation.
    pub(super) entry: EntryPoint,
    sender: wake_pipe::Sender,
    /// Whether the watcher has anything to do with a transition. Waking a
    /// thread costs more than all the rest of a handler.
    tells_watcher: bool,
    state: AtomicU64,
    /// Time the process spent stopped, which the machine does not see.
    stopped_ns: AtomicU64,
    /// The end of the last stop that was taken out.
    stopped_until_ns: AtomicU64,
    lost: AtomicU32,
    closing: AtomicBool,
}

/// The parts of an [`Engine`] that come from the options.
pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) signals: Vec<Signal>,
    pub(super) exit: ExitStyle,
    pub(super) exit_message: Vec<u8>,
    pub(super) terminal_restore: Vec<u8>,
    pub(super) terminal_reapply: Vec<u8>,
    pub(super) chained: Vec<(Signal, Disposition)>,
    /// Whether there are observers.
    pub(super) is_observed: bool,
}

impl Engine {
    pub(super) fn new(
        settings: Settings,
        cell: Arc<StageCell>,
        owner: OwnerProcess,
        entry: EntryPoint,
        sender: wake_pipe::Sender,
    ) -> Engine {
        // It tells observers, lets time pass, and wakes those who wait for the
        // stage where a handler cannot.
        let tells_watcher =
            settings.is_observed || settings.policy.is_timed() || !WAKES_FROM_HANDLER;
        Engine {
            cell,
            policy: settings.policy,
            signals: settings.signals,
            exit: settings.exit,
            exit_message: settings.exit_message,
            terminal_restore: settings.terminal_restore,
            terminal_reapply: settings.terminal_reapply,
            modes: Modes::current(),
            chained: settings.chained,
            owner,
            entry,
            sender,
            tells_watcher,
            state: AtomicU64::new(State::START.to_bits()),
            stopped_ns: AtomicU64::new(0),
            stopped_until_ns: AtomicU64::new(0),
            lost: AtomicU32::new(0),
            closing: AtomicBool::new(false),
        }
    }

    /// The state of the machine.
    pub(super) fn state(&self) -> State {
        State::from_bits(self.state.load(Ordering::SeqCst))
    }

    /// The machine's clock: it stands still while the process is stopped.
    pub(super) fn now(&self) -> Millis {
        self.millis_at(clock::now_ns())
    }

    fn millis_at(&self, at_ns: u64) -> Millis {
        let stopped_ns = self.stopped_ns.load(Ordering::Relaxed);
        Millis::from_millis(at_ns.saturating_sub(stopped_ns) / 1_000_000)
    }

    /// Takes the time from `from_ns` to `to_ns` out of the machine's clock, but
    /// for what was taken out already: the watcher and each thread that Ctrl+Z
    /// stopped notice the same stop.
    pub(super) fn was_stopped(&self, from_ns: u64, to_ns: u64) {
        let known_ns = self.stopped_until_ns.fetch_max(to_ns, Ordering::Relaxed);
        let new_ns = to_ns.saturating_sub(from_ns.max(known_ns));
        self.stopped_ns.fetch_add(new_ns, Ordering::Relaxed);
    }

    /// How many transitions the watcher was not told of, as the pipe was full.
    pub(super) fn lost_transitions(&self) -> u32 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Lets the machine take one event, raises the cell and tells the watcher.
    /// The caller carries out what [`Action::ends_process`] says.
    pub(super) fn apply(&self, event: Event) -> Transition {
        let mut bits = self.state.load(Ordering::SeqCst);
        // Each lost race means that another event was applied, so the loop
        // ends: the ladder is finite and a saturated machine changes nothing.
        let (at_ns, before, after, action) = loop {
            let before = State::from_bits(bits);
            // Read after the state, so that times and steps have one order.
            let at_ns = clock::now_ns();
            let (after, action) = self.policy.step(before, event, self.millis_at(at_ns));
            match self.state.compare_exchange_weak(
                bits,
                after.to_bits(),
                Ordering::SeqCst,
                Ordering::SeqCst,
            ) {
                Ok(_) => break (at_ns, before, after, action),
                Err(now) => bits = now,
            }
        };
        let cause = self.cause_of(event);
        let rung = match after.position() {
            Position::Rung(index) if after.position() != before.position() => Some(index),
            _ => None,
        };
        if let Some(stage) = action.stage() {
            self.cell.raise(stage, rung.unwrap_or(0), cause);
        }
        if action == Action::Delegate {
            // The process is about to end; let whoever polls see it.
            self.cell.raise(Stage::ExitNow, 0, cause);
        }
        // From and to are the machine's: the cell may be ahead, as another
        // thread has moved both in the meantime.
        let sender = match event {
            Event::Signal { sender, .. } => sender,
            Event::Tick | Event::Request(_) | Event::Finished => Sender::Unknown,
        };
        let transition = Transition {
            at_ns,
            action,
            from: self.policy.stage_of(before),
            to: match action {
                Action::Delegate => Stage::ExitNow,
                _ => self.policy.stage_of(after),
            },
            rung,
            cause,
            sender,
        };
        // A transition that ends the process is announced by the handler
        // itself; the watcher, told as well, might say it a second time.
        let silent = !self.tells_watcher || action == Action::Nothing || action.ends_process();
        if !silent
            && !self
                .sender
                .send(&self.record(transition, before).to_bytes())
        {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
        transition
    }

    fn record(&self, transition: Transition, before: State) -> Record {
        let before = match before.position() {
            Position::Rung(index) => index + 1,
            Position::Running | Position::Finished => 0,
        };
        Record {
            transition,
            before,
            // The low bits are enough to tell one epoch from the next.
            epoch: (self.cell.poll().epoch() & 0xff) as u8,
        }
    }

    fn cause_of(&self, event: Event) -> Cause {
        match event {
            Event::Signal { signal, .. } => Cause::Signal(signal),
            Event::Tick => Cause::Deadline(self.cell.poll().cause().signal()),
            Event::Request(_) => Cause::Request,
            Event::Finished => Cause::None,
        }
    }

    /// Tells the watcher to read what there is and to end.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::SeqCst);
        let nothing = Transition {
            at_ns: 0,
            action: Action::Nothing,
            from: Stage::Running,
            to: Stage::Running,
            rung: None,
            cause: Cause::None,
            sender: Sender::Unknown,
        };
        // If the pipe is full the watcher is about to read from it, and then
        // it looks at the flag.
        let record = self.record(nothing, State::START);
        let _ = self.sender.send(&record.to_bytes());
    }

    /// Whether [`Engine::close`] was called.
    pub(super) fn is_closing(&self) -> bool {
        self.closing.load(Ordering::SeqCst)
    }

    /// Puts the machine and the cell back to running, in a new epoch.
    pub(super) fn reset(&self) {
        self.state.store(State::START.to_bits(), Ordering::SeqCst);
        self.cell.begin_epoch();
        // A signal between the two moved the machine and raised the old epoch:
        // it counts in the new one.
        let state = self.state();
        let stage = self.policy.stage_of(state);
        let cause = state.last_signal().map_or(Cause::Request, Cause::Signal);
        self.cell.raise(stage, 0, cause);
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_stop_that_two_notice_counts_once() {
        let settings = Settings {
            policy: Policy::escalating(),
            signals: Vec::new(),
            exit: ExitStyle::default(),
            exit_message: Vec::new(),
            terminal_restore: Vec::new(),
            terminal_reapply: Vec::new(),
            chained: Vec::new(),
            is_observed: false,
        };
        let (sender, _receiver) = wake_pipe::channel().expect("a pipe");
        let engine = Engine::new(
            settings,
            Arc::new(StageCell::new()),
            OwnerProcess::current(),
            EntryPoint::reserve().expect("a function"),
            sender,
        );
        let stopped = |from_ns, to_ns| {
            engine.was_stopped(from_ns, to_ns);
            engine.stopped_ns.load(Ordering::Relaxed)
        };
        assert_eq!(stopped(1_000, 5_000), 4_000);
        // The same stop, seen by others.
        assert_eq!(stopped(1_100, 4_900), 4_000);
        assert_eq!(stopped(900, 5_010), 4_010);
        // The next one.
        assert_eq!(stopped(6_000, 7_000), 5_010);
    }
}
