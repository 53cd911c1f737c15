//! GitHub: annotations of a workflow's run, and its job summary, within their limits.
//!
//! A step shows at most ten errors and ten warnings, whatever it prints; a summary of more than 1 MiB is refused whole.
//! Both are cut here, where what is left out can be said.

use super::junit::{failure, headline, not_reached, unsteady};
use crate::session::{Case, CaseVerdict, Finding, Results};
use std::fmt::Write as _;

/// Annotations of one kind that a step shows.
pub const ANNOTATIONS_MAX: usize = 10;
/// Characters of one annotation: it is a margin note.
const CHARS_MAX: usize = 1_000;
/// Bytes of a step's summary.
pub const SUMMARY_MAX: usize = 1024 * 1024;
/// Kept free for the sentence that tells what was cut.
const RESERVE: usize = 1024;

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

/// The job summary in Markdown, at most `room` bytes of it.
pub fn summary(results: &Results, room: usize) -> String {
    let room = room.min(SUMMARY_MAX).saturating_sub(RESERVE);
    let mut page = Page {
        text: String::new(),
        room,
        lost: 0,
    };
    let mark = mark(results.verdict());
    page.put(&format!("## {mark} sigproof: {}\n\n", words(results)));
    page.put("| | case | findings | coverage | time |\n| --- | --- | ---: | ---: | ---: |\n");
    let mut cases: Vec<&Case> = results.cases.iter().collect();
    // What is wrong comes first: a long list is cut at its end.
    cases.sort_by_key(|case| std::cmp::Reverse(case.verdict));
    for case in &cases {
        page.put(&row(case));
    }
    page.put("\n");
    for case in &cases {
        details(&mut page, case);
    }
    if page.lost > 0 {
        let _ = write!(
            page.text,
            "\n_{} more lines are left out: a summary holds 1 MiB. The results file and the HTML report have all of it._\n",
            page.lost
        );
    }
    page.text
}

struct Page {
    text: String,
    room: usize,
    lost: usize,
}

impl Page {
    /// Whole pieces only: half a table row is no table row.
    fn put(&mut self, piece: &str) {
        if self.lost == 0 && self.text.len() + piece.len() <= self.room {
            self.text.push_str(piece);
        } else {
            self.lost += piece.lines().count();
        }
    }
}

fn mark(verdict: CaseVerdict) -> &'static str {
    match verdict {
        CaseVerdict::Holds => "✅",
        CaseVerdict::NotReached => "❔",
        CaseVerdict::Flaky => "⚠️",
        CaseVerdict::Violated => "❌",
        CaseVerdict::Error => "🛑",
    }
}

fn words(results: &Results) -> String {
    let bad = results
        .cases
        .iter()
        .filter(|case| case.verdict != CaseVerdict::Holds)
        .count();
    match bad {
        0 => format!("all {} cases hold", results.cases.len()),
        bad => format!("{bad} of {} cases do not hold", results.cases.len()),
    }
}

fn row(case: &Case) -> String {
    let findings = case.counted().count() + case.broken_promises();
    let coverage = case.coverage.as_ref().map_or(String::new(), |coverage| {
        format!("{} of {} points", coverage.tried, coverage.found)
    });
    format!(
        "| {} | {} | {findings} | {coverage} | {:.1} s |\n",
        mark(case.verdict),
        markdown(&case.name),
        case.times.elapsed_ns as f64 / 1e9
    )
}

fn details(page: &mut Page, case: &Case) {
    if case.verdict == CaseVerdict::Holds {
        return;
    }
    page.put(&format!(
        "### {} {}\n\n",
        mark(case.verdict),
        markdown(&case.name)
    ));
    if case.error.is_some() || case.failed_runs() > 0 {
        page.put(&format!("{}\n\n", markdown(&failure(case))));
    } else if case.verdict == CaseVerdict::NotReached {
        page.put(&format!("{}\n\n", markdown(&not_reached(case))));
    }
    for difference in &case.differences {
        page.put(&format!(
            "- snapshot **{}** differs\n",
            markdown(&difference.name)
        ));
    }
    for budget in case.budgets.iter().filter(|budget| !budget.holds) {
        page.put(&format!(
            "- budget **{}** ({}): p99 {:.1} ms, limit {:.1} ms\n",
            markdown(&budget.name),
            markdown(&budget.quantile),
            budget.p99_ms,
            budget.limit_ms
        ));
    }
    for finding in case.counted() {
        let mut text = format!(
            "- **{}**{}: {}",
            markdown(&finding.oracle),
            if finding.flaky {
                format!(" (flaky, {} of {} runs)", finding.seen, finding.times)
            } else {
                String::new()
            },
            markdown(&finding.text)
        );
        if let Some(first) = &finding.first {
            let _ = write!(
                text,
                "<br>at {} points, first at <code>{}</code>",
                finding.count,
                markdown(first)
            );
        }
        if let Some(replay) = &finding.replay {
            let _ = write!(text, "<br><code>{}</code>", markdown(replay));
        }
        text.push('\n');
        page.put(&text);
    }
    page.put("\n");
}

/// Text that Markdown and HTML leave as it is, on one line.
fn markdown(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            // An entity does not begin emphasis, a link, a table cell, a mention or a reference.
            '|' | '`' | '*' | '_' | '[' | ']' | '\\' | '#' | '@' | '~' | '$' | '!' => {
                let _ = write!(safe, "&#{};", c as u32);
            }
            '\n' | '\r' | '\t' => safe.push(' '),
            c if c.is_control() => safe.push('·'),
            c => safe.push(c),
        }
    }
    safe
}
