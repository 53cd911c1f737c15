//! Every message, as it stands on a terminal: each wording, in colour, without
//! and in ASCII, at 40 and at 100 columns. The screens are snapshots; a change
//! of a word has to be accepted by hand (`INSTA_UPDATE=always cargo test -p
//! sigproof-core --test e2e messages::`).

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex};

use sigproof_core::feedback::{Charset, Console, Feedback, Messages, Notice, StageNotice};
use sigproof_core::{Cause, Signal, Stage};

use crate::support::{screen, snapshot};

/// A writer into memory.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic under the lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stage(from: Stage, to: Stage, confirmed: bool) -> Notice {
    let mut notice = StageNotice::new(from, to, Cause::Signal(Signal::INTERRUPT));
    notice.confirmed = confirmed;
    Notice::Stage(notice)
}

fn own_words() -> Notice {
    let mut notice = StageNotice::new(Stage::Running, Stage::CancelQueued, Cause::Request);
    notice.rung = "drain".to_owned();
    notice.message = Some("🛑 Draining, at most five seconds".to_owned());
    notice.hint = Some("Press Ctrl+C again to cut it short".to_owned());
    Notice::Stage(notice)
}

/// Every notice there is, with its heading.
fn notices() -> Vec<(&'static str, Notice)> {
    use Stage::{CancelQueued, ExitNow, Running, TerminateActive};
    let (index, completed, total) = (6, 3, 10);
    let message = "the disk is full".to_owned();
    vec![
        ("help", Notice::Help),
        ("stage 1", stage(Running, CancelQueued, false)),
        (
            "submission stopped",
            Notice::SubmissionStopped { index, total },
        ),
        ("stage 2", stage(CancelQueued, TerminateActive, false)),
        ("collection stopped", Notice::CollectionStopped),
        ("active tasks killed", Notice::ActiveKilled),
        ("a task abandoned", Notice::TaskAbandoned { index }),
        (
            "a task stopped at its limit",
            Notice::TaskTimedOut {
                index,
                abandoned: false,
            },
        ),
        (
            "a task abandoned at its limit",
            Notice::TaskTimedOut {
                index,
                abandoned: true,
            },
        ),
        (
            "a task lost",
            Notice::TaskLost {
                index,
                message: "killed by signal 9".to_owned(),
            },
        ),
        (
            "a task failed",
            Notice::TaskFailed {
                index,
                message: message.clone(),
            },
        ),
        (
            "partial results",
            Notice::PartialResults { completed, total },
        ),
        (
            "no results",
            Notice::PartialResults {
                completed: 0,
                total: 0,
            },
        ),
        ("stage 3", stage(TerminateActive, ExitNow, false)),
        ("armed", Notice::Armed { message: None }),
        ("disarmed", Notice::Disarmed),
        ("stop confirmed", stage(Running, TerminateActive, true)),
        ("a rung's own words", own_words()),
        ("clean-up failed", Notice::CleanupFailed { message }),
    ]
}

/// What stands on a terminal of this width.
fn shown(messages: &Messages, charset: Charset, colour: bool, columns: u16) -> String {
    let mut text = String::new();
    for (heading, notice) in notices() {
        let memory = Memory::default();
        let console = Console::to_writer(memory.clone())
            .messages(messages.clone())
            .charset(charset)
            .colour(colour)
            .columns(Some(usize::from(columns)));
        console.notify(&notice);
        console.flush();
        let bytes = memory.0.lock().expect("no panic under the lock").clone();
        text.push_str(heading);
        text.push('\n');
        text.push_str(&screen::picture(&bytes, columns));
    }
    // What a pipe gets, however long: the text that a search finds.
    text
}

