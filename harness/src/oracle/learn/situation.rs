//! What a signal would meet at each call of a recording: whether it is handled, what there is of the outputs, who else
//! lives, and how the terminal is set. The same call in another situation can do another harm.

use crate::facts::{EventKind, RawPoint, Run, Stream};
use std::collections::HashMap;

/// The situations of one recording, by call.
pub(crate) struct Situations {
    outputs: Vec<&'static str>,
    terminal: Vec<String>,
    signal: i32,
    parallel: bool,
}

impl Situations {
    /// Of a recording; `signal` is the one that is sent, 0 for none.
    pub(crate) fn of(run: &Run, signal: i32) -> Situations {
        Situations {
            outputs: outputs(&run.points),
            terminal: terminal(run),
            signal,
            parallel: run.parallel,
        }
    }

    /// The situation at one call, in words.
    pub(crate) fn at(&self, order: usize, raw: &RawPoint) -> String {
        let mut words = Vec::new();
        if self.signal != 0 {
            words.push(raw.around.of_signal(self.signal));
        }
        // Who only waits while others work waits at another moment of their work in every run.
        if raw.changes || !self.parallel {
            words.push(self.outputs[order].to_owned());
            if !raw.around.others.is_empty() {
                words.push(format!("beside {}", raw.around.others));
            }
        }
        if !self.terminal[order].is_empty() {
            words.push(format!("terminal {}", self.terminal[order]));
        }
        words.join("; ")
    }
}

/// How much of the outputs there is after each call. An output is a path of the work tree that some call makes or
/// changes; it is partial until the last call that does so.
fn outputs(points: &[RawPoint]) -> Vec<&'static str> {
    let mut spans: HashMap<&str, (usize, usize)> = HashMap::new();
    let succeeded = |raw: &&RawPoint| raw.changes && raw.returned.is_some_and(|result| result >= 0);
    for (order, raw) in points.iter().enumerate() {
        if !succeeded(&raw) {
            continue;
        }
        // What a rename takes away is no output; what it makes is.
        let path = raw.arg.rsplit(" -> ").next().unwrap_or_default();
        if is_output(path, raw) {
            spans.entry(path).or_insert((order, order)).1 = order;
        }
    }
    let total = spans.len();
    let mut begun = vec![0_usize; points.len() + 1];
    let mut finished = vec![0_usize; points.len() + 1];
    for (first, last) in spans.values() {
        begun[*first] += 1;
        finished[*last] += 1;
    }
    let (mut started, mut done) = (0, 0);
    (0..points.len())
        .map(|order| {
            started += begun[order];
            done += finished[order];
            match (started, done) {
                (0, _) => "no output yet",
                (started, done) if started == total && done == total => "all outputs complete",
                (started, done) if started == done => "some outputs, complete",
                (started, _) if started == total => "all outputs, partial",
                _ => "some outputs, partial",
            }
        })
        .collect()
}

/// Whether a path is a file of the work tree, not a stream and not a place outside.
fn is_output(path: &str, raw: &RawPoint) -> bool {
    const STREAMS: [&str; 8] = [
        "stdin",
        "stdout",
        "stderr",
        "terminal",
        "pipe",
        "socket",
        "eventfd",
        "failpoint",
    ];
    let names_a_file = !matches!(
        raw.call.as_str(),
        "kill"
            | "tkill"
            | "tgkill"
            | "rt_sigqueueinfo"
            | "rt_tgsigqueueinfo"
            | "pidfd_send_signal"
            | "exit"
            | "exit_group"
            | "fork"
            | "vfork"
            | "clone"
            | "clone3"
            | "setsid"
            | "setpgid"
    );
    names_a_file
        && !path.is_empty()
        && !path.starts_with(['/', '$', '~'])
        && !STREAMS.contains(&path)
}

/// What the terminal was told before each call: cursor, alternate screen, bracketed paste, mouse.
fn terminal(run: &Run) -> Vec<String> {
    const MODES: [(&str, &str, &str); 4] = [
        ("\u{1b}[?25l", "\u{1b}[?25h", "cursor hidden"),
        ("\u{1b}[?1049h", "\u{1b}[?1049l", "alternate screen"),
        ("\u{1b}[?2004h", "\u{1b}[?2004l", "bracketed paste"),
        ("\u{1b}[?1000h", "\u{1b}[?1000l", "mouse"),
    ];
    let mut on = [false; MODES.len()];
    let mut events = run.events.iter().peekable();
    run.points
        .iter()
        .map(|raw| {
            while let Some(event) = events.next_if(|event| event.at_ns <= raw.at_ns) {
                let EventKind::Output {
                    stream: Stream::Terminal,
                    bytes,
                } = &event.what
                else {
                    continue;
                };
                let text = String::from_utf8_lossy(bytes);
                for (mode, (set, reset, _)) in on.iter_mut().zip(MODES) {
                    match (text.rfind(set), text.rfind(reset)) {
                        (Some(set), Some(reset)) => *mode = set > reset,
                        (Some(_), None) => *mode = true,
                        (None, Some(_)) => *mode = false,
                        (None, None) => {}
                    }
                }
            }
            let names: Vec<&str> = on
                .iter()
                .zip(MODES)
                .filter(|(on, _)| **on)
                .map(|(_, (.., name))| name)
                .collect();
            names.join(", ")
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(call: &str, arg: &str) -> RawPoint {
        RawPoint {
            call: call.into(),
            arg: arg.into(),
            returned: Some(0),
            effect: true,
            changes: true,
            ..RawPoint::default()
        }
    }

    #[test]
    fn outputs_are_partial_until_their_last_change() {
        let points = [
            raw("rt_sigaction", "SIGINT"),
            raw("openat", "a.tmp"),
            raw("write", "a.tmp"),
            raw("rename", "a.tmp -> a"),
            raw("write", "stdout"),
            raw("openat", "b"),
            raw("write", "b"),
        ];
        let mut points = points.to_vec();
        points[0].changes = false;
        assert_eq!(
            outputs(&points),
            [
                "no output yet",
                "some outputs, partial",
                "some outputs, complete",
                "some outputs, complete",
                "some outputs, complete",
                "all outputs, partial",
                "all outputs complete",
            ]
        );
    }

    #[test]
    fn a_loop_of_writes_has_two_situations() {
        let points: Vec<RawPoint> = std::iter::once(raw("openat", "out"))
            .chain((0..100).map(|_| raw("write", "out")))
            .collect();
        let mut situations = outputs(&points);
        situations.dedup();
        assert_eq!(situations, ["all outputs, partial", "all outputs complete"]);
    }
}
