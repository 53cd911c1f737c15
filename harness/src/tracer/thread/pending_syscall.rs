//! A call that a thread is in: what is done when it returns.

use super::single_step::SingleStep;
use crate::sys::ptrace;
use crate::sys::ptrace::Resume;
use crate::tracer::tracer::{HoldReason, TraceEvent, Tracer};
use std::io;

/// A call whose return is to be seen.
#[derive(Debug, Default)]
pub(crate) struct PendingSyscall {
    pub(crate) ip: u64,
    pub(crate) number: u32,
    /// Index of the recorded point.
    pub(crate) point: Option<usize>,
    /// Hold the thread at the return.
    pub(crate) hold: Option<HoldReason>,
    /// Hold it so many instructions later.
    pub(crate) instructions: u32,
    /// The call is skipped, to stand in front of it again.
    pub(crate) rewind: bool,
    /// Tell of it under this name, when it succeeds.
    pub(crate) tell: Option<String>,
    pub(crate) installs: Option<i32>,
    /// An argument that was changed for this call, by position, and what it was:
    /// a program counts on its registers being left alone.
    pub(crate) restore: Option<(usize, u64)>,
}

impl Tracer {
    /// Notes that a thread is in a call whose return is to be seen, if it is.
    pub(crate) fn go_inside(&mut self, tid: i32, inside: PendingSyscall) {
        let wanted = inside.hold.is_some() || inside.point.is_some() || inside.tell.is_some();
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            thread.inside = wanted.then_some(inside);
        }
    }

    /// A call has returned.
    pub(crate) fn returned(
        &mut self,
        tid: i32,
        result: i64,
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<Option<(Resume, i32)>> {
        let pid = self.process_of(tid);
        let Some(inside) = self
            .family
            .threads
            .get_mut(&tid)
            .and_then(|thread| thread.inside.take())
        else {
            return Ok(Some((self.going_on(tid), 0)));
        };
        if inside.rewind {
            ptrace::rewind_call(tid, u64::from(inside.number))?;
            if let Some(thread) = self.family.threads.get_mut(&tid) {
                thread.rewound = Some((inside.number, inside.ip));
            }
        }
        if let Some((position, value)) = inside.restore {
            ptrace::set_argument(tid, position, value)?;
        }
        if let Some(point) = inside.point {
            self.recording.points[point].returned = Some(result);
        }
        if result >= 0 {
            if let Some(signal) = inside.installs {
                seen.push(TraceEvent::Handler { pid, signal });
            }
            if let Some(call) = inside.tell {
                seen.push(TraceEvent::Effect { pid, call });
            }
        }
        if let Some(hold) = inside.hold
            && inside.instructions > 0
        {
            self.step_away(
                tid,
                SingleStep::new(hold, inside.number, inside.instructions),
            );
        } else if let Some(hold) = inside.hold {
            let call = crate::tracer::syscalls::name(inside.number);
            seen.push(TraceEvent::Reached { tid, hold, call });
            return Ok(None);
        }
        Ok(Some((self.going_on(tid), 0)))
    }
}
