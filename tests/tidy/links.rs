//! Links in the documentation lead somewhere, for those who read the files and for those who read the book.
//!
//! The book is `docs/`: nothing outside of it is there, so its pages link to each other only, and its contents, the
//! page `SUMMARY.md`, have every page.

use crate::rules::Violation;
use crate::source::Source;
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use std::collections::{BTreeMap, BTreeSet};

/// The directory of the book.
const BOOK: &str = "docs/";
/// Its table of contents.
const CONTENTS: &str = "docs/SUMMARY.md";

/// What a page offers and asks for.
#[derive(Default)]
struct Page {
    /// The headings, as a part of an address.
    anchors: BTreeSet<String>,
    /// Line and address.
    links: Vec<(usize, String)>,
}

impl Page {
    fn of(text: &str) -> Self {
        let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
        let mut page = Self::default();
        let mut heading: Option<String> = None;
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
            match event {
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    let line = 1 + text[..range.start].matches('\n').count();
                    page.links.push((line, dest_url.into_string()));
                }
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => {
                    let anchor = anchor(&heading.take().unwrap_or_default());
                    let before = times.entry(anchor.clone()).or_default();
                    page.anchors.insert(match before {
                        0 => anchor,
                        _ => format!("{anchor}-{before}"),
                    });
                    *before += 1;
                }
                Event::Text(words) | Event::Code(words) => {
                    heading
                        .iter_mut()
                        .for_each(|heading| heading.push_str(&words));
                }
                _ => {}
            }
        }
        page
    }
}

/// How a heading is addressed, in the book and where the files are browsed.
fn anchor(heading: &str) -> String {
    let kept = heading
        .trim()
        .chars()
        .filter_map(|character| match character {
            '-' | '_' => Some(character),
            _ if character.is_whitespace() => Some('-'),
            _ => character.is_alphanumeric().then_some(character),
        });
    kept.flat_map(char::to_lowercase).collect()
}

/// The path that a link on `page` leads to; `None` if that is outside of the repository.
fn resolved(page: &str, link: &str) -> Option<String> {
    if link.is_empty() {
        return Some(page.to_owned());
    }
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            name => parts.push(name),
        }
    }
    Some(parts.join("/"))
}

fn is_elsewhere(link: &str) -> bool {
    // An item of a page that rustdoc includes is rustdoc's to find.
    link.contains("://") || link.starts_with("mailto:") || link.starts_with("crate::")
}

/// What is wrong with a link from `page`; `exists` tells of paths that are no page.
fn objection(
    page: &str,
    link: &str,
    pages: &BTreeMap<&str, Page>,
    exists: &impl Fn(&str) -> bool,
) -> Option<String> {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let Some(path) = resolved(page, file) else {
        return Some(format!("{link} leads out of the repository"));
    };
    if page.starts_with(BOOK) && !path.starts_with(BOOK) {
        return Some(format!("{link} leads out of the book"));
    }
    let Some(target) = pages.get(path.as_str()) else {
        return match (exists(&path), anchor) {
            (false, _) => Some(format!("{link}: there is no {path}")),
            (true, "") => None,
            (true, _) => Some(format!("{link}: {path} is no page and has no headings")),
        };
    };
    let is_there = anchor.is_empty() || target.anchors.contains(anchor);
    (!is_there).then(|| format!("{link}: {path} has no heading {anchor:?}"))
}

/// Every link to a file or heading of the repository leads to one, and the book has every page once.
pub fn links(sources: &[Source], exists: impl Fn(&str) -> bool) -> Vec<(String, Violation)> {
    let pages: BTreeMap<&str, Page> = sources
        .iter()
        .map(|page| (page.path.as_str(), Page::of(&page.text)))
        .collect();
    let mut found = Vec::new();
    for (&path, page) in &pages {
        for (line, link) in page.links.iter().filter(|(_, link)| !is_elsewhere(link)) {
            let message = objection(path, link, &pages, &exists);
            let violation = message.map(|message| Violation {
                line: *line,
                message,
            });
            found.extend(violation.map(|violation| (path.to_owned(), violation)));
        }
    }
    found.extend(contents(&pages));
    found
}

