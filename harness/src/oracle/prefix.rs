//! Outputs that may be cut short: what a prefix of a finished output is.

use crate::facts::{Entry, EntryKind, text_shape};
use crate::schedule::{ParseError, check_glob};
use std::collections::BTreeMap;
use xxhash_rust::xxh3::xxh3_64;

/// How an output may be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PrefixKind {
    /// After any byte.
    Bytes,
    /// After whole lines, in order.
    Lines,
    /// Whole lines in any order, none of them twice.
    Set,
    /// After a multiple of so many bytes.
    Blocks(u64),
}

/// Outputs that may be cut, and how: `[KIND:]GLOB`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrefixRule {
    pub(crate) kind: PrefixKind,
    pub(crate) glob: String,
}

impl PrefixRule {
    /// Reads `out.log`, `bytes:out.bin`, `lines:out.log`, `set:out.log`, `blocks=512:data`.
    ///
    /// # Errors
    /// A bad glob, or blocks of no length.
    pub(crate) fn parse(text: &str) -> Result<PrefixRule, ParseError> {
        let (kind, glob) = match text.split_once(':') {
            Some(("bytes", glob)) => (PrefixKind::Bytes, glob),
            Some(("lines", glob)) => (PrefixKind::Lines, glob),
            Some(("set", glob)) => (PrefixKind::Set, glob),
            Some((word, glob)) if word.starts_with("blocks=") => {
                let length = word.trim_start_matches("blocks=").parse();
                let Ok(length @ 1..) = length else {
                    return Err(
                        ParseError::new(format!("{text}: {word} is no length of a block"))
                            .hint("write a number of bytes, such as blocks=512:data.bin"),
                    );
                };
                (PrefixKind::Blocks(length), glob)
            }
            _ => (PrefixKind::Lines, text),
        };
        check_glob(glob)?;
        Ok(PrefixRule {
            kind,
            glob: glob.to_owned(),
        })
    }
}

/// What is wrong with an output that may be cut: `is` is what a run left, `before` what there was at the start,
/// `finished` what undisturbed runs leave. `None` when it is a prefix.
pub(crate) fn not_a_prefix(
    kind: PrefixKind,
    is: &[u8],
    before: Option<&Entry>,
    finished: &[&[u8]],
) -> Option<String> {
    if lost_the_old(is, before, finished) {
        return Some("what was there before is not there any more".to_owned());
    }
    let whole = finished.contains(&is);
    let ends_well = |is: &[u8]| match kind {
        PrefixKind::Bytes => true,
        PrefixKind::Lines | PrefixKind::Set => is.is_empty() || is.ends_with(b"\n"),
        PrefixKind::Blocks(length) => (is.len() as u64).is_multiple_of(length),
    };
    if !whole && !ends_well(is) {
        return Some(match kind {
            PrefixKind::Blocks(length) => {
                format!("{} bytes are no multiple of {length}", is.len())
            }
            _ => format!("its last line is cut: {:?}", last_line(is)),
        });
    }
    if kind != PrefixKind::Set && finished.iter().any(|finished| finished.starts_with(is)) {
        return None;
    }
    let varies = finished.windows(2).any(|pair| pair[0] != pair[1]);
    if let (PrefixKind::Blocks(_), true) = (kind, varies) {
        // Nothing is known of blocks whose content differs from run to run but how many there are.
        let longest = finished.iter().map(|finished| finished.len()).max();
        return (Some(is.len()) > longest)
            .then(|| "it is longer than a finished run leaves it".to_owned());
    }
    let shown = |text: &[u8]| shapes(text, varies);
    let is_lines = shown(match kind {
        // The last line may be a part of one.
        PrefixKind::Bytes if varies => whole_lines(is),
        _ => is,
    });
    if kind == PrefixKind::Set {
        return not_a_subset(
            &is_lines,
            &finished.iter().map(|text| shown(text)).collect::<Vec<_>>(),
        );
    }
    let wrongs = finished
        .iter()
        .map(|finished| first_wrong(&is_lines, &shown(finished)));
    // The one that it is most like tells most.
    let best = wrongs.max_by_key(|wrong| wrong.as_ref().map_or(usize::MAX, |(line, _)| *line));
    best.flatten().map(|(_, words)| words)
}

/// Whether an output that is appended to has lost what was in it. One that a finished run replaces has not.
fn lost_the_old(is: &[u8], before: Option<&Entry>, finished: &[&[u8]]) -> bool {
    let Some(before) = before.filter(|before| before.kind == EntryKind::File && before.size > 0)
    else {
        return false;
    };
    let begins_with_it = |text: &[u8]| {
        let length = usize::try_from(before.size).unwrap_or(usize::MAX);
        text.get(..length)
            .is_some_and(|start| xxh3_64(start) == before.hash)
    };
    finished.iter().all(|finished| begins_with_it(finished)) && !begins_with_it(is)
}

fn whole_lines(text: &[u8]) -> &[u8] {
    let end = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    &text[..end]
}

fn last_line(text: &[u8]) -> String {
    let start = text
        .iter()
        .rposition(|byte| *byte == b'\n')
        .map_or(0, |at| at + 1);
    shortened(&String::from_utf8_lossy(&text[start..]))
}

