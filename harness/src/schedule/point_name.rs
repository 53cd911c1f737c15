//! Names of injection points.

use crate::facts::Phase;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A point's name, the same in every undisturbed run of a target: `bash>sort:openat(out.txt)#2@exit` is the return of
/// the second `openat` of `out.txt` by any thread of any `sort` that `bash` runs. An asterisk in the argument stands
/// for what differs from run to run.
///
/// Earlier versions numbered processes and threads (`bash/1:sort+t1`); such a name of a stored failure is still found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PointName {
    /// The role: the programs from the target down to the process. In names of earlier versions, the numbered path.
    pub process: String,
    /// Empty. In names of earlier versions, the path of the thread.
    pub thread: String,
    /// The system call.
    pub call: String,
    /// Its argument, empty when it has none that matters.
    pub arg: String,
    /// Which call of this role, name and argument it is, counted over all threads and processes, from 1.
    pub ordinal: u32,
    /// On which side of the call.
    pub phase: Phase,
}

impl fmt::Display for PointName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.process)?;
        if !self.thread.is_empty() {
            write!(f, "+{}", self.thread)?;
        }
        write!(f, ":{}", self.call)?;
        if !self.arg.is_empty() {
            write!(f, "({})", self.arg)?;
        }
        write!(f, "#{}@{}", self.ordinal, self.phase)
    }
}

impl PointName {
    /// Whether two names, learned on two occasions, mean the same point: what
    /// varies may have been learned more or less exactly.
    pub fn same_point(&self, other: &PointName) -> bool {
        (
            &self.process,
            &self.thread,
            &self.call,
            self.ordinal,
            self.phase,
        ) == (
            &other.process,
            &other.thread,
            &other.call,
            other.ordinal,
            other.phase,
        ) && (same_arg(&self.arg, &other.arg) || same_arg(&other.arg, &self.arg))
    }
}

/// Whether an argument is the one that a name means. Hexadecimal components (of
/// object stores, which are named by content and so by time) may differ.
pub(crate) fn same_arg(name: &str, is: &str) -> bool {
    if name == is || arg_matcher(name).is_match(is) {
        return true;
    }
    let (names, parts): (Vec<&str>, Vec<&str>) =
        (name.split('/').collect(), is.split('/').collect());
    let hex = |text: &str| {
        text.len() >= 2
            && text
                .bytes()
                .all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    names.len() == parts.len()
        && names.iter().zip(&parts).all(|(name, part)| {
            arg_matcher(name).is_match(part) || (name.len() == part.len() && hex(name) && hex(part))
        })
}

/// Matches an argument with asterisks in it; everything else in it is literal.
pub(crate) fn arg_matcher(pattern: &str) -> globset::GlobMatcher {
    let escaped: Vec<String> = pattern.split('*').map(globset::escape).collect();
    globset::GlobBuilder::new(&escaped.join("*"))
        .literal_separator(false)
        // It is not escaped, so it must not mean anything.
        .backslash_escape(false)
        .build()
        .expect("an escaped pattern is a valid glob")
        .compile_matcher()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(arg: &str) -> PointName {
        PointName {
            process: "bash/1:sort".into(),
            thread: String::new(),
            call: "openat".into(),
            arg: arg.into(),
            ordinal: 2,
            phase: Phase::Exit,
        }
    }

    #[test]
    fn a_name_says_everything() {
        assert_eq!(
            name("out.txt").to_string(),
            "bash/1:sort:openat(out.txt)#2@exit"
        );
        let mut other = name("");
        other.thread = "t1".into();
        assert_eq!(other.to_string(), "bash/1:sort+t1:openat#2@exit");
    }

    #[test]
    fn what_varies_matches_and_special_characters_are_literal() {
        assert!(name("sed*").same_point(&name("sedA*")));
        assert!(!name("sed*").same_point(&name("cp*")));
        assert!(same_arg(
            ".git/objects/26/tmp_obj_*",
            ".git/objects/d3/tmp_obj_Ab1"
        ));
        assert!(!same_arg(
            ".git/objects/26/tmp_obj_*",
            ".git/refs/26/tmp_obj_Ab1"
        ));
        assert!(arg_matcher("a[1]{x}?").is_match("a[1]{x}?"));
        assert!(!arg_matcher("a[1]").is_match("a1"));
        assert!(arg_matcher("dir\\").is_match("dir\\"));
        assert!(arg_matcher("a\\*").is_match("a\\b"));
        assert!(arg_matcher("$TMPDIR/*/x").is_match("$TMPDIR/ab/cd/x"));
    }
}
