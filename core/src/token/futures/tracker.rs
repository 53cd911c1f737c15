//! Counting the tasks that are in flight.

use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Poll, Waker};

use crate::machine::Stage;
use crate::token::StopToken;

/// Tracks the tasks that are in flight, such as requests, so that a service can
/// wait for them before it ends. Cheap to clone; clones track together.
///
/// ```
/// # async fn serve(token: sigproof_core::StopToken) {
/// use sigproof_core::{Stage, Tracker};
/// let tracker = Tracker::new();
/// // For each request, until stage 1: `tokio::spawn(tracker.track(handle(request)))`.
/// // Then in-flight requests complete, or stage 2 comes:
/// let left = tracker.drain(&token, Stage::TerminateActive).await;
/// if left > 0 {
///     eprintln!("{left} requests were cut");
/// }
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Tracker {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    in_flight: AtomicUsize,
    waiting: Mutex<Vec<Waker>>,
}

/// A task in flight.
struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        if self.0.in_flight.fetch_sub(1, Ordering::SeqCst) == 1 {
            let waiting = std::mem::take(&mut *self.0.lock());
            waiting.into_iter().for_each(Waker::wake);
        }
    }
}

impl Shared {
    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Waker>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tracker {
    /// A tracker without tasks.
    #[must_use]
    pub fn new() -> Tracker {
        Tracker::default()
    }

    /// Tracks a future from now until it completes or is dropped.
    pub fn track<F: Future>(&self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.shared.in_flight.fetch_add(1, Ordering::SeqCst);
        let in_flight = InFlight(Arc::clone(&self.shared));
        async move {
            let _in_flight = in_flight;
            future.await
        }
    }

    /// How many tasks are in flight.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight.load(Ordering::SeqCst)
    }

    /// Waits until no task is in flight. More may be tracked meanwhile, and are
    /// waited for as well.
    pub async fn drained(&self) {
        poll_fn(|context| {
            if self.in_flight() == 0 {
                return Poll::Ready(());
            }
            self.shared.lock().push(context.waker().clone());
            // The last one may have ended before it found the waker.
            if self.in_flight() == 0 {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }

    /// Waits until no task is in flight, or until `stage` is reached; returns
    /// how many are left. The policy has the time limit
    /// ([`Policy::service`](crate::Policy::service)).
    pub async fn drain(&self, token: &StopToken, stage: Stage) -> usize {
        match token.run_until(stage, self.drained()).await {
            Ok(()) => 0,
            Err(_) => self.in_flight(),
        }
    }
}
