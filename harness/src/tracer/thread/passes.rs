//! Whether a thread comes by at a call anew.
//!
//! Two things bring a thread to the same call again without its program doing so: the tracer, which skips a call to
//! stand in front of it, and the kernel, which makes `fork` and `clone` again when a signal is pending. Both are one
//! pass, so that the n-th call is the same one whether or not a signal came in between.

use crate::sys::seccomp::SyscallInstruction;

/// The passes of one thread.
#[derive(Debug, Default)]
pub(crate) struct Passes {
    /// The thread was put back in front of this call.
    rewound: Option<SyscallInstruction>,
    restarted: Option<Restarted>,
}

/// A call that the kernel makes again.
#[derive(Debug, Clone, Copy)]
struct Restarted {
    at: SyscallInstruction,
    point: Option<usize>,
}

/// What a thread's coming by at a call means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pass {
    /// The program makes the call.
    New,
    /// The kernel makes a call again; its place in the recording.
    Restarted { point: Option<usize> },
    /// The thread was put back in front of it: everything has been done about it already.
    Rewound,
}

impl Passes {
    /// A call begins.
    pub(crate) fn come_by(&mut self, at: SyscallInstruction) -> Pass {
        if self.rewound.take() == Some(at) {
            return Pass::Rewound;
        }
        let restarted = self.restarted.take_if(|restarted| restarted.at == at);
        match restarted {
            Some(Restarted { point, .. }) => Pass::Restarted { point },
            None => Pass::New,
        }
    }

    /// The thread was put back in front of a call that was skipped.
    pub(crate) fn rewind(&mut self, at: SyscallInstruction) {
        self.rewound = Some(at);
    }

    /// The kernel is going to make a call again.
    pub(crate) fn expect_restart(&mut self, at: SyscallInstruction, point: Option<usize>) {
        self.restarted = Some(Restarted { at, point });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORK: SyscallInstruction = SyscallInstruction { number: 57, ip: 10 };
    const WRITE: SyscallInstruction = SyscallInstruction { number: 1, ip: 20 };

    #[test]
    fn what_the_program_does_not_repeat_is_one_pass() {
        let mut passes = Passes::default();
        assert_eq!(passes.come_by(FORK), Pass::New);
        passes.rewind(FORK);
        assert_eq!(passes.come_by(FORK), Pass::Rewound);
        passes.expect_restart(FORK, Some(3));
        // The signal's handler may make calls before.
        assert_eq!(passes.come_by(WRITE), Pass::New);
        let again = Pass::Restarted { point: Some(3) };
        assert_eq!(passes.come_by(FORK), again);
        assert_eq!(passes.come_by(FORK), Pass::New);
    }
}
