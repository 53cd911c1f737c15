//! Scopes and shields: the two ways in which a token's view differs from the
//! stage of the program.

use std::sync::Arc;
use std::time::Duration;

use super::node::Node;
use super::stop_token::StopToken;
use crate::machine::Stage;
use crate::sync::{Ordering, fence};

/// A part of the program that can be stopped by itself: it sees the stage of
/// its parent or its own, whichever is higher. Stopping it never stops the
/// parent. Dropping the scope leaves its tokens as they are.
#[derive(Clone, Debug)]
pub struct Scope {
    token: StopToken,
    node: Arc<Node>,
}

impl Scope {
    pub(super) fn new(parent: &StopToken) -> Scope {
        let node = Arc::new(Node::scope(parent.nearest()));
        Scope {
            token: StopToken {
                cell: parent.cell.uncached(),
                node: Some(Arc::clone(&node)),
                shield_counter: None,
            },
            node,
        }
    }

    /// The token of the scope, to be handed to its parts.
    #[must_use]
    pub fn token(&self) -> &StopToken {
        &self.token
    }

    /// Stops the scope and everything below it; a lower stage than the one
    /// reached changes nothing.
    pub fn stop(&self, stage: Stage) {
        self.node.stop(stage);
        self.token.wake_all();
    }
}

/// A section that stages 1 and 2 do not cut, until it is dropped or its limit
/// has passed. Work inside uses [`Shield::token`]; tokens made before the
/// shield see every stage as it comes.
#[derive(Debug)]
#[must_use = "the shield ends when it is dropped"]
pub struct Shield {
    token: StopToken,
    node: Arc<Node>,
}

impl Shield {
    pub(super) fn new(parent: &StopToken, limit: Duration) -> Shield {
        let node = Arc::new(Node::shield(parent.nearest(), limit));
        Shield {
            token: StopToken {
                cell: parent.cell.uncached(),
                node: Some(Arc::clone(&node)),
                shield_counter: None,
            },
            node,
        }
    }

    /// The token of the section.
    #[must_use]
    pub fn token(&self) -> &StopToken {
        &self.token
    }
}

impl Drop for Shield {
    fn drop(&mut self) {
        self.node.end_shield();
        // Nothing to see for those inside, unless a stage has come. The shield
        // ended first and the stage is read then; a stage that comes later wakes
        // them itself, and they look at the shield then.
        fence(Ordering::SeqCst);
        if self.node.is_stopped_above(self.token.cell.poll().stage()) {
            self.token.wake_all();
        }
    }
}
