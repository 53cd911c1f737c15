//! Handler windows: from the moment at which a handler's frame is on the stack
//! until `rt_sigreturn` takes it away.
//!
//! The entry is seen by a single step from the delivery: the kernel stops the
//! thread in front of the handler's first instruction. Between entry and return
//! the thread stops at every call, whatever the filter says. A handler that is
//! left by a long jump never returns: its window ends at the first call that is
//! made from another place of the stack.

use crate::facts::HandlerFact;
use crate::sys::proc;
use crate::sys::proc::SignalSets;
use crate::sys::ptrace;
use crate::tracer::syscalls;
use crate::tracer::syscalls::Call;
use crate::tracer::tracer::{TraceEvent, Tracer};
use std::io;

/// Calls of one handler that are kept.
const CALLS_MAX: usize = 64;
/// Stack that a handler uses at most: what is farther away is another stack.
const STACK_MAX: u64 = 512 * 1024;

/// A handler that runs.
#[derive(Debug)]
pub(crate) struct HandlerFrame {
    signal: i32,
    entered_ns: u64,
    stack: u64,
    interrupted: String,
    calls: Vec<String>,
    more_calls: u32,
}

impl Tracer {
    /// Whether the handler of this delivery is to be looked into.
    pub(crate) fn watches(&self, pid: i32, signal: i32) -> bool {
        cfg!(target_arch = "x86_64")
            && self.watch.handlers.contains(&signal)
            && proc::signal_sets(pid).is_some_and(|sets| SignalSets::has(sets.caught, signal))
    }

    /// A thread is about to enter a handler; its next stop is in front of the first instruction.
    pub(crate) fn entering(&mut self, tid: i32, signal: i32) -> io::Result<()> {
        let interrupted = ptrace::interrupted_call(tid)?
            .map_or_else(String::new, |number| syscalls::name(number as u32));
        if let Some(thread) = self.family.threads.get_mut(&tid) {
            thread.entering = Some((signal, interrupted));
        }
        Ok(())
    }

    /// The stop after a single step. False when nobody asked for it.
    pub(crate) fn entered(&mut self, tid: i32) -> io::Result<bool> {
        let now_ns = self.now_ns;
        let Some(thread) = self.family.threads.get_mut(&tid) else {
            return Ok(false);
        };
        let Some((signal, interrupted)) = thread.entering.take() else {
            return Ok(false);
        };
        thread.windows.push(HandlerFrame {
            signal,
            entered_ns: now_ns,
            stack: ptrace::stack_pointer(tid)?,
            interrupted,
            calls: Vec::new(),
            more_calls: 0,
        });
        Ok(true)
    }

    /// A call begins in a thread that is in a handler.
    pub(crate) fn call_in_window(
        &mut self,
        tid: i32,
        number: u32,
        args: [u64; 6],
        seen: &mut Vec<TraceEvent>,
    ) -> io::Result<()> {
        let stack = ptrace::stack_pointer(tid)?;
        // Several at once, when the long jump was out of a nested one.
        while let Some(window) = self.window(tid)
            && (stack > window.stack || window.stack - stack > STACK_MAX)
            // At the return the frame itself is all that is left.
            && i64::from(number) != libc::SYS_rt_sigreturn
        {
            self.close_window(tid, false, seen);
        }
        if i64::from(number) == libc::SYS_rt_sigreturn {
            self.close_window(tid, true, seen);
            return Ok(());
        }
        if self.window(tid).is_none() {
            return Ok(());
        }
        let label = self.label_in_window(&Call {
            pid: tid,
            number,
            args,
            threads: 1,
        });
        let thread = self.family.threads.get_mut(&tid);
        if let Some(window) = thread.and_then(|thread| thread.windows.last_mut()) {
            if window.calls.len() < CALLS_MAX {
                window.calls.push(label);
            } else {
                window.more_calls += 1;
            }
        }
        Ok(())
    }

    fn window(&self, tid: i32) -> Option<&HandlerFrame> {
        self.family.threads.get(&tid)?.windows.last()
    }

    /// Whether a thread runs in a handler that is watched.
    pub(crate) fn in_window(&self, tid: i32) -> bool {
        self.window(tid).is_some()
    }

    fn label_in_window(&self, call: &Call) -> String {
        if i64::from(call.number) != libc::SYS_futex {
            return self.label(call);
        }
        // FUTEX_WAIT, FUTEX_LOCK_PI, FUTEX_WAIT_BITSET, FUTEX_WAIT_REQUEUE_PI, FUTEX_LOCK_PI2.
        let waits = matches!(call.args[1] & 0x7f, 0 | 6 | 9 | 11 | 13);
        format!("futex({})", if waits { "wait" } else { "wake" })
    }

    fn close_window(&mut self, tid: i32, returned: bool, seen: &mut Vec<TraceEvent>) {
        let now_ns = self.now_ns;
        let pid = self.process_of(tid);
        let Some(thread) = self.family.threads.get_mut(&tid) else {
            return;
        };
        let Some(window) = thread.windows.pop() else {
            return;
        };
        seen.push(TraceEvent::HandlerReturned(HandlerFact {
            pid,
            tid,
            thread: thread.name.clone(),
            signal: window.signal,
            took_ns: now_ns.saturating_sub(window.entered_ns),
            calls: window.calls,
            more_calls: window.more_calls,
            interrupted: window.interrupted,
            returned,
        }));
    }

    /// A thread is at its end, or executes another program: so are its handlers.
    pub(crate) fn close_windows(&mut self, tid: i32, seen: &mut Vec<TraceEvent>) {
        while self.in_window(tid) {
            self.close_window(tid, false, seen);
        }
    }
}
