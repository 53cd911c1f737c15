//! What recorded runs did that was not followed, in sentences: what of it leaves something unproven, and what the
//! reader should know.

use crate::facts::{CallArgument, EntryKind, Run, Unfollowed};
use crate::tracer::reason_not_followed;
use std::collections::BTreeMap;

/// The sentences.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct NotFollowed {
    /// A signal can do harm there that was not tried.
    pub(crate) unproven: Vec<String>,
    /// Nothing is known to be missed by it.
    pub(crate) notes: Vec<String>,
}

/// Files, or addresses, that a sentence names.
const NAMES_MAX: usize = 3;

/// Of the recorded runs of one target: what one of them did most often counts.
pub(crate) fn not_followed<'a>(runs: impl Iterator<Item = &'a Run>) -> NotFollowed {
    let mut counts: BTreeMap<&Unfollowed, u64> = BTreeMap::new();
    let mut results = FinishedRuns::default();
    for run in runs {
        for one in &run.unfollowed {
            let most = counts.entry(&one.what).or_default();
            *most = one.count.max(*most);
        }
        results.take(run);
    }
    let mut told = NotFollowed::default();
    let (mut unproven, mut passing, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (what, count) in counts {
        match what {
            Unfollowed::Mapping { path } if results.holds(path) => unproven.push(path.as_str()),
            Unfollowed::Mapping { path } => passing.push(path.as_str()),
            Unfollowed::HandedOver { to } => others.push(to.as_str()),
            _ => told.tell(what, count),
        }
    }
    if !unproven.is_empty() {
        let files = names(&unproven);
        told.unproven.push(format!(
            "what it writes to {files} in memory (a shared mapping) was not followed"
        ));
    }
    if !passing.is_empty() {
        let files = names(&passing);
        told.notes.push(format!(
            "it writes to {files} in memory (a shared mapping), which no finished run leaves behind changed"
        ));
    }
    if !others.is_empty() {
        let addresses = names(&others);
        told.notes.push(format!(
            "it talks to processes that it did not start, at {addresses}: what they do is not followed"
        ));
    }
    told
}

impl NotFollowed {
    fn tell(&mut self, what: &Unfollowed, count: u64) {
        let times = |one: &str, more: &str| match count {
            1 => format!("1 {one}"),
            count => format!("{count} {more}"),
        };
        match what {
            Unfollowed::IoUring => self.unproven.push(match count {
                1 => "1 operation through io_uring was not followed".to_owned(),
                count => format!("{count} operations through io_uring were not followed"),
            }),
            Unfollowed::IoUringPolled => self.unproven.push(
                "operations through io_uring that the kernel looks for by itself were neither followed nor counted"
                    .to_owned(),
            ),
            Unfollowed::OtherArchitecture => self.unproven.push(format!(
                "a program for another architecture made {}, which cannot be followed",
                times("call", "calls")
            )),
            Unfollowed::Untraced => self.unproven.push(format!(
                "it makes {} that cannot be traced (CLONE_UNTRACED)",
                times("child", "children")
            )),
            Unfollowed::IoUringRefused => self.notes.push(
                "it asked for io_uring and was told that there is none (ENOSYS), as its operations cannot be followed; \
                 --io-uring allow lets it through"
                    .to_owned(),
            ),
            Unfollowed::Call { name } => self.notes.push(format!(
                "the call {name} {}: what comes of that is not followed",
                reason_not_followed(name).unwrap_or("acts elsewhere")
            )),
            Unfollowed::UnknownCall { number } => self.notes.push(format!(
                "system call {number} is not known to this version of sigproof, and was not followed"
            )),
            Unfollowed::SharesMemory => self.notes.push(format!(
                "{} memory or open files with its parent for good (clone): a signal to one can change what the other does",
                times("child shares", "children share")
            )),
            Unfollowed::Mapping { .. } | Unfollowed::HandedOver { .. } => {}
        }
    }
}

/// What finished runs leave changed, and what becomes of files on the way there.
#[derive(Default)]
struct FinishedRuns<'a> {
    renames: Vec<(&'a str, &'a str)>,
    left: Vec<&'a str>,
}

