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
        // What is represented is known as well as what was tried.
        let is_tried = |tried_point: &TriedPoint| {
            matches!(
                tried_point.outcome,
                PointOutcome::Tried { .. } | PointOutcome::Represented
            )
        };
        let class_tried = tried_points
            .iter()
            .any(|tried_point| tried_point.stands_for > 1 && is_tried(tried_point));
        let points = tried_points
            .iter()
            .filter(|tried_point| tried_point.outcome != PointOutcome::Unfit)
            .map(|tried_point| {
                let by_class = class_tried && tried_point.outcome == PointOutcome::ByClass;
                (&tried_point.point, is_tried(tried_point) || by_class)
            });
        Coverage::of(points, sites)
    }

    /// Of a map that nothing was tried of.
    pub fn of_map<'a>(points: impl Iterator<Item = &'a Point>, sites: &CallSites) -> Coverage {
        Coverage::of(points.map(|point| (point, false)), sites)
    }

    fn of<'a>(points: impl Iterator<Item = (&'a Point, bool)>, sites: &CallSites) -> Coverage {
        let mut calls: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let mut functions: BTreeMap<String, (usize, usize)> = BTreeMap::new();
        let add = |to: &mut BTreeMap<String, (usize, usize)>, name: String, tried| {
            let share = to.entry(name).or_default();
            share.0 += 1;
            share.1 += usize::from(tried);
        };
        for (point, tried) in points {
            add(&mut calls, point.name.call.clone(), tried);
            if !sites.is_empty() {
                let own = sites.own(&point.key);
                let function = own.map_or_else(|| "(unknown)".to_owned(), |frame| frame.unit());
                add(&mut functions, function, tried);
            }
        }
        Coverage {
            by_call: sorted(calls),
            by_function: sorted(functions),
        }
    }
}

fn sorted(shares: BTreeMap<String, (usize, usize)>) -> Vec<Share> {
    let mut shares: Vec<Share> = shares
        .into_iter()
        .map(|(name, (found, tried))| Share { name, found, tried })
        .collect();
    // Stable: equal ones stay in the order of their names.
    shares.sort_by_key(|share| std::cmp::Reverse(share.found));
    shares
}
