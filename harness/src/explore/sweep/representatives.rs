//! Which points of a class are tried, when not all of them are: the first, then the last, the middle and one drawn by
//! the seed; and where two neighbours of these show different things, those between, until the change lies between two
//! neighbours. What lies between two tries that show the same is represented by them.
//!
//! The order is useful whenever it stops: every class once, those first that change most.

use super::plan::Plan;
use super::plan_class::PlanClass;
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// Tries of one class at most: a class that shows something else each time is not searched to its end.
const TRIES_MAX: usize = 40;

/// How many runs a plan takes by representatives, when no class changes on the way: one, two, three or four of each.
pub(crate) fn at_least(plan: &Plan) -> usize {
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for planned in plan.loud() {
        *sizes.entry(planned.class).or_default() += 1;
    }
    sizes.values().map(|size| (*size).min(4)).sum()
}

/// One class of a plan, and what its tries have shown.
#[derive(Debug, Clone)]
struct Row<S> {
    /// Places in the plan, in the order of the recording.
    members: Vec<usize>,
    rank: u8,
    seed: u64,
    /// By place among the members.
    shown: BTreeMap<usize, S>,
    /// Asked for and without a result: not reached, failed.
    lost: Vec<usize>,
}

/// The choice among the points of a plan. `S` is what a try shows.
#[derive(Debug, Clone)]
pub(crate) struct Representatives<S> {
    rows: Vec<Row<S>>,
    /// Class and place among its members, by place in the plan.
    places: BTreeMap<usize, (usize, usize)>,
}

impl<S: Clone + PartialEq> Representatives<S> {
    /// `planned` has the class of each place in the plan.
    pub(crate) fn new(planned: &[usize], classes: &[PlanClass], seed: u64) -> Representatives<S> {
        let mut by_class: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (order, class) in planned.iter().enumerate() {
            by_class.entry(*class).or_default().push(order);
        }
        let rows: Vec<Row<S>> = by_class
            .into_iter()
            .map(|(class, members)| {
                let class = &classes[class];
                Row {
                    members,
                    rank: class.rank,
                    seed: xxh3_64_with_seed(class.name.as_bytes(), seed),
                    shown: BTreeMap::new(),
                    lost: Vec::new(),
                }
            })
            .collect();
        let places = rows
            .iter()
            .enumerate()
            .flat_map(|(row, class)| {
                let members = class.members.iter().enumerate();
                members.map(move |(place, order)| (*order, (row, place)))
            })
            .collect();
        Representatives { rows, places }
    }

    /// Classes with a member (a place in the plan) that is preferred come before all others.
    pub(crate) fn prefer(mut self, is_preferred: impl Fn(usize) -> bool) -> Self {
        for row in &mut self.rows {
            let is_one = row.members.iter().any(|order| is_preferred(*order));
            row.rank = if is_one {
                0
            } else {
                row.rank.saturating_add(1)
            };
        }
        self
    }

    /// The first of every class, those first that change most.
    pub(crate) fn firsts(&self) -> Vec<usize> {
        self.ranked(|row| row.members.first().copied().into_iter().collect())
    }

    /// The last and the middle of every class, and one drawn by the seed.
    pub(crate) fn further(&self) -> Vec<usize> {
        self.ranked(|row| {
            let count = row.members.len();
            let drawn = usize::try_from(row.seed % count.max(1) as u64).unwrap_or(0);
            let mut places = vec![count - 1, count / 2, drawn];
            places.sort_unstable();
            places.dedup();
            places
                .into_iter()
                .filter(|place| !row.is_tried(*place))
                .map(|place| row.members[place])
                .collect()
        })
    }

    /// The middle between neighbours that show different things; empty when every change lies between two neighbours.
    pub(crate) fn between(&self) -> Vec<usize> {
        self.ranked(|row| {
            let tried = row.shown.len() + row.lost.len();
            let room = TRIES_MAX.saturating_sub(tried);
            let open = row
                .gaps()
                .filter(|(from, to)| row.shown[from] != row.shown[to]);
            let middles = open.map(|(from, to)| row.members[from.midpoint(to)]);
            middles.take(room).collect()
        })
    }

    fn ranked(&self, of: impl Fn(&Row<S>) -> Vec<usize>) -> Vec<usize> {
        let mut chosen: Vec<(u8, usize)> = self
            .rows
            .iter()
            .flat_map(|row| of(row).into_iter().map(|order| (row.rank, order)))
            .collect();
        chosen.sort_unstable();
        chosen.into_iter().map(|(_, order)| order).collect()
    }

    /// Takes what the run at a place in the plan showed; `None` when there was nothing to see.
    pub(crate) fn take(&mut self, order: usize, shown: Option<S>) {
        let Some((row, place)) = self.places.get(&order).copied() else {
            return;
        };
        match shown {
            Some(shown) => {
                self.rows[row].shown.insert(place, shown);
            }
            None => self.rows[row].lost.push(place),
        }
    }

