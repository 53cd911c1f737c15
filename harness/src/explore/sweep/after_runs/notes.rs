//! What the reader of a sweep should know besides its findings.

use crate::explore::sweep::plan::Plan;
use std::collections::BTreeMap;

/// Children that were ended by SIGKILL and never asked to stop: it can be meant, so it is told and no more.
pub(crate) fn unasked<'a>(
    unasked: &'a BTreeMap<String, (usize, usize)>,
    plan: &'a Plan,
) -> impl Iterator<Item = String> + 'a {
    unasked.iter().map(|(command, (runs, first))| {
        let planned = plan.planned.get(*first);
        let point = planned.map_or_else(String::new, |planned| planned.point.to_string());
        format!(
            "in {runs} runs, first at {point}, {command} was ended by SIGKILL and had not been asked to stop before; \
             --ask-first makes that a violation"
        )
    })
}
