//! The token: a view of the stage, to be handed around.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::interrupted::Interrupted;
use super::node::{ExternalStop, Node, Shields};
use crate::machine::{Cause, Stage};
use crate::signal::InterruptHandler;
use crate::stage_cell::{CellRef, StageCell, WaitStatus};

/// A view of the stage, cheap to clone and to poll, for every function that
/// has to stop when asked.
///
/// A poll is one relaxed load: no lock, no reference count, no allocation.
/// Scopes and shields add one such load each. Nothing is published along with
/// a stage: what another thread wrote before it asked for the stop needs its
/// own synchronisation.
///
/// ```
/// use sigproof_core::{Interrupted, StopSource, StopToken};
/// fn sum(numbers: &[u64], token: &StopToken) -> Result<u64, Interrupted> {
///     let mut sum = 0;
///     for number in numbers {
///         token.checkpoint()?;
///         sum += number;
///     }
///     Ok(sum)
/// }
/// assert_eq!(sum(&[1, 2], &StopSource::new().token()), Ok(3));
/// ```
#[derive(Clone, Debug)]
pub struct StopToken {
    pub(super) cell: CellRef,
    pub(super) node: Option<Arc<Node>>,
    /// A node below `node` that changes no view: it only knows the shields
    /// below it, so a poll does not look through it.
    pub(super) shield_counter: Option<Arc<Node>>,
}

impl StopToken {
    pub(super) fn root(cell: &Arc<StageCell>) -> StopToken {
        StopToken {
            cell: CellRef::new(Arc::clone(cell)),
            node: None,
            shield_counter: None,
        }
    }

    /// The stage, as seen here: shields hold stages 1 and 2 back, a stopped
    /// scope raises its own.
    #[must_use]
    #[inline]
    pub fn stage(&self) -> Stage {
        let cached = self.cell.cached().stage();
        if cached.should_exit_now() {
            self.stage_uncached()
        } else {
            cached
        }
    }

    /// The stage, through everything that lies between. "Cold" keeps it out of
    /// the way of a loop that polls.
    #[cold]
    fn stage_uncached(&self) -> Stage {
        let root = self.cell.poll().stage();
        match &self.node {
            None => root,
            Some(node) => node.view(root),
        }
    }

    /// Whether any stop was requested (stage 1 and above).
    #[must_use]
    #[inline]
    pub fn is_interrupted(&self) -> bool {
        self.stage().is_interrupted()
    }

    /// Whether queued tasks are to be cancelled (stage 1 and above).
    #[must_use]
    pub fn should_cancel_queued_tasks(&self) -> bool {
        self.stage().should_cancel_queued_tasks()
    }

    /// Whether active tasks are to be terminated (stage 2 and above).
    #[must_use]
    pub fn should_terminate_active_tasks(&self) -> bool {
        self.stage().should_terminate_active_tasks()
    }

    /// Whether the program is to exit at once (stage 3).
    #[must_use]
    pub fn should_exit_now(&self) -> bool {
        self.stage().should_exit_now()
    }

    /// Why the program was asked to stop; [`Cause::None`] while it was not,
    /// and when only a scope was stopped.
    #[must_use]
    pub fn cause(&self) -> Cause {
        self.cell.poll().cause()
    }

    /// Returns an error from stage 2 on, which asks active tasks to end. A task
    /// calls it now and then.
    ///
    /// # Errors
    /// [`Interrupted`], with the stage, from [`Stage::TerminateActive`] on.
    #[inline]
    pub fn checkpoint(&self) -> Result<(), Interrupted> {
        self.checkpoint_at(Stage::TerminateActive)
    }

    /// As [`StopToken::checkpoint`], from another stage on. At
    /// [`Stage::CancelQueued`] it is for loops that start new work.
    ///
    /// # Errors
    /// [`Interrupted`], with the stage, from `stage` on.
    #[inline]
    pub fn checkpoint_at(&self, stage: Stage) -> Result<(), Interrupted> {
        // A load and a comparison; the rest is not worth its room in a loop.
        if self.cell.cached().stage() < stage {
            return Ok(());
        }
        self.checkpoint_uncached(stage)
    }

    #[cold]
    fn checkpoint_uncached(&self, stage: Stage) -> Result<(), Interrupted> {
        let now = self.stage_uncached();
        if now < stage || now == Stage::Running {
            return Ok(());
        }
        if let Some(node) = self.nearest() {
            node.note_failed_checkpoint();
        }
        Err(Interrupted::new(now, self.cause()))
    }

    /// Whether a checkpoint of this token, or of one made from it, has failed.
    /// Only a token with a shield counter of its own knows.
    pub(crate) fn checkpoint_has_failed(&self) -> bool {
        let counter = self.shield_counter.as_ref();
        counter.is_some_and(|node| node.checkpoint_has_failed())
    }

