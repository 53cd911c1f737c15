//! The cell: the stage as everybody sees it.
//!
//! One 32-bit word packs epoch, stage, rung and cause; it only moves up, by
//! compare-and-swap. A poll is one relaxed load: the word is the whole message
//! and publishes no other memory.
//!
//! Waiting uses a second word, a counter of wakes. It could have been the
//! first word, but then the end of a scope or of a shield, which changes what
//! a waiter sees without changing the stage, could not wake anybody.
//!
//! Assumes fewer than 2^18 epochs between two looks of one reader.

use std::io;
use std::time::{Duration, Instant};

#[cfg(feature = "async")]
use super::future_registry::Futures;
use super::storage::CellStorage;
use crate::machine::{Cause, Stage};
use crate::sync::{AtomicBool, AtomicU32, Ordering, fence};
use crate::sys::park::{Park, WAKES_FROM_HANDLER};

/// The contents of the word. Layout, from the top: 18 bits of epoch, 2 of
/// stage, 4 of rung, 8 of cause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct StageWord(u32);

impl StageWord {
    /// A word as it was read.
    #[inline]
    pub(crate) const fn from_bits(bits: u32) -> StageWord {
        StageWord(bits)
    }

    /// The stage.
    #[inline]
    pub(crate) const fn stage(self) -> Stage {
        Stage::from_bits(self.0 >> 12)
    }

    /// Counts how often the stage was put back to running.
    pub(crate) const fn epoch(self) -> u32 {
        self.0 >> 14
    }

    /// Why the stage was reached.
    pub(crate) const fn cause(self) -> Cause {
        Cause::from_bits(self.0 & 0xff)
    }

    const fn raised(self, stage: Stage, rung: u8, cause: Cause) -> StageWord {
        StageWord(
            self.0 & !0x3fff
                | (stage.number() as u32) << 12
                | (rung as u32 & 0xf) << 8
                | cause.to_bits(),
        )
    }

    const fn next_epoch(self) -> StageWord {
        StageWord((self.0 >> 14).wrapping_add(1) << 14)
    }
}

/// The stage, and the threads that wait for it.
#[derive(Debug)]
pub(crate) struct StageCell {
    storage: CellStorage,
    /// The stage up to which the observers of a signal handler were told; above
    /// every stage while there are none.
    announced: AtomicU32,
    /// Nobody can raise the stage any more.
    closed: AtomicBool,
    park: Park,
    #[cfg(feature = "async")]
    pub(super) futures: Futures,
}

/// Above every stage.
const EVERYTHING: u32 = 4;

impl StageCell {
    /// A cell in process memory, running.
    pub(crate) fn new() -> StageCell {
        StageCell::at(CellStorage::private())
    }

    /// A cell on a page of its own, running, to be shared with other
    /// processes.
    ///
    /// # Errors
    /// Those of [`CellStorage::shared`].
    pub(crate) fn shared() -> io::Result<StageCell> {
        CellStorage::shared().map(StageCell::at)
    }

    /// A cell at this place.
    pub(crate) fn at(storage: CellStorage) -> StageCell {
        let park = if storage.is_shared() {
            Park::shared()
        } else {
            Park::private()
        };
        StageCell {
            storage,
            announced: AtomicU32::new(EVERYTHING),
            closed: AtomicBool::new(false),
            park,
            #[cfg(feature = "async")]
            futures: Futures::new(),
        }
    }

    /// Where the words are.
    pub(crate) fn storage(&self) -> &CellStorage {
        &self.storage
    }

    /// The word now: one relaxed load.
    #[inline]
    pub(crate) fn poll(&self) -> StageWord {
        StageWord(self.storage.word.load(Ordering::Relaxed))
    }

    /// Raises the stage; `false` if it was there already, or higher.
    /// Async-signal-safe; wakes the waiters where the platform can do that
    /// from a handler, else the caller has to see to a [`StageCell::wake_all`].
    pub(crate) fn raise(&self, stage: Stage, rung: u8, cause: Cause) -> bool {
        let mut word = StageWord(self.storage.word.load(Ordering::Relaxed));
        loop {
            if word.stage() >= stage {
                return false;
            }
            let raised = word.raised(stage, rung, cause);
            match self.storage.word.compare_exchange_weak(
                word.0,
                raised.0,
                Ordering::SeqCst,
                Ordering::Relaxed,
            ) {
                Ok(_) => break,
                Err(now) => word = StageWord(now),
            }
        }
        if WAKES_FROM_HANDLER {
            self.wake_all();
        }
        true
    }

    /// Begins a new epoch: running again. Tasks queued before stay cancelled.
    pub(crate) fn begin_epoch(&self) {
        let mut word = StageWord(self.storage.word.load(Ordering::Relaxed));
        while let Err(now) = self.storage.word.compare_exchange_weak(
            word.0,
            word.next_epoch().0,
            Ordering::SeqCst,
            Ordering::Relaxed,
        ) {
            word = StageWord(now);
        }
        if !self.is_announced(Stage::ExitNow) {
            self.begin_announcements();
        }
        self.wake_all();
    }

    /// From now on a watcher tells observers of every stage.
    pub(crate) fn begin_announcements(&self) {
        self.announced.store(0, Ordering::SeqCst);
    }

    /// Observers were told of this stage.
    pub(crate) fn announce(&self, stage: Stage) {
        let number = u32::from(stage.number());
        self.announced.fetch_max(number, Ordering::SeqCst);
        self.wake_all();
    }

    /// Observers receive nothing from now on.
    pub(crate) fn end_announcements(&self) {
        self.announced.store(EVERYTHING, Ordering::SeqCst);
        self.wake_all();
    }

