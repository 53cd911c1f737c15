//! What the helper threads of a command found out.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::tree_event::Event;

/// What the helper threads of a command found out.
#[derive(Debug, Default)]
pub(super) struct Facts {
    leader_ended: AtomicBool,
    gone: AtomicBool,
    lost: AtomicBool,
    pub(super) output_ended: AtomicBool,
}

impl Facts {
    pub(super) fn note(&self, event: Event) {
        let facts: &[&AtomicBool] = match event {
            Event::LeaderEnded => &[&self.leader_ended],
            Event::Gone => &[&self.gone],
            Event::Lost => &[&self.lost, &self.gone, &self.leader_ended],
        };
        for fact in facts {
            fact.store(true, Ordering::SeqCst);
        }
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
