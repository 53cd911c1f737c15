//! Interrupt coverage: how many points of how many were tried, by call and by function.

use super::point_outcome::{PointOutcome, TriedPoint};
use crate::explore::call_sites::CallSites;
use crate::oracle::Point;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The points of one call or function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// The call, or the function; a module in parentheses where no function is known.
    pub name: String,
    /// Points found at which the fault can happen.
    pub found: usize,
    /// How many of them were tried, those of a class through the one that stands for them.
    pub tried: usize,
    /// How many were not tried: their neighbors were, and show the same.
    #[serde(default)]
    pub represented: usize,
}

impl Share {
    /// Whether of each of its points it is known what happens there.
    pub fn is_covered(&self) -> bool {
        self.tried + self.represented == self.found
    }

    /// Those with most points first; they come in the order of their names.
    pub(crate) fn sorted(shares: impl Iterator<Item = Share>) -> Vec<Share> {
        let mut shares: Vec<Share> = shares.collect();
        // Stable: equal ones stay in the order of their names.
        shares.sort_by_key(|share| std::cmp::Reverse(share.found));
        shares
    }
}

/// Shares by call and by function, those with most points first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// By the call that the point is at.
    pub by_call: Vec<Share>,
    /// By the program's own function that makes the call; empty when no stack could be read.
    pub by_function: Vec<Share>,
}

impl Coverage {
    /// Of the points of a sweep.
    pub(crate) fn of_sweep(tried_points: &[TriedPoint], sites: &CallSites) -> Coverage {
        let is_tried =
            |tried_point: &TriedPoint| matches!(tried_point.outcome, PointOutcome::Tried { .. });
        let class_tried = tried_points
            .iter()
            .any(|tried_point| tried_point.stands_for > 1 && is_tried(tried_point));
        let points = tried_points
            .iter()
            .filter(|tried_point| {
                !matches!(
                    tried_point.outcome,
                    PointOutcome::Unfit | PointOutcome::Elsewhere
                )
            })
            .map(|tried_point| {
                let by_class = class_tried && tried_point.outcome == PointOutcome::ByClass;
                let known = if tried_point.outcome == PointOutcome::Represented {
                    Known::Represented
                } else if by_class || is_tried(tried_point) {
                    Known::Tried
                } else {
                    Known::Nothing
                };
                (&tried_point.point, known)
            });
        Coverage::of(points, sites)
    }

    /// Of a map that nothing was tried of.
    pub fn of_map<'a>(points: impl Iterator<Item = &'a Point>, sites: &CallSites) -> Coverage {
        Coverage::of(points.map(|point| (point, Known::Nothing)), sites)
    }

    fn of<'a>(points: impl Iterator<Item = (&'a Point, Known)>, sites: &CallSites) -> Coverage {
        let mut calls: BTreeMap<String, Share> = BTreeMap::new();
        let mut functions: BTreeMap<String, Share> = BTreeMap::new();
        let add = |to: &mut BTreeMap<String, Share>, name: String, known| {
            let share = to.entry(name.clone()).or_insert_with(|| Share {
                name,
                found: 0,
                tried: 0,
                represented: 0,
            });
            share.found += 1;
            share.tried += usize::from(known == Known::Tried);
            share.represented += usize::from(known == Known::Represented);
        };
        for (point, known) in points {
            add(&mut calls, point.name.call.clone(), known);
            if !sites.is_empty() {
                let own = sites.own(&point.key);
                let function = own.map_or_else(|| "(unknown)".to_owned(), |frame| frame.unit());
                add(&mut functions, function, known);
            }
        }
        Coverage {
            by_call: Share::sorted(calls.into_values()),
            by_function: Share::sorted(functions.into_values()),
        }
    }
}

/// What a sweep knows of a point.
#[derive(Clone, Copy, PartialEq)]
enum Known {
    Tried,
    Represented,
    Nothing,
}
