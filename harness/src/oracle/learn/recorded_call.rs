//! The calls of several recordings, each with what its argument has in common with the same call in the others.
//!
//! Threads and processes that run side by side make their calls in another order each time. So calls are matched by
//! what they do and where in the code, never by who makes them: first those with the same argument, then those whose
//! arguments have the same shape, then what is left in the order in which it comes. Of two paths that vary, the
//! directory tells more than the name: files with random names in two directories are never taken for each other.

use super::argument_shape::{common, directories};
use crate::facts::{RawPoint, Run, code_of_stack, counted_argument, path_shape};
use std::collections::{BTreeSet, HashMap, HashSet};

/// A call of one recording.
#[derive(Debug, Clone)]
pub(crate) struct RecordedCall<'a> {
    /// Its place in the recording.
    pub(crate) order: usize,
    pub(crate) raw: &'a RawPoint,
    /// A hash of the code that makes it; `None` where the stack could not be read.
    pub(crate) code: Option<u64>,
    /// The argument, with asterisks for what varies from recording to recording.
    pub(crate) arg: String,
    /// The same, as calls are counted by it.
    pub(crate) counted: String,
    /// Every recording has it.
    pub(crate) steady: bool,
    /// The how-manieth call of its name and argument, from 1.
    pub(crate) ordinal: u32,
    /// The how-manieth call that looks like it, from 1 (see [`crate::facts::PointKey::nth`]).
    pub(crate) nth: u32,
    /// Calls from other code look the same, so that the code has to be compared.
    pub(crate) by_code: bool,
}

/// The calls of each recording, aligned.
pub(crate) fn aligned<'a>(recordings: &[&'a Run]) -> Vec<Vec<RecordedCall<'a>>> {
    let mut lists: Vec<Vec<RecordedCall<'a>>> = recordings.iter().map(|run| calls(run)).collect();
    let parallel = recordings.iter().any(|run| run.parallel);
    align(&mut lists, parallel);
    let ambiguous = if parallel {
        with_several_codes(&lists)
    } else {
        HashSet::new()
    };
    for list in &mut lists {
        count(list, &ambiguous);
    }
    lists
}

fn calls(run: &Run) -> Vec<RecordedCall<'_>> {
    let codes: Vec<Option<u64>> = run
        .stacks
        .lists
        .iter()
        .map(|list| {
            let frames = list
                .iter()
                .filter_map(|frame| run.stacks.frames.get(*frame as usize));
            Some(code_of_stack(frames))
        })
        .collect();
    let code_of = |order: usize| -> Option<u64> {
        let list = run.stacks.of_points.get(order).copied().flatten()?;
        codes.get(list as usize).copied().flatten()
    };
    let mut restarts = Restarts::default();
    run.points
        .iter()
        .enumerate()
        .filter(|(_, raw)| !restarts.is_restart(raw))
        .map(|(order, raw)| RecordedCall {
            order,
            raw,
            code: code_of(order),
            arg: raw.arg.clone(),
            counted: counted_argument(&raw.arg),
            steady: true,
            ordinal: 0,
            nth: 0,
            by_code: false,
        })
        .collect()
}

/// Calls that a signal interrupts and the kernel makes again: one call, seen twice. (`pause` and its kind, 514, are
/// never made again.)
#[derive(Default)]
struct Restarts<'a> {
    interrupted: HashMap<(&'a str, &'a str), (u32, u64)>,
}

impl<'a> Restarts<'a> {
    /// Whether this is a call that was seen already.
    fn is_restart(&mut self, raw: &'a RawPoint) -> bool {
        let thread = (raw.process.as_str(), raw.thread.as_str());
        let here = (raw.number, raw.ip);
        let again = self.interrupted.get(&thread) == Some(&here) || raw.call == "restart_syscall";
        if again {
            self.interrupted.remove(&thread);
        }
        if matches!(raw.returned, Some(-516 | -513 | -512)) {
            self.interrupted.insert(thread, here);
        }
        again
    }
}

/// Who makes which call where: what can be matched at all.
type Group<'a> = (&'a str, &'a str, u64);

fn group<'a>(call: &RecordedCall<'a>) -> Group<'a> {
    (&call.raw.role, &call.raw.call, call.raw.ip)
}

