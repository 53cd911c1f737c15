//! Results made by hand: everything that a report can show, in the ugliest form.

use sigproof::explore::Share;
use sigproof::facts::{
    AtFault, Event, EventKind, ExitStatus, Phase, Reply, RequestFact, Run, ServiceFacts, Stream,
    TerminalFact,
};
use sigproof::internals::PointName;
use sigproof::session::{
    Budget, Case, CodeWindow, Coverage, Difference, Finding, Kind, Point, PointOutcome, Record,
};

/// What cannot be broken at a space, and markup that must not become any.
pub const LONG: &str = "</script><b>/a/very/long/path/without/any/space/in/it/that/goes/on/and/on/and/on/for/ever/and/ever";

fn point(index: usize, findings: usize) -> Point {
    let calls = ["openat", "write", "rename", "unlink", "fsync", "close"];
    let fates = [
        PointOutcome::ByClass,
        PointOutcome::LeftOut,
        PointOutcome::NotReached,
        PointOutcome::CutShort,
        PointOutcome::Failed,
        PointOutcome::Elsewhere,
    ];
    let bad = index % 50 == 7;
    Point {
        name: PointName {
            process: format!("bash/{}:sort", index / 900),
            thread: if index.is_multiple_of(13) {
                "t1".into()
            } else {
                String::new()
            },
            call: calls[index % calls.len()].into(),
            arg: if index == 7 {
                LONG.into()
            } else {
                format!("out-{index}.txt")
            },
            ordinal: 1 + (index % 40) as u32,
            phase: Phase::Exit,
        },
        at_ns: index as u64 * 40_000,
        outcome: match index {
            _ if bad && index.is_multiple_of(3) => PointOutcome::Flaky,
            _ if bad => PointOutcome::Violated,
            _ if index.is_multiple_of(97) => fates[index / 97 % fates.len()],
            _ => PointOutcome::Holds,
        },
        findings: if bad {
            vec![index % findings]
        } else {
            Vec::new()
        },
        status: Some(ExitStatus::Signaled(2)),
        fired_ns: Some(index as u64 * 40_000),
        end_ns: Some(index as u64 * 40_000 + 900_000),
        error: None,
        before_ready: index < 20,
        at_start: false,
        unsteady: index.is_multiple_of(500),
    }
}

fn request(client: u32) -> RequestFact {
    RequestFact {
        name: LONG.to_owned(),
        body: String::new(),
        client,
        connection: client % 2,
        nth: 1,
        connected_ns: Some(2_000_000),
        sent_ns: Some(2_500_000),
        ended_ns: (client != 2).then_some(6_000_000),
        at_fault: AtFault::Read,
        answer: if client == 0 {
            Reply::Whole {
                status: 200,
                bytes: 7,
                hash: 1,
            }
        } else {
            Reply::Cut { bytes: 3 }
        },
    }
}

