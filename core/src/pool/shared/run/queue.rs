//! The queue of a run: tasks that no worker has taken yet.
//!
//! Tasks move from here to a worker, and from one worker to another, under the
//! lock of the queue alone. So whoever holds it sees every task that was not
//! started: none is on its way.

use std::collections::VecDeque;
use std::sync::Arc;

use super::batch::{Batch, Ready};
use super::worker_queue::WorkerQueue;

pub(super) struct Queue<T, V> {
    /// None of them is empty.
    batches: VecDeque<Batch<T>>,
    /// How many tasks are in them.
    length: usize,
    /// No task will be queued any more.
    pub(super) closed: bool,
    /// Every worker that was started.
    pub(super) workers: Vec<Arc<WorkerQueue<T, V>>>,
    /// Workers without a task that look for one now and then, or sleep.
    pub(super) idle: usize,
    /// Those of them that sleep.
    pub(super) asleep: usize,
    /// Workers that have ended.
    pub(super) ended: usize,
    /// Some worker may have tasks that it has not started.
    spread: bool,
}

impl<T, V> Queue<T, V> {
    pub(super) fn new() -> Queue<T, V> {
        Queue {
            batches: VecDeque::new(),
            length: 0,
            closed: false,
            workers: Vec::new(),
            idle: 0,
            asleep: 0,
            ended: 0,
            spread: false,
        }
    }

    /// How many tasks wait here.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// Whether any worker has a task.
    pub(super) fn is_busy(&self) -> bool {
        self.workers.len() > self.idle + self.ended
    }

    /// Lists a worker, in the place of one that has ended if there is one.
    pub(super) fn list(
        &mut self,
        place: usize,
        worker: Arc<WorkerQueue<T, V>>,
    ) -> Option<Arc<WorkerQueue<T, V>>> {
        if let Some(before) = self.workers.get_mut(place) {
            self.ended -= 1;
            return Some(std::mem::replace(before, worker));
        }
        self.workers.push(worker);
        None
    }

    /// The worker could not be started: there is none, or again the one that
    /// was there before.
    pub(super) fn unlist(&mut self, place: usize, before: Option<Arc<WorkerQueue<T, V>>>) {
        match before {
            Some(before) => {
                self.workers[place] = before;
                self.ended += 1;
            }
            None => {
                self.workers.pop();
            }
        }
    }

    pub(super) fn push(&mut self, batch: Batch<T>) {
        self.length += batch.len();
        if !batch.is_empty() {
            self.batches.push_back(batch);
        }
    }

    /// Gives `own`, which has none, up to `batch` tasks, and the first of them
    /// to be started now; whether there are more for others to steal.
    pub(super) fn take(
        &mut self,
        own: &WorkerQueue<T, V>,
        batch: usize,
    ) -> Option<(Ready<T>, bool)> {
        let Some(first) = self.batches.front_mut() else {
            return self.steal(own);
        };
        if batch == 1 {
            let ready = first.pop()?;
            if first.is_empty() {
                self.batches.pop_front();
            }
            self.length -= 1;
            own.lock().begin(ready.index);
            return Some((ready, false));
        }
        let next = if first.len() > batch {
            first.split(batch)
        } else {
            self.batches.pop_front()?
        };
        self.length -= next.len();
        self.hand(own, next)
    }

    /// As [`Queue::take`], half of what another worker has not started.
    fn steal(&mut self, own: &WorkerQueue<T, V>) -> Option<(Ready<T>, bool)> {
        if !self.spread {
            return None;
        }
        let others = self
            .workers
            .iter()
            .filter(|other| !std::ptr::eq(&***other, own));
        let stolen = others
            .map(|other| {
                let mut theirs = other.lock();
                // The oldest ones: their worker may not come to them for long.
                let half = theirs.next.len().div_ceil(2);
                theirs.next.split(half)
            })
            .find(|stolen| !stolen.is_empty());
        match stolen {
            Some(stolen) => self.hand(own, stolen),
            None => {
                // The worker that looks has none itself.
                self.spread = false;
                None
            }
        }
    }

