//! Findings of one kind: the same oracle says the same of one path after another. A program that writes a hundred files
//! in the same careless way has one thing to be mended, and is told one thing.

use super::text::{count, plural};
use super::writer::{Style, TerminalWriter};
use crate::session::Finding;
use std::collections::BTreeMap;

/// Fewer are told one by one.
const GROUP_MIN: usize = 3;
/// Subjects that are named.
const NAMED_MAX: usize = 6;

/// Findings that are told together: the one that shows first, and the others of its kind.
pub(crate) struct Group<'a> {
    pub(crate) first: &'a Finding,
    pub(crate) others: Vec<&'a Finding>,
}

/// Puts findings together, in the order of their first ones.
pub(crate) fn kinds<'a>(findings: impl Iterator<Item = &'a Finding>) -> Vec<Group<'a>> {
    let findings: Vec<&Finding> = findings.collect();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    for finding in &findings {
        *sizes.entry(key(finding)).or_default() += 1;
    }
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut kinds: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        let key = key(finding);
        match places.get(&key) {
            Some(&place) if sizes[&key] >= GROUP_MIN => kinds[place].others.push(finding),
            _ => {
                places.insert(key, kinds.len());
                kinds.push(Group::of_one(finding));
            }
        }
    }
    for kind in &mut kinds {
        // The earliest speaks for all.
        for other in &mut kind.others {
            if place(other) < place(kind.first) {
                std::mem::swap(&mut kind.first, other);
            }
        }
    }
    kinds
}

/// The place of the first point where it shows.
fn place(finding: &Finding) -> Option<usize> {
    let stored = || finding.points.iter().min();
    finding.places.iter().min().or_else(stored).copied()
}

/// What is said, without what it is said of, and without numbers.
fn key(finding: &Finding) -> String {
    let text = finding.text.lines().next().unwrap_or_default();
    let text = without(text, &finding.subject);
    let (flaky, unconfirmed) = (finding.flaky, finding.unconfirmed);
    let mut key = format!("{} {flaky} {unconfirmed} ", finding.oracle);
    for character in text.chars() {
        match character {
            '0'..='9' if key.ends_with('#') => {}
            '0'..='9' => key.push('#'),
            other => key.push(other),
        }
    }
    key
}

/// Without a subject wherever it stands as a word: a file `e` is not part of every `file`.
fn without(text: &str, subject: &str) -> String {
    let is_part = |character: Option<char>| character.is_some_and(char::is_alphanumeric);
    let mut rest = text;
    let mut kept = String::new();
    while let Some(at) = (!subject.is_empty()).then(|| rest.find(subject)).flatten() {
        let (before, after) = (&rest[..at], &rest[at + subject.len()..]);
        let left = before.chars().next_back().or(kept.chars().next_back());
        kept.push_str(before);
        let alone = !is_part(left) && !is_part(after.chars().next());
        kept.push_str(if alone { "…" } else { subject });
        rest = after;
    }
    kept + rest
}

impl<'a> Group<'a> {
    /// A finding by itself.
    pub(crate) fn of_one(finding: &'a Finding) -> Group<'a> {
        Group {
            first: finding,
            others: Vec::new(),
        }
    }

    /// `and 11 more of the kind: a, b, c, …`; nothing for one that is alone.
    pub(crate) fn words(&self) -> Option<String> {
        let named: Vec<&str> = self
            .others
            .iter()
            .take(NAMED_MAX)
            .map(|finding| finding.subject.as_str())
            .collect();
        let more = if self.others.len() > named.len() {
            ", …"
        } else {
            ""
        };
        (!named.is_empty()).then(|| {
            format!(
                "and {} more of the kind: {}{more}",
                self.others.len(),
                named.join(", ")
            )
        })
    }

    /// The same as a paragraph of its own.
    pub(crate) fn show(&self, out: &mut TerminalWriter, indent: usize) {
        if let Some(words) = self.words() {
            out.item(indent, (Style::Plain, ""), Style::Plain, &words);
        }
    }
}

/// `22 findings`, or `22 findings of 4 kinds`.
pub(crate) fn counted(findings: usize, kinds: usize) -> String {
    let noun = plural(findings);
    if kinds < findings {
        let kinds = count(kinds, "kind");
        format!("{findings} {noun} of {kinds}")
    } else {
        format!("{findings} {noun}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(oracle: &str, path: &str, text: String, flaky: bool) -> Finding {
        Finding {
            oracle: oracle.to_owned(),
            subject: path.to_owned(),
            text,
            flaky,
            ..Finding::default()
        }
    }

    fn left(path: &str, bytes: usize) -> Finding {
        let text = format!("{path} (file, {bytes} bytes) is left behind");
        finding("leftovers", path, text, false)
    }

    #[test]
    fn what_differs_in_path_and_size_is_of_one_kind() {
        let torn = finding("old-or-new", "out", "out is torn".into(), false);
        let flaky = finding(
            "leftovers",
            "f",
            "f (file, 1 bytes) is left behind".into(),
            true,
        );
        let all = [left("a", 1), torn, left("b/a", 20), flaky, left("c", 300)];
        let kinds = kinds(all.iter());
        let first: Vec<&str> = kinds
            .iter()
            .map(|kind| kind.first.subject.as_str())
            .collect();
        assert_eq!(first, ["a", "out", "f"]);
        let words = kinds[0].words();
        assert_eq!(words.as_deref(), Some("and 2 more of the kind: b/a, c"));
        assert!(kinds[1].words().is_none() && kinds[2].words().is_none());
        assert_eq!(counted(5, 3), "5 findings of 3 kinds");
    }

    #[test]
    fn two_are_told_one_by_one() {
        let all = [left("a", 1), left("b", 2)];
        assert_eq!(kinds(all.iter()).len(), 2);
        assert_eq!(counted(2, 2), "2 findings");
    }

    #[test]
    fn many_names_are_cut() {
        let paths = ["a", "b", "c", "d", "e", "f", "g", "h", "i"];
        let all: Vec<Finding> = paths.iter().map(|path| left(path, 1)).collect();
        let kinds = kinds(all.iter());
        let words = kinds[0].words();
        assert_eq!(
            words.as_deref(),
            Some("and 8 more of the kind: b, c, d, e, f, g, …")
        );
    }
}
