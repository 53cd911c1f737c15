//! Calls that the kernel makes again.

use super::tracer::Tracer;
use crate::sys::ptrace;

/// A call that the kernel makes again after a signal, whatever the signal does: the same pass, and the same point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RestartedSyscall {
    /// Its number and its instruction.
    pub(crate) call: (u32, u64),
    /// Its place in the recording.
    pub(crate) point: Option<usize>,
}

/// What a call shows that is made again in any case (ERESTARTNOINTR): `fork` and `clone`, when a signal is pending.
const MADE_AGAIN: i64 = -513;

impl Tracer {
    /// An instruction's address as far as it is the same in every run, else 0.
    pub(crate) fn told_apart(&self, tid: i32, ip: u64) -> u64 {
        let fixed = self.steady && !self.family.is_random(self.process_of(tid));
        if fixed { ip } else { 0 }
    }

    /// At the delivery of a signal: notes that the call which the signal came in is made again. Which time a program
    /// forks is then the same whether or not a signal came in between.
    pub(crate) fn expect_again(&mut self, tid: i32) {
        let Ok(Some((number, ip))) = ptrace::call_with_result(tid, MADE_AGAIN) else {
            return;
        };
        let call = (number as u32, self.told_apart(tid, ip));
        let point = self.recording.points.iter().rposition(|point| {
            (point.number, point.ip) == call && point.returned == Some(MADE_AGAIN)
        });
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            thread.again = Some(RestartedSyscall { call, point });
        }
    }
}
