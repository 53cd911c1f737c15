//! Reports over results made by hand.

use crate::facts::{Event, EventKind, ExitStatus, Run, Stream, TerminalFact};
use crate::report::*;
use crate::session::{Case, Finding, Kind, Record, Results, Shortfall};
use serde_json::Value;

fn finding(number: usize, flaky: bool) -> Finding {
    Finding {
        oracle: "leftovers".into(),
        subject: format!("file-{number}"),
        text: format!("file-{number} 100% | `left` <b>\n::error::no command"),
        first: Some("sh:openat(a_b*c)#1@exit".into()),
        count: 3,
        seen: if flaky { 1 } else { 3 },
        times: 3,
        flaky,
        replay: Some("sigproof replay x.json".into()),
        ..Finding::default()
    }
}

fn violated(findings: usize, flaky: usize) -> Results {
    let mut case = Case::new("a, b: c", Kind::Sweep, &["sh".to_owned()]);
    case.file = Some("ci/a,b.toml".into());
    case.findings = (0..findings).map(|n| finding(n, n < flaky)).collect();
    Results::new(vec![case.judged()])
}

#[test]
fn annotations_stay_within_ten_of_a_kind() {
    let text = annotations(&violated(10_000, 4_000));
    let lines: Vec<&str> = text.lines().collect();
    let of = |level: &str| lines.iter().filter(|line| line.starts_with(level)).count();
    assert_eq!(
        (of("::error "), of("::warning "), lines.len()),
        (10, 10, 20)
    );
    assert!(text.contains("5991 more are not shown"), "{text}");
    assert!(text.contains("3991 more are not shown"), "{text}");
    assert_eq!(annotations(&violated(10, 0)).lines().count(), 10);
    assert!(!annotations(&violated(10, 0)).contains("not shown"));
}

#[test]
fn no_text_of_a_target_is_a_workflow_command() {
    let text = annotations(&violated(1, 0));
    assert_eq!(text.lines().count(), 1, "{text}");
    assert!(text.starts_with("::error file=ci/a%2Cb.toml,title=a%2C b%3A c%3A leftovers::"));
    assert!(
        text.contains("100%25 | `left` <b>%0A::error::no command"),
        "{text}"
    );
}

#[test]
fn a_summary_stays_within_its_room_and_says_what_is_cut() {
    for room in [MARKDOWN_MAX, 10_000, 2_000, 1_024, 0] {
        let text = markdown(&violated(10_000, 0), room);
        assert!(text.len() <= room.max(1024), "{} of {room}", text.len());
        assert!(text.contains("more lines are left out"), "{room}");
    }
    let text = markdown(&violated(20, 0), MARKDOWN_MAX);
    assert!(!text.contains("left out"));
    assert_eq!(text.matches("```text\nsigproof replay").count(), 20);
}

#[test]
fn no_text_of_a_target_is_markup_in_a_summary() {
    let text = markdown(&violated(1, 0), MARKDOWN_MAX);
    assert!(
        text.contains("100% &#124; &#96;left&#96; &lt;b&gt; ::error"),
        "{text}"
    );
    assert!(
        text.contains("openat(a&#95;b&#42;c)&#35;1&#64;exit"),
        "{text}"
    );
}

#[test]
fn no_line_of_a_target_ends_a_block_of_code() {
    let mut results = violated(1, 0);
    let case = &mut results.cases[0];
    case.runs.push(Record {
        title: "INT@write#1".into(),
        events: vec![Event {
            at_ns: 0,
            what: EventKind::Output {
                stream: Stream::Stdout,
                bytes: b"````\n</details># a\x1b[31m\n".to_vec(),
            },
        }],
        ..Record::default()
    });
    case.findings[0].run = Some(0);
    let text = markdown(&results, MARKDOWN_MAX);
    let fence = "`````";
    assert_eq!(text.matches(fence).count(), 2, "{text}");
    let block = text.split(fence).nth(1).expect("a block");
    assert!(
        block.contains("out     ````\n") && block.contains("</details># a\n"),
        "{text}"
    );
}

