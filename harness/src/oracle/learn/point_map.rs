//! The points of a target, from two recordings of it.

use crate::facts::{CallArgument, Phase, PointKey, RawPoint, Run};
use crate::schedule::PointName;
use std::collections::HashMap;

/// A point that a fault can be placed at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Point {
    /// Its name.
    pub name: PointName,
    /// How to find it quickly.
    pub key: PointKey,
    /// It was met in both recordings.
    pub steady: bool,
    /// Nothing had been done yet, and no handler was installed: all such points look alike.
    pub idle: bool,
    /// Place in the order of the recording.
    pub order: usize,
    /// When the recording met it, in nanoseconds.
    pub at_ns: u64,
    /// It can block.
    pub blocks: bool,
    /// The world outside the process has changed by it.
    pub changes: bool,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct PointMap {
    /// In the order of the recording, one for each call and phase.
    pub points: Vec<Point>,
    /// Calls that were met in one recording only.
    pub unsteady: usize,
    /// Calls that were seen and are no points: they failed, or only read.
    pub passed_over: usize,
    /// Paths that differ from run to run, with asterisks.
    pub varying_paths: Vec<String>,
}

/// Which phases are mapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseSelection {
    /// After each call.
    pub exit: bool,
    /// Just before calls that can block.
    pub before_blocking: bool,
    /// Just before every call.
    pub before_all: bool,
    /// Pending when a call that can block begins.
    pub entry: bool,
    /// When any call begins: for faults that happen to the call itself.
    pub entry_all: bool,
}

impl PhaseSelection {
    /// What a sweep does unless told otherwise.
    pub const DEFAULT: PhaseSelection = PhaseSelection {
        exit: true,
        before_blocking: cfg!(target_arch = "x86_64"),
        before_all: false,
        entry: false,
        entry_all: false,
    };

    /// For faults that happen to the call itself: each call once.
    pub const CALLS: PhaseSelection = PhaseSelection {
        exit: false,
        before_blocking: false,
        before_all: false,
        entry: false,
        entry_all: true,
    };
}

impl PointMap {
    /// Names the points of the first recording; the second tells what varies.
    /// `signal` is the one that a handler counts for.
    pub fn new(first: &Run, second: &Run, signal: i32, mapped: PhaseSelection) -> PointMap {
        let others: HashMap<&PointKey, &RawPoint> = second
            .points
            .iter()
            .map(|point| (&point.key, point))
            .collect();
        let mut ordinals: HashMap<(String, String, String, String), u32> = HashMap::new();
        let mut restarts = Restarts::default();
        let mut map = PointMap::default();
        let mut idle = true;
        for (order, raw) in first.points.iter().enumerate() {
            let other = others.get(&raw.key).filter(|other| other.call == raw.call);
            let arg = other.map_or_else(|| raw.arg.clone(), |other| common(&raw.arg, &other.arg));
            let thread = (raw.key.process.clone(), raw.key.thread.clone());
            if restarts.again(&thread, raw) {
                continue;
            }
            let name = (
                raw.key.process.clone(),
                raw.key.thread.clone(),
                raw.call.clone(),
                arg,
            );
            let ordinal = ordinals.entry(name.clone()).or_default();
            *ordinal += 1;
            let acts = raw.changes && raw.returned.is_some_and(|result| result >= 0);
            if acts || raw.installs == Some(signal) {
                idle = false;
            }
            // A call that blocks and was interrupted has waited, which is what matters.
            let failed = raw.returned.is_some_and(|result| result < 0) && !raw.blocks;
            if failed && raw.effect {
                map.passed_over += 1;
                continue;
            }
            if other.is_none() {
                map.unsteady += 1;
            }
            for phase in mapped.phases(raw) {
                map.points.push(Point {
                    name: PointName {
                        process: name.0.clone(),
                        thread: name.1.clone(),
                        call: name.2.clone(),
                        arg: name.3.clone(),
                        ordinal: *ordinal,
                        phase,
                    },
                    key: raw.key.clone(),
                    steady: other.is_some(),
                    idle,
                    order,
                    at_ns: raw.at_ns,
                    blocks: raw.blocks,
                    changes: raw.changes,
                });
            }
        }
        let names = ordinals
            .keys()
            .flat_map(|(_, _, call, arg)| CallArgument::parse(call, arg).parts())
            .filter(|arg| arg.contains('*'));
        map.varying_paths = names.map(str::to_owned).collect();
        map.varying_paths.sort();
        map.varying_paths.dedup();
        map
    }

