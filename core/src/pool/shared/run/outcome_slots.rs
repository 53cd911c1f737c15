//! One place for the outcome of each task, and what arrives there: outcomes in
//! any order, but mostly in runs, as workers take tasks in a row.

use crate::pool::shared::outcome::Outcome;

/// More places than this are not made in advance, whatever size an iterator
/// announces.
const EXPECTED_MOST: usize = 1 << 20;

/// Outcomes on their way, with the numbers of their tasks.
pub(super) struct Outcomes<V> {
    outcomes: Vec<Outcome<V>>,
    /// Where runs begin: the place in `outcomes`, and the number of the task.
    runs: Vec<(usize, usize)>,
    /// The task after the last one.
    end: usize,
}

impl<V> Outcomes<V> {
    pub(super) fn new() -> Outcomes<V> {
        Outcomes {
            outcomes: Vec::new(),
            runs: Vec::new(),
            end: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.outcomes.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.outcomes.is_empty()
    }

    /// Those that there are, with the numbers of their tasks.
    pub(super) fn iter(&self) -> impl Iterator<Item = (usize, &Outcome<V>)> {
        let ends = self.runs.iter().skip(1).map(|(place, _)| *place);
        let ends = ends.chain([self.outcomes.len()]);
        self.runs
            .iter()
            .zip(ends)
            .flat_map(|(&(place, first), end)| (first..).zip(&self.outcomes[place..end]))
    }

    #[inline]
    pub(super) fn push(&mut self, index: usize, outcome: Outcome<V>) {
        if index != self.end || self.runs.is_empty() {
            self.runs.push((self.outcomes.len(), index));
        }
        self.end = index + 1;
        self.outcomes.push(outcome);
    }
}

/// Collects outcomes.
pub(super) struct OutcomeSlots<V> {
    /// Where there is none yet, it holds [`Outcome::Abandoned`].
    outcomes: Vec<Outcome<V>>,
    /// A bit for each: whether there is one.
    present: Vec<u64>,
    filled: usize,
}

impl<V> OutcomeSlots<V> {
    pub(super) fn new() -> OutcomeSlots<V> {
        OutcomeSlots {
            outcomes: Vec::new(),
            present: Vec::new(),
            filled: 0,
        }
    }

    /// Makes room for so many at once, rather than bit by bit.
    pub(super) fn expect(&mut self, count: usize) {
        self.outcomes.reserve(count.min(EXPECTED_MOST));
    }

    /// How many tasks have an outcome.
    pub(super) fn filled(&self) -> usize {
        self.filled
    }

    /// Keeps these outcomes, which leaves `arrived` empty.
    ///
    /// # Panics
    /// If a task has an outcome already: that would be a bug of the pool.
    pub(super) fn put(&mut self, arrived: &mut Outcomes<V>) {
        let mut outcomes = arrived.outcomes.drain(..);
        let mut runs = arrived.runs.drain(..).peekable();
        while let Some((place, first)) = runs.next() {
            let left = outcomes.len();
            let count = runs.peek().map_or(left, |(next, _)| next - place);
            self.mark(first, count);
            if first > self.outcomes.len() {
                self.outcomes.resize_with(first, || Outcome::Abandoned);
            }
            let run = outcomes.by_ref().take(count);
            if first == self.outcomes.len() {
                self.outcomes.extend(run);
                continue;
            }
            for (index, outcome) in (first..).zip(run) {
                match self.outcomes.get_mut(index) {
                    Some(slot) => *slot = outcome,
                    None => self.outcomes.push(outcome),
                }
            }
        }
    }

    /// Hands these outcomes over, which leaves `arrived` empty, and remembers
    /// only that they have come: one bit each.
    ///
    /// # Panics
    /// As [`OutcomeSlots::put`].
    pub(super) fn pass_on(
        &mut self,
        arrived: &mut Outcomes<V>,
        take: &mut dyn FnMut(usize, Outcome<V>),
    ) {
        let mut outcomes = arrived.outcomes.drain(..);
        let mut runs = arrived.runs.drain(..).peekable();
        while let Some((place, first)) = runs.next() {
            let left = outcomes.len();
            let count = runs.peek().map_or(left, |(next, _)| next - place);
            self.mark(first, count);
            for (index, outcome) in (first..).zip(outcomes.by_ref().take(count)) {
                take(index, outcome);
            }
        }
    }

    fn mark(&mut self, first: usize, count: usize) {
        let words = (first + count).div_ceil(64);
        if words > self.present.len() {
            self.present.resize(words, 0);
        }
        let mut index = first;
        while index < first + count {
            let (word, bit) = (index / 64, index % 64);
            let bits = (first + count - index).min(64 - bit);
            let mask = (u64::MAX >> (64 - bits)) << bit;
            let twice = self.present[word] & mask;
            assert!(
                twice == 0,
                "task {} has two outcomes",
                64 * word + twice.trailing_zeros() as usize
            );
            self.present[word] |= mask;
            index += bits;
        }
        self.filled += count;
    }

    /// All outcomes, in order.
    ///
    /// # Panics
    /// If a task has none: that would be a bug of the pool.
    pub(super) fn into_outcomes(self) -> Vec<Outcome<V>> {
        assert_eq!(self.filled, self.outcomes.len(), "a task has no outcome");
        self.outcomes
    }
}

#[cfg(all(test, not(sigproof_loom)))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Puts tasks in this order, as they come in so many deliveries.
    fn put(deliveries: &[&[usize]]) -> OutcomeSlots<usize> {
        let mut slots = OutcomeSlots::new();
        let mut arrived = Outcomes::new();
        let mut told = Vec::new();
        for delivery in deliveries {
            for &index in *delivery {
                arrived.push(index, Outcome::Completed(index));
            }
            for (index, outcome) in arrived.iter() {
                assert_eq!(outcome.value(), Some(&index));
                told.push(index);
            }
            slots.put(&mut arrived);
            assert!(arrived.is_empty());
        }
        assert_eq!(told, deliveries.concat());
        slots
    }

    proptest! {
        #[test]
        fn outcomes_end_up_in_order(
            order in Just((0..300).collect::<Vec<usize>>()).prop_shuffle(),
            sorted in 0_usize..300,
            cut in 0_usize..300,
        ) {
            // Some runs, and some confusion.
            let mut order = order;
            order[..sorted].sort_unstable();
            let (one, two) = order.split_at(cut);
            let slots = put(&[one, two]);
            prop_assert_eq!(slots.filled(), 300);
            let outcomes = slots.into_outcomes();
            let values: Vec<_> = outcomes.iter().filter_map(Outcome::value).copied().collect();
            prop_assert_eq!(values, (0..300).collect::<Vec<_>>());
        }
    }

    #[test]
    #[should_panic(expected = "task 130 has two outcomes")]
    fn a_second_outcome_is_a_bug() {
        let run: Vec<_> = (60..200).collect();
        put(&[&[130], &run]);
    }

    #[test]
    #[should_panic(expected = "a task has no outcome")]
    fn a_missing_outcome_is_a_bug() {
        put(&[&[1]]).into_outcomes();
    }
}
