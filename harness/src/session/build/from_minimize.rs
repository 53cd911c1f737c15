//! A case from a stored failure that was made smaller.

use crate::explore::Minimized;
use crate::failure::StoredFailure;
use crate::session::bounds;
use crate::session::case::{Case, Kind};
use crate::session::details::MinimizeSummary;
use crate::session::finding::Finding;
use crate::session::shortfall::Shortfall;
use std::path::Path;

/// The case of a minimization; `file` is where the smaller failure is. It asks whether there is a smaller failure, so
/// that a failure that shows is no finding; one that does not show any more is flaky.
pub fn of_minimize(
    name: &str,
    before: &StoredFailure,
    least: &Minimized,
    file: Option<&Path>,
) -> Case {
    let after = &least.failure;
    let expected = &before.expected;
    let mut case = Case::new(name, Kind::Minimize, &after.target.command);
    if least.seen.0 == 0 {
        case.findings.push(Finding {
            oracle: expected.oracle.clone(),
            subject: bounds::text(&expected.subject),
            text: bounds::text(&expected.text),
            count: 1,
            times: least.seen.1,
            flaky: true,
            ..Finding::default()
        });
    }
    if least.interrupted {
        case.shortfalls.push(Shortfall::Interrupted);
    }
    case.notes = least.notes.clone();
    let packed = after.packed.iter().flat_map(|packed| &packed.entries);
    let steps = after.schedule.steps.iter();
    case.minimize = Some(MinimizeSummary {
        oracle: expected.oracle.clone(),
        text: bounds::text(&expected.text),
        seen: least.seen.0,
        times: least.seen.1,
        dropped: least.dropped.clone(),
        schedule: steps.map(ToString::to_string).collect(),
        files: packed.map(|entry| entry.path.clone()).collect(),
        confirmed: least.confirmed.0,
        of: least.confirmed.1,
        runs: least.runs,
        file: file.map(|file| file.display().to_string()),
    });
    case.judged()
}
