//! The exact words, and that nobody waits for a reader.

use std::io::{self, Read, Write};
use std::sync::{Arc, Mutex};

use super::json::render;
use super::*;
use crate::machine::{Cause, Signal, Stage};

/// A writer into memory, to be read by the test.
#[derive(Clone, Default)]
struct Memory(Arc<Mutex<Vec<u8>>>);

impl Memory {
    fn text(&self) -> String {
        let bytes = self.0.lock().expect("no panic under the lock");
        String::from_utf8(bytes.clone()).expect("UTF-8")
    }
}

impl Write for Memory {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no panic under the lock").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn stage(from: Stage, to: Stage) -> Notice {
    Notice::Stage(StageNotice {
        at_ns: 52,
        from,
        to,
        cause: Cause::Signal(Signal::INTERRUPT),
        rung: to.id().to_owned(),
        confirmed: false,
        message: None,
        hint: None,
    })
}

fn three_presses() -> [Notice; 3] {
    [
        stage(Stage::Running, Stage::CancelQueued),
        stage(Stage::CancelQueued, Stage::TerminateActive),
        stage(Stage::TerminateActive, Stage::ExitNow),
    ]
}

fn shown(notices: &[Notice], change: impl FnOnce(Console) -> Console) -> String {
    let memory = Memory::default();
    let console = Console::to_writer(memory.clone()).charset(Charset::Unicode);
    let console = change(console);
    for notice in notices {
        console.notify(notice);
    }
    console.flush();
    memory.text()
}

#[test]
fn the_usual_words() {
    assert_eq!(
        shown(&three_presses(), |console| console),
        "🛑 Interrupt received: Cancelling queued tasks, completing active work...\n\
         Press Ctrl+C again to terminate active tasks\n\
         ⚠️  Second interrupt: Terminating active tasks, returning partial results...\n\
         Press Ctrl+C again for immediate exit\n\
         💥 Third interrupt: Immediate termination!\n"
    );
}

#[test]
fn the_long_form() {
    assert_eq!(
        shown(&three_presses(), |console| console
            .messages(Messages::detailed())),
        "Interrupt escalation: Normal Operation → Graceful Cancellation\n\
         🛑 Graceful cancellation: Finishing current work, no new tasks started\n\
         • Active tasks will complete normally\n\
         • Queued tasks will be skipped\n\
         • Press Ctrl+C again to stop active tasks\n\
         Interrupt escalation: Graceful Cancellation → Urgent Cancellation\n\
         ⚠️  Urgent cancellation: Stopping active tasks, saving partial results\n\
         • Active tasks will be cancelled\n\
         • Completed results will be returned\n\
         • Press Ctrl+C again for immediate exit\n\
         Interrupt escalation: Urgent Cancellation → Immediate Termination\n\
         💥 Immediate termination: Exiting without cleanup\n"
    );
}

#[test]
fn the_short_forms() {
    assert_eq!(
        shown(&three_presses(), |console| console
            .messages(Messages::brief())),
        "🛑 Graceful cancellation in progress...\n\
         ⚠️  Urgent cancellation - stopping active work...\n\
         💥 Immediate termination requested!\n"
    );
    assert_eq!(
        shown(&three_presses(), |console| console
            .messages(Messages::plain())),
        "Cancelling queued tasks, completing active work...\n\
         Terminating active tasks, returning partial results...\n\
         Immediate termination requested!\n"
    );
    let messages = Messages::brief();
    assert_eq!(
        messages.stage_message(2),
        "⚠️  Urgent cancellation - stopping active work..."
    );
    assert_eq!(messages.stage_message(4), "Unknown interrupt stage: 4");
    assert_eq!(messages.stage_message(0), "Unknown interrupt stage: 0");
}