/// Pages of the book that its contents lack or have twice.
fn contents(pages: &BTreeMap<&str, Page>) -> Vec<(String, Violation)> {
    let listed = pages.get(CONTENTS).into_iter().flat_map(|page| &page.links);
    let listed: Vec<String> = listed
        .filter_map(|(_, link)| resolved(CONTENTS, link))
        .collect();
    let is_in_book = |path: &&&str| path.starts_with(BOOK) && **path != CONTENTS;
    let mut found = Vec::new();
    for path in pages.keys().filter(is_in_book) {
        let times = listed.iter().filter(|listed| listed == path).count();
        if times != 1 {
            let message =
                format!("{path} is there {times} times: a page of the book is there once");
            found.push((CONTENTS.to_owned(), Violation { line: 1, message }));
        }
    }
    found
}

#[cfg(test)]
mod planted {
    use super::*;

    fn found(pages: &[(&str, &str)]) -> Vec<String> {
        let sources: Vec<Source> = pages
            .iter()
            .map(|(path, text)| Source {
                path: (*path).to_owned(),
                text: (*text).to_owned(),
            })
            .collect();
        let found = links(&sources, |path| path == "ci/run.sh" || path == "docs/a.svg");
        found
            .iter()
            .map(|(path, violation)| violation.at(path))
            .collect()
    }

    #[test]
    fn links_that_lead_nowhere_are_found() {
        let text = "[a](docs/a.md) [b](docs/b.md)\n`[c](c.md)`\n\n[d](ci/run.sh) [e](ci/fly.sh)\n\n[f]: ../f.md\n[f]\n";
        let said = found(&[
            ("README.md", text),
            ("docs/a.md", "# A"),
            ("docs/SUMMARY.md", "[A](a.md)"),
        ]);
        let expected = [
            "README.md:1: docs/b.md: there is no docs/b.md",
            "README.md:4: ci/fly.sh: there is no ci/fly.sh",
            "README.md:7: ../f.md leads out of the repository",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn headings_that_are_not_there_are_found() {
        let page = "# What `it` is: *A*_b_\n## Twice\n## Twice\n[1](#what-it-is-ab) [2](#twice-1) [3](#twice-2) [4](#what-it-is)\n";
        let said = found(&[
            ("docs/a.md", page),
            (
                "docs/b.md",
                "[a](a.md#twice) [b](a.md#thrice) [c](a.svg#d) ![d](a.svg)",
            ),
            ("docs/SUMMARY.md", "[A](a.md) [B](b.md)"),
        ]);
        assert_eq!(
            said,
            [
                "docs/a.md:4: #twice-2: docs/a.md has no heading \"twice-2\"",
                "docs/a.md:4: #what-it-is: docs/a.md has no heading \"what-it-is\"",
                "docs/b.md:1: a.md#thrice: docs/a.md has no heading \"thrice\"",
                "docs/b.md:1: a.svg#d: docs/a.svg is no page and has no headings",
            ]
        );
    }

    #[test]
    fn a_way_out_of_the_book_and_a_page_that_it_lacks_are_found() {
        let said = found(&[
            ("README.md", "[a](docs/guide/a.md)"),
            (
                "docs/guide/a.md",
                "[run](../../ci/run.sh) [b](../b.md) <https://example.org>",
            ),
            ("docs/b.md", "[readme](../README.md)"),
            ("docs/SUMMARY.md", "[B](b.md) [B](./b.md)"),
        ]);
        assert_eq!(
            said,
            [
                "docs/b.md:1: ../README.md leads out of the book",
                "docs/guide/a.md:1: ../../ci/run.sh leads out of the book",
                "docs/SUMMARY.md:1: docs/b.md is there 2 times: a page of the book is there once",
                "docs/SUMMARY.md:1: docs/guide/a.md is there 0 times: a page of the book is there once",
            ]
        );
    }
}
