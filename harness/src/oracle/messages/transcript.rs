//! What a person sees, as plain lines, with the signals where they landed.

use crate::facts::{EventKind, Run, Stream};
use anstream::adapter::StripBytes;

/// One line of a transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// The target's.
    Said(String),
    /// A signal, between two lines.
    Mark(String),
}

/// Output and signals in the order in which they came.
enum Item<'a> {
    Bytes(&'a [u8]),
    Mark {
        text: String,
        echo: Option<&'static str>,
    },
}

/// The lines of each stream that said anything: one for a terminal.
pub(crate) fn lines(run: &Run) -> Vec<(Stream, Vec<Line>)> {
    let streams = match run.terminal {
        Some(_) => vec![Stream::Terminal],
        None => vec![Stream::Stdout, Stream::Stderr],
    };
    streams
        .into_iter()
        .map(|stream| (stream, of_stream(run, stream)))
        .collect()
}

fn of_stream(run: &Run, stream: Stream) -> Vec<Line> {
    let items = run.events.iter().filter_map(|event| match &event.what {
        EventKind::Output { stream: is, bytes } if *is == stream => Some(Item::Bytes(bytes)),
        EventKind::Fault { fault, .. } => {
            let echo = echo_of(fault).filter(|_| stream == Stream::Terminal);
            Some(Item::Mark {
                text: echo.map_or_else(|| format!("[{fault}]"), str::to_owned),
                echo,
            })
        }
        _ => None,
    });
    let mut transcriber = Transcriber::default();
    // Echoes that have not come yet, with the number of lines when the key was pressed.
    let mut awaited: Vec<&'static str> = Vec::new();
    for item in at_their_echo(items.collect()) {
        match item {
            Item::Bytes(bytes) => transcriber.put(&without(bytes, &mut awaited)),
            Item::Mark { text, echo } => {
                transcriber.mark(text);
                awaited.extend(echo);
            }
        }
    }
    transcriber.finish()
}

/// What a terminal shows for a key.
fn echo_of(fault: &str) -> Option<&'static str> {
    match fault {
        "SIGINT to the terminal" => Some("^C"),
        "SIGQUIT to the terminal" => Some("^\\"),
        "SIGTSTP to the terminal" => Some("^Z"),
        _ => None,
    }
}

