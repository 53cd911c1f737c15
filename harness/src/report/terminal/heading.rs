//! The lines above the progress bar: what a session is going to do, and where.

use super::text::{command_line, count, human};
use super::writer::{Style, TerminalWriter};
use crate::session::{Heading, Method, RunSetup, StartState};
use std::time::Duration;

/// Which points are tried, and why; nothing where all of them are, and that takes no time.
fn plan(out: &mut TerminalWriter, heading: &Heading) {
    const WORTH_A_LINE: Duration = Duration::from_secs(2);
    let (Some((classes, method)), Some(estimate)) = (heading.classes, heading.estimate) else {
        return;
    };
    let is_long = estimate >= WORTH_A_LINE || heading.time.is_some();
    let what = match method {
        Method::Exhaustive if !is_long => return,
        Method::Exhaustive => "every point".to_owned(),
        Method::Representatives => {
            format!("some points of each of {classes} classes (--exhaustive tries every point)")
        }
    };
    let mut words = format!("{what}, about {}", human(estimate));
    if let Some(time) = heading.time {
        words.push_str(&format!(", for at most {} (--for)", human(time)));
    }
    out.item(0, (Style::Dim, "plan      "), Style::Plain, &words);
}

/// The heading of a sweep or of a fuzz session.
pub fn heading(out: &mut TerminalWriter, heading: &Heading) {
    out.line(&[
        (
            Style::Strong,
            &format!("sigproof {}  ", heading.kind.word()),
        ),
        (Style::Name, &command_line(&heading.command)),
    ]);
    let streams = if heading.terminal {
        "on a pty"
    } else {
        "on pipes"
    };
    let RunSetup { tree, method, jobs } = &heading.setup;
    let fault = &heading.fault;
    let start = match heading.start {
        StartState::Fresh => "",
        StartState::Finished => " after a finished run",
    };
    let mut target = format!("{streams} in {tree} ({method}){start}, {fault}, {jobs} parallel");
    if let Some(shard) = heading.shard {
        target.push_str(&format!(", shard {shard}"));
    }
    out.item(0, (Style::Dim, "target    "), Style::Plain, &target);
    if let Some(service) = &heading.service {
        out.item(0, (Style::Dim, "service   "), Style::Plain, service);
    }
    let mut baseline = format!(
        "{}, {}, {}; {}",
        count(heading.baseline_runs, "undisturbed run"),
        heading.baseline_status,
        human(Duration::from_nanos(heading.baseline_ns)),
        count(heading.points, "point"),
    );
    if let (None, Some(runs)) = (heading.seed, heading.runs) {
        let about = match heading.classes {
            Some((_, Method::Representatives)) => "about ",
            _ => "",
        };
        baseline.push_str(&format!(", {about}{}", count(runs, "run")));
    }
    out.item(0, (Style::Dim, "baseline  "), Style::Plain, &baseline);
    plan(out, heading);
    if let Some(seed) = heading.seed {
        let mut budget = Vec::new();
        budget.extend(heading.runs.map(|runs| count(runs, "run")));
        budget.extend(heading.time.map(human));
        let seed = format!("{seed}, for at most {}", budget.join(" or "));
        out.item(0, (Style::Dim, "seed      "), Style::Plain, &seed);
    }
    out.gap();
}
