//! What the helper threads of a command found out.

use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

use crate::sys::tree_event::Event;

/// What the helper threads of a command found out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    leader_ended: AtomicBool,
    gone: AtomicBool,
    lost: AtomicBool,
    /// The signal that has stopped the program, 0 if none has.
    stopped: AtomicI32,
    pub(super) output_ended: AtomicBool,
}

impl Facts {
    pub(super) fn note(&self, event: Event) {
        let facts: &[&AtomicBool] = match event {
            Event::LeaderStopped(signal) => {
                self.stopped.store(signal, Ordering::SeqCst);
                &[]
            }
            Event::LeaderEnded => &[&self.leader_ended],
            Event::Gone => &[&self.gone],
            Event::Lost => &[&self.lost, &self.gone, &self.leader_ended],
        };
        for fact in facts {
            fact.store(true, Ordering::SeqCst);
        }
    }

    /// Whether a signal has stopped the program that nobody has taken.
    pub(super) fn has_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst) != 0
    }

    /// Takes the signal that has stopped the program.
    pub(super) fn take_stop(&self) -> Option<i32> {
        let signal = self.stopped.swap(0, Ordering::SeqCst);
        (signal != 0).then_some(signal)
    }

    /// Whether it is not known any more what becomes of them.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Whether the program and all its descendants have ended.
    pub(super) fn is_gone(&self) -> bool {
        self.gone.load(Ordering::SeqCst)
    }

    pub(super) fn leader_ended(&self) -> bool {
        self.leader_ended.load(Ordering::SeqCst)
    }

    pub(super) fn output_ended(&self) -> bool {
        self.output_ended.load(Ordering::SeqCst)
    }
}
