//! Reads two pipes at once until both end or the caller stops it.
//!
//! There is no waiting for several pipes: a thread reads each, and hands over
//! what comes through a short queue. A thread whose pipe nobody closes stays
//! behind in its read: that takes a process that got hold of the pipe and is
//! not in the job.

use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    First,
    Second,
}

/// Pieces that may wait to be taken.
const QUEUE: usize = 4;
/// How long the rest may take to be read, once nobody writes any more.
const REST_LIMIT: Duration = Duration::from_millis(500);

#[derive(Debug)]
enum Piece {
    Bytes(Source, Vec<u8>),
    End(io::Result<()>),
    Enough,
}

/// Ends a [`pump`] when dropped. What was written before is still read.
#[derive(Debug)]
pub(crate) struct StopSender(SyncSender<Piece>);

/// The other end of a [`StopSender`].
#[derive(Debug)]
pub(crate) struct StopReceiver {
    pieces: Receiver<Piece>,
    sender: SyncSender<Piece>,
}

/// A pair of both.
///
/// # Errors
/// None.
pub(crate) fn quit() -> io::Result<(StopSender, StopReceiver)> {
    let (sender, pieces) = mpsc::sync_channel(QUEUE);
    Ok((StopSender(sender.clone()), StopReceiver { pieces, sender }))
}

impl Drop for StopSender {
    fn drop(&mut self) {
        // It may have to wait for room, and fails if the pump has ended.
        let _ = self.0.send(Piece::Enough);
    }
}

/// Reads both pipes and hands over what comes, until both have ended, or until
/// the [`StopSender`] is dropped and the rest was read or time is over.
///
/// # Errors
/// Those of starting a thread and of `ReadFile`.
pub(crate) fn pump(
    first: impl Read + Send + 'static,
    second: impl Read + Send + 'static,
    stopped: &StopReceiver,
    mut on_bytes: impl FnMut(Source, &[u8]),
) -> io::Result<()> {
    read_on(Source::First, first, stopped.sender.clone())?;
    read_on(Source::Second, second, stopped.sender.clone())?;
    let mut open = 2;
    let mut limit = None;
    while open > 0 {
        let piece = match limit {
            None => stopped.pieces.recv().ok(),
            Some(limit) => {
                time_until(limit).and_then(|left| stopped.pieces.recv_timeout(left).ok())
            }
        };
        match piece {
            Some(Piece::Bytes(source, bytes)) => on_bytes(source, &bytes),
            Some(Piece::End(result)) => {
                result?;
                open -= 1;
            }
            Some(Piece::Enough) => limit = Some(Instant::now() + REST_LIMIT),
            None => break,
        }
    }
    Ok(())
}

/// `None` if it has passed.
fn time_until(limit: Instant) -> Option<Duration> {
    limit.checked_duration_since(Instant::now())
}

/// Reads on a thread of its own, which ends with the pipe or with the pump.
fn read_on(
    source: Source,
    mut pipe: impl Read + Send + 'static,
    pieces: SyncSender<Piece>,
) -> io::Result<()> {
    let read = move || {
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let piece = match pipe.read(&mut buffer) {
                Ok(0) => Piece::End(Ok(())),
                Ok(count) => Piece::Bytes(source, buffer[..count].to_vec()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Piece::End(Err(error)),
            };
            let is_last = matches!(piece, Piece::End(_));
            if pieces.send(piece).is_err() || is_last {
                return;
            }
        }
    };
    thread::Builder::new()
        .name("output".to_owned())
        .spawn(read)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn both_are_read_to_their_ends() {
        let (_quit, stopped) = quit().expect("a channel");
        let (first, mut to_first) = io::pipe().expect("a pipe");
        let (second, mut to_second) = io::pipe().expect("a pipe");
        let long = vec![b'x'; 1 << 20];
        let mut heard = [Vec::new(), Vec::new()];
        thread::scope(|scope| {
            scope.spawn(|| {
                to_first.write_all(&long).expect("write");
                drop(to_first);
                to_second.write_all(b"short").expect("write");
                drop(to_second);
            });
            pump(first, second, &stopped, |source, bytes| {
                heard[source as usize].extend_from_slice(bytes);
            })
            .expect("pump");
        });
        assert!(heard[0] == long);
        assert_eq!(heard[1], b"short");
    }

    #[test]
    fn enough_is_enough_though_somebody_holds_the_pipes() {
        let (quit, stopped) = quit().expect("a channel");
        let (first, mut to_first) = io::pipe().expect("a pipe");
        let (second, _to_second) = io::pipe().expect("a pipe");
        to_first.write_all(b"last words").expect("write");
        let mut quit = Some(quit);
        let mut heard = Vec::new();
        pump(first, second, &stopped, |_, bytes| {
            heard.extend_from_slice(bytes);
            quit = None;
        })
        .expect("pump");
        assert_eq!(heard, b"last words");
    }
}
