//! A future that resolves at a stage, for any async runtime.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use crate::machine::Stage;
use crate::stage_cell::{PendingFuture, StageView};
use crate::token::StopToken;

/// Resolves to the stage that was reached; made by [`StopToken::reached`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Reached {
    token: StopToken,
    stage: Stage,
    number: Option<u64>,
}

impl Future for Reached {
    type Output = Stage;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Stage> {
        if let Some(stage) = self.look() {
            return Poll::Ready(stage);
        }
        self.register(context.waker());
        // The stage may have come before the thread knew of this future.
        self.look().map_or(Poll::Pending, Poll::Ready)
    }
}

impl Drop for Reached {
    fn drop(&mut self) {
        self.unregister();
    }
}

impl Reached {
    pub(in crate::token) fn new(token: &StopToken, stage: Stage) -> Reached {
        Reached {
            token: token.clone(),
            stage,
            number: None,
        }
    }

    /// The stage, if it is reached.
    fn look(&mut self) -> Option<Stage> {
        let stage = self.token.stage();
        (stage >= self.stage).then(|| {
            self.unregister();
            stage
        })
    }

    fn register(&mut self, waker: &Waker) {
        let view = self.token.node.clone();
        let future = PendingFuture {
            view: view.map(|node| node as Arc<dyn StageView>),
            stage: self.stage,
            waker: waker.clone(),
        };
        let Reached { token, number, .. } = self;
        if let Err(error) = token.cell.register_future(number, future) {
            panic!("cannot start the thread that watches the stage: {error}");
        }
    }

    fn unregister(&mut self) {
        if let Some(number) = self.number.take() {
            self.token.cell.unregister_future(number);
        }
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::pin::pin;
    use std::sync::mpsc;
    use std::task::Wake;
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::token::StopSource;

    const LONG: Duration = Duration::from_secs(60);

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
                Poll::Pending => bell.recv_timeout(LONG).expect("woken"),
            }
        }
    }

    fn is_watched(source: &StopSource) -> bool {
        source.token().cell.is_watched()
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

    fn bell() -> (Waker, mpsc::Receiver<()>) {
        let (sender, bell) = mpsc::channel();
        (Waker::from(Arc::new(ThreadWaker(sender))), bell)
    }

    /// The first future was woken and not polled yet, while the thread ended
    /// and another future came: that one is not taken for the first.
    #[test]
    fn a_late_poll_does_not_take_another_future_away() {
        let source = StopSource::new();
        let token = source.token();
        let (first_waker, first_bell) = bell();
        let (second_waker, second_bell) = bell();
        let mut first = token.reached(Stage::CancelQueued);
        let mut context = Context::from_waker(&first_waker);
        assert!(Pin::new(&mut first).poll(&mut context).is_pending());
        source.stop(Stage::CancelQueued);
        first_bell.recv_timeout(LONG).expect("woken");
        while is_watched(&source) {
            thread::yield_now();
        }
        let mut second = token.reached(Stage::TerminateActive);
        let mut context = Context::from_waker(&second_waker);
        assert!(Pin::new(&mut second).poll(&mut context).is_pending());
        assert!(Pin::new(&mut first).poll(&mut context).is_ready());
        drop(first);
        source.stop(Stage::TerminateActive);
        second_bell.recv_timeout(LONG).expect("woken as well");
    }

    /// One future after the other, as in a loop that accepts connections.
    #[test]
    fn futures_in_a_row_share_a_thread() {
        let source = StopSource::new();
        let (waker, _bell) = bell();
        let mut context = Context::from_waker(&waker);
        for _ in 0..1000 {
            let mut future = source.token().reached(Stage::CancelQueued);
            assert!(Pin::new(&mut future).poll(&mut context).is_pending());
            drop(future);
            assert!(is_watched(&source), "the thread stays for a moment");
        }
    }
}