/// Moves each mark of a typed key to where the terminal shows the key: what was
/// written before it, and read after it, stands before it.
fn at_their_echo(items: Vec<Item<'_>>) -> Vec<Item<'_>> {
    let mut ordered: Vec<Item<'_>> = Vec::new();
    let mut rest = items.into_iter().peekable();
    while let Some(item) = rest.next() {
        let (text, echo) = match item {
            Item::Mark {
                text,
                echo: Some(echo),
            } => (text, echo),
            other => {
                ordered.push(other);
                continue;
            }
        };
        let mut following = Vec::new();
        while let Some(next) = rest.next_if(|next| matches!(next, Item::Bytes(_))) {
            following.push(next);
        }
        let place = following.iter().position(
            |next| matches!(next, Item::Bytes(bytes) if find(bytes, echo.as_bytes()).is_some()),
        );
        let mark = Item::Mark {
            text,
            echo: Some(echo),
        };
        let Some(place) = place else {
            // The program has switched the echo off.
            ordered.push(mark);
            ordered.extend(following);
            continue;
        };
        let mut mark = Some(mark);
        for (number, next) in following.into_iter().enumerate() {
            match (number == place, next) {
                (true, Item::Bytes(bytes)) => {
                    let at = find(bytes, echo.as_bytes()).unwrap_or(0);
                    ordered.push(Item::Bytes(&bytes[..at]));
                    ordered.extend(mark.take());
                    ordered.push(Item::Bytes(&bytes[at..]));
                }
                (_, other) => ordered.push(other),
            }
        }
    }
    ordered
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}

/// The bytes without the echoes that are still awaited: their marks stand for them.
fn without(bytes: &[u8], awaited: &mut Vec<&'static str>) -> Vec<u8> {
    let mut kept = bytes.to_vec();
    awaited.retain(|echo| {
        let Some(at) = find(&kept, echo.as_bytes()) else {
            return true;
        };
        kept.drain(at..at + echo.len());
        false
    });
    kept
}

/// To erase a whole line, or to go to its first column, begins it anew as a carriage return does.
fn with_returns(bytes: &[u8]) -> Vec<u8> {
    const AGAIN: [&[u8]; 4] = [b"\x1b[2K", b"\x1b[G", b"\x1b[0G", b"\x1b[1G"];
    let mut with = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some(first) = rest.first() {
        match AGAIN.iter().find(|sequence| rest.starts_with(sequence)) {
            Some(sequence) => {
                with.push(b'\r');
                rest = &rest[sequence.len()..];
            }
            None => {
                with.push(*first);
                rest = &rest[1..];
            }
        }
    }
    with
}

/// Lines as they are written: a carriage return begins the line anew, escape
/// sequences and other control characters show nothing.
#[derive(Default)]
struct Transcriber {
    lines: Vec<Line>,
    current: Vec<u8>,
    /// Signals that landed within the current line. They stand above it: a signal ends no line.
    within: Vec<String>,
    /// The next character overwrites the line, unless it ends it.
    returned: bool,
    strip: StripBytes,
}

impl Transcriber {
    fn put(&mut self, bytes: &[u8]) {
        let bytes = &with_returns(bytes);
        // What strips escape sequences strips backspaces as well.
        for (number, piece) in bytes.split(|byte| *byte == 8).enumerate() {
            if number > 0 {
                // A character of several bytes goes as a whole.
                while self.current.pop().is_some_and(|byte| byte & 0xc0 == 0x80) {}
            }
            self.put_piece(piece);
        }
    }

    fn put_piece(&mut self, bytes: &[u8]) {
        let plain: Vec<u8> = self.strip.strip_next(bytes).flatten().copied().collect();
        for byte in plain {
            match byte {
                b'\n' => {
                    self.returned = false;
                    self.end();
                }
                b'\r' => self.returned = true,
                byte => {
                    if std::mem::take(&mut self.returned) {
                        self.current.clear();
                    }
                    if byte >= b' ' || byte == b'\t' {
                        self.current.push(byte);
                    }
                }
            }
        }
    }

    fn end(&mut self) {
        let line = std::mem::take(&mut self.current);
        let text = String::from_utf8_lossy(&line).trim_end().to_owned();
        self.lines.extend(self.within.drain(..).map(Line::Mark));
        self.lines.push(Line::Said(text));
    }

    fn mark(&mut self, text: String) {
        if self.current.is_empty() {
            self.lines.push(Line::Mark(text));
        } else {
            self.within.push(text);
        }
    }

    fn finish(mut self) -> Vec<Line> {
        if !self.current.is_empty() {
            self.end();
        }
        self.lines.extend(self.within.drain(..).map(Line::Mark));
        while matches!(self.lines.last(), Some(Line::Said(text)) if text.is_empty()) {
            self.lines.pop();
        }
        self.lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::{Event, TerminalFact};

    fn run(events: &[(&str, &str)]) -> Run {
        let event = |(kind, text): &(&str, &str)| Event {
            at_ns: 0,
            what: match *kind {
                "fault" => EventKind::Fault {
                    step: 0,
                    fault: (*text).to_owned(),
                    met: String::new(),
                    signal: Some(2),
                },
                kind => EventKind::Output {
                    stream: match kind {
                        "out" => Stream::Stdout,
                        "err" => Stream::Stderr,
                        _ => Stream::Terminal,
                    },
                    bytes: text.as_bytes().to_vec(),
                },
            },
        };
        Run {
            terminal: events
                .iter()
                .any(|(kind, _)| *kind == "term")
                .then_some(TerminalFact {
                    size: (24, 80),
                    before: [0; 4],
                    after: [0; 4],
                }),
            events: events.iter().map(event).collect(),
            ..Run::default()
        }
    }

    fn shown(events: &[(&str, &str)]) -> Vec<String> {
        lines(&run(events))
            .iter()
            .flat_map(|(_, lines)| lines)
            .map(|(Line::Said(text) | Line::Mark(text))| text.clone())
            .collect()
    }

    const TYPED: (&str, &str) = ("fault", "SIGINT to the terminal");

    #[test]
    fn a_typed_key_stands_where_it_is_echoed() {
        assert_eq!(
            shown(&[("term", "a\r\n"), TYPED, ("term", "b\r\n^Cc\r\n")]),
            ["a", "b", "^C", "c"]
        );
        assert_eq!(
            shown(&[("term", "50%"), TYPED, ("term", "no echo\r\n")]),
            ["^C", "50%no echo"]
        );
        assert_eq!(
            shown(&[TYPED, ("term", "^Cone\r\n"), TYPED, ("term", "^Ctwo\r\n")]),
            ["^C", "one", "^C", "two"]
        );
    }

    #[test]
    fn other_signals_are_named_and_streams_are_apart() {
        assert_eq!(
            shown(&[
                ("out", "a\n"),
                ("fault", "SIGTERM to the process"),
                ("err", "oops\n"),
                ("out", "b\n"),
            ]),
            [
                "a",
                "[SIGTERM to the process]",
                "b",
                "[SIGTERM to the process]",
                "oops"
            ]
        );
    }

    #[test]
    fn a_line_shows_what_was_written_last_and_no_control_characters() {
        assert_eq!(
            shown(&[
                ("term", "\x1b[31m10%\r50%\x1b["),
                ("term", "0m\r100%\x07\r\nä\x08b\r\n")
            ]),
            ["100%", "b"]
        );
        assert_eq!(
            shown(&[(
                "out",
                "\x1b[1G- work\x1b[2K\x1b[1G\\ work\x1b[2K\x1b[1Gstopped\n"
            )]),
            ["stopped"]
        );
    }
}
