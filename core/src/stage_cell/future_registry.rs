//! The futures that wait for stages of one cell, and what the thread that
//! wakes them does next.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError};
use std::task::Waker;
use std::time::{Duration, Instant};

use crate::machine::Stage;
use crate::sync::{Mutex, MutexGuard};

/// How long the thread stays without a future. Loom has no clock.
const LINGER: Duration = if cfg!(sigproof_loom) {
    Duration::ZERO
} else {
    Duration::from_secs(1)
};

/// What lies between the cell and a token.
pub(crate) trait StageView: fmt::Debug + Send + Sync {
    /// The stage seen through it when the cell shows `root`.
    fn stage(&self, root: Stage) -> Stage;

    /// When that may change by time alone.
    fn next_change(&self) -> Option<Instant>;
}

/// A future that waits.
#[derive(Debug)]
pub(crate) struct PendingFuture {
    pub(crate) view: Option<Arc<dyn StageView>>,
    pub(crate) stage: Stage,
    pub(crate) waker: Waker,
}

/// The futures of one cell.
#[derive(Debug)]
pub(super) struct Futures(Mutex<Registry>);

/// What is known of them, under one lock.
#[derive(Debug)]
pub(super) struct Registry {
    /// The number of the next future. Numbers are never used twice: a future
    /// that was woken and not polled yet still has its own.
    pub(super) next: u64,
    pub(super) pending: HashMap<u64, PendingFuture>,
    pub(super) watcher: Watcher,
}

/// What the thread does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Watcher {
    /// There is none.
    Absent,
    /// It sleeps until it is woken.
    Sleeping,
    /// It looks again by then.
    Lingering(Instant),
}

impl Futures {
    pub(super) fn new() -> Futures {
        Futures(Mutex::new(Registry {
            next: 0,
            pending: HashMap::new(),
            watcher: Watcher::Absent,
        }))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Registry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Registry {
    /// Decides what the thread does next: `Absent` if it is to end. Returns
    /// when it has to look again.
    pub(super) fn linger(&mut self) -> Option<Instant> {
        let now = Instant::now();
        self.watcher = match (self.pending.is_empty(), self.watcher) {
            (true, Watcher::Lingering(until)) if now >= until => Watcher::Absent,
            (_, Watcher::Lingering(until)) if now < until => Watcher::Lingering(until),
            (true, _) if LINGER == Duration::ZERO => Watcher::Absent,
            (true, _) => Watcher::Lingering(now + LINGER),
            (false, _) => Watcher::Sleeping,
        };
        match self.watcher {
            Watcher::Lingering(until) => Some(until),
            Watcher::Absent | Watcher::Sleeping => None,
        }
    }
}
