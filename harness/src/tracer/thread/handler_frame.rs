//! The handlers that a thread is in: each from the moment at which its frame is on the stack until `rt_sigreturn`
//! takes it away.
//!
//! The entry is seen by a single step from the delivery: the kernel stops the
//! thread in front of the handler's first instruction. Between entry and return
//! the thread stops at every call, whatever the filter chooses. A handler that is
//! left by a long jump never returns: it ends at the first call that is
//! made from another place of the stack.

use super::activity::HandlerEntry;
use crate::facts::{HandlerFact, Signal};
use crate::sys::ids::{Pid, Tid};

/// Calls of one handler that are kept.
const CALLS_MAX: usize = 64;
/// Stack that a handler uses at most: what is farther away is another stack.
const STACK_MAX: u64 = 512 * 1024;

/// The handlers of one thread, the innermost last.
#[derive(Debug, Default)]
pub(crate) struct HandlerStack(Vec<HandlerFrame>);

/// A handler that runs.
#[derive(Debug)]
pub(crate) struct HandlerFrame {
    signal: Signal,
    entered_ns: u64,
    /// Where the stack ended when it was entered.
    stack: u64,
    interrupted: String,
    calls: Vec<String>,
    more_calls: u32,
}

impl HandlerStack {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A handler is entered, with the stack pointer there.
    pub(crate) fn enter(&mut self, entry: HandlerEntry, stack: u64, now_ns: u64) {
        self.0.push(HandlerFrame {
            signal: entry.signal,
            entered_ns: now_ns,
            stack,
            interrupted: entry.interrupted,
            calls: Vec::new(),
            more_calls: 0,
        });
    }

    /// Takes out the innermost handler.
    pub(crate) fn pop(&mut self) -> Option<HandlerFrame> {
        self.0.pop()
    }

    /// Takes out the innermost handler, if a call from this place of the stack shows that it was left by a long jump.
    pub(crate) fn pop_left(&mut self, stack: u64) -> Option<HandlerFrame> {
        self.0
            .pop_if(|frame| stack > frame.stack || frame.stack - stack > STACK_MAX)
    }

    /// The innermost handler makes a call.
    pub(crate) fn push_call(&mut self, label: String) {
        let Some(frame) = self.0.last_mut() else {
            return;
        };
        if frame.calls.len() < CALLS_MAX {
            frame.calls.push(label);
        } else {
            frame.more_calls += 1;
        }
    }
}

impl HandlerFrame {
    /// What is known of it, now that it is over.
    pub(crate) fn into_fact(
        self,
        pid: Pid,
        tid: Tid,
        thread: &str,
        now_ns: u64,
        returned: bool,
    ) -> HandlerFact {
        HandlerFact {
            pid: pid.number(),
            tid: tid.number(),
            thread: thread.to_owned(),
            signal: self.signal.number(),
            took_ns: now_ns.saturating_sub(self.entered_ns),
            calls: self.calls,
            more_calls: self.more_calls,
            interrupted: self.interrupted,
            returned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handler_is_left_when_the_stack_is_elsewhere() {
        let mut handlers = HandlerStack::default();
        for stack in [0x9000_0000, 0x8fff_f000] {
            let entry = HandlerEntry {
                signal: Signal::INT,
                interrupted: String::new(),
            };
            handlers.enter(entry, stack, 0);
        }
        assert!(handlers.pop_left(0x8fff_e000).is_none(), "deeper, in it");
        assert!(handlers.pop_left(0x8fff_f800).is_some(), "out of the inner");
        assert!(handlers.pop_left(0x8fff_f800).is_none(), "in the outer one");
        assert!(handlers.pop_left(0x1000_0000).is_some(), "another stack");
        assert!(handlers.is_empty());
    }
}
