//! What lies between the cell and a token: scopes, shields and requests of
//! other libraries, as a chain.

#[cfg(feature = "tokio")]
use std::panic::AssertUnwindSafe;
use std::sync::atomic::AtomicBool as Flag;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::machine::Stage;
use crate::sync::{AtomicBool, AtomicU32, Ordering};

/// How often a waiter looks at a flag.
const FLAG_INTERVAL: Duration = Duration::from_millis(20);

/// One scope, shield or request. A token looks through its chain of nodes at
/// the cell.
#[derive(Debug)]
pub(super) struct Node {
    parent: Option<Arc<Node>>,
    /// The stage that this scope was stopped at.
    stopped: AtomicU32,
    shield: Option<Shielding>,
    /// A stop request of another library.
    external: Option<ExternalStop>,
    /// A checkpoint of a token below this node has failed.
    checkpoint_failed: AtomicBool,
    /// The active shields below this node.
    shields_below: Mutex<ActiveShields>,
}

#[derive(Debug)]
struct Shielding {
    until: Option<Instant>,
    ended: AtomicBool,
}

/// A stop that comes from another library.
#[derive(Debug)]
pub(super) struct ExternalStop {
    /// What it means when it comes.
    pub(super) stage: Stage,
    /// It came.
    pub(super) flag: Arc<Flag>,
    /// The thread that sets the flag and wakes the waiters, ended with the
    /// node; without one, waiters have to look at the flag now and then.
    #[cfg(feature = "tokio")]
    ///
    /// It changes nothing that an unwound thread could leave half done, and
    /// features must not take a trait away.
    pub(super) listener: Option<AssertUnwindSafe<super::cancellation_token::Listener>>,
}

impl ExternalStop {
    /// Whether a waiter has to look at the flag by itself.
    fn is_silent(&self) -> bool {
        #[cfg(feature = "tokio")]
        return self.listener.is_none();
        #[cfg(not(feature = "tokio"))]
        true
    }
}

/// The active shields below a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shields {
    /// None holds.
    None,
    /// One at least holds, at most until then.
    HoldUntil(Option<Instant>),
    /// None holds; the last one ended then.
    Ended(Instant),
}

#[derive(Debug, Default)]
struct ActiveShields {
    count: usize,
    /// The latest limit among them; meaningless while `count` is 0.
    until: Option<Instant>,
    endless: bool,
    ended: Option<Instant>,
}

impl Node {
    pub(super) fn scope(parent: Option<Arc<Node>>) -> Node {
        Node {
            parent,
            stopped: AtomicU32::new(0),
            shield: None,
            external: None,
            checkpoint_failed: AtomicBool::new(false),
            shields_below: Mutex::default(),
        }
    }

    /// A shield for at most `limit`; a limit beyond the clock's range holds
    /// until the shield ends.
    pub(super) fn shield(parent: Option<Arc<Node>>, limit: Duration) -> Node {
        let until = Instant::now().checked_add(limit);
        let mut node = Node::scope(parent);
        node.shield = Some(Shielding {
            until,
            ended: AtomicBool::new(false),
        });
        node.for_each_above(|above| above.enter(until));
        node
    }

    /// Obeys a stop request of another library, too.
    pub(super) fn external(parent: Option<Arc<Node>>, external: ExternalStop) -> Node {
        let mut node = Node::scope(parent);
        node.external = Some(external);
        node
    }

    /// The stage seen through this node when the cell shows `root`.
    ///
    /// Each node is a function from the stage above it to its own. They are
    /// composed from here upwards, without recursion: scopes nest without a
    /// limit.
    pub(super) fn view(&self, root: Stage) -> Stage {
        let mut view = Stage::ALL;
        for node in self.and_above() {
            view = Stage::ALL.map(|above| view[usize::from(node.through(above).number())]);
        }
        view[usize::from(root.number())]
    }

    /// Whether a stop shows above this node when the cell shows `root`.
    pub(super) fn is_stopped_above(&self, root: Stage) -> bool {
        let above = self.parent.as_deref();
        above.map_or(root, |node| node.view(root)).is_interrupted()
    }

