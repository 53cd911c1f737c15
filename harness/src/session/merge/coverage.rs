//! How much was tried, over the parts of a case.

use crate::explore::{InstructionPoints, Pairs, QuietTries, Share};
use crate::session::case::{Case, Coverage};
use std::collections::BTreeMap;

/// How much the parts of a case have tried together.
pub(super) fn joint_coverage(parts: &[Case]) -> Option<Coverage> {
    let is_fuzz = parts.first()?.fuzz.is_some();
    let parts: Vec<&Coverage> = parts
        .iter()
        .filter_map(|part| part.coverage.as_ref())
        .collect();
    let first = *parts.first()?;
    if is_fuzz {
        // Shards come by the same points: what the one that tried most of them tried is certain.
        return Some(Coverage {
            found: most(&parts, |part| part.found),
            tried: most(&parts, |part| part.tried),
            failed: sum(&parts, |part| part.failed),
            runs: sum(&parts, |part| part.runs),
            ..first.clone()
        });
    }
    let unfit = parts.iter().map(|part| part.unfit).min().unwrap_or(0);
    Some(Coverage {
        found: sum(&parts, |part| part.found),
        tried: sum(&parts, |part| part.tried),
        by_class: sum(&parts, |part| part.by_class),
        represented: sum(&parts, |part| part.represented),
        untried: sum(&parts, |part| part.untried),
        not_met_again: sum(&parts, |part| part.not_met_again),
        classes: sum(&parts, |part| part.classes),
        classes_tried: sum(&parts, |part| part.classes_tried),
        exhaustive: parts.iter().all(|part| part.exhaustive),
        quiet: QuietTries {
            tried: sum(&parts, |part| part.quiet.tried),
            planned: sum(&parts, |part| part.quiet.planned),
            left_out: most(&parts, |part| part.quiet.left_out),
        },
        left_out: sum(&parts, |part| part.left_out),
        elsewhere: 0,
        classes_elsewhere: 0,
        not_reached: sum(&parts, |part| part.not_reached),
        cut_short: sum(&parts, |part| part.cut_short),
        failed: sum(&parts, |part| part.failed),
        by_call: shares(&parts, |part| &part.by_call),
        by_function: shares(&parts, |part| &part.by_function),
        unreached: parts
            .iter()
            .flat_map(|part| part.unreached.clone())
            .collect(),
        // What the plan leaves out is the same in each; runs that showed more add to it.
        unfit: unfit + sum(&parts, |part| part.unfit - unfit),
        pairs: pairs(&parts),
        between: between(&parts),
        unsteady: most(&parts, |part| part.unsteady),
        runs: sum(&parts, |part| part.runs),
    })
}

/// The sum over the parts.
pub(super) fn sum<T>(parts: &[&T], of: impl Fn(&T) -> usize) -> usize {
    parts.iter().map(|part| of(part)).sum()
}

/// The most that a part has.
pub(super) fn most<T>(parts: &[&T], of: impl Fn(&T) -> usize) -> usize {
    parts.iter().map(|part| of(part)).max().unwrap_or(0)
}

fn shares(parts: &[&Coverage], of: impl Fn(&Coverage) -> &Vec<Share>) -> Vec<Share> {
    let mut shares: BTreeMap<&str, Share> = BTreeMap::new();
    for share in parts.iter().flat_map(|part| of(part)) {
        let joint = shares.entry(&share.name).or_insert_with(|| Share {
            name: share.name.clone(),
            found: 0,
            tried: 0,
            represented: 0,
        });
        joint.found += share.found;
        joint.tried += share.tried;
        joint.represented += share.represented;
    }
    Share::sorted(shares.into_values())
}

fn pairs(parts: &[&Coverage]) -> Option<Pairs> {
    let pairs: Vec<&Pairs> = parts
        .iter()
        .filter_map(|part| part.pairs.as_ref())
        .collect();
    (!pairs.is_empty()).then(|| Pairs {
        firsts: sum(&pairs, |pairs| pairs.firsts),
        of_class: sum(&pairs, |pairs| pairs.of_class),
        alike: sum(&pairs, |pairs| pairs.alike),
        ended: sum(&pairs, |pairs| pairs.ended),
        unrecorded: sum(&pairs, |pairs| pairs.unrecorded),
    })
}

fn between(parts: &[&Coverage]) -> Option<InstructionPoints> {
    let between = parts.iter().filter_map(|part| part.between.as_ref());
    let between: Vec<&InstructionPoints> = between.collect();
    (!between.is_empty()).then(|| InstructionPoints {
        windows: sum(&between, |between| between.windows),
        instructions: between.iter().map(|between| between.instructions).sum(),
        chosen: sum(&between, |between| between.chosen),
        unmeasured: sum(&between, |between| between.unmeasured),
        of_class: sum(&between, |between| between.of_class),
    })
}