    /// `work`, with a checkpoint before each call: for iterators of other
    /// libraries, such as rayon's.
    ///
    /// ```
    /// use sigproof_core::{Interrupted, StopSource};
    /// let source = StopSource::new();
    /// let token = source.token();
    /// // With rayon: `numbers.par_iter().map(token.checked(…)).collect()`.
    /// let squares: Result<Vec<u32>, Interrupted> =
    ///     (0..4).map(token.checked(|number: u32| number * number)).collect();
    /// assert_eq!(squares, Ok(vec![0, 1, 4, 9]));
    /// ```
    pub fn checked<T, R>(&self, work: impl Fn(T) -> R) -> impl Fn(T) -> Result<R, Interrupted> {
        let token = self.clone();
        move |item| {
            token.checkpoint()?;
            Ok(work(item))
        }
    }

    /// Waits for `stage` or a higher one and returns the stage that was
    /// reached. The thread sleeps until it is woken; nothing polls.
    ///
    /// When the handler of the token is dropped, the wait ends with the stage
    /// that it had, which may be lower.
    pub fn wait(&self, stage: Stage) -> Stage {
        self.wait_for(None, || self.stage() >= stage || self.cell.is_closed());
        self.stage()
    }

    /// As [`StopToken::wait`], for at most `timeout`; `None` if the stage was
    /// not reached in time.
    #[must_use]
    pub fn wait_timeout(&self, stage: Stage, timeout: Duration) -> Option<Stage> {
        let deadline = Instant::now().checked_add(timeout);
        let reached = self.wait_for(deadline, || self.stage() >= stage);
        reached.then(|| self.stage())
    }

    /// As [`StopToken::wait`], until `deadline`; `None` if the stage was not
    /// reached by then.
    #[must_use]
    pub fn wait_deadline(&self, stage: Stage, deadline: Instant) -> Option<Stage> {
        let reached = self.wait_for(Some(deadline), || self.stage() >= stage);
        reached.then(|| self.stage())
    }

    /// Sleeps for `duration`, or until stage 2.
    ///
    /// # Errors
    /// [`Interrupted`], with the stage, from [`Stage::TerminateActive`] on.
    pub fn sleep(&self, duration: Duration) -> Result<(), Interrupted> {
        match self.wait_timeout(Stage::TerminateActive, duration) {
            Some(stage) => Err(Interrupted::new(stage, self.cause())),
            None => Ok(()),
        }
    }

    /// Counts how often the stage was put back to running (modulo 2^18).
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.cell.poll().epoch()
    }

    /// The stage for what began in `epoch`. Who slept through a stop and the
    /// new epoch after it was interrupted all the same.
    pub(crate) fn stage_since(&self, epoch: u32) -> Stage {
        match self.stage() {
            stage if self.epoch() == epoch => stage,
            stage => stage.max(Stage::CancelQueued),
        }
    }

    /// Makes every waiter look again.
    pub(crate) fn wake_all(&self) {
        self.cell.wake_all();
    }

    /// Whether observers were told of this stage, or there are none.
    pub(crate) fn is_announced(&self, stage: Stage) -> bool {
        self.cell.is_announced(stage)
    }

    /// Waits until `look` is done; it is called again after every change of
    /// the stage and every [`StopToken::wake_all`].
    pub(crate) fn wait_until(&self, look: impl FnMut() -> WaitStatus) -> bool {
        self.cell.wait_until(look)
    }

    /// When the view may change by time alone: a shield gives way, a flag is
    /// to be looked at.
    pub(crate) fn next_change(&self) -> Option<Instant> {
        self.node.as_ref().and_then(|node| node.next_change())
    }

    pub(super) fn listening_to(&self, external: ExternalStop) -> StopToken {
        let node = Node::external(self.nearest(), external);
        StopToken {
            cell: self.cell.uncached(),
            node: Some(Arc::new(node)),
            shield_counter: None,
        }
    }

    /// The lowest node, to hang others below.
    pub(super) fn nearest(&self) -> Option<Arc<Node>> {
        self.shield_counter.as_ref().or(self.node.as_ref()).cloned()
    }

    /// The same view, which knows the shields made from it.
    pub(crate) fn with_shield_counter(&self) -> StopToken {
        StopToken {
            shield_counter: Some(Arc::new(Node::scope(self.nearest()))),
            ..self.clone()
        }
    }

    /// Whether shields made from this token, or below it, still hold.
    pub(crate) fn shields(&self) -> Shields {
        self.nearest().map_or(Shields::None, |node| node.shields())
    }

    /// Waits until `done`, at most until `limit`, and returns whether it is.
    /// The view may change by time alone, so it is looked at again then, too.
    pub(crate) fn wait_for(&self, limit: Option<Instant>, done: impl FnMut() -> bool) -> bool {
        let mut done = done;
        loop {
            let is_done = self.cell.wait_until(|| {
                if done() {
                    return WaitStatus::Done;
                }
                WaitStatus::WaitUntil(limit.into_iter().chain(self.next_change()).min())
            });
            if is_done || limit.is_some_and(|limit| Instant::now() >= limit) {
                return is_done || done();
            }
        }
    }
}

impl InterruptHandler {
    /// A token that shows the stage of this handler. It stays valid, with the
    /// last stage, when the handler is gone.
    #[must_use]
    pub fn token(&self) -> StopToken {
        StopToken::root(self.cell())
    }
}