    /// The stage seen through this node alone when `above` shows above it.
    fn through(&self, above: Stage) -> Stage {
        let stage = above.max(Stage::from_bits(self.stopped.load(Ordering::Relaxed)));
        let stage = match &self.external {
            Some(external) if external.flag.load(Ordering::Relaxed) => stage.max(external.stage),
            _ => stage,
        };
        if stage.is_interrupted() && !stage.should_exit_now() && self.holds_back() {
            Stage::Running
        } else {
            stage
        }
    }

    /// When the view may change by time alone.
    pub(super) fn next_change(&self) -> Option<Instant> {
        let change = |node: &Node| match (&node.shield, &node.external) {
            (Some(shield), _) if node.holds_back() => shield.until,
            (None, Some(external)) if external.is_silent() => {
                Instant::now().checked_add(FLAG_INTERVAL)
            }
            _ => None,
        };
        self.and_above().filter_map(change).min()
    }

    /// This node and all above it.
    fn and_above(&self) -> impl Iterator<Item = &Node> {
        std::iter::successors(Some(self), |node| node.parent.as_deref())
    }

    /// Raises the stage of this scope; it never goes down.
    pub(super) fn stop(&self, stage: Stage) {
        self.stopped
            .fetch_max(u32::from(stage.number()), Ordering::SeqCst);
    }

    /// Notes here, and above, that a checkpoint has failed.
    pub(super) fn note_failed_checkpoint(&self) {
        self.checkpoint_failed.store(true, Ordering::Relaxed);
        self.for_each_above(|node| node.checkpoint_failed.store(true, Ordering::Relaxed));
    }

    /// Whether a checkpoint of a token below has failed.
    pub(super) fn checkpoint_has_failed(&self) -> bool {
        self.checkpoint_failed.load(Ordering::Relaxed)
    }

    /// Ends the shield.
    pub(super) fn end_shield(&self) {
        if let Some(shield) = &self.shield
            && !shield.ended.swap(true, Ordering::SeqCst)
        {
            self.for_each_above(Node::leave);
        }
    }

    /// Whether shields below this node still hold, and how long.
    pub(super) fn shields(&self) -> Shields {
        let below = self
            .shields_below
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        match below.until {
            _ if below.count == 0 => below.ended.map_or(Shields::None, Shields::Ended),
            _ if below.endless => Shields::HoldUntil(None),
            Some(until) if Instant::now() < until => Shields::HoldUntil(Some(until)),
            Some(until) => Shields::Ended(until),
            None => Shields::None,
        }
    }

    fn holds_back(&self) -> bool {
        self.shield.as_ref().is_some_and(|shield| {
            !shield.ended.load(Ordering::SeqCst)
                && shield.until.is_none_or(|until| Instant::now() < until)
        })
    }

    fn enter(&self, until: Option<Instant>) {
        let mut below = self
            .shields_below
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        below.count += 1;
        below.until = below.until.max(until);
        below.endless |= until.is_none();
    }

    fn leave(&self) {
        let mut below = self
            .shields_below
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        below.count = below.count.saturating_sub(1);
        if below.count == 0 {
            *below = ActiveShields {
                ended: Some(Instant::now()),
                ..ActiveShields::default()
            };
        }
    }

    fn for_each_above(&self, action: impl Fn(&Node)) {
        self.and_above().skip(1).for_each(action);
    }
}

/// One after the other: each would drop the one above it inside its own drop.
impl Drop for Node {
    fn drop(&mut self) {
        let mut next = self.parent.take();
        while let Some(mut node) = next.and_then(Arc::into_inner) {
            next = node.parent.take();
        }
    }
}

#[cfg(feature = "async")]
impl crate::stage_cell::StageView for Node {
    fn stage(&self, root: Stage) -> Stage {
        self.view(root)
    }

    fn next_change(&self) -> Option<Instant> {
        Node::next_change(self)
    }
}
