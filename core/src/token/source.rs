//! A source of stages without signals.

use std::io;
use std::sync::Arc;

use super::stop_token::StopToken;
use crate::machine::{Cause, Stage};
use crate::stage_cell::StageCell;

/// A stage that the program itself raises, without signals: for libraries, for
/// tests, for everything that must be stoppable without Ctrl+C.
///
/// ```
/// use sigproof_core::{Stage, StopSource};
/// let source = StopSource::new();
/// let token = source.token();
/// source.stop(Stage::TerminateActive);
/// assert!(token.checkpoint().is_err());
/// ```
#[derive(Clone, Debug)]
pub struct StopSource {
    cell: Arc<StageCell>,
}

impl StopSource {
    /// A source that is running.
    #[must_use]
    pub fn new() -> StopSource {
        StopSource {
            cell: Arc::new(StageCell::new()),
        }
    }

    /// As [`StopSource::new`], with the stage on a page of memory that other
    /// processes can map: give them the descriptor of
    /// [`StopToken::shared_stage`].
    ///
    /// # Errors
    /// Those of creating and mapping the page: a sealed memfd on Linux, a
    /// POSIX shared memory object on other Unix systems, a file mapping on
    /// Windows.
    pub fn shared() -> io::Result<StopSource> {
        Ok(StopSource {
            cell: Arc::new(StageCell::shared()?),
        })
    }

    /// A token that shows this stage.
    #[must_use]
    pub fn token(&self) -> StopToken {
        StopToken::root(&self.cell)
    }

    /// Raises the stage and returns whether it moved; it never goes down.
    pub fn stop(&self, stage: Stage) -> bool {
        let moved = self.cell.raise(stage, 0, Cause::Request);
        self.cell.wake_all();
        moved
    }

    /// Begins a new epoch: running again. Tasks queued before stay cancelled.
    pub fn reset(&self) {
        self.cell.begin_epoch();
    }
}

impl Default for StopSource {
    fn default() -> StopSource {
        StopSource::new()
    }
}
