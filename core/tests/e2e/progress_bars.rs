//! Messages and progress bars on one terminal, by real Ctrl+C: what a person
//! sees. No line is torn, the bars stay below.

use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use sigproof_core::feedback::{Charset, Console, Feedback, Notice};
use sigproof_core::{
    InterruptHandler, Observer, Options, Outcome, Policy, Stage, ThreadPool, Transition,
};

use crate::support::{role, snapshot, terminal::Terminal};

/// Draws as often as it can.
fn bars() -> MultiProgress {
    MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(255))
}

fn bar(bars: &MultiProgress, name: &'static str, length: u64) -> ProgressBar {
    let style = ProgressStyle::with_template("{prefix:5} [{bar:10}] {pos}/{len} {msg}");
    let style = style.expect("a template").progress_chars("=> ");
    let bar = ProgressBar::new(length).with_style(style).with_prefix(name);
    bars.add(bar)
}

/// Says how many signals the console was told of.
struct Count(mpsc::Sender<usize>, usize);

impl Observer for Count {
    fn observe(&mut self, _policy: &Policy, _transition: &Transition) {
        self.1 += 1;
        // The program may be ending.
        let _ = self.0.send(self.1);
    }
}

/// A run with two bars: the first task completes, the second waits for stage
/// 2, the others are queued. The second bar counts the signals that the person
/// was told of.
fn run(policy: Policy) {
    let bars = bars();
    let (tasks, told) = (bar(&bars, "tasks", 6), bar(&bars, "told", 3));
    let console = Console::above(&bars);
    let (sender, signals) = mpsc::channel();
    let options = Options::new(policy)
        .feedback(console.clone())
        .hide_key_echo()
        .observer(Count(sender, 0));
    let handler = InterruptHandler::install(options).expect("install");
    console.notify(&Notice::Help);
    console.flush();
    let counter = {
        let (console, told) = (console.clone(), told.clone());
        thread::spawn(move || {
            for count in signals {
                console.flush();
                told.set_position(count as u64);
                told.force_draw();
            }
        })
    };
    let pool = ThreadPool::new(&handler.token())
        .workers(1)
        .feedback(console.clone());
    let begun = told.clone();
    let results = pool.map_streaming(
        0..6,
        move |number, token| {
            if number > 0 {
                // Drawn for the first time: from now on, the screen says that
                // the second task is at work.
                begun.set_position(0);
                begun.force_draw();
                token.wait(Stage::TerminateActive);
                token.checkpoint()?;
            }
            Ok(())
        },
        |_, outcome| {
            if let Outcome::Completed(()) = outcome {
                tasks.inc(1);
                tasks.force_draw();
            }
        },
    );
    assert_eq!(results.values().count(), 1);
    // Only the third Ctrl+C ends this.
    counter.join().expect("no panic");
}

/// What every style of a policy is expected to show after each press.
type Presses<'texts> = [&'texts [&'texts str]; 2];

fn three_presses(test: &str, policy: &str, presses: Presses, styles: &[(&str, &str, &str)]) {
    for (style, variable, value) in styles {
        for columns in [40, 100] {
            let mut terminal = Terminal::start(test, policy, columns, &[(variable, value)]);
            terminal.expect(&["1/6", "0/3"]);
            assert!(!terminal.echoes_keys());
            let mut text = format!("before\n{}", terminal.picture());
            for (count, expected) in presses.into_iter().enumerate() {
                terminal.press_ctrl_c();
                let told = format!("{}/3", count + 1);
                terminal.expect(&[&[told.as_str(), "1/6"], expected].concat());
                text.push_str(&format!("Ctrl+C\n{}", terminal.picture()));
            }
            terminal.press_ctrl_c();
            assert_eq!(terminal.end(), Some(libc::SIGINT));
            assert!(terminal.shows_cursor());
            assert!(terminal.echoes_keys(), "the terminal is as it was");
            text.push_str(&format!("Ctrl+C\n{}", terminal.picture()));
            snapshot(&format!("bars-{policy}-{style}-{columns}"), &text);
        }
    }
}

const STYLES: [(&str, &str, &str); 3] = [
    ("colour", "COLORTERM", "truecolor"),
    ("no-colour", "NO_COLOR", "1"),
    ("ascii", "LC_ALL", "C"),
];

#[test]
fn bars_and_escalating_stages() {
    if role().is_some() {
        return run(Policy::escalating());
    }
    three_presses(
        test_name!("bars_and_escalating_stages"),
        "escalating",
        [
            &["terminate active", "Stopping task submission"],
            &["immediate exit", "(16.7%)"],
        ],
        &STYLES,
    );
}

#[test]
fn bars_and_a_confirmed_stop() {
    if role().is_some() {
        return run(Policy::confirmed());
    }
    three_presses(
        test_name!("bars_and_a_confirmed_stop"),
        "confirmed",
        [&["again to stop..."], &["to force the exit", "(16.7%)"]],
        &STYLES[..1],
    );
}

const MESSAGES: usize = 150;

/// Four threads move bars as fast as they can while messages are printed.
fn storm() {
    let bars = bars();
    let console = Console::above(&bars)
        .charset(Charset::Unicode)
        .columns(None);
    let moving: Vec<ProgressBar> = ["one", "two", "three", "four"]
        .into_iter()
        .map(|name| bar(&bars, name, 1_000_000))
        .collect();
    let (sender, stop) = mpsc::channel::<()>();
    let stop = std::sync::Arc::new(std::sync::Mutex::new(stop));
    let threads: Vec<_> = moving
        .iter()
        .map(|bar| {
            let (bar, stop) = (bar.clone(), std::sync::Arc::clone(&stop));
            thread::spawn(move || {
                let is_over = || {
                    let stop = stop.lock().expect("no panic");
                    stop.try_recv() == Err(mpsc::TryRecvError::Disconnected)
                };
                while !is_over() {
                    bar.inc(1);
                    bar.force_draw();
                }
            })
        })
        .collect();
    for index in 0..MESSAGES {
        console.notify(&Notice::TaskAbandoned { index });
        console.flush();
    }
    drop(sender);
    for thread in threads {
        thread.join().expect("no panic");
    }
    for bar in &moving {
        bar.set_position(1_000_000);
        bar.force_draw();
    }
    moving[3].set_message("over");
    moving[3].force_draw();
    // Leaves the bars where they are; the parent ends this.
    loop {
        thread::park_timeout(Duration::from_secs(1));
    }
}

#[test]
fn no_line_is_torn_while_bars_move() {
    const NAME: &str = test_name!("no_line_is_torn_while_bars_move");
    if role().is_some() {
        return storm();
    }
    let mut terminal = Terminal::start(NAME, "storm", 80, &[]);
    terminal.expect(&["1000000/1000000 over"]);
    let mut expected: Vec<String> = (1..=MESSAGES)
        .map(|number| format!("Task {number} did not stop in time and was abandoned"))
        .collect();
    for name in ["one  ", "two  ", "three", "four "] {
        expected.push(format!("{name} [==========] 1000000/1000000"));
    }
    expected.last_mut().expect("four").push_str(" over");
    let lines = terminal.lines();
    for (line, expected) in lines.iter().zip(&expected) {
        assert_eq!(line, expected, "on\n{}", terminal.picture());
    }
    assert_eq!(lines.len(), expected.len(), "on\n{}", terminal.picture());
}
