//! What each report says, read back from its text.

use super::code;
use crate::report::{self, Json, TerminalWriter};
use crate::session::{CaseVerdict, Results};
use std::collections::BTreeSet;

/// The worst of these, in the order of the table.
fn worst(verdicts: impl IntoIterator<Item = CaseVerdict>) -> CaseVerdict {
    let all: BTreeSet<u8> = verdicts.into_iter().map(code).collect();
    [
        CaseVerdict::Violated,
        CaseVerdict::Error,
        CaseVerdict::Flaky,
        CaseVerdict::NotReached,
    ]
    .into_iter()
    .find(|verdict| all.contains(&code(*verdict)))
    .unwrap_or(CaseVerdict::Holds)
}

fn of_mark(text: &str) -> CaseVerdict {
    match text.chars().next() {
        Some('✓' | '✅') => CaseVerdict::Holds,
        Some('?' | '❔') => CaseVerdict::NotReached,
        Some('≈' | '⚠') => CaseVerdict::Flaky,
        Some('✗' | '❌') => CaseVerdict::Violated,
        Some('!' | '🛑') => CaseVerdict::Error,
        _ => panic!("no mark begins {text:?}"),
    }
}

fn of_word(word: &str) -> CaseVerdict {
    match word {
        "holds" => CaseVerdict::Holds,
        "not_reached" | "not reached" => CaseVerdict::NotReached,
        "flaky" => CaseVerdict::Flaky,
        "violated" => CaseVerdict::Violated,
        "error" => CaseVerdict::Error,
        other => panic!("no verdict is called {other:?}"),
    }
}

fn plain(out: TerminalWriter) -> String {
    anstream::adapter::strip_str(&out.finish()).to_string()
}

/// The line `verdict` of a page, and of a case that could not be carried out the head of its details.
pub(super) fn terminal(results: &Results, many: bool) -> Vec<CaseVerdict> {
    let mut out = TerminalWriter::with_width(100);
    if many {
        report::verdict_table(&mut out, results);
        let text = plain(out);
        let rows = text.lines().take(results.cases.len());
        return vec![worst(rows.map(of_mark)), of_summary(&text)];
    }
    let case = &results.cases[0];
    report::session_page(&mut out, case, false);
    let mut details = TerminalWriter::with_width(100);
    report::case_details(&mut details, case);
    let text = plain(out);
    let line = text
        .lines()
        .rev()
        .find_map(|line| line.strip_prefix("verdict   "));
    let page = line.map(of_mark);
    let mut all = vec![of_mark(&plain(details))];
    // A minimization that fails has no page.
    all.extend(page);
    all
}

/// `3 scenarios: 1 holds, 1 violated, 1 not carried out`
fn of_summary(text: &str) -> CaseVerdict {
    let (_, words) = text.rsplit_once(": ").expect("a summary");
    worst(words.trim().split(", ").map(|part| {
        let (_, word) = part.split_once(' ').expect("a number and a word");
        match word
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .as_str()
        {
            "hold" | "holds" => CaseVerdict::Holds,
            "not carried out" => CaseVerdict::Error,
            other => of_word(other),
        }
    }))
}

/// The data, the title and the heading of the page, and the order in which its script looks for the worst.
pub(super) fn html(results: &Results) -> Vec<CaseVerdict> {
    let page = report::html(results);
    let (_, rest) = page.split_once("id=\"results\">").expect("data");
    let (data, _) = rest.split_once("</script>").expect("an end of the data");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    let cases = data["cases"].as_array().expect("cases");
    let words = cases
        .iter()
        .map(|case| case["verdict"].as_str().expect("a verdict"));
    let words: Vec<&str> = words.collect();
    let (_, order) = page.split_once("VERDICT_ORDER = [").expect("an order");
    let (order, _) = order.split_once(']').expect("an end of the order");
    let by_script = order.split(", ").map(|word| word.trim_matches('\''));
    let by_script = by_script.into_iter().find(|word| words.contains(word));
    let (_, title) = page.split_once("<title>").expect("a title");
    let (title, _) = title.split_once(" · sigproof").expect("a title");
    let (_, title) = title.rsplit_once(": ").expect("a verdict in the title");
    let (_, head) = page.split_once("<h1>sigproof: ").expect("a heading");
    let (head, _) = head.split_once("</h1>").expect("an end of the heading");
    vec![
        of_word(by_script.expect("a verdict of the script")),
        of_word(title),
        of_word(head),
    ]
}

/// The verdict and the exit code of the last line.
pub(super) fn json(results: &Results, many: bool) -> (Vec<CaseVerdict>, u8) {
    let mut text = Vec::new();
    let mut out = Json::new(&mut text);
    if many {
        out.verdict(results).expect("JSON");
    } else {
        out.session(&results.cases[0]).expect("JSON");
    }
    let text = String::from_utf8(text).expect("UTF-8");
    let last = text.lines().last().expect("a line");
    let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
    let verdict = of_word(last["verdict"].as_str().expect("a verdict"));
    let code = last["exit_code"].as_u64().expect("an exit code");
    (vec![verdict], u8::try_from(code).expect("a small code"))
}

pub(super) fn junit(results: &Results) -> Vec<CaseVerdict> {
    let xml = report::junit(results).expect("XML");
    let cases = xml.split("<testcase ").skip(1).map(|case| {
        let has = |element: &str| case.contains(element);
        match () {
            () if has("<failure") => CaseVerdict::Violated,
            () if has("<error") => CaseVerdict::Error,
            () if has("<flakyFailure") => CaseVerdict::Flaky,
            () if has("<skipped") => CaseVerdict::NotReached,
            () => CaseVerdict::Holds,
        }
    });
    vec![worst(cases)]
}

/// The annotations, and the mark of the job summary.
pub(super) fn github(results: &Results) -> Vec<CaseVerdict> {
    let text = report::annotations(results);
    let lines = text
        .lines()
        .map(|line| match (line.starts_with("::error "), line) {
            (true, line) if line.contains("could not be carried out::") => CaseVerdict::Error,
            (true, _) => CaseVerdict::Violated,
            (false, line) if line.contains("not all tried::") => CaseVerdict::NotReached,
            (false, _) => CaseVerdict::Flaky,
        });
    let summary = report::markdown(results, 1 << 20);
    let head = summary.strip_prefix("## ").expect("a heading");
    vec![worst(lines), of_mark(head)]
}
