//! A thread that sends itself the same signal from its handler, for ever.
//!
//! The handler returns with the signal pending again, and the kernel delivers it
//! before the program makes another step. bash and git do so when they are
//! interrupted before they have noted which handler to go back to.

use crate::sys::{proc, ptrace};
use crate::tracer::tracer::{TraceEvent, Tracer};

/// After so many handlers in a row nothing new is to be learned from looking into the next one.
const LOOKED_INTO: u32 = 16;
/// So many in a row are taken for ever, and again each time that so many more came.
const FOR_EVER: u32 = 1000;

/// Signals that a thread sent itself without making a step between two of them.
#[derive(Debug, Default)]
pub(crate) struct Livelock {
    signal: i32,
    /// Instruction, stack and frame pointer of the program that never goes on.
    standing: [u64; 3],
    times: u32,
}

impl Tracer {
    /// At the delivery of a signal: whether the thread stands where it stood at the last one, and sent it itself.
    ///
    /// In a loop of `raise` outside a handler it does not: there the delivery is at the return of a call. At that of
    /// `rt_sigreturn` the kernel says that there was none.
    pub(crate) fn spins(
        &mut self,
        tid: i32,
        signal: i32,
        sender: Option<i32>,
        seen: &mut Vec<TraceEvent>,
    ) {
        let pid = self.process_of(tid);
        let by_itself = sender == Some(pid) && matches!(ptrace::interrupted_call(tid), Ok(None));
        let standing = by_itself.then(|| ptrace::standing(tid).ok()).flatten();
        let Some(thread) = self.family.threads.get_mut(&tid) else {
            return;
        };
        let Some(standing) = standing else {
            thread.spin = Livelock::default();
            return;
        };
        let spin = &mut thread.spin;
        if (spin.signal, spin.standing) != (signal, standing) {
            *spin = Livelock {
                signal,
                standing,
                times: 0,
            };
        }
        spin.times = spin.times.saturating_add(1);
        let times = spin.times;
        if times.is_multiple_of(FOR_EVER) && self.nobody_else_goes_on(tid) {
            seen.push(TraceEvent::Spins { pid, signal, times });
        }
    }

    /// Whether everybody else waits for the others, and for no time: otherwise somebody may put an end to it.
    fn nobody_else_goes_on(&self, tid: i32) -> bool {
        let mut others = self.family.threads.keys().filter(|other| **other != tid);
        others.all(|other| match proc::waits(*other) {
            Some(("wait4" | "waitid", _)) => true,
            // The end of a pipe whose other ends are theirs, too.
            Some(("read", number)) => proc::descriptor(*other, number)
                .is_some_and(|descriptor| descriptor.starts_with("pipe:")),
            _ => false,
        })
    }

    /// Whether so many of its handlers were looked into in a row that the next one tells nothing new.
    pub(crate) fn is_known_to_spin(&self, tid: i32) -> bool {
        let thread = self.family.threads.get(&tid);
        thread.is_some_and(|thread| thread.spin.times > LOOKED_INTO)
    }
}