    /// Whether observers were told of this stage. What else is said about it
    /// is said afterwards.
    pub(crate) fn is_announced(&self, stage: Stage) -> bool {
        self.announced.load(Ordering::SeqCst) >= u32::from(stage.number())
    }

    /// The handler that raised the stage is gone.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake_all();
    }

    /// Whether nobody can raise the stage any more.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// Makes every waiter look again. Async-signal-safe where
    /// [`WAKES_FROM_HANDLER`] says so.
    pub(crate) fn wake_all(&self) {
        // Count the wake, then look for waiters. A waiter registers first and
        // then reads the counter. Each side has a fence between the two, so
        // either the waiter is seen here, or it sees the counter moved, and
        // with it whatever was changed before.
        self.storage.wakes.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        if self.storage.waiters.load(Ordering::SeqCst) > 0 {
            self.park.wake_all(&self.storage.wakes);
        }
    }

    /// Waits until `look` is done, or until the deadline that it returns,
    /// and returns whether it is done. Code that changes what `look` sees calls
    /// [`StageCell::wake_all`] afterwards; each time `look` is called again.
    pub(crate) fn wait_until(&self, mut look: impl FnMut() -> WaitStatus) -> bool {
        if let WaitStatus::Done = look() {
            return true;
        }
        self.storage.waiters.fetch_add(1, Ordering::SeqCst);
        fence(Ordering::SeqCst);
        let answer = loop {
            let seen = self.storage.wakes.load(Ordering::SeqCst);
            // What somebody changed without a wake, having seen no stage, is
            // seen by a look that sees the stage: their fence is before this
            // one.
            fence(Ordering::SeqCst);
            let timeout = match look() {
                WaitStatus::Done => break true,
                WaitStatus::WaitUntil(None) => None,
                WaitStatus::WaitUntil(Some(deadline)) => {
                    let left = deadline.saturating_duration_since(Instant::now());
                    if left == Duration::ZERO {
                        break false;
                    }
                    Some(left)
                }
            };
            self.park.wait(&self.storage.wakes, seen, timeout);
        };
        self.storage.waiters.fetch_sub(1, Ordering::SeqCst);
        answer
    }
}

/// What a waiter found when it looked.
pub(crate) enum WaitStatus {
    /// What it waited for is there.
    Done,
    /// Not yet; wait at most until then.
    WaitUntil(Option<Instant>),
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::sync::Arc;
    use std::thread;

    use super::*;
    use crate::machine::Signal;

    const BY_INT: Cause = Cause::Signal(Signal::INTERRUPT);

    fn rung(word: StageWord) -> u32 {
        word.0 >> 8 & 0xf
    }

    fn step(done: bool, deadline: Option<Instant>) -> WaitStatus {
        if done {
            WaitStatus::Done
        } else {
            WaitStatus::WaitUntil(deadline)
        }
    }

    #[test]
    fn the_word_keeps_its_parts() {
        let cell = StageCell::new();
        assert!(cell.raise(Stage::TerminateActive, 13, BY_INT));
        let word = cell.poll();
        assert_eq!(word.stage(), Stage::TerminateActive);
        assert_eq!(rung(word), 13);
        assert_eq!(word.cause(), BY_INT);
        assert_eq!(word.epoch(), 0);
    }

    #[test]
    fn it_only_moves_up_within_an_epoch() {
        let cell = StageCell::new();
        let mut before = cell.poll().0;
        for from in Stage::ALL {
            cell.raise(from, 0, BY_INT);
            for to in Stage::ALL {
                let moved = cell.raise(to, 1, Cause::Request);
                let after = cell.poll().0;
                assert_eq!(moved, after > before);
                assert!(after >= before);
                before = after;
            }
        }
        cell.begin_epoch();
        assert!(cell.poll().0 > before);
        assert_eq!(cell.poll().stage(), Stage::Running);
        assert_eq!(cell.poll().cause(), Cause::None);
        assert_eq!(cell.poll().epoch(), 1);
    }

    #[test]
    fn racing_raises_never_lose_the_highest() {
        for _ in 0..200 {
            let cell = StageCell::new();
            thread::scope(|scope| {
                for stage in Stage::ALL {
                    let cell = &cell;
                    scope.spawn(move || cell.raise(stage, stage.number(), BY_INT));
                }
            });
            assert_eq!(cell.poll().stage(), Stage::ExitNow);
            assert_eq!(rung(cell.poll()), 3);
        }
    }

    #[test]
    fn waiters_wake_on_their_stage() {
        for _ in 0..200 {
            let cell = Arc::new(StageCell::new());
            let waiters: Vec<_> = [Stage::CancelQueued, Stage::TerminateActive]
                .into_iter()
                .map(|stage| {
                    let cell = Arc::clone(&cell);
                    thread::spawn(move || {
                        cell.wait_until(|| step(cell.poll().stage() >= stage, None))
                    })
                })
                .collect();
            cell.raise(Stage::CancelQueued, 0, BY_INT);
            cell.raise(Stage::TerminateActive, 1, BY_INT);
            cell.wake_all();
            for waiter in waiters {
                assert!(waiter.join().expect("no panic"));
            }
            assert_eq!(cell.storage.waiters.load(Ordering::SeqCst), 0);
        }
    }

    #[test]
    fn a_deadline_ends_the_wait() {
        let cell = StageCell::new();
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(!cell.wait_until(|| WaitStatus::WaitUntil(Some(soon))));
        assert!(Instant::now() >= soon);
    }
}
