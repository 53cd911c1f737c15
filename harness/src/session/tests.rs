use crate::facts::{Change, Entry, EntryKind, Event, EventKind, Run, Stream, TerminalFact};
use crate::session::*;
use std::collections::BTreeMap;
use std::fs;

fn output(at_ns: u64, stream: Stream, bytes: &[u8]) -> Event {
    Event {
        at_ns,
        what: EventKind::Output {
            stream,
            bytes: bytes.to_vec(),
        },
    }
}

fn written(results: &Results) -> (tempfile::TempDir, std::path::PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("results.json");
    results.write(&path).unwrap();
    (directory, path)
}

fn some() -> Results {
    let mut run = Run::default();
    run.events.push(output(1, Stream::Stdout, b"hello\n"));
    run.stdout.total = 6;
    let mut case = Case::new("a", Kind::Run, &["true".to_owned()]);
    case.runs.push(Record::of_run("undisturbed", &run));
    case.baseline = Some(0);
    Results::new(vec![
        case,
        Case::failed("b", Kind::Sweep, &[], "no such program", 2),
    ])
}

#[test]
fn results_come_back_as_they_were() {
    let (directory, path) = written(&some());
    assert_eq!(Results::read(&path).unwrap(), some_at(&path));
    assert_eq!(some().verdict(), CaseVerdict::Error);
    let names: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
    assert_eq!(names.len(), 1, "nothing but the file is left: {names:?}");
}

/// The clock may have gone on between two calls.
fn some_at(path: &std::path::Path) -> Results {
    let mut results = some();
    results.tool.at_unix_s = Results::read(path).unwrap().tool.at_unix_s;
    results
}

#[test]
fn what_cannot_be_read_is_said_with_the_file_and_the_reason() {
    let (directory, path) = written(&some());
    let whole = fs::read_to_string(&path).unwrap();
    let other = whole.replacen("\"version\":1", "\"version\":7", 1);
    let wrong = whole.replacen("\"kind\":\"run\"", "\"kind\":\"walk\"", 1);
    let failure = "{\"version\":1,\"target\":{}}";
    for (text, reason) in [
        (&whole[..whole.len() / 2], "is cut short"),
        (&whole[..whole.len() - 3], "is cut short"),
        ("", "no results file"),
        ("hello", "no results file"),
        ("[1]", "no results file"),
        (failure, "neither a tool nor cases"),
        (&other, "format version 7"),
        (&wrong, "results.json:1:"),
    ] {
        fs::write(&path, text).unwrap();
        let error = Results::read(&path).unwrap_err().to_string();
        assert!(error.contains(reason), "{text:.60}: {error}");
        assert!(error.contains("results.json"), "{error}");
    }
    let error = Results::read(&directory.path().join("none")).unwrap_err();
    assert!(error.to_string().contains("none"), "{error}");
}

#[test]
fn a_directory_that_is_not_there_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        some()
            .write(&directory.path().join("no/results.json"))
            .is_err()
    );
}

#[test]
fn a_run_that_floods_is_bounded_and_says_so() {
    let mut run = Run::default();
    for at in 0..10_000u64 {
        run.events.push(output(at, Stream::Stdout, &[b'x'; 100]));
        let path = format!("file-{at}");
        let entry = Entry {
            kind: EntryKind::File,
            mode: 0o644,
            size: 1,
            hash: 1,
            shape: 1,
        };
        let change = Change {
            before: None,
            after: Some(entry),
        };
        run.tree.changes.insert(path, change);
    }
    for at in 0..5_000 {
        run.events.push(Event {
            at_ns: 10_000 + at,
            what: EventKind::Child { pid: 1, parent: 2 },
        });
    }
    run.stdout.total = 1_000_000;
    let record = Record::of_run("flood", &run);
    assert_eq!(record.events.len(), bounds::EVENTS);
    assert_eq!(record.events.last().map(|event| event.at_ns), Some(14_999));
    assert_eq!(record.changes.len(), bounds::PATHS);
    let kept: usize = record
        .events
        .iter()
        .map(|event| match &event.what {
            EventKind::Output { bytes, .. } => bytes.len(),
            _ => 0,
        })
        .sum();
    assert!(kept <= bounds::OUTPUT_BYTES);
    assert_eq!(record.dropped, [(Stream::Stdout, 1_000_000 - kept as u64)]);
    assert!(record.text(Stream::Stdout).contains("bytes not kept"));
    assert_eq!(record.limits.len(), 2, "{:?}", record.limits);
}

#[test]
fn characters_and_screens_survive_reads_of_any_size() {
    let mut run = Run {
        terminal: Some(TerminalFact {
            size: (3, 10),
            before: [0; 4],
            after: [0; 4],
        }),
        end_ns: 9,
        ..Run::default()
    };
    for (at, byte) in "\x1b[31m🛑 né\x1b[0m\r\n".bytes().enumerate() {
        run.events
            .push(output(at as u64, Stream::Terminal, &[byte]));
    }
    run.events.push(Event {
        at_ns: 5,
        what: EventKind::Fault {
            step: 0,
            fault: "SIGINT".into(),
            met: "its time".into(),
            signal: Some(2),
        },
    });
    run.events
        .push(output(6, Stream::Terminal, b"^C\x1b[?25l\x1b[?2004h"));
    run.stdout.total = 99;
    let record = Record::of_run("screens", &run);
    assert!(
        record.text(Stream::Terminal).contains("🛑 né"),
        "{record:?}"
    );
    let before_the_end = record.frames.len() - 1;
    let (lines, first) = shown(&record.frames[..before_the_end]);
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert_eq!(lines[&0][0].text, "🛑 né");
    assert_eq!(lines[&0][0].foreground.as_deref(), Some("1"));
    assert_eq!(first.cursor, Some((1, 0)));
    let (lines, last) = shown(&record.frames);
    assert_eq!(lines[&1][0].text, "^C");
    assert_eq!(last.cursor, None);
    assert_eq!(last.modes, ["bracketed paste"]);
}

/// Lines and the rest as the page puts them together: each frame has what is other than in the one before.
fn shown(frames: &[ScreenFrame]) -> (BTreeMap<u16, Vec<Span>>, &ScreenFrame) {
    let mut lines = BTreeMap::new();
    for frame in frames {
        lines.extend(frame.lines.iter().cloned());
        lines.retain(|row, _| usize::from(*row) < frame.rows);
    }
    (lines, frames.last().expect("a frame"))
}

#[test]
fn of_many_pictures_some_are_kept_and_the_one_at_the_signal() {
    let mut run = Run {
        terminal: Some(TerminalFact {
            size: (3, 10),
            before: [0; 4],
            after: [0; 4],
        }),
        end_ns: 1_000,
        ..Run::default()
    };
    for at in 0..1_000 {
        let text = format!("\r{at}");
        run.events
            .push(output(at, Stream::Terminal, text.as_bytes()));
        if at == 501 {
            run.events.push(Event {
                at_ns: at,
                what: EventKind::Fault {
                    step: 0,
                    fault: "SIGINT".into(),
                    met: "its time".into(),
                    signal: Some(2),
                },
            });
        }
    }
    let frames = Record::of_run("many", &run).frames;
    assert!(frames.len() <= bounds::SCREENS + 2, "{}", frames.len());
    let until = frames.partition_point(|frame| frame.at_ns <= 501);
    assert_eq!(shown(&frames[..until]).0[&0][0].text, "501");
    assert_eq!(shown(&frames).0[&0][0].text, "999");
}
