//! Tokens across processes.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::stop_token::StopToken;
use crate::machine::Cell;
use crate::sys::home::Home;
use crate::sys::page::Page;

impl StopToken {
    /// The descriptor of the page that holds the stage, for another process to
    /// map with [`StopToken::open_shared`]; `None` if the stage lives in this
    /// process alone. It is closed on exec, so it has to be passed on purpose:
    /// as standard input, by `dup2`, or over a socket.
    ///
    /// Whoever has it can raise the stage as well: share it with children,
    /// not with strangers. Scopes and shields are not shared.
    #[must_use]
    pub fn shared_stage(&self) -> Option<BorrowedFd<'_>> {
        self.cell.home().page().map(AsFd::as_fd)
    }

    /// A token that shows the stage of another process, polled by one relaxed
    /// load and waited for without polling, like any other.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if the descriptor is not that of a shared
    /// stage of this version; else those of mapping it.
    pub fn open_shared(fd: OwnedFd) -> io::Result<StopToken> {
        let home = Home::on(Page::open(fd)?);
        Ok(StopToken::root(&Arc::new(Cell::at(home))))
    }
}