/// The lines, by their shape where they differ from run to run.
fn shapes(text: &[u8], varies: bool) -> Vec<String> {
    let text = String::from_utf8_lossy(text);
    let lines = text.lines();
    match varies {
        true => lines.map(text_shape).collect(),
        false => lines.map(str::to_owned).collect(),
    }
}

/// The first line (from 0) that is not as in a finished output.
fn first_wrong(is: &[String], finished: &[String]) -> Option<(usize, String)> {
    let at = is
        .iter()
        .enumerate()
        .position(|(at, line)| finished.get(at) != Some(line))?;
    let words = match finished.get(at) {
        Some(wanted) => format!(
            "line {} is {:?} instead of {:?}",
            at + 1,
            shortened(&is[at]),
            shortened(wanted)
        ),
        None => format!(
            "it goes on after the end of a finished one, with {:?}",
            shortened(&is[at])
        ),
    };
    Some((at, words))
}

/// The first line that no finished output has, or not so often.
fn not_a_subset(is: &[String], finished: &[Vec<String>]) -> Option<String> {
    let mut most: BTreeMap<&String, usize> = BTreeMap::new();
    for lines in finished {
        let mut counts: BTreeMap<&String, usize> = BTreeMap::new();
        for line in lines {
            *counts.entry(line).or_default() += 1;
        }
        for (line, count) in counts {
            let known = most.entry(line).or_default();
            *known = (*known).max(count);
        }
    }
    let mut seen: BTreeMap<&String, usize> = BTreeMap::new();
    for line in is {
        let times = seen.entry(line).or_default();
        *times += 1;
        match most.get(line) {
            None => return Some(format!("no finished run writes {:?}", shortened(line))),
            Some(allowed) if *times > *allowed => {
                return Some(format!("{:?} is in it {times} times", shortened(line)));
            }
            Some(_) => {}
        }
    }
    None
}

fn shortened(line: &str) -> String {
    const CHARS_MAX: usize = 60;
    match line.char_indices().nth(CHARS_MAX) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINISHED: &[u8] = b"one\ntwo\nthree\n";

    fn wrong(kind: PrefixKind, is: &[u8]) -> Option<String> {
        not_a_prefix(kind, is, None, &[FINISHED, FINISHED])
    }

    #[test]
    fn each_kind_has_cuts_that_are_right_and_wrong() {
        use PrefixKind::{Blocks, Bytes, Lines, Set};
        for (kind, is, right) in [
            (Bytes, &b"one\ntw"[..], true),
            (Bytes, b"one\ntx", false),
            (Bytes, b"", true),
            (Lines, b"one\ntwo\n", true),
            (Lines, b"one\ntw", false),
            (Lines, b"one\none\n", false),
            (Lines, b"two\none\n", false),
            (Lines, b"one\ntwo\nthree\nfour\n", false),
            (Set, b"three\none\n", true),
            (Set, b"three\nthree\n", false),
            (Set, b"three\non", false),
            (Blocks(4), b"one\n", true),
            (Blocks(4), b"one\nt", false),
            (Blocks(4), b"xxxx", false),
        ] {
            let found = wrong(kind, is);
            assert_eq!(found.is_none(), right, "{kind:?} {is:?}: {found:?}");
        }
    }

    #[test]
    fn what_was_there_before_must_stay() {
        let old = b"zero\n";
        let before = Entry {
            kind: EntryKind::File,
            mode: 0o644,
            size: old.len() as u64,
            hash: xxh3_64(old),
            shape: 0,
        };
        let appended: &[u8] = b"zero\none\n";
        let wrong = |is: &[u8], finished: &[u8]| {
            not_a_prefix(PrefixKind::Lines, is, Some(&before), &[finished])
        };
        assert_eq!(wrong(b"zero\n", appended), None);
        assert!(wrong(b"", appended).is_some());
        // It is written anew each time.
        assert_eq!(wrong(b"", b"one\ntwo\n"), None);
    }

    #[test]
    fn where_content_varies_the_shape_of_lines_counts() {
        let finished: [&[u8]; 2] = [b"10:01 begin\n10:02 end\n", b"11:31 begin\n11:32 end\n"];
        let wrong = |is: &[u8]| not_a_prefix(PrefixKind::Lines, is, None, &finished);
        assert_eq!(wrong(b"12:00 begin\n"), None);
        assert!(wrong(b"12:00 end\n").is_some());
        assert!(wrong(b"12:00 begin\n12:00 begin\n").is_some());
    }

    #[test]
    fn a_rule_names_its_kind() {
        for (text, kind, glob) in [
            ("out.log", PrefixKind::Lines, "out.log"),
            ("bytes:out", PrefixKind::Bytes, "out"),
            ("set:*.log", PrefixKind::Set, "*.log"),
            ("blocks=512:data", PrefixKind::Blocks(512), "data"),
            ("other:x", PrefixKind::Lines, "other:x"),
        ] {
            let rule = PrefixRule::parse(text).expect(text);
            assert_eq!((rule.kind, rule.glob.as_str()), (kind, glob), "{text}");
        }
        assert!(PrefixRule::parse("blocks=0:x").is_err());
        assert!(PrefixRule::parse("lines:a[").is_err());
    }
}
