//! Tokens across processes.

use std::io;
use std::sync::Arc;

use super::stop_token::StopToken;
use crate::stage_cell::{CellStorage, StageCell};
use crate::sys::{Descriptor, OwnedDescriptor};

impl StopToken {
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