    /// The point with this name.
    pub fn find(&self, name: &PointName) -> Option<&Point> {
        let mut call = name.clone();
        if let Phase::Later(_) = name.phase {
            // It is found by the call that it comes after.
            call.phase = Phase::Exit;
        }
        let name = &call;
        self.points
            .iter()
            .find(|point| point.name == *name)
            .or_else(|| self.points.iter().find(|point| point.name.same_point(name)))
    }
}

/// Calls that a signal interrupts and the kernel makes again: one call, seen
/// twice. (`pause` and its kind, 514, are never made again.)
#[derive(Default)]
struct Restarts {
    interrupted: HashMap<(String, String), (u32, u64)>,
}

impl Restarts {
    /// Whether this is a call that was seen already.
    fn again(&mut self, thread: &(String, String), raw: &RawPoint) -> bool {
        let here = (raw.key.number, raw.key.ip);
        let again = self.interrupted.get(thread) == Some(&here) || raw.call == "restart_syscall";
        if again {
            self.interrupted.remove(thread);
        }
        if matches!(raw.returned, Some(-516 | -513 | -512)) {
            self.interrupted.insert(thread.clone(), here);
        }
        again
    }
}

impl PhaseSelection {
    fn phases(self, raw: &RawPoint) -> Vec<Phase> {
        let mut phases = Vec::new();
        if self.before_all || (self.before_blocking && raw.blocks) {
            phases.push(Phase::Before);
        }
        if self.entry_all || (self.entry && raw.blocks) {
            phases.push(Phase::Entry);
        }
        if self.exit && raw.returned.is_some() {
            phases.push(Phase::Exit);
        }
        phases
    }
}

/// Whether a random name can have so many characters: `mkstemp` fills six, Python's `tempfile` eight.
fn is_random_length(letters: usize) -> bool {
    letters == 6 || letters >= 8
}

/// What two arguments share, with an asterisk where they differ.
fn common(one: &str, two: &str) -> String {
    if one == two {
        return one.to_owned();
    }
    let (ones, twos): (Vec<&str>, Vec<&str>) = (one.split('/').collect(), two.split('/').collect());
    if ones.len() != twos.len() {
        return "*".to_owned();
    }
    let parts: Vec<String> = ones
        .iter()
        .zip(&twos)
        .map(|(one, two)| common_part(one, two))
        .collect();
    parts.join("/")
}

fn common_part(one: &str, two: &str) -> String {
    if one == two {
        return one.to_owned();
    }
    let (ones, twos): (Vec<char>, Vec<char>) = (one.chars().collect(), two.chars().collect());
    let shorter = ones.len().min(twos.len());
    let suffix = ones
        .iter()
        .rev()
        .zip(twos.iter().rev())
        .take(shorter)
        .take_while(|(a, b)| a == b && !a.is_ascii_alphanumeric() || in_extension(a, b, &ones))
        .count();
    let mut prefix = ones
        .iter()
        .zip(&twos)
        .take(shorter - suffix)
        .take_while(|(a, b)| a == b)
        .count();
    // By chance two random names can begin alike.
    while prefix > 0
        && !is_random_length(ones.len() - suffix - prefix)
        && ones[prefix - 1].is_ascii_alphanumeric()
    {
        prefix -= 1;
    }
    let head: String = ones[..prefix].iter().collect();
    let tail: String = ones[ones.len() - suffix..].iter().collect();
    format!("{head}*{tail}")
}

/// A shared ending counts when it is a file name extension, not by chance.
fn in_extension(a: &char, b: &char, whole: &[char]) -> bool {
    a == b && whole.contains(&'.')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_varies_becomes_an_asterisk() {
        for (one, two, shared) in [
            ("out.txt", "out.txt", "out.txt"),
            ("sedAbCdEf", "sedXyZwQr", "sed*"),
            ("sedAbCdEf", "sedAyZwQr", "sed*"),
            ("tracker-q1234567", "tracker-qabcdefg", "tracker-*"),
            (
                "$TMPDIR/tmp1234abcd/x",
                "$TMPDIR/tmp98zyxw76/x",
                "$TMPDIR/tmp*/x",
            ),
            ("a/b", "a/b/c", "*"),
            ("log.101.tmp", "log.102.tmp", "log.*.tmp"),
        ] {
            assert_eq!(common(one, two), shared, "{one} {two}");
        }
    }
}
