//! Bridges between tokens and what other libraries know: a plain flag here,
//! tokio-util's `CancellationToken` beside it.
//!
//! Each is a thread that sleeps. A signal handler may set an atomic and wake a
//! futex, but it may run no code of another library, which allocates and
//! locks; so somebody has to wait for it.

use std::io;
#[cfg(unix)]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::Arc;

use super::stop_token::StopToken;
use crate::machine::Stage;
use crate::stage_cell::WaitStatus;
use crate::sync::thread::{self, JoinHandle};
use crate::sync::{AtomicBool, Ordering};
use crate::sys::mask;

/// Passes a stage on to a flag or to another library's token, until dropped;
/// made by [`StopToken::set_flag_at`].
#[derive(Debug)]
#[must_use = "the bridge ends when it is dropped"]
pub struct Bridge {
    token: StopToken,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bridge {
    /// Runs `act` once, on a separate thread, when `stage` is reached.
    pub(super) fn new(
        token: &StopToken,
        stage: Stage,
        act: impl FnOnce() + Send + 'static,
    ) -> io::Result<Bridge> {
        let closed = Arc::new(AtomicBool::new(false));
        let (theirs, is_closed) = (token.clone(), Arc::clone(&closed));
        let thread = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-bridge".to_owned())
                .spawn(move || {
                    let mut reached = false;
                    let mut look = || {
                        reached = theirs.stage() >= stage;
                        if reached || is_closed.load(Ordering::SeqCst) {
                            WaitStatus::Done
                        } else {
                            WaitStatus::WaitUntil(theirs.next_change())
                        }
                    };
                    // A shield may give way between a look and the wait, which
                    // then ends at once: look again.
                    while !theirs.wait_until(&mut look) {}
                    if reached {
                        act();
                    }
                })
        })?;
        Ok(Bridge {
            token: token.clone(),
            closed,
            thread: Some(thread),
        })
    }
}

/// A descriptor that becomes readable at a stage; made by
/// [`StopToken::readable_at`].
#[cfg(unix)]
#[derive(Debug)]
pub struct StageFd {
    reader: OwnedFd,
    _bridge: Bridge,
}

#[cfg(unix)]
impl StageFd {
    pub(super) fn new(token: &StopToken, stage: Stage) -> io::Result<StageFd> {
        let (reader, writer) = io::pipe()?;
        let bridge = Bridge::new(token, stage, move || drop(writer))?;
        Ok(StageFd {
            reader: reader.into(),
            _bridge: bridge,
        })
    }
}

#[cfg(unix)]
impl AsFd for StageFd {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}

#[cfg(unix)]
impl AsRawFd for StageFd {
    fn as_raw_fd(&self) -> RawFd {
        self.reader.as_raw_fd()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        self.token.wake_all();
        if let Some(thread) = self.thread.take() {
            // A panic in another library's waker has been reported already.
            let _ = thread.join();
        }
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::sync::atomic::AtomicBool as Flag;
    use std::time::Duration;

    use super::*;
    use crate::token::StopSource;

    #[test]
    fn the_flag_follows_the_stage() {
        let source = StopSource::new();
        let flag = Arc::new(Flag::new(false));
        let bridge = source.token().set_flag_at(Stage::TerminateActive, &flag);
        let bridge = bridge.expect("a thread");
        source.stop(Stage::CancelQueued);
        source.stop(Stage::TerminateActive);
        // Joins the thread, which has seen the stage.
        drop(bridge);
        assert!(flag.load(Ordering::SeqCst));
    }

    #[cfg(unix)]
    #[test]
    fn a_descriptor_is_readable_at_its_stage() {
        use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
        let readable = |fd: &StageFd, millis: u16| {
            let mut entry = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
            poll(&mut entry, PollTimeout::from(millis)).expect("poll") == 1
        };
        let source = StopSource::new();
        let fd = source.token().readable_at(Stage::TerminateActive);
        let fd = fd.expect("a pipe and a thread");
        source.stop(Stage::CancelQueued);
        assert!(!readable(&fd, 0));
        source.stop(Stage::TerminateActive);
        assert!(readable(&fd, 60_000));
        // Closed and dropped, it never becomes readable by the drop alone.
        let other = StopSource::new().token().readable_at(Stage::CancelQueued);
        assert!(!readable(&other.expect("a pipe and a thread"), 0));
    }

    #[test]
    fn a_closed_bridge_leaves_the_flag_alone() {
        let source = StopSource::new();
        let flag = Arc::new(Flag::new(false));
        drop(source.token().set_flag_at(Stage::CancelQueued, &flag));
        source.stop(Stage::ExitNow);
        assert!(!flag.load(Ordering::SeqCst));
    }

    #[test]
    fn a_shield_that_gives_way_sets_the_flag() {
        let source = StopSource::new();
        source.stop(Stage::TerminateActive);
        let shield = source.token().shield(Duration::from_millis(5));
        let flag = Arc::new(Flag::new(false));
        let bridge = shield.token().set_flag_at(Stage::CancelQueued, &flag);
        let _bridge = bridge.expect("a thread");
        while !flag.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
    }

    #[test]
    fn the_token_follows_the_flag() {
        let source = StopSource::new();
        let flag = Arc::new(Flag::new(false));
        let token = source.token().or_flag(Stage::TerminateActive, &flag);
        assert_eq!(token.stage(), Stage::Running);
        let waiter = {
            let token = token.clone();
            std::thread::spawn(move || token.wait(Stage::CancelQueued))
        };
        flag.store(true, Ordering::SeqCst);
        assert_eq!(waiter.join().expect("no panic"), Stage::TerminateActive);
        assert!(token.checkpoint().is_err());
        assert_eq!(source.token().stage(), Stage::Running);
        flag.store(false, Ordering::SeqCst);
        assert_eq!(
            token.wait_timeout(Stage::CancelQueued, Duration::ZERO),
            None
        );
    }
}
