//! The printing thread: a bounded queue of lines and one thread that writes
//! them, so that a slow reader delays nothing.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crate::sys::mask;

/// Lines that may wait; more are dropped and counted.
const QUEUE_LINES: usize = 256;
/// How long a flush waits for a reader.
const FLUSH_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait for a sink that is not ready.
const RETRY_INTERVAL: Duration = Duration::from_millis(5);

/// A sink that never blocks its caller.
#[derive(Debug)]
pub(super) struct Printer {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Queue {
    lines: VecDeque<String>,
    dropped: usize,
    /// A line was taken and is being written.
    writing: bool,
    closed: bool,
    /// The thread is there and works.
    alive: bool,
}

/// The printer of standard error, as long as it is in use.
static STDERR: Mutex<Weak<Printer>> = Mutex::new(Weak::new());

impl Printer {
    /// The printer of standard error. All share one, so that lines come in
    /// order and a flush covers everything.
    pub(super) fn stderr() -> Arc<Printer> {
        let mut shared = STDERR.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            // What colour there is, is there on purpose; on old Windows
            // consoles the stream translates it.
            let sink = anstream::AutoStream::always(io::stderr());
            let new = Arc::new(Printer::new(Box::new(sink)));
            *shared = Arc::downgrade(&new);
            new
        })
    }

    /// Starts a printing thread for `sink`. If no thread can be had, lines are
    /// dropped: feedback must not be the reason why a program fails.
    pub(super) fn new(sink: Box<dyn Write + Send>) -> Printer {
        let shared = Arc::new(Shared {
            queue: Mutex::new(Queue {
                alive: true,
                ..Queue::default()
            }),
            changed: Condvar::new(),
        });
        let theirs = Arc::clone(&shared);
        // All signals blocked: this thread may hang in a write.
        let thread = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-feedback".to_owned())
                .spawn(move || theirs.print(sink))
        });
        if thread.is_err() {
            shared.lock().alive = false;
        }
        Printer { shared }
    }

    /// Queues one line (with its newline); drops it if too many wait.
    pub(super) fn print(&self, line: String) {
        let mut queue = self.shared.lock();
        if !queue.alive || queue.lines.len() >= QUEUE_LINES {
            queue.dropped += 1;
            return;
        }
        queue.lines.push_back(line);
        drop(queue);
        self.shared.changed.notify_all();
    }

    /// Waits until every line was written, for at most a second.
    pub(super) fn flush(&self) {
        let deadline = Instant::now() + FLUSH_LIMIT;
        let mut queue = self.shared.lock();
        while queue.alive && (queue.writing || !queue.lines.is_empty()) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left == Duration::ZERO {
                return;
            }
            queue = self
                .shared
                .changed
                .wait_timeout(queue, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Drop for Printer {
    fn drop(&mut self) {
        self.flush();
        self.shared.lock().closed = true;
        self.shared.changed.notify_all();
        // The thread is not joined: it may hang in a write for ever.
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes all bytes. Standard error may be in non-blocking mode, which other
    /// processes that have it can switch on: it is not ready then for a while.
    fn write(&self, sink: &mut dyn Write, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match sink.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // A writer of any kind does not tell when it is ready.
                    let queue = self.lock();
                    drop(self.changed.wait_timeout(queue, RETRY_INTERVAL));
                }
                Err(error) => return Err(error),
            }
        }
        sink.flush()
    }

    fn print(&self, mut sink: Box<dyn Write + Send>) {
        let mut queue = self.lock();
        loop {
            if let Some(line) = queue.lines.pop_front() {
                queue.writing = true;
                drop(queue);
                let written = self.write(&mut *sink, line.as_bytes());
                queue = self.lock();
                queue.writing = false;
                // A sink that failed once (a closed pipe) fails for ever.
                queue.alive = written.is_ok();
                self.changed.notify_all();
                if !queue.alive {
                    return;
                }
            } else if queue.closed {
                return;
            } else {
                queue = self
                    .changed
                    .wait(queue)
                    .unwrap_or_else(PoisonError::into_inner);
            }
        }
    }
}
