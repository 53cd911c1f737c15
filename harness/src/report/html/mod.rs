//! One self-contained page: opens offline, asks nobody for anything, and says the same without scripts.
//!
//! The results are its data, in a script element that no browser executes; the files of `page/` are its looks and its
//! behaviour. A content security policy in its head allows nothing else: text of a target that would be markup or code
//! somewhere stays text. What it shows without scripts (a mail, a viewer that blocks them) is written here.

use crate::report::terminal::text::{command_line, human};
use crate::session::{Case, CaseVerdict, Results, guide};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::hash::Hasher;
use std::time::Duration;
use xxhash_rust::xxh3::Xxh3Default;

const PAGE: &str = include_str!("page/page.html");
const STYLE: &str = include_str!("page/style.css");
/// In the order in which they build on each other.
const SCRIPTS: [&str; 10] = [
    include_str!("page/words.js"),
    include_str!("page/dom.js"),
    include_str!("page/overview.js"),
    include_str!("page/findings.js"),
    include_str!("page/map.js"),
    include_str!("page/timeline.js"),
    include_str!("page/moment.js"),
    include_str!("page/run.js"),
    include_str!("page/coverage.js"),
    include_str!("page/main.js"),
];

/// Findings of one case that the page without scripts lists.
const PLAIN_MAX: usize = 200;

/// The page of these results.
pub fn html(results: &Results) -> String {
    let data = in_script(results);
    let nonce = nonce(&data);
    let mut page = String::with_capacity(data.len() + 128 * 1024);
    let mut rest = PAGE;
    // Piece by piece: what is put in is never looked through for marks.
    while let Some((before, after)) = rest.split_once('@') {
        page.push_str(before);
        let Some((mark, after)) = after.split_once('@') else {
            break;
        };
        match mark {
            "NONCE" => page.push_str(&nonce),
            "TITLE" => page.push_str(&escaped(&title(results))),
            "STYLE" => page.push_str(STYLE),
            "PLAIN" => plain(&mut page, results),
            "DATA" => page.push_str(&data),
            "GUIDES" => page.push_str(&in_script(&guides(results))),
            "SCRIPT" => {
                page.push_str("(() => {\n'use strict';\n");
                SCRIPTS.iter().for_each(|script| page.push_str(script));
                page.push_str("})();");
            }
            _ => {}
        }
        rest = after;
    }
    page.push_str(rest);
    page
}

/// How a program is mended, for each oracle that has a finding.
fn guides(results: &Results) -> BTreeMap<&str, Vec<String>> {
    let findings = results.cases.iter().flat_map(|case| &case.findings);
    let oracles = findings.filter_map(|finding| {
        let oracle = finding.oracle.parse().ok()?;
        Some((finding.oracle.as_str(), guide(oracle).mends))
    });
    oracles.collect()
}

/// As JSON that can stand in a script element: nothing in it ends that element or begins a comment, and it is valid
/// JavaScript as well (U+2028 and U+2029 are line ends there).
fn in_script(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).unwrap_or_else(|_| "null".to_owned());
    let mut safe = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                let _ = write!(safe, "\\u{:04x}", c as u32); // a String takes everything
            }
            c => safe.push(c),
        }
    }
    safe
}

/// Differs from page to page, and is the same for the same page.
fn nonce(data: &str) -> String {
    let mut hasher = Xxh3Default::new();
    hasher.write(b"sigproof page");
    hasher.write(data.as_bytes());
    format!("{:032x}", hasher.digest128())
}

fn title(results: &Results) -> String {
    let name = match results.cases.as_slice() {
        [only] => only.name.clone(),
        cases => format!("{} cases", cases.len()),
    };
    format!("{name}: {} · sigproof", results.verdict().word())
}

/// Text as it stands in markup.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            '"' => safe.push_str("&quot;"),
            c if c.is_control() && c != '\n' && c != '\t' => safe.push('·'),
            c => safe.push(c),
        }
    }
    safe
}

/// The page for those without scripts: verdicts, findings, and how to repeat them.
fn plain(page: &mut String, results: &Results) {
    let _ = write!(
        page,
        "<h1>sigproof: {}</h1>\n<p>{} {}, {}.</p>\n",
        results.verdict().word(),
        escaped(&results.tool.version),
        escaped(&results.tool.system),
        count(results.cases.len(), "case"),
    );
    for case in &results.cases {
        plain_case(page, case);
    }
}

