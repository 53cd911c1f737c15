//! Which calls of a recording an interpreter makes before the program that it runs has begun.

use crate::facts::{Frame, Run};
use crate::symbols::runs_program;
use std::collections::HashMap;

/// For each recorded call whether it belongs to the start of an interpreter.
///
/// A process has begun with its program at the first call that the program's own code makes. Where no call shows that,
/// the process runs no interpreter that is known, or a child that only executes something else: neither has a start.
pub(crate) fn start_calls(run: &Run) -> Vec<bool> {
    let shows_program: Vec<bool> = run
        .stacks
        .lists
        .iter()
        .map(|list| {
            let frames: Vec<Frame> = list
                .iter()
                .filter_map(|frame| run.stacks.frames.get(*frame as usize))
                .filter(|frame| frame.interpreted)
                .cloned()
                .collect();
            runs_program(&frames)
        })
        .collect();
    let shows = |order: usize| {
        let list = run.stacks.of_points.get(order).copied().flatten();
        list.and_then(|list| shows_program.get(list as usize))
            .is_some_and(|shows| *shows)
    };
    let mut begun: HashMap<&str, usize> = HashMap::new();
    for (order, raw) in run.points.iter().enumerate() {
        if shows(order) {
            begun.entry(&raw.process).or_insert(order);
        }
    }
    run.points
        .iter()
        .enumerate()
        .map(|(order, raw)| {
            begun
                .get(raw.process.as_str())
                .is_some_and(|first| order < *first)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{RawPoint, Stacks};

    #[test]
    fn a_start_ends_with_the_first_call_of_the_program() {
        let frame = |module: &str, interpreted| Frame {
            module: module.into(),
            function: Some("f".into()),
            interpreted,
            ..Frame::default()
        };
        let point = |process: &str| RawPoint {
            process: process.into(),
            ..RawPoint::default()
        };
        let run = Run {
            points: ["python3", "python3", "sort", "python3", "python3"]
                .map(point)
                .to_vec(),
            stacks: Stacks {
                frames: vec![frame("python3.11", false), frame("app.py", true)],
                lists: vec![vec![0], vec![1, 0]],
                of_points: vec![Some(0), None, Some(0), Some(1), Some(0)],
            },
            ..Run::default()
        };
        // What comes later stays begun, and another program has no start.
        assert_eq!(start_calls(&run), [true, true, false, false, false]);
    }
}
