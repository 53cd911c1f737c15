//! GitHub: annotations of a workflow's run, within their limits. (Its job summary is `markdown.rs`.)
//!
//! A step shows at most ten errors and ten warnings, whatever it prints. They are cut here, where what is left out can
//! be said.

use super::junit::{failure, headline, not_reached, unsteady};
use crate::session::{Case, CaseVerdict, Finding, Results};
use std::fmt::Write as _;

/// Annotations of one kind that a step shows.
pub const ANNOTATIONS_MAX: usize = 10;
/// Characters of one annotation: it is a margin note.
const CHARS_MAX: usize = 1_000;

/// The workflow commands that make annotations: errors for what is certain, warnings for the rest.
pub fn annotations(results: &Results) -> String {
    let mut errors: Vec<Annotation<'_>> = Vec::new();
    let mut warnings: Vec<Annotation<'_>> = Vec::new();
    for case in &results.cases {
        match case.verdict {
            CaseVerdict::Holds => {}
            CaseVerdict::Error => {
                errors.push((case, "could not be carried out".to_owned(), failure(case)));
                warnings.extend(annotated(case, case.counted()));
            }
            CaseVerdict::NotReached => {
                warnings.push((case, "not all tried".to_owned(), not_reached(case)));
            }
            CaseVerdict::Flaky => {
                let before = warnings.len();
                warnings.extend(annotated(case, case.counted()));
                if warnings.len() == before {
                    warnings.push((case, "flaky".to_owned(), unsteady(case)));
                }
            }
            CaseVerdict::Violated => {
                let of = |sure| {
                    case.counted()
                        .filter(move |finding| finding.is_sure() == sure)
                };
                warnings.extend(annotated(case, of(false)));
                errors.extend(annotated(case, of(true)));
                if case.broken_promises() > 0 {
                    errors.push((case, "violated".to_owned(), headline(case)));
                }
                if case.failed_runs() > 0 {
                    warnings.push((case, "could not be carried out".to_owned(), failure(case)));
                }
            }
        }
    }
    let mut text = String::new();
    for (level, list) in [("error", errors), ("warning", warnings)] {
        let over = list.len().saturating_sub(ANNOTATIONS_MAX);
        // The tenth says how many there are, when there are more.
        let shown = if over > 0 {
            ANNOTATIONS_MAX - 1
        } else {
            list.len()
        };
        for (case, title, message) in &list[..shown] {
            let file = case
                .file
                .as_ref()
                .map(|file| format!("file={},", property(file)));
            let _ = writeln!(
                text,
                "::{level} {}title={}::{}",
                file.unwrap_or_default(),
                property(&clipped(&format!("{}: {title}", case.name))),
                message_text(&clipped(message)),
            );
        }
        if over > 0 {
            let _ = writeln!(
                text,
                "::{level} title=sigproof::{} more are not shown here: a step shows {ANNOTATIONS_MAX} annotations of a kind. The job summary has them.",
                over + 1
            );
        }
    }
    text
}

/// A case, the title of an annotation, and its text.
type Annotation<'a> = (&'a Case, String, String);

fn annotated<'a>(
    case: &'a Case,
    findings: impl Iterator<Item = &'a Finding>,
) -> impl Iterator<Item = Annotation<'a>> {
    findings.map(move |finding| (case, finding.oracle.clone(), annotation_text(finding)))
}

fn annotation_text(finding: &Finding) -> String {
    let mut text = finding.text.clone();
    if let Some(first) = &finding.first {
        let _ = write!(text, "\nat {} points, first at {first}", finding.count);
    }
    if finding.flaky {
        let _ = write!(text, "\nflaky: {} of {} runs", finding.seen, finding.times);
    }
    if finding.unconfirmed {
        text.push_str("\nunconfirmed: the session was interrupted before it was run again");
    }
    if let Some(replay) = &finding.replay {
        let _ = write!(text, "\n{replay}");
    }
    if let Some(accept) = &finding.accept {
        let _ = write!(text, "\naccept: {accept}");
    }
    text
}

fn clipped(text: &str) -> String {
    match text.char_indices().nth(CHARS_MAX) {
        None => text.to_owned(),
        Some((at, _)) => format!("{}…", &text[..at]),
    }
}

/// A workflow command ends at the end of its line; what a target says must not begin another.
fn message_text(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| match c {
            '\n' | '\r' => c,
            c if c.is_control() => '·',
            c => c,
        })
        .collect();
    plain
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message_text(text).replace(':', "%3A").replace(',', "%2C")
}