fn wordings() -> [(&'static str, Messages); 4] {
    [
        ("standard", Messages::standard()),
        ("detailed", Messages::detailed()),
        ("brief", Messages::brief()),
        ("plain", Messages::plain()),
    ]
}

const STYLES: [(&str, Charset, bool); 3] = [
    ("colour", Charset::Unicode, true),
    ("no-colour", Charset::Unicode, false),
    ("ascii", Charset::Ascii, false),
];

#[test]
fn every_message_in_every_style_and_width() {
    let mut names = BTreeSet::new();
    for (wording, messages) in wordings() {
        for (style, charset, colour) in STYLES {
            for columns in [40, 100] {
                let name = format!("words-{wording}-{style}-{columns}");
                snapshot(&name, &shown(&messages, charset, colour, columns));
                names.insert(format!("{name}.snap"));
            }
        }
    }
    // A snapshot that nothing is compared with proves nothing.
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/snapshots");
    let stored: BTreeSet<String> = fs::read_dir(directory)
        .expect("the snapshots")
        .map(|entry| entry.expect("an entry").file_name())
        .filter_map(|name| name.into_string().ok())
        .filter(|name| name.starts_with("words-") && name.ends_with(".snap"))
        .collect();
    assert_eq!(stored, names);
}

/// Switches something off.
type Switch = fn(&mut Messages);

#[test]
fn what_is_switched_off_is_not_shown() {
    let mut text = String::new();
    let switches: [(&str, Switch); 6] = [
        ("show_hints = false", |messages| messages.show_hints = false),
        ("show_details = false", |messages| {
            messages.show_details = false;
        }),
        ("show_help = false", |messages| messages.show_help = false),
        ("show_symbols = false", |messages| {
            messages.show_symbols = false;
        }),
        ("enabled = false", |messages| messages.enabled = false),
        ("everything off", |messages| {
            messages.show_hints = false;
            messages.show_details = false;
            messages.show_help = false;
            messages.show_symbols = false;
            messages.enabled = false;
        }),
    ];
    for (heading, switch) in switches {
        let mut messages = Messages::detailed();
        switch(&mut messages);
        text.push_str(&format!("=== {heading}\n"));
        text.push_str(&shown(&messages, Charset::Unicode, false, 100));
    }
    snapshot("switched-off", &text);
}

#[test]
fn every_message_can_be_replaced() {
    let mut messages = Messages::standard();
    let words = |name: &str| sigproof_core::feedback::StageText {
        message: format!("[{name}]"),
        hint: format!("[{name}: hint]"),
    };
    messages.stages = [words("one"), words("two"), words("three")];
    messages.armed = "[armed]".to_owned();
    messages.disarmed = "[disarmed]".to_owned();
    messages.stopping = words("stopping");
    messages.transition = "[{from} to {to}]".to_owned();
    messages.submission_stopped = "[submission {index} {total}]".to_owned();
    messages.collection_stopped = "[collection]".to_owned();
    messages.active_killed = "[killed]".to_owned();
    messages.task_failed = "[failed {index} {message}]".to_owned();
    messages.task_lost = "[lost {index}]".to_owned();
    messages.task_abandoned = "[abandoned {index}]".to_owned();
    messages.task_timed_out = "[timed out {index}]".to_owned();
    messages.partial_results = "[partial {completed} {total} {percent}]".to_owned();
    messages.help = "[help]".to_owned();
    messages.cleanup_failed = "[cleanup {message}]".to_owned();
    let text = shown(&messages, Charset::Unicode, false, 100);
    for line in text.lines().filter(|line| line.starts_with('│')) {
        let own = line.contains("Draining") || line.contains("cut it short");
        assert!(own || line.contains('['), "not ours: {line}");
    }
    snapshot("replaced", &text);
}

#[test]
fn the_messages_of_errors() {
    use sigproof_core::{InterruptHandler, Interrupted, Options, Policy, StopSource, ThreadPool};
    let mut text = String::new();
    let mut say = |what: &str, error: &dyn std::fmt::Display| {
        text.push_str(&format!("{what}\n│ {error}\n"));
    };
    let handler = InterruptHandler::install(Options::new(Policy::escalating()));
    let handler = handler.expect("the only one in this process");
    let twice = InterruptHandler::install(Options::new(Policy::escalating()));
    say("installed twice", &twice.expect_err("twice"));
    drop(handler);
    for stage in [Stage::CancelQueued, Stage::TerminateActive] {
        for cause in [
            Cause::None,
            Cause::Signal(Signal::INTERRUPT),
            Cause::Deadline(Some(Signal::TERMINATE)),
            Cause::Deadline(None),
            Cause::Request,
        ] {
            say("interrupted", &Interrupted::new(stage, cause));
        }
    }
    let source = StopSource::new();
    source.stop(Stage::ExitNow);
    let results = ThreadPool::new(&source.token()).map(0..3, |_, _| Ok(()));
    say("tally", &results.tally());
    let terminated = results.unless_terminated().expect_err("stage 3");
    say("terminated", &terminated);
    let messages = Messages::brief();
    for number in 0..=4 {
        say(&format!("stage {number}"), &messages.stage_message(number));
    }
    for stage in Stage::ALL {
        say("title", &stage);
    }
    for policy in [
        Policy::custom([]),
        Policy::custom((0..15).map(|_| sigproof_core::Rung::warn())),
        Policy::custom(
            [Stage::TerminateActive, Stage::CancelQueued].map(sigproof_core::Rung::announce),
        ),
    ] {
        say("policy", &policy.expect_err("a bad one"));
    }
    snapshot("errors", &text);
}

#[test]
fn progress_is_shown_at_stages_1_and_2() {
    let shown =
        |messages: &Messages| Stage::ALL.map(|stage| messages.should_show_progress_info(stage));
    assert_eq!(shown(&Messages::standard()), [true, true, true, false]);
    let mut messages = Messages::standard();
    messages.show_details = false;
    assert_eq!(shown(&messages), [false; 4]);
}
