//! The stage of a process pool, as its workers see it: on Linux a shared page,
//! so that a poll in a worker is one load, as everywhere; on other systems
//! workers learn of stage 2 alone, by SIGTERM.

use std::io;
use std::os::unix::net::UnixStream;

use crate::machine::Stage;
use crate::token::StopToken;

#[cfg(all(target_os = "linux", not(sigproof_loom)))]
mod platform {
    use super::{Stage, StopToken, UnixStream, io};
    use crate::sys::fd_passing;
    use crate::token::StopSource;

    /// The pool's side.
    pub(in super::super) struct WorkerStage(StopSource);

    impl WorkerStage {
        pub(in super::super) fn new() -> io::Result<WorkerStage> {
            StopSource::shared().map(WorkerStage)
        }

        pub(in super::super) fn show(&self, stage: Stage) {
            self.0.stop(stage);
        }

        pub(in super::super) fn rearm(&self) {
            self.0.rearm();
        }

        pub(in super::super) fn give(&self, socket: &UnixStream) -> io::Result<()> {
            match self.0.token().shared_stage() {
                Some(page) => fd_passing::send(socket, page),
                None => Err(io::ErrorKind::Unsupported.into()),
            }
        }
    }

    /// The worker's side: the token for its tasks.
    pub(in super::super) fn take(socket: &UnixStream, _own: StopToken) -> io::Result<StopToken> {
        StopToken::open_shared(fd_passing::receive(socket)?)
    }
}

#[cfg(not(all(target_os = "linux", not(sigproof_loom))))]
mod platform {
    use super::{Stage, StopToken, UnixStream, io};

    /// The pool's side.
    pub(in super::super) struct WorkerStage;

    impl WorkerStage {
        pub(in super::super) fn new() -> io::Result<WorkerStage> {
            Ok(WorkerStage)
        }

        pub(in super::super) fn show(&self, _stage: Stage) {}

        pub(in super::super) fn rearm(&self) {}

        pub(in super::super) fn give(&self, _socket: &UnixStream) -> io::Result<()> {
            Ok(())
        }
    }

    /// The worker's side: the token for its tasks.
    pub(in super::super) fn take(_socket: &UnixStream, own: StopToken) -> io::Result<StopToken> {
        Ok(own)
    }
}

pub(super) use platform::{WorkerStage, take};
