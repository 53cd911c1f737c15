//! Tasks in a row, as they move from the coordinator to a worker: all at once,
//! without a look at each.

use std::collections::VecDeque;

/// Tasks with consecutive numbers that were not started, the first one next.
pub(super) struct Batch<T> {
    /// The number of the first.
    first: usize,
    /// The epoch in which they were queued; they are not run in another one.
    epoch: u32,
    tasks: VecDeque<T>,
}

/// One task, ready to be started.
pub(super) struct Ready<T> {
    pub(super) index: usize,
    pub(super) epoch: u32,
    pub(super) task: T,
}

impl<T> Batch<T> {
    pub(super) fn new(first: usize, epoch: u32, tasks: VecDeque<T>) -> Batch<T> {
        Batch {
            first,
            epoch,
            tasks,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tasks.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    pub(super) fn pop(&mut self) -> Option<Ready<T>> {
        let task = self.tasks.pop_front()?;
        let index = self.first;
        self.first += 1;
        Some(Ready {
            index,
            epoch: self.epoch,
            task,
        })
    }

    /// Takes the first `count` away, or all that there are.
    pub(super) fn split(&mut self, count: usize) -> Batch<T> {
        let count = count.min(self.len());
        let tasks = self.tasks.drain(..count).collect();
        let first = self.first;
        self.first += count;
        Batch::new(first, self.epoch, tasks)
    }

    /// The tasks with their numbers.
    pub(super) fn into_numbered(self) -> impl Iterator<Item = (usize, T)> {
        (self.first..).zip(self.tasks)
    }
}

impl<T> Default for Batch<T> {
    fn default() -> Batch<T> {
        Batch::new(0, 0, VecDeque::new())
    }
}

impl<T> From<Ready<T>> for Batch<T> {
    fn from(ready: Ready<T>) -> Batch<T> {
        Batch::new(ready.index, ready.epoch, VecDeque::from([ready.task]))
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_tasks() {
        let mut batch = Batch::new(10, 1, ('a'..='e').collect());
        let ready = batch.pop().expect("five tasks");
        assert_eq!((ready.index, ready.epoch, ready.task), (10, 1, 'a'));
        let front = batch.split(2);
        assert!(front.into_numbered().eq([(11, 'b'), (12, 'c')]));
        let all = batch.split(9);
        assert!(all.into_numbered().eq([(13, 'd'), (14, 'e')]));
        assert!(batch.is_empty() && batch.pop().is_none());
    }
}