#[test]
fn the_words_of_a_run() {
    let (completed, total) = (3, 10);
    let notices = [
        Notice::SubmissionStopped { index: 5, total },
        Notice::CollectionStopped,
        Notice::PartialResults { completed, total },
        Notice::PartialResults {
            completed: 0,
            total: 0,
        },
        Notice::Armed { message: None },
        Notice::Disarmed,
        Notice::CleanupFailed {
            message: "no luck".to_owned(),
        },
        Notice::Help,
    ];
    assert_eq!(
        shown(&notices, |console| console),
        "Stopping task submission at task 6/10\n\
         Stopping result collection due to urgent cancellation\n\
         📊 Returning partial results: 3/10 tasks completed (30.0%)\n\
         📊 Returning partial results: 0/0 tasks completed (0.0%)\n\
         Press Ctrl+C again to stop...\n\
         Error during interrupt handler cleanup: no luck\n\
         🛑 Interrupt Handling:\n\
         • First Ctrl+C: Graceful cancellation (finish active work)\n\
         • Second Ctrl+C: Urgent cancellation (stop active work)\n\
         • Third Ctrl+C: Immediate termination (no cleanup)\n"
    );
}

#[test]
fn ascii_where_nothing_else_can_be_shown() {
    let mut notices = three_presses().to_vec();
    notices.push(Notice::Help);
    let text = shown(&notices, |console| {
        console
            .messages(Messages::detailed())
            .charset(Charset::Ascii)
    });
    assert!(text.is_ascii(), "{text}");
    assert!(
        !text.contains('?'),
        "every symbol has its replacement: {text}"
    );
    assert!(text.contains("Interrupt escalation: Normal Operation -> Graceful Cancellation\n"));
    assert!(text.contains("\n* Active tasks will complete normally\n"));
    assert!(text.contains("\nUrgent cancellation: Stopping active tasks"));
}

#[test]
fn colour_marks_the_urgency() {
    let text = shown(&three_presses(), |console| console.colour(true));
    assert!(text.starts_with("\u{1b}[33m🛑"), "{text:?}");
    assert!(text.contains("\u{1b}[36mPress Ctrl+C"), "{text:?}");
    assert!(text.contains("\u{1b}[31m💥"), "{text:?}");
}

#[test]
fn every_message_can_be_replaced_and_the_rest_switched_off() {
    let mut messages = Messages::standard();
    messages.stages[0].message = "One moment…".to_owned();
    messages.show_hints = false;
    messages.show_details = false;
    let notices = [
        stage(Stage::Running, Stage::CancelQueued),
        Notice::SubmissionStopped { index: 0, total: 1 },
    ];
    assert_eq!(
        shown(&notices, |console| console.messages(messages.clone())),
        "One moment…\n"
    );
    messages.enabled = false;
    assert_eq!(
        shown(&three_presses(), |console| console.messages(messages)),
        ""
    );
}

#[test]
fn a_rung_has_its_own_words() {
    let Notice::Stage(mut own) = stage(Stage::Running, Stage::CancelQueued) else {
        unreachable!("a stage notice");
    };
    own.message = Some("Draining".to_owned());
    own.hint = Some(String::new());
    assert_eq!(
        shown(&[Notice::Stage(own)], |console| console),
        "Draining\n"
    );
}

#[test]
fn a_reader_who_does_not_read_delays_nobody() {
    // A pipe that is full from the start: the printing thread hangs in its
    // first write, and notify must return all the same.
    let (mut reader, writer) = io::pipe().expect("pipe");
    let console = Console::to_writer(writer).messages(Messages::detailed());
    let notices = 20_000;
    for _ in 0..notices {
        console.notify(&Notice::Help);
    }
    // Nothing was read so far: 20,000 notices are several megabytes, and the
    // pipe holds 64 KiB. Now let the thread go.
    let drain = std::thread::spawn(move || {
        let mut all = Vec::new();
        reader.read_to_end(&mut all).map(|count| (count, all))
    });
    drop(console);
    let (count, all) = drain.join().expect("no panic").expect("read");
    let lines = String::from_utf8(all).expect("whole lines only");
    assert!(count > 0 && lines.ends_with("(no cleanup)\n"));
    assert!(lines.lines().count() < notices, "the queue is bounded");
}

