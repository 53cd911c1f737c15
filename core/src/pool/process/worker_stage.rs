//! The stage of a process pool, as its workers see it: a shared page, so that a
//! poll in a worker is one load, as everywhere.

use std::io;

use crate::machine::Stage;
use crate::sys::{Descriptor, OwnedDescriptor};
use crate::token::{StopSource, StopToken};

/// The pool's side.
pub(super) struct WorkerStage {
    source: StopSource,
    token: StopToken,
}

impl WorkerStage {
    /// A page, running.
    ///
    /// # Errors
    /// Those of [`StopSource::shared`].
    pub(super) fn new() -> io::Result<WorkerStage> {
        let source = StopSource::shared()?;
        let token = source.token();
        Ok(WorkerStage { source, token })
    }

    /// Shows this stage to the workers.
    pub(super) fn show(&self, stage: Stage) {
        self.source.stop(stage);
    }

    /// What a worker opens.
    ///
    /// # Errors
    /// None, as the page is there: an error in place of a panic.
    pub(super) fn descriptor(&self) -> io::Result<Descriptor<'_>> {
        self.token
            .shared_stage()
            .ok_or_else(|| io::ErrorKind::Unsupported.into())
    }
}

/// The worker's side: the token for its tasks.
///
/// # Errors
/// Those of [`StopToken::open_shared`].
pub(super) fn open(page: OwnedDescriptor) -> io::Result<StopToken> {
    StopToken::open_shared(page)
}