    /// For each place in the plan that was not tried and lies between two tries that show the same: the one before.
    pub(crate) fn represented(&self) -> BTreeMap<usize, usize> {
        let mut represented = BTreeMap::new();
        for row in &self.rows {
            for (from, to) in row
                .gaps()
                .filter(|(from, to)| row.shown[from] == row.shown[to])
            {
                let lost = |place: &usize| row.lost.contains(place);
                for place in (from + 1..to).filter(|place| !lost(place)) {
                    represented.insert(row.members[place], row.members[from]);
                }
            }
        }
        represented
    }

    /// How many classes there are, and of how many a try has shown something.
    pub(crate) fn classes(&self) -> (usize, usize) {
        let tried = self.rows.iter().filter(|row| !row.shown.is_empty()).count();
        (self.rows.len(), tried)
    }
}

impl<S> Row<S> {
    fn is_tried(&self, place: usize) -> bool {
        self.shown.contains_key(&place) || self.lost.contains(&place)
    }

    /// Neighbouring tries with something between them that was not tried.
    fn gaps(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let places: Vec<usize> = self.shown.keys().copied().collect();
        let pairs: Vec<(usize, usize)> = places.windows(2).map(|pair| (pair[0], pair[1])).collect();
        pairs.into_iter().filter(|(from, to)| {
            let middle = from.midpoint(*to);
            to - from > 1 && !self.is_tried(middle)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Phase, RawPoint, Run};
    use crate::oracle::{MappedCalls, PhaseSelection, PointMap};

    fn chosen<S: Clone + PartialEq>(map: &PointMap) -> Representatives<S> {
        let planned: Vec<usize> = map.points.iter().map(|point| point.class).collect();
        let classes: Vec<PlanClass> = map.classes.iter().map(PlanClass::of).collect();
        Representatives::new(&planned, &classes, 1)
    }

    fn map(calls: &[(&str, &str)]) -> PointMap {
        let run = Run {
            points: calls
                .iter()
                .map(|(call, arg)| RawPoint {
                    role: "prog".into(),
                    process: "prog".into(),
                    call: (*call).into(),
                    arg: (*arg).into(),
                    returned: Some(0),
                    effect: true,
                    changes: *call != "read",
                    ..RawPoint::default()
                })
                .collect(),
            ..Run::default()
        };
        let exits = PhaseSelection {
            before: MappedCalls::Never,
            ..PhaseSelection::DEFAULT
        };
        PointMap::new(&[&run, &run], 0, exits)
    }

    /// Tries what is chosen until nothing is, and returns how many tries that took.
    fn explore(map: &PointMap, shows: impl Fn(usize) -> u32) -> (Representatives<u32>, Vec<usize>) {
        let mut chosen = chosen(map);
        let mut tried = Vec::new();
        let mut run = |chosen: &mut Representatives<u32>, places: Vec<usize>| {
            for place in places {
                tried.push(place);
                chosen.take(place, Some(shows(place)));
            }
        };
        let firsts = chosen.firsts();
        run(&mut chosen, firsts);
        let further = chosen.further();
        run(&mut chosen, further);
        loop {
            let between = chosen.between();
            if between.is_empty() {
                break;
            }
            run(&mut chosen, between);
        }
        (chosen, tried)
    }

    #[test]
    fn a_loop_that_shows_the_same_takes_a_handful_of_runs() {
        let mut calls = vec![("openat", "out")];
        calls.extend(std::iter::repeat_n(("write", "out"), 2000));
        let map = map(&calls);
        let (chosen, tried) = explore(&map, |_| 7);
        assert!(tried.len() <= 8, "{tried:?}");
        assert_eq!(chosen.represented().len() + tried.len(), 2001);
    }

    #[test]
    fn a_change_is_found_exactly() {
        let mut calls = vec![("openat", "out")];
        calls.extend(std::iter::repeat_n(("write", "out"), 1000));
        let map = map(&calls);
        let (chosen, tried) = explore(&map, |place| u32::from(place > 333));
        assert!(tried.contains(&333) && tried.contains(&334), "{tried:?}");
        assert!(tried.len() < 25, "{}", tried.len());
        assert_eq!(chosen.represented().len() + tried.len(), 1001);
        // Nothing is represented across the change.
        for (place, by) in chosen.represented() {
            assert_eq!(place > 333, by > 333, "{place} by {by}");
        }
    }

    #[test]
    fn what_makes_files_comes_before_what_waits() {
        let map = map(&[
            ("read", "pipe"),
            ("write", "stdout"),
            ("openat", "x"),
            ("fork", ""),
        ]);
        let chosen = chosen::<u32>(&map);
        let calls: Vec<&str> = chosen
            .firsts()
            .iter()
            .map(|place| map.points[*place].name.call.as_str())
            .collect();
        assert_eq!(calls, ["openat", "fork", "write", "read"]);
    }

    #[test]
    fn what_was_lost_represents_nobody_and_is_not_asked_for_again() {
        let map = map(&vec![("write", "out"); 10]);
        let mut chosen = chosen::<u32>(&map);
        for place in chosen.firsts() {
            chosen.take(place, None);
        }
        assert_eq!(chosen.classes().1, 0);
        assert!(chosen.represented().is_empty() && chosen.between().is_empty());
        assert!(!chosen.further().contains(&0));
        assert!(
            map.points
                .iter()
                .all(|point| point.name.phase == Phase::Exit)
        );
    }
}
