//! Tasks in a row, as they move from the coordinator to a worker: all at once,
//! without a look at each.

use std::collections::VecDeque;

/// Tasks with consecutive numbers that were not started, the first one next.
pub(super) struct Chunk<T> {
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

impl<T> Chunk<T> {
    pub(super) fn new(first: usize, epoch: u32, tasks: VecDeque<T>) -> Chunk<T> {
        Chunk {
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
    pub(super) fn split(&mut self, count: usize) -> Chunk<T> {
        let count = count.min(self.len());
        let tasks = self.tasks.drain(..count).collect();
        let first = self.first;
        self.first += count;
        Chunk::new(first, self.epoch, tasks)
    }

    /// The tasks with their numbers.
    pub(super) fn into_numbered(self) -> impl Iterator<Item = (usize, T)> {
        (self.first..).zip(self.tasks)
    }
}

impl<T> Default for Chunk<T> {
    fn default() -> Chunk<T> {
        Chunk::new(0, 0, VecDeque::new())
    }
}

impl<T> From<Ready<T>> for Chunk<T> {
    fn from(ready: Ready<T>) -> Chunk<T> {
        Chunk::new(ready.index, ready.epoch, VecDeque::from([ready.task]))
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_with_their_tasks() {
        let mut chunk = Chunk::new(10, 1, ('a'..='e').collect());
        let ready = chunk.pop().expect("five tasks");
        assert_eq!((ready.index, ready.epoch, ready.task), (10, 1, 'a'));
        let front = chunk.split(2);
        assert!(front.into_numbered().eq([(11, 'b'), (12, 'c')]));
        let all = chunk.split(9);
        assert!(all.into_numbered().eq([(13, 'd'), (14, 'e')]));
        assert!(chunk.is_empty() && chunk.pop().is_none());
    }
}
