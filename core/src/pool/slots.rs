//! One place for the outcome of each task.

use super::outcome::Outcome;

/// Collects outcomes that arrive in any order.
pub(super) struct Slots<V> {
    slots: Vec<Option<Outcome<V>>>,
}

impl<V> Slots<V> {
    pub(super) fn new() -> Slots<V> {
        Slots { slots: Vec::new() }
    }

    /// Keeps the outcome of task `index`.
    ///
    /// # Panics
    /// If the task has one already: that would be a bug of the pool.
    pub(super) fn put(&mut self, index: usize, outcome: Outcome<V>) {
        if index >= self.slots.len() {
            self.slots.resize_with(index + 1, || None);
        }
        let before = self.slots[index].replace(outcome);
        assert!(before.is_none(), "task {index} has two outcomes");
    }

    /// All outcomes, in order.
    ///
    /// # Panics
    /// If a task has none: that would be a bug of the pool.
    pub(super) fn into_outcomes(self) -> Vec<Outcome<V>> {
        let count = self.slots.len();
        let outcomes: Vec<_> = self.slots.into_iter().flatten().collect();
        assert_eq!(outcomes.len(), count, "a task has no outcome");
        outcomes
    }
}