    fn hand(&mut self, own: &WorkerQueue<T, V>, next: Batch<T>) -> Option<(Ready<T>, bool)> {
        let more = next.len() > 1;
        self.spread |= more;
        let mut inner = own.lock();
        inner.next = next;
        Some((inner.start_next()?, more))
    }

    /// Takes every task that was not started away from everybody.
    pub(super) fn drain(&mut self) -> Vec<Batch<T>> {
        let take = |worker: &Arc<WorkerQueue<T, V>>| std::mem::take(&mut worker.lock().next);
        let mut drained: Vec<_> = self.workers.iter().map(take).collect();
        drained.extend(self.batches.drain(..));
        self.length = 0;
        self.spread = false;
        drained
    }

    /// Takes back a task that must not be started, and those that its worker
    /// would start next. Gives it back if it has an outcome already: it was
    /// abandoned, as its worker made no progress for so long.
    pub(super) fn take_back(
        &mut self,
        ready: Ready<T>,
        own: &WorkerQueue<T, V>,
    ) -> Option<Ready<T>> {
        let mut inner = own.lock();
        inner.active = None;
        let next = std::mem::take(&mut inner.next);
        let abandoned = inner.abandoned;
        drop(inner);
        self.push(next);
        if abandoned {
            return Some(ready);
        }
        self.push(ready.into());
        None
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;
    use crate::token::StopSource;

    type Workers = Vec<Arc<WorkerQueue<char, ()>>>;

    fn queue(workers: usize) -> (Queue<char, ()>, Workers) {
        let mut queue = Queue::new();
        let token = StopSource::new().token();
        queue
            .workers
            .extend((0..workers).map(|number| Arc::new(WorkerQueue::new(number, &token, false))));
        let workers = queue.workers.clone();
        (queue, workers)
    }

    fn taken(taken: Option<(Ready<char>, bool)>) -> Option<(char, bool)> {
        taken.map(|(ready, more)| (ready.task, more))
    }

    fn left(queue: &mut Queue<char, ()>) -> Vec<(usize, char)> {
        let drained = queue.drain();
        drained.into_iter().flat_map(Batch::into_numbered).collect()
    }

    #[test]
    fn a_worker_takes_a_batch_and_another_one_steals_the_older_half() {
        let (mut queue, workers) = queue(2);
        queue.push(Batch::new(0, 0, ('a'..='f').collect()));
        assert_eq!(taken(queue.take(&workers[0], 1)), Some(('a', false)));
        assert_eq!(taken(queue.take(&workers[0], 9)), Some(('b', true)));
        assert_eq!(queue.len(), 0);
        // c, d, e and f are left to steal.
        assert_eq!(taken(queue.take(&workers[1], 1)), Some(('c', true)));
        assert_eq!(workers[0].lock().active, Some(1));
        assert_eq!(workers[1].lock().active, Some(2));
        assert_eq!(left(&mut queue), [(4, 'e'), (5, 'f'), (3, 'd')]);
        assert_eq!(taken(queue.take(&workers[0], 1)), None);
    }

    #[test]
    fn tasks_that_must_not_be_started_come_back() {
        let (mut queue, workers) = queue(1);
        queue.push(Batch::new(0, 0, ('a'..='c').collect()));
        let (ready, _) = queue.take(&workers[0], 9).expect("three tasks");
        assert!(queue.take_back(ready, &workers[0]).is_none());
        assert_eq!(workers[0].lock().active, None);
        assert_eq!(queue.len(), 3);
        let mut left = left(&mut queue);
        left.sort_unstable();
        assert_eq!(left, [(0, 'a'), (1, 'b'), (2, 'c')]);
    }

    #[test]
    fn an_abandoned_task_does_not_come_back() {
        let (mut queue, workers) = queue(1);
        queue.push(Batch::new(0, 0, ('a'..='b').collect()));
        let (ready, _) = queue.take(&workers[0], 9).expect("two tasks");
        workers[0].lock().abandoned = true;
        assert_eq!(
            queue.take_back(ready, &workers[0]).map(|ready| ready.task),
            Some('a')
        );
        assert_eq!(left(&mut queue), [(1, 'b')]);
    }
}