impl<'a> FinishedRuns<'a> {
    fn take(&mut self, run: &'a Run) {
        let succeeded = run
            .points
            .iter()
            .filter(|raw| raw.returned.is_some_and(|result| result >= 0));
        for raw in succeeded {
            if let CallArgument::Two { from, to } = CallArgument::parse(&raw.call, &raw.arg) {
                self.renames.push((from, to));
            }
        }
        let files = run.tree.changes.iter().filter(|(_, change)| {
            let after = change.after.as_ref();
            after.is_some_and(|entry| entry.kind == EntryKind::File)
        });
        self.left.extend(files.map(|(path, _)| path.as_str()));
    }

    /// Whether a file is there in the end, changed, under this name or one that it was given later.
    fn holds(&self, path: &str) -> bool {
        let mut names = vec![path];
        let mut next = 0;
        while let Some(name) = names.get(next).copied() {
            if self.left.contains(&name) {
                return true;
            }
            let others = self.renames.iter().filter(|(from, _)| *from == name);
            for (_, to) in others {
                if !names.contains(to) {
                    names.push(to);
                }
            }
            next += 1;
        }
        false
    }
}

fn names(all: &[&str]) -> String {
    let shown = all.iter().take(NAMES_MAX).copied();
    let mut words = shown.collect::<Vec<_>>().join(", ");
    if all.len() > NAMES_MAX {
        words.push_str(&format!(" and {} more", all.len() - NAMES_MAX));
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Change, Entry, RawPoint, UnfollowedCount};

    fn run(unfollowed: &[(Unfollowed, u64)]) -> Run {
        let counts = unfollowed.iter().map(|(what, count)| UnfollowedCount {
            what: what.clone(),
            count: *count,
        });
        Run {
            unfollowed: counts.collect(),
            ..Run::default()
        }
    }

    fn mapping(path: &str) -> (Unfollowed, u64) {
        let path = path.to_owned();
        (Unfollowed::Mapping { path }, 1)
    }

    #[test]
    fn operations_are_counted_by_the_run_that_had_most() {
        let runs = [
            run(&[(Unfollowed::IoUring, 5)]),
            run(&[(Unfollowed::IoUring, 7)]),
        ];
        let told = not_followed(runs.iter());
        assert_eq!(
            told.unproven,
            ["7 operations through io_uring were not followed"]
        );
        assert!(told.notes.is_empty());
    }

    #[test]
    fn a_refusal_and_what_others_do_prove_nothing_less() {
        let to = |to: &str| Unfollowed::HandedOver { to: to.to_owned() };
        let runs = [run(&[
            (Unfollowed::IoUringRefused, 1),
            (to("/run/a"), 1),
            (to("@b"), 2),
        ])];
        let told = not_followed(runs.iter());
        assert!(told.unproven.is_empty());
        assert_eq!(told.notes.len(), 2);
        assert!(told.notes[0].contains("--io-uring allow"));
        assert!(told.notes[1].contains("at /run/a, @b:"));
    }

    #[test]
    fn a_mapped_file_counts_when_it_is_a_result_under_whatever_name() {
        let rename = |from: &str, to: &str| RawPoint {
            call: "rename".into(),
            arg: format!("{from} -> {to}"),
            returned: Some(0),
            ..RawPoint::default()
        };
        let mut run = run(&[mapping("a.tmp"), mapping("lock.shm")]);
        run.points = vec![rename("a.tmp", "b.tmp"), rename("b.tmp", "c")];
        let entry = Entry {
            kind: EntryKind::File,
            mode: 0o644,
            size: 9,
            hash: 1,
            shape: 1,
        };
        let change = Change {
            before: None,
            after: Some(entry),
        };
        run.tree.changes.insert("c".into(), change);
        let told = not_followed([&run].into_iter());
        assert_eq!(told.unproven.len(), 1);
        assert!(told.unproven[0].contains("a.tmp"), "{told:?}");
        assert_eq!(told.notes.len(), 1);
        assert!(told.notes[0].contains("lock.shm"), "{told:?}");
    }
}
