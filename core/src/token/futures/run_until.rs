//! A future that a stage cuts.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::task::Poll;

use crate::machine::Stage;
use crate::token::{Interrupted, StopToken};

impl StopToken {
    /// Runs `future` until it completes or `stage` is reached, whatever is
    /// first; at the same time, the future. What is cut is dropped.
    ///
    /// # Errors
    /// [`Interrupted`], with the stage, if the future was cut.
    ///
    /// # Panics
    /// As [`StopToken::reached`].
    pub async fn run_until<F: Future>(
        &self,
        stage: Stage,
        future: F,
    ) -> Result<F::Output, Interrupted> {
        let mut future = pin!(future);
        let mut reached = self.reached(stage);
        poll_fn(|context| {
            if let Poll::Ready(output) = future.as_mut().poll(context) {
                return Poll::Ready(Ok(output));
            }
            let reached = Pin::new(&mut reached).poll(context);
            reached.map(|stage| Err(Interrupted::new(stage, self.cause())))
        })
        .await
    }
}