fn align(lists: &mut [Vec<RecordedCall<'_>>], parallel: bool) {
    if lists.len() < 2 {
        return;
    }
    for call in lists.iter_mut().flatten() {
        call.steady = false;
    }
    match_by(lists, parallel, Counts::Any, |call| {
        (group(call), call.raw.arg.clone())
    });
    for counts in [Counts::Equal, Counts::Any] {
        match_by(lists, parallel, counts, |call| {
            let arg = &call.raw.arg;
            (group(call), directories(arg), path_shape(arg))
        });
        match_by(lists, parallel, counts, |call| {
            (group(call), directories(&call.raw.arg), call.code)
        });
        match_by(lists, parallel, counts, |call| {
            (group(call), path_shape(&call.raw.arg))
        });
        match_by(lists, parallel, counts, |call| (group(call), call.code));
    }
}

/// Which groups of calls are matched by their order.
#[derive(Clone, Copy, PartialEq)]
enum Counts {
    /// Those that have as many calls in every recording. One random name in a hundred has letters of one kind alone,
    /// and with them the shape of a word: then a group lacks a call, and the ones behind it would be taken for the ones
    /// before them.
    Equal,
    /// All, with as many as every recording has.
    Any,
}

/// Matches the calls that agree in `key` and are not matched yet, in order; what is left over stays as it is.
fn match_by<'a, K: std::hash::Hash + Eq>(
    lists: &mut [Vec<RecordedCall<'a>>],
    parallel: bool,
    counts: Counts,
    key: impl Fn(&RecordedCall<'a>) -> K,
) {
    let mut groups: HashMap<K, Vec<Vec<usize>>> = HashMap::new();
    for (recording, list) in lists.iter().enumerate() {
        for (place, call) in list.iter().enumerate().filter(|(_, call)| !call.steady) {
            let members = groups
                .entry(key(call))
                .or_insert_with(|| vec![Vec::new(); lists.len()]);
            members[recording].push(place);
        }
    }
    for members in groups.into_values() {
        let matched = members.iter().map(Vec::len).min().unwrap_or(0);
        if counts == Counts::Equal && members.iter().any(|calls| calls.len() != matched) {
            continue;
        }
        if parallel {
            // One pattern for all of them: which of them comes first is another one each time.
            let shared = shared(lists, &members);
            settle(lists, &members, 0..matched, &shared);
        } else {
            for position in 0..matched {
                let row: Vec<Vec<usize>> = members
                    .iter()
                    .map(|places| vec![places[position]])
                    .collect();
                let shared = shared(lists, &row);
                settle(lists, &row, 0..1, &shared);
            }
        }
    }
}

/// What the arguments of these calls have in common, as written and as counted.
fn shared(lists: &[Vec<RecordedCall<'_>>], members: &[Vec<usize>]) -> (String, String) {
    let calls = || {
        let all = members.iter().enumerate();
        all.flat_map(|(recording, places)| {
            places.iter().map(move |place| &lists[recording][*place])
        })
    };
    let fold = |args: &mut dyn Iterator<Item = &String>| {
        let first = args.next().cloned().unwrap_or_default();
        args.fold(first, |shared, arg| {
            if shared == *arg {
                shared
            } else {
                common(&shared, arg)
            }
        })
    };
    (
        fold(&mut calls().map(|call| &call.arg)),
        fold(&mut calls().map(|call| &call.counted)),
    )
}

fn settle(
    lists: &mut [Vec<RecordedCall<'_>>],
    members: &[Vec<usize>],
    positions: std::ops::Range<usize>,
    (arg, counted): &(String, String),
) {
    for (recording, places) in members.iter().enumerate() {
        for place in &places[positions.clone()] {
            let call = &mut lists[recording][*place];
            call.arg.clone_from(arg);
            call.counted.clone_from(counted);
            call.steady = true;
        }
    }
}

/// Role, instruction and argument: what calls are counted by.
type Counted = (String, u64, String);

/// Calls that are made from several places in the code, the same ones in every recording: only then does the code tell
/// them apart, and tell the same each time. (An interpreter that adapts comes by another way now and then.)
fn with_several_codes(lists: &[Vec<RecordedCall<'_>>]) -> HashSet<Counted> {
    let mut recordings = lists.iter().map(|list| {
        let mut codes: HashMap<Counted, BTreeSet<Option<u64>>> = HashMap::new();
        for call in list {
            codes.entry(counted(call)).or_default().insert(call.code);
        }
        codes
    });
    let mut known = recordings.next().unwrap_or_default();
    known.retain(|_, codes| codes.len() > 1 && !codes.contains(&None));
    for other in recordings {
        known.retain(|key, codes| other.get(key) == Some(codes));
    }
    known.into_keys().collect()
}

fn counted(call: &RecordedCall<'_>) -> Counted {
    (call.raw.role.clone(), call.raw.ip, call.counted.clone())
}

/// An instruction that makes a call, by the role of the process: role, number and address.
type Instruction<'a> = (&'a str, u32, u64);

/// Numbers the calls as a run is going to count them.
fn count(list: &mut [RecordedCall<'_>], ambiguous: &HashSet<Counted>) {
    // Patterns with asterisks count calls that have a name of their own as well.
    let mut patterns: HashMap<Instruction<'_>, Vec<String>> = HashMap::new();
    for call in list.iter().filter(|call| call.counted.contains('*')) {
        let place = (call.raw.role.as_str(), call.raw.number, call.raw.ip);
        let known = patterns.entry(place).or_default();
        if !known.contains(&call.counted) {
            known.push(call.counted.clone());
        }
    }
    let matchers: HashMap<Instruction<'_>, Vec<(String, globset::GlobMatcher)>> = patterns
        .into_iter()
        .map(|(place, patterns)| {
            let matchers = patterns
                .into_iter()
                .map(|pattern| {
                    let matcher = crate::schedule::arg_matcher(&pattern);
                    (pattern, matcher)
                })
                .collect();
            (place, matchers)
        })
        .collect();
    let mut met: HashMap<(Instruction<'_>, bool, String, Option<u64>), u32> = HashMap::new();
    let mut ordinals: HashMap<(&str, &str, String), u32> = HashMap::new();
    for call in list.iter_mut() {
        let raw = call.raw;
        let place = (raw.role.as_str(), raw.number, raw.ip);
        let is = counted_argument(&raw.arg);
        let mut met_by = |pattern: &str, code: Option<u64>| {
            let key = (place, raw.effect, pattern.to_owned(), code);
            let met = met.entry(key).or_default();
            *met += 1;
            *met
        };
        let (mut plain, mut with_code) = (0, 0);
        let mut matched = false;
        for (pattern, matcher) in matchers.get(&place).into_iter().flatten() {
            if matcher.is_match(&is) {
                let counts = (met_by(pattern, None), met_by(pattern, call.code));
                if *pattern == call.counted {
                    (plain, with_code) = counts;
                    matched = true;
                }
            }
        }
        if !matched || is == call.counted {
            (plain, with_code) = (met_by(&is, None), met_by(&is, call.code));
        }
        call.by_code = ambiguous.contains(&counted(call));
        call.nth = if call.by_code { with_code } else { plain };
        let ordinal = ordinals
            .entry((raw.role.as_str(), raw.call.as_str(), call.arg.clone()))
            .or_default();
        *ordinal += 1;
        call.ordinal = *ordinal;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Frame, Stacks};

    /// A run that opens these paths, each from the code at this address.
    fn recording(paths: &[(&str, u64)]) -> Run {
        let point = |(path, _): &(&str, u64)| RawPoint {
            call: "openat".to_owned(),
            arg: (*path).to_owned(),
            ..RawPoint::default()
        };
        let frame = |(_, offset): &(&str, u64)| Frame {
            offset: *offset,
            ..Frame::default()
        };
        let places = 0..paths.len() as u32;
        Run {
            points: paths.iter().map(point).collect(),
            stacks: Stacks {
                frames: paths.iter().map(frame).collect(),
                lists: places.clone().map(|place| vec![place]).collect(),
                of_points: places.map(Some).collect(),
            },
            ..Run::default()
        }
    }

    /// The name of each call and which of that name it is, or nothing where not every recording has it.
    fn names(recordings: &[Run]) -> Vec<Vec<Option<(String, u32)>>> {
        let recordings: Vec<&Run> = recordings.iter().collect();
        let name = |call: RecordedCall<'_>| call.steady.then_some((call.arg, call.ordinal));
        let lists = aligned(&recordings).into_iter();
        lists
            .map(|list| list.into_iter().map(name).collect())
            .collect()
    }

    fn named(name: &str, ordinal: u32) -> Option<(String, u32)> {
        Some((name.to_owned(), ordinal))
    }

    /// `abcdef` is a random name, too, although it does not look like one.
    #[test]
    fn a_random_name_that_looks_like_a_word_is_one_still() {
        let mut recordings = [
            recording(&[("o/07/aB3dEf", 1), ("o/07/abcdef", 2), ("o/ae/Xy1zAb", 1)]),
            recording(&[("o/07/qwerty", 1), ("o/07/pQr5Tu", 2), ("o/ae/U7iOp8", 1)]),
            recording(&[("o/07/8sDfGh", 1), ("o/07/9hJkLm", 2), ("o/ae/zxcvbn", 1)]),
        ];
        let expected = vec![named("o/07/*", 1), named("o/07/*", 2), named("o/ae/*", 1)];
        for parallel in [false, true] {
            recordings[0].parallel = parallel;
            assert_eq!(names(&recordings), vec![expected.clone(); 3], "{parallel}");
        }
    }

    #[test]
    fn a_random_directory_is_matched_by_what_lies_in_it() {
        let recordings = [
            recording(&[("tmp/aB3dEf/x", 1), ("tmp/aB3dEf/y", 1)]),
            recording(&[("tmp/abcdef/x", 1), ("tmp/abcdef/y", 1)]),
        ];
        let expected = vec![named("tmp/*/x", 1), named("tmp/*/y", 1)];
        assert_eq!(names(&recordings), vec![expected; 2]);
    }

    #[test]
    fn what_one_recording_has_more_of_is_not_steady() {
        let recordings = [
            recording(&[("tmp.aB3dEf", 1), ("tmp.gH4iJk", 1)]),
            recording(&[("tmp.Xy1zAb", 1)]),
        ];
        let one = named("tmp.*", 1);
        assert_eq!(names(&recordings), vec![vec![one.clone(), None], vec![one]]);
    }
}