#[test]
fn junit_marks_flaky_and_counts_failures() {
    let mut results = violated(2, 0);
    let flaky = violated(2, 2).cases.remove(0);
    let mut unreached = Case::new("u", Kind::Run, &[]);
    unreached.shortfalls.push(Shortfall::Killed);
    let unreached = unreached.judged();
    results.cases.extend([
        flaky,
        unreached,
        Case::new("good", Kind::Run, &[]),
        Case::failed("bad", Kind::Run, &[], "no such program: x\x1b[31m\x07y", 2),
    ]);
    let xml = junit(&results).unwrap();
    assert!(
        xml.contains(r#"tests="5" skipped="1" errors="1" failures="1""#),
        "{xml}"
    );
    assert_eq!(xml.matches("<flakyFailure").count(), 2);
    assert!(xml.contains("and 1 more"), "{xml}");
    assert!(xml.contains("no such program: xy"), "{xml}");
}

fn terminal_run() -> Results {
    let event = |at_ns, what| Event { at_ns, what };
    let output = |text: &str| EventKind::Output {
        stream: Stream::Terminal,
        bytes: text.as_bytes().to_vec(),
    };
    let run = Run {
        events: vec![
            event(0, EventKind::Started { pid: 101 }),
            event(1_000_400, output("ready\r\n")),
            event(
                1_500_000,
                EventKind::Child {
                    pid: 102,
                    parent: 101,
                },
            ),
            event(
                2_000_900,
                EventKind::Fault {
                    step: 0,
                    fault: "SIGINT to the terminal".into(),
                    met: "output \"ready\"".into(),
                    signal: Some(2),
                },
            ),
            event(2_100_000, output("^C")),
            event(
                2_200_000,
                EventKind::Delivered {
                    pid: 101,
                    tid: 101,
                    thread: String::new(),
                    signal: 2,
                    own_fault: false,
                    times: 1,
                },
            ),
            event(
                3_000_000,
                EventKind::Exited {
                    status: ExitStatus::Signaled(2),
                },
            ),
        ],
        status: Some(ExitStatus::Signaled(2)),
        end_ns: 3_000_000,
        terminal: Some(TerminalFact {
            size: (24, 80),
            before: [0; 4],
            after: [0; 4],
        }),
        ..Run::default()
    };
    let mut case = Case::new("cast", Kind::Run, &["prog".to_owned()]);
    case.runs.push(Record::of_run("undisturbed", &run));
    Results::new(vec![case])
}

#[test]
fn a_recording_has_markers_and_adds_up() {
    let text = asciicast(&terminal_run()).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["version"], 3);
    assert_eq!(lines[0]["term"]["cols"], 80);
    let codes: Vec<&str> = lines[1..]
        .iter()
        .map(|line| line[1].as_str().unwrap())
        .collect();
    assert_eq!(codes, ["o", "m", "o", "x"]);
    assert_eq!(lines[2][2], "#1 SIGINT to the terminal");
    assert_eq!(lines[4][2], "130");
    let total: f64 = lines[1..]
        .iter()
        .map(|line| line[0].as_f64().unwrap())
        .sum();
    assert!((total - 0.003).abs() < 1e-9, "{total}");
    assert!(asciicast(&violated(1, 0)).is_none(), "no run, no recording");
}

#[test]
fn a_trace_has_spans_that_end_and_names() {
    let trace: Value = serde_json::from_str(&perfetto(&terminal_run())).unwrap();
    let events = trace["traceEvents"].as_array().unwrap();
    let spans: Vec<&Value> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert_eq!(spans.len(), 2, "{trace:#}");
    assert!(spans.iter().all(|span| span["dur"].as_f64() > Some(0.0)));
    let signal = events.iter().find(|event| event["s"] == "g").unwrap();
    assert_eq!(signal["ts"], 2000.9);
    let named: Vec<&Value> = events
        .iter()
        .filter(|event| event["name"] == "process_name")
        .collect();
    assert_eq!(named.len(), 2);
    assert_eq!(named[0]["args"]["name"], "cast · undisturbed · pid 101");
    for event in events {
        assert!(event["pid"].is_u64() && event["ts"].is_number(), "{event}");
    }
}
