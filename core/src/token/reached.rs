//! A future that resolves at a stage, for any async runtime.
//!
//! A stage is raised by a signal handler, which cannot wake a task: that takes
//! locks and reference counts. So one thread of the process sleeps on the cell
//! for all futures of that cell, and wakes tasks when their stage is there. It
//! starts with the first future and ends with the last.

use std::collections::HashMap;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread;

use super::stop_token::StopToken;
use crate::machine::Stage;
use crate::stage_cell::{StageCell, WaitStatus};
use crate::sys::mask;

/// The threads that wake tasks, one for each cell, by the address of the cell.
static WAITING_FUTURES: Mutex<Option<HashMap<usize, CellFutures>>> = Mutex::new(None);

/// The futures of one cell, by number.
#[derive(Default)]
struct CellFutures {
    next: u64,
    waiting: HashMap<u64, PendingFuture>,
}

struct PendingFuture {
    token: StopToken,
    stage: Stage,
    waker: Waker,
}

/// Resolves to the stage that was reached; made by [`StopToken::reached`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Reached {
    token: StopToken,
    stage: Stage,
    number: Option<u64>,
}

impl StopToken {
    /// Resolves when `stage` or a higher one is reached, to the stage that was
    /// reached. Works on tokio and on any other runtime; dropping it is
    /// always safe.
    ///
    /// # Panics
    /// When first polled, if no thread can be started to watch the stage.
    pub fn reached(&self, stage: Stage) -> Reached {
        Reached {
            token: self.clone(),
            stage,
            number: None,
        }
    }
}

impl Future for Reached {
    type Output = Stage;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Stage> {
        let stage = self.token.stage();
        if stage >= self.stage {
            self.unregister();
            return Poll::Ready(stage);
        }
        if let Err(error) = self.register(context.waker()) {
            panic!("cannot start the thread that watches the stage: {error}");
        }
        // The thread looks again after it was told of this future, so a stage
        // that came in between is not missed.
        self.token.wake_all();
        Poll::Pending
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        self.unregister();
    }
}

impl Reached {
    fn register(&mut self, waker: &Waker) -> io::Result<()> {
        let key = key_of(&self.token.cell);
        let mut all = lock();
        let cells = all.get_or_insert_default();
        let is_new = !cells.contains_key(&key);
        let futures = cells.entry(key).or_default();
        let number = *self.number.get_or_insert_with(|| {
            futures.next += 1;
            futures.next
        });
        let future = PendingFuture {
            token: self.token.clone(),
            stage: self.stage,
            waker: waker.clone(),
        };
        futures.waiting.insert(number, future);
        if !is_new {
            return Ok(());
        }
        let cell = Arc::clone(&self.token.cell);
        let started = mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interrupt-futures".to_owned())
                .spawn(move || wake_tasks(&cell))
        });
        if started.is_err() {
            cells.remove(&key);
        }
        started.map(drop)
    }

    fn unregister(&mut self) {
        if let Some(number) = self.number.take() {
            let key = key_of(&self.token.cell);
            let mut all = lock();
            let futures = all.as_mut().and_then(|cells| cells.get_mut(&key));
            // Dropped outside the lock: a waker may be the last of its task.
            let future = futures.and_then(|futures| futures.waiting.remove(&number));
            drop(all);
            drop(future);
            // The thread may have nobody left to wait for.
            self.token.wake_all();
        }
    }
}

/// The life of the thread for one cell.
fn wake_tasks(cell: &Arc<StageCell>) {
    let key = key_of(cell);
    loop {
        let mut due = Vec::new();
        let mut over = false;
        cell.wait_until(|| {
            let mut all = lock();
            let Some(futures) = all.as_mut().and_then(|cells| cells.get_mut(&key)) else {
                over = true;
                return WaitStatus::Done;
            };
            if futures.waiting.is_empty() {
                // Under the lock: who registers later starts a new thread.
                if let Some(cells) = all.as_mut() {
                    cells.remove(&key);
                }
                over = true;
                return WaitStatus::Done;
            }
            let mut next = None;
            let ready = |future: &PendingFuture| future.token.stage() >= future.stage;
            due.extend(futures.waiting.extract_if(|_, future| ready(future)));
            for future in futures.waiting.values() {
                next = earlier(next, future.token.next_change());
            }
            if due.is_empty() {
                WaitStatus::WaitUntil(next)
            } else {
                WaitStatus::Done
            }
        });
        for (_, future) in due {
            future.waker.wake();
        }
        if over {
            return;
        }
    }
}

fn earlier<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

fn key_of(cell: &Arc<StageCell>) -> usize {
    // The thread holds the cell, so that no other one gets its address.
    Arc::as_ptr(cell).addr()
}

fn lock() -> MutexGuard<'static, Option<HashMap<usize, CellFutures>>> {
    WAITING_FUTURES
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Wake;
    use std::time::Duration;

    use super::*;
    use crate::token::StopSource;

    /// Sends when woken.
    struct ThreadWaker(mpsc::Sender<()>);

    impl Wake for ThreadWaker {
        fn wake(self: Arc<Self>) {
            // The test may be over.
            let _ = self.0.send(());
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let (sender, bell) = mpsc::channel();
        let waker = Waker::from(Arc::new(ThreadWaker(sender)));
        let mut future = pin!(future);
        loop {
            match future.as_mut().poll(&mut Context::from_waker(&waker)) {
                Poll::Ready(output) => return output,
                Poll::Pending => bell.recv_timeout(Duration::from_secs(60)).expect("woken"),
            }
        }
    }

    fn is_watched(source: &StopSource) -> bool {
        let key = key_of(&source.token().cell);
        lock()
            .as_ref()
            .is_some_and(|cells| cells.contains_key(&key))
    }

    #[test]
    fn it_resolves_when_the_stage_comes() {
        for _ in 0..100 {
            let source = StopSource::new();
            let token = source.token();
            let waiter = thread::spawn(move || block_on(token.reached(Stage::TerminateActive)));
            source.stop(Stage::CancelQueued);
            source.stop(Stage::TerminateActive);
            assert_eq!(waiter.join().expect("no panic"), Stage::TerminateActive);
        }
    }

    #[test]
    fn many_futures_share_a_thread_and_the_last_one_ends_it() {
        let source = StopSource::new();
        let scope = source.token().scope();
        let waker = Waker::noop();
        let mut context = Context::from_waker(waker);
        let tokens = [source.token(), scope.token().clone()];
        let mut futures: Vec<_> = tokens
            .iter()
            .map(|token| token.reached(Stage::CancelQueued))
            .collect();
        for future in &mut futures {
            assert!(Pin::new(future).poll(&mut context).is_pending());
        }
        assert!(is_watched(&source));
        // A future of the scope resolves, the other one does not.
        scope.stop(Stage::CancelQueued);
        let second = block_on(futures.pop().expect("two"));
        assert_eq!(second, Stage::CancelQueued);
        assert!(Pin::new(&mut futures[0]).poll(&mut context).is_pending());
        drop(futures);
        while is_watched(&source) {
            thread::yield_now();
        }
    }

    #[test]
    fn the_limit_of_a_shield_wakes_a_future() {
        let source = StopSource::new();
        source.stop(Stage::TerminateActive);
        let shield = source.token().shield(Duration::from_millis(5));
        let reached = block_on(shield.token().reached(Stage::CancelQueued));
        assert_eq!(reached, Stage::TerminateActive);
    }
}
