//! One page of Markdown, for an issue, a reviewer or a job summary: what is wrong, where in the code, what shows it,
//! and how to see it again.
//!
//! A job summary of more than 1 MiB is refused whole, so the page has a limit, and says what it leaves out.

use super::junit::{failure, not_reached};
use super::terminal::text::command_line;
use super::terminal::timeline::timeline_lines;
use crate::session::{Case, CaseVerdict, Finding, Results, guide};
use std::fmt::Write as _;

/// Bytes of a page.
pub const MARKDOWN_MAX: usize = 1024 * 1024;
/// Kept free for the sentence that tells what was cut.
const RESERVE: usize = 1024;

/// The page, at most `room` bytes of it.
pub fn markdown(results: &Results, room: usize) -> String {
    let room = room.saturating_sub(RESERVE);
    let mut page = BoundedText {
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
            "\n_{} more lines are left out: this page has its limit. The results file and the HTML report have all of it._\n",
            page.lost
        );
    }
    page.text
}

struct BoundedText {
    text: String,
    room: usize,
    lost: usize,
}

impl BoundedText {
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
        escaped(&case.name),
        case.times.elapsed_ns as f64 / 1e9
    )
}

fn details(page: &mut BoundedText, case: &Case) {
    if case.verdict == CaseVerdict::Holds {
        return;
    }
    page.put(&format!(
        "### {} {}\n\n",
        mark(case.verdict),
        escaped(&case.name)
    ));
    if !case.command.is_empty() {
        page.put(&format!("{}\n\n", block(&command_line(&case.command))));
    }
    if case.error.is_some() || case.failed_runs() > 0 {
        page.put(&format!("{}\n\n", escaped(&failure(case))));
    } else if case.verdict == CaseVerdict::NotReached {
        page.put(&format!("{}\n\n", escaped(&not_reached(case))));
    }
    for difference in &case.differences {
        page.put(&format!(
            "- snapshot **{}** differs\n",
            escaped(&difference.name)
        ));
    }
    for budget in case.budgets.iter().filter(|budget| !budget.holds) {
        page.put(&format!(
            "- budget **{}** ({}): p99 {:.1} ms, limit {:.1} ms\n",
            escaped(&budget.name),
            escaped(&budget.quantile),
            budget.p99_ms,
            budget.limit_ms
        ));
    }
    for finding in case.counted() {
        page.put(&found(case, finding));
    }
    page.put("\n");
}

/// What is wrong, where in the code, what shows it, and how to see it again.
fn found(case: &Case, finding: &Finding) -> String {
    let certain = match finding {
        _ if finding.unconfirmed => ", unconfirmed".to_owned(),
        _ if finding.flaky => format!(", flaky: {} of {} runs", finding.seen, finding.times),
        _ => String::new(),
    };
    let oracle = escaped(&finding.oracle);
    let mut text = format!("#### {oracle}{certain}\n\n{}\n\n", escaped(&finding.text));
    if let Some(first) = &finding.first {
        let points = if finding.count == 1 {
            "point"
        } else {
            "points"
        };
        let _ = writeln!(
            text,
            "- at {} {points}, first at <code>{}</code>",
            finding.count,
            escaped(first)
        );
    }
    if let Some(between) = &finding.between {
        let _ = writeln!(text, "- {}", escaped(&between.text));
    }
    if let Some(accept) = &finding.accept {
        let _ = writeln!(text, "- if this is right: <code>{}</code>", escaped(accept));
    }
    text.push_str(&mended(&finding.oracle));
    if let Some(replay) = &finding.replay {
        let _ = writeln!(text, "{}\n", block(replay));
    }
    let shown = finding.run.and_then(|run| case.runs.get(run));
    if let Some(run) = shown {
        let lines = timeline_lines(&run.events).join("\n");
        let _ = writeln!(
            text,
            "<details><summary>What happened: {}</summary>\n\n{}\n\n</details>\n",
            escaped(&run.title),
            block(&lines)
        );
    }
    text
}

/// How a program is mended.
fn mended(oracle: &str) -> String {
    let mut text = String::from("- how it is mended:\n");
    let mends = oracle.parse().map(|oracle| guide(oracle).mends);
    for paragraph in mends.unwrap_or_default() {
        let item = paragraph.strip_prefix("- ").unwrap_or(&paragraph);
        let _ = writeln!(text, "  - {}", escaped(item));
    }
    let _ = writeln!(
        text,
        "  - programs that are right: <code>sigproof explain {}</code>\n",
        escaped(oracle)
    );
    text
}

/// A block of code that nothing in it can end.
fn block(text: &str) -> String {
    let runs = text.split(|character| character != '`').map(str::len);
    let fence = "`".repeat(runs.max().unwrap_or(0).max(2) + 1);
    let plain: String = text
        .chars()
        .map(|c| if c.is_control() && c != '\n' { '·' } else { c })
        .collect();
    format!("{fence}text\n{plain}\n{fence}")
}

/// Text that Markdown and HTML leave as it is, on one line.
fn escaped(text: &str) -> String {
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