fn plain_case(page: &mut String, case: &Case) {
    let _ = write!(
        page,
        "<section>\n<h2>{}: {}</h2>\n<p><code>{}</code></p>\n",
        escaped(&case.name),
        case.verdict.word(),
        escaped(&command_line(&case.command)),
    );
    if let Some(error) = &case.error {
        let _ = writeln!(page, "<pre>{}</pre>", escaped(&error.text));
    }
    if let Some(coverage) = &case.coverage {
        let _ = writeln!(
            page,
            "<p>{} of {} points tried in {}, {}.</p>",
            coverage.tried,
            coverage.found,
            count(coverage.runs, "run"),
            human(Duration::from_nanos(case.times.elapsed_ns)),
        );
    }
    if case.findings.is_empty() {
        if case.verdict == CaseVerdict::Holds {
            page.push_str("<p>Every contract holds.</p>\n");
        }
    } else {
        page.push_str("<ul>\n");
        for finding in case.findings.iter().take(PLAIN_MAX) {
            let flaky = if finding.flaky { " (flaky)" } else { "" };
            let _ = write!(
                page,
                "<li><b>{}</b>{flaky}: {}",
                escaped(&finding.oracle),
                escaped(&finding.text),
            );
            if let Some(first) = &finding.first {
                let _ = write!(
                    page,
                    " <br>at {}, first at <code>{}</code>",
                    count(finding.count, "point"),
                    escaped(first)
                );
            }
            if let Some(between) = &finding.between {
                let _ = write!(page, " <br>{}", escaped(&between.text));
            }
            if let Some(replay) = &finding.replay {
                let _ = write!(page, " <br><code>{}</code>", escaped(replay));
            }
            page.push_str("</li>\n");
        }
        page.push_str("</ul>\n");
        if case.findings.len() > PLAIN_MAX {
            let _ = writeln!(page, "<p>{} more.</p>", case.findings.len() - PLAIN_MAX);
        }
    }
    page.push_str("</section>\n");
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::Kind;

    const NASTY: &str =
        "</script><script>alert(1)</script><!-- @DATA@ \u{2028} \u{1b}[31m & \"q\" '";

    fn nasty() -> Results {
        let mut case = Case::failed(NASTY, Kind::Run, &[NASTY.to_owned()], NASTY, 2);
        case.notes.push(NASTY.to_owned());
        Results::new(vec![case])
    }

    #[test]
    fn text_of_a_target_stays_text() {
        let page = html(&nasty());
        assert_eq!(
            page.matches("<script").count(),
            3,
            "the data, the guides and the code"
        );
        assert_eq!(page.matches("</script>").count(), 3);
        assert!(!page.contains("<!-- "), "a comment could hide the rest");
        let (_, scripts) = page.split_once("<script").unwrap();
        assert!(!scripts.contains('\u{2028}'));
        assert!(!page.contains("@NONCE@") && !page.contains("@STYLE@"));
        assert!(page.contains("&lt;/script&gt;"), "it is shown, too");
    }

    #[test]
    fn the_data_comes_back_as_it_was() {
        let page = html(&nasty());
        let (_, rest) = page
            .split_once("<script type=\"application/json\" id=\"results\">")
            .unwrap();
        let (data, _) = rest.split_once("</script>").unwrap();
        let back: Results = serde_json::from_str(data).unwrap();
        assert_eq!(back.cases, nasty().cases);
    }

    #[test]
    fn nothing_is_fetched() {
        let page = html(&nasty());
        let (_, body) = page.split_once("<head>").unwrap();
        for fetched in [
            " src=",
            "@import",
            "url(",
            "<iframe",
            "<img",
            "<object",
            "fetch(",
            "XMLHttpRequest",
            "innerHTML",
            "eval(",
        ] {
            assert!(!body.contains(fetched), "{fetched}");
        }
        assert!(body.contains("default-src 'none'"));
        let links = body.matches("<link").count();
        assert_eq!(links, 1, "the empty icon alone");
        assert!(body.contains("<link rel=\"icon\" href=\"data:,\">"));
    }
}
