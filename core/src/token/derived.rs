//! What is made from a token: scopes and shields, iterators and futures that
//! end with it, bridges to what other libraries know, and the stage for
//! another process.

use std::io;
#[cfg(feature = "tokio")]
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool as Flag, Ordering};
use std::time::Duration;

#[cfg(feature = "tokio")]
use tokio_util::sync::CancellationToken;

use super::bridge::Bridge;
#[cfg(unix)]
use super::bridge::StageFd;
#[cfg(feature = "tokio")]
use super::cancellation_token::Listener;
#[cfg(feature = "async")]
use super::futures::Reached;
use super::interruptible::Interruptible;
use super::node::ExternalStop;
use super::scope::{Scope, Shield};
use super::stop_token::StopToken;
use crate::machine::Stage;
use crate::stage_cell::{CellStorage, StageCell};
use crate::sys::{Descriptor, OwnedDescriptor};

impl StopToken {
    /// A scope: its own token can be stopped without stopping this one.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::new(self)
    }

    /// A shield: its token does not see stages 1 and 2 until the shield is
    /// dropped or `limit` has passed. Stage 3 always goes through.
    pub fn shield(&self, limit: Duration) -> Shield {
        Shield::new(self, limit)
    }

    /// The items of `iter`, until stage 1 is reached.
    ///
    /// The iterator runs on a separate thread, so a `next` that blocks (a
    /// channel, lines of standard input, a slow directory) delays no stop. The
    /// thread ends with the next item after the stop; until then it stays
    /// behind, and so does what it holds.
    ///
    /// # Errors
    /// Those of starting a thread.
    ///
    /// # Panics
    /// [`Iterator::next`] panics if the iterator has panicked.
    ///
    /// ```
    /// use sigproof_core::{StopSource, ThreadPool};
    /// let token = StopSource::new().token();
    /// let (sender, jobs) = std::sync::mpsc::channel();
    /// sender.send(7).unwrap();
    /// drop(sender);
    /// let results = ThreadPool::new(&token).map(token.interruptible(jobs)?, |job, _| Ok(job));
    /// assert_eq!(results.values().sum::<i32>(), 7);
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn interruptible<I>(&self, iter: I) -> io::Result<Interruptible<I::Item>>
    where
        I: IntoIterator,
        I::IntoIter: Send + 'static,
        I::Item: Send + 'static,
    {
        Interruptible::new(self, iter)
    }

    /// Resolves when `stage` or a higher one is reached, to the stage that was
    /// reached. Works on tokio and on any other runtime; dropping it is
    /// always safe.
    ///
    /// One thread of the process waits for all futures of a source or handler.
    ///
    /// # Panics
    /// When first polled, if no thread can be started to watch the stage.
    #[cfg(feature = "async")]
    pub fn reached(&self, stage: Stage) -> Reached {
        Reached::new(self, stage)
    }

    /// Calls `action` once, on a separate thread, when `stage` is reached, as
    /// long as the bridge lives. Dropping the bridge waits for an action that
    /// runs.
    ///
    /// # Errors
    /// Those of starting a thread.
    ///
    /// ```
    /// use sigproof_core::{Stage, StopSource};
    /// let source = StopSource::new();
    /// let (sender, receiver) = std::sync::mpsc::channel();
    /// let _bridge = source.token().on(Stage::CancelQueued, move || {
    ///     let _ = sender.send("draining");
    /// })?;
    /// source.stop(Stage::CancelQueued);
    /// assert_eq!(receiver.recv(), Ok("draining"));
    /// # Ok::<(), std::io::Error>(())
    /// ```
    pub fn on(&self, stage: Stage, action: impl FnOnce() + Send + 'static) -> io::Result<Bridge> {
        Bridge::new(self, stage, action)
    }

    /// A descriptor that becomes readable (at its end) when `stage` is reached:
    /// for `poll`, `epoll`, mio and the like. Nothing is ever written to it.
    ///
    /// # Errors
    /// Those of opening a pipe and of starting a thread.
    #[cfg(unix)]
    pub fn readable_at(&self, stage: Stage) -> io::Result<StageFd> {
        StageFd::new(self, stage)
    }

    /// Sets `flag` to true when `stage` is reached, as long as the bridge
    /// lives. It is never set back. Takes a thread, which sleeps.
    ///
    /// # Errors
    /// Those of starting a thread.
    pub fn set_flag_at(&self, stage: Stage, flag: &Arc<Flag>) -> io::Result<Bridge> {
        let flag = Arc::clone(flag);
        Bridge::new(self, stage, move || flag.store(true, Ordering::SeqCst))
    }

    /// A token that is also at `stage` while `flag` is true.
    ///
    /// A poll sees the flag at once. A flag cannot wake a thread, so a thread
    /// that waits on such a token looks at it every 20 ms.
    #[must_use]
    pub fn or_flag(&self, stage: Stage, flag: &Arc<Flag>) -> StopToken {
        self.listening_to(ExternalStop {
            stage,
            flag: Arc::clone(flag),
            #[cfg(feature = "tokio")]
            listener: None,
        })
    }

    /// Cancels `other` when `stage` is reached, as long as the bridge lives.
    /// Takes a thread, which sleeps; no runtime is needed.
    ///
    /// A `CancellationToken` knows only one degree of urgency: give one to the
    /// code that starts new work, at [`Stage::CancelQueued`], and another one,
    /// at [`Stage::TerminateActive`], to the code that does it.
    ///
    /// # Errors
    /// Those of starting a thread.
    #[cfg(feature = "tokio")]
    pub fn cancel_at(&self, stage: Stage, other: &CancellationToken) -> io::Result<Bridge> {
        let other = other.clone();
        Bridge::new(self, stage, move || other.cancel())
    }

    /// A token that is also at `stage` when `other` was cancelled, whether by
    /// itself or by its parent. Waiters are woken. Takes a thread, which
    /// sleeps until then, or until the last clone of the new token is dropped;
    /// a poll stays one load of an atomic.
    ///
    /// # Errors
    /// Those of starting a thread.
    #[cfg(feature = "tokio")]
    pub fn or_cancelled(&self, stage: Stage, other: &CancellationToken) -> io::Result<StopToken> {
        // Whoever is cancelled already shows it at once.
        let flag = Arc::new(Flag::new(other.is_cancelled()));
        let listener = Listener::new(self.cell.uncached(), other.clone(), Arc::clone(&flag))?;
        Ok(self.listening_to(ExternalStop {
            stage,
            flag,
            listener: Some(AssertUnwindSafe(listener)),
        }))
    }

    /// The descriptor of the page that holds the stage (on Windows, the handle
    /// of its file mapping), for another process to map with
    /// [`StopToken::open_shared`]; `None` if the stage lives in this process
    /// alone. It is closed on exec, so it has to be passed on purpose: as
    /// standard input, by `dup2`, or over a socket (on Windows, by
    /// `DuplicateHandle`).
    ///
    /// Every holder can raise the stage as well: share it with children,
    /// not with strangers. Scopes and shields are not shared.
    #[must_use]
    pub fn shared_stage(&self) -> Option<Descriptor<'_>> {
        self.cell.storage().descriptor()
    }

    /// A token that shows the stage of another process, polled by one relaxed
    /// load. On Linux it is waited for without polling, like any other; on
    /// other systems the waiter looks every 10 ms.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if the descriptor is not that of a shared
    /// stage of this version; else those of mapping it.
    pub fn open_shared(fd: OwnedDescriptor) -> io::Result<StopToken> {
        let cell = StageCell::at(CellStorage::open(fd)?);
        Ok(StopToken::root(&Arc::new(cell)))
    }
}
