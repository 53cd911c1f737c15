//! Bridges between tokens and plain flags, for libraries that know only an
//! `AtomicBool`.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use super::stop_token::StopToken;
use crate::machine::{Stage, Step};
use crate::sys::mask;

/// Sets a flag when a stage is reached, until dropped; made by
/// [`StopToken::set_flag_at`].
#[derive(Debug)]
#[must_use = "the bridge ends when it is dropped"]
pub struct FlagBridge {
    token: StopToken,
    closed: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl StopToken {
    /// Sets `flag` to true when `stage` is reached, as long as the bridge
    /// lives. It is never set back. Takes a thread, which sleeps.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub fn set_flag_at(&self, stage: Stage, flag: &Arc<AtomicBool>) -> io::Result<FlagBridge> {
        let closed = Arc::new(AtomicBool::new(false));
        let (token, flag) = (self.clone(), Arc::clone(flag));
        let is_closed = Arc::clone(&closed);
        let thread = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-flag".to_owned())
                .spawn(move || {
                    token.wait_until(|| {
                        if token.stage() >= stage {
                            flag.store(true, Ordering::SeqCst);
                            Step::Done
                        } else if is_closed.load(Ordering::SeqCst) {
                            Step::Done
                        } else {
                            Step::WaitUntil(token.next_change())
                        }
                    });
                })
        })?;
        Ok(FlagBridge {
            token: self.clone(),
            closed,
            thread: Some(thread),
        })
    }

    /// A token that is also at `stage` while `flag` is true.
    ///
    /// A poll sees the flag at once. Nobody can be woken by a flag, so whoever
    /// waits on such a token looks at it every 20 ms.
    #[must_use]
    pub fn or_flag(&self, stage: Stage, flag: &Arc<AtomicBool>) -> StopToken {
        self.with_flag(stage, Arc::clone(flag))
    }
}

impl Drop for FlagBridge {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::SeqCst);
        self.token.wake_all();
        if let Some(thread) = self.thread.take() {
            // It only sets a flag, and does not panic.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::token::StopSource;

    #[test]
    fn the_flag_follows_the_stage() {
        let source = StopSource::new();
        let flag = Arc::new(AtomicBool::new(false));
        let bridge = source.token().set_flag_at(Stage::TerminateActive, &flag);
        let bridge = bridge.expect("a thread");
        source.stop(Stage::CancelQueued);
        source.stop(Stage::TerminateActive);
        // Joins the thread, which has seen the stage.
        drop(bridge);
        assert!(flag.load(Ordering::SeqCst));
    }

    #[test]
    fn a_closed_bridge_leaves_the_flag_alone() {
        let source = StopSource::new();
        let flag = Arc::new(AtomicBool::new(false));
        drop(source.token().set_flag_at(Stage::CancelQueued, &flag));
        source.stop(Stage::ExitNow);
        assert!(!flag.load(Ordering::SeqCst));
    }

    #[test]
    fn the_token_follows_the_flag() {
        let source = StopSource::new();
        let flag = Arc::new(AtomicBool::new(false));
        let token = source.token().or_flag(Stage::TerminateActive, &flag);
        assert_eq!(token.stage(), Stage::Running);
        let waiter = {
            let token = token.clone();
            thread::spawn(move || token.wait(Stage::CancelQueued))
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
