//! An iterator that a stop ends, even while it waits for its next item.

use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::{io, panic};

use super::stop_token::StopToken;
use crate::machine::Stage;
use crate::sys::mask;

/// Items that wait to be taken.
const QUEUE_ITEMS: usize = 64;

/// The items of another iterator, until a stage is reached; made by
/// [`StopToken::interruptible`].
#[derive(Debug)]
pub struct Interruptible<T> {
    items: Receiver<T>,
    token: StopToken,
    stage: Stage,
    panicked: Arc<OnceLock<()>>,
}

impl<T> Interruptible<T> {
    /// Starts the thread that `iter` runs on.
    pub(super) fn new<I>(token: &StopToken, iter: I) -> io::Result<Interruptible<T>>
    where
        I: IntoIterator<Item = T>,
        I::IntoIter: Send + 'static,
        T: Send + 'static,
    {
        let (sender, items) = sync_channel(QUEUE_ITEMS);
        let panicked = Arc::new(OnceLock::new());
        let (iter, theirs) = (iter.into_iter(), token.clone());
        let has_panicked = Arc::clone(&panicked);
        mask::with_all_blocked(|| {
            thread::Builder::new()
                .name("interruptible".to_owned())
                .spawn(move || {
                    let run = panic::AssertUnwindSafe(|| {
                        for item in iter {
                            if sender.send(item).is_err() {
                                return;
                            }
                            theirs.wake_all();
                        }
                    });
                    if panic::catch_unwind(run).is_err() {
                        let _ = has_panicked.set(());
                    }
                    // The end of the channel is news as well.
                    drop(sender);
                    theirs.wake_all();
                })
        })?;
        Ok(Interruptible {
            items,
            token: token.clone(),
            stage: Stage::CancelQueued,
            panicked,
        })
    }
}

impl<T> Iterator for Interruptible<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let mut received = Err(TryRecvError::Empty);
        self.token.wait_for(None, || {
            if self.token.stage() >= self.stage {
                received = Err(TryRecvError::Disconnected);
                return true;
            }
            received = self.items.try_recv();
            !matches!(received, Err(TryRecvError::Empty))
        });
        assert!(
            received.is_ok() || self.panicked.get().is_none(),
            "the iterator has panicked"
        );
        received.ok()
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::token::StopSource;

    #[test]
    fn every_item_comes_in_order() {
        let token = StopSource::new().token();
        let items = token.interruptible(0..1000).expect("a thread");
        assert!(items.eq(0..1000));
    }

    #[test]
    fn a_stop_ends_it_while_it_waits() {
        let source = StopSource::new();
        let (open, jobs) = mpsc::channel::<u32>();
        open.send(1).expect("the thread listens");
        let mut items = source.token().interruptible(jobs).expect("a thread");
        assert_eq!(items.next(), Some(1));
        let stopper = source.clone();
        let thread = thread::spawn(move || stopper.stop(Stage::CancelQueued));
        assert_eq!(items.next(), None);
        thread.join().expect("no panic");
        assert_eq!(items.next(), None);
        drop(open);
    }

    #[test]
    #[should_panic(expected = "the iterator has panicked")]
    fn a_panic_of_the_iterator_is_passed_on() {
        let iter = (0..3).inspect(|number| assert!(*number < 1, "on purpose"));
        let items = StopSource::new().token().interruptible(iter);
        items.expect("a thread").for_each(drop);
    }
}