fn record(points: usize) -> Record {
    let event = |at: u64, what| Event {
        at_ns: at * 100_000,
        what,
    };
    let mut events = vec![event(0, EventKind::Started { pid: 101 })];
    for child in 0..6 {
        let pid = 102 + child as i32;
        events.push(event(10 + child, EventKind::Child { pid, parent: 101 }));
        events.push(event(
            12 + child,
            EventKind::Exec {
                pid,
                command: LONG.into(),
            },
        ));
        events.push(event(
            80,
            EventKind::ChildExited {
                pid,
                status: ExitStatus::Exited(0),
            },
        ));
    }
    for line in 0..60 {
        let bytes = format!("\x1b[3{}mline {line} {LONG}\x1b[0m\r\n", line % 8).into_bytes();
        events.push(event(
            20 + line,
            EventKind::Output {
                stream: Stream::Terminal,
                bytes,
            },
        ));
    }
    events.push(event(
        50,
        EventKind::Fault {
            step: 0,
            fault: "SIGINT to the terminal".into(),
            met: "its point".into(),
            signal: Some(2),
        },
    ));
    events.push(event(
        51,
        EventKind::Delivered {
            pid: 101,
            tid: 101,
            thread: String::new(),
            signal: 2,
            own_fault: false,
            times: 1,
        },
    ));
    events.push(event(
        90,
        EventKind::Exited {
            status: ExitStatus::Signaled(2),
        },
    ));
    for (at, call) in [
        (22, "openat(new.txt)".to_owned()),
        (23, format!("write({LONG})")),
        (40, format!("rename(new.txt -> {LONG})")),
    ] {
        events.push(event(at, EventKind::File { pid: 101, call }));
    }
    events.push(event(15, EventKind::Ready { seen: LONG.into() }));
    events.push(event(
        30,
        EventKind::Client {
            client: 1,
            what: LONG.into(),
        },
    ));
    events.sort_by_key(|event| event.at_ns);
    let run = Run {
        events,
        status: Some(ExitStatus::Signaled(2)),
        end_ns: 9_000_000,
        terminal: Some(TerminalFact {
            size: (24, 132),
            before: [0; 4],
            after: [0; 4],
        }),
        service: Some(ServiceFacts {
            requests: (0..3).map(request).collect(),
            ..ServiceFacts::default()
        }),
        ..Run::default()
    };
    Record {
        point: (points > 7).then_some(7),
        ..Record::of_run("SIGINT to the terminal", &run)
    }
}

fn share(name: &str, found: usize, tried: usize) -> Share {
    Share {
        name: name.to_owned(),
        found,
        tried,
        represented: 0,
    }
}

/// A case with everything in it that a report can show, and this many points.
pub fn full(points: usize, findings: usize) -> Case {
    let mut case = Case::new(
        format!("everything {LONG}"),
        Kind::Sweep,
        &["prog".to_owned(), LONG.to_owned()],
    );
    case.file = Some(format!("ci/scenarios/{LONG}.toml"));
    case.points = (0..points).map(|index| point(index, findings)).collect();
    case.runs = vec![record(points), record(points)];
    case.baseline = Some(1);
    case.findings = (0..findings)
        .map(|index| Finding {
            oracle: "leftovers".into(),
            subject: format!("file-{index}"),
            text: format!("{LONG} is left behind; a finished run does not leave it"),
            points: (0..points)
                .filter(|at| at % 50 == 7 && at % findings == index)
                .collect(),
            first: Some(format!("bash:openat({LONG})#1@exit")),
            between: Some(CodeWindow {
                text: format!(
                    "between `openat({LONG})` in {LONG} (save.c:41) and `rename` in main"
                ),
                after: vec![format!("{LONG} (save.c:41)"), "main (save.c:50)".into()],
                before: vec!["main (save.c:51)".into()],
            }),
            count: 3,
            seen: 2,
            times: 3,
            flaky: index % 3 == 1,
            before_ready: index % 5 == 4,
            file: Some("x.json".into()),
            replay: Some(format!("sigproof replay '.sigproof/{LONG}.json'")),
            run: Some(0),
            ..Finding::default()
        })
        .collect();
    case.coverage = Some(Coverage {
        found: points,
        tried: points - points / 20,
        by_class: points / 10,
        not_reached: points / 40,
        by_function: vec![share(LONG, points, points - 1), share("main", 3, 3)],
        runs: points,
        ..Coverage::default()
    });
    let budget = |limit_ms: f64, holds| Budget {
        name: "acknowledged".into(),
        quantile: "p99".into(),
        limit_ms,
        runs: 30,
        p50_ms: 1.5,
        p99_ms: 40.0,
        max_ms: 41.0,
        holds,
    };
    case.budgets = vec![budget(250.0, true), budget(10.0, false)];
    case.differences = vec![Difference {
        name: "transcript".into(),
        file: Some(LONG.into()),
        expected: format!("one\n{LONG}\n"),
        actual: format!("one\ntwo {LONG}\n"),
    }];
    case.notes = vec![LONG.to_owned()];
    case.judged()
}