#[test]
fn json_lines() {
    let [first, ..] = three_presses();
    assert_eq!(
        render(&first),
        "{\"event\":\"stage\",\"at_ns\":52,\"from\":0,\"to\":1,\"cause\":\"signal\",\
         \"signal\":\"SIGINT\",\"rung\":\"cancel-queued\",\"confirmed\":false}"
    );
    let failed = Notice::TaskFailed {
        index: 3,
        message: "a \"b\" \\ \n \u{1} é".to_owned(),
    };
    assert_eq!(
        render(&failed),
        "{\"event\":\"task-failed\",\"index\":3,\"message\":\"a \\\"b\\\" \\\\ \\n \\u0001 é\"}"
    );
    let partial = Notice::PartialResults {
        completed: 3,
        total: 10,
    };
    assert_eq!(
        render(&partial),
        "{\"event\":\"partial-results\",\"completed\":3,\"total\":10}"
    );
}

#[test]
fn the_timeline_is_written_in_order_of_time() {
    use crate::machine::{Action, Policy, Sender};
    use crate::signal::{Observer, Transition};
    let mut timeline = Timeline::new();
    timeline.record("begin", "a \"quoted\" text");
    timeline.notify(&Notice::PartialResults {
        completed: 1,
        total: 2,
    });
    // Observed late: it happened before the others.
    let transition = Transition {
        at_ns: 1,
        action: Action::Announce(Stage::CancelQueued),
        from: Stage::Running,
        to: Stage::CancelQueued,
        rung: Some(0),
        cause: Cause::Signal(Signal::INTERRUPT),
        sender: Sender::Process(7),
    };
    timeline.observe(&Policy::escalating(), &transition);
    let mut json = Vec::new();
    timeline.write_json(&mut json).expect("memory");
    let json = String::from_utf8(json).expect("UTF-8");
    let lines: Vec<_> = json.lines().collect();
    let (first, last) = (lines[0], lines[lines.len() - 1]);
    assert_eq!(
        first,
        "{\"version\":1,\"clock\":\"monotonic-ns\",\"dropped\":0,\"events\":["
    );
    assert_eq!(
        lines[1],
        "{\"at_ns\":1,\"event\":\"signal\",\"signal\":\"SIGINT\",\"sender\":7},"
    );
    assert_eq!(
        lines[2],
        "{\"at_ns\":1,\"event\":\"stage\",\"from\":0,\"to\":1,\"cause\":\"signal\"},"
    );
    assert!(lines[3].ends_with("\"event\":\"begin\",\"detail\":\"a \\\"quoted\\\" text\"},"));
    assert!(
        lines[4].ends_with("\"completed\":1,\"total\":2}"),
        "{}",
        lines[4]
    );
    assert_eq!(last, "]}");
}

#[test]
fn a_sink_that_is_not_ready_once_is_used_again() {
    struct Reluctant(Memory, bool);
    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if std::mem::replace(&mut self.1, false) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            self.0.write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let memory = Memory::default();
    let console = Console::to_writer(Reluctant(memory.clone(), true));
    for _ in 0..2 {
        console.notify(&Notice::CollectionStopped);
    }
    console.flush();
    assert!(memory.text().contains("Stopping result collection"));
}

#[test]
fn texts_of_tasks_cannot_move_the_cursor() {
    let mut messages = Messages::standard();
    messages.task_failed = "Task {index} failed: {message}".to_owned();
    let message = "bad \u{1b}[2Jname\r\u{7}\nnext\u{9b}31m".to_owned();
    let failed = Notice::TaskFailed { index: 0, message };
    let text = shown(&[failed], |console| console.messages(messages));
    assert_eq!(
        text,
        "Task 1 failed: bad \\u{1b}[2Jname\\r\\u{7}\nnext\\u{9b}31m\n"
    );
}
