//! The way from the console routine to the watcher thread: a channel, as the
//! routine runs on a thread like any other.

use std::io;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

/// Length of a record in bytes.
pub(crate) const RECORD_BYTES: usize = 16;
/// Records that may wait.
const LIMIT: usize = 4096;

/// The routine's end. Never blocks.
#[derive(Debug)]
pub(crate) struct Sender(mpsc::SyncSender<[u8; RECORD_BYTES]>);

/// The watcher's end.
#[derive(Debug)]
pub(crate) struct Receiver(mpsc::Receiver<[u8; RECORD_BYTES]>);

/// What the watcher found.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Received {
    /// A record.
    Record([u8; RECORD_BYTES]),
    /// Nothing came in time.
    TimedOut,
    /// The sender is gone and every record was read.
    Closed,
}

/// Opens the channel.
///
/// # Errors
/// None.
pub(crate) fn channel() -> io::Result<(Sender, Receiver)> {
    let (sender, receiver) = mpsc::sync_channel(LIMIT);
    Ok((Sender(sender), Receiver(receiver)))
}

impl Sender {
    /// Sends one record; `false` if too many wait.
    pub(crate) fn send(&self, record: &[u8; RECORD_BYTES]) -> bool {
        self.0.try_send(*record).is_ok()
    }
}

impl Receiver {
    /// Waits for a record, at most `timeout`.
    ///
    /// # Errors
    /// None.
    pub(crate) fn receive(&mut self, timeout: Option<Duration>) -> io::Result<Received> {
        let received = match timeout {
            Some(timeout) => self.0.recv_timeout(timeout),
            None => self.0.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        Ok(match received {
            Ok(record) => Received::Record(record),
            Err(RecvTimeoutError::Timeout) => Received::TimedOut,
            Err(RecvTimeoutError::Disconnected) => Received::Closed,
        })
    }
}
