//! Every example, run on a terminal and stopped by real Ctrl+C, does what its
//! first lines say.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use crate::support::terminal::Terminal;

/// One example: how it is started, what it shows before each Ctrl+C, and what
/// it shows at the end.
struct Example {
    name: &'static str,
    arguments: &'static [&'static str],
    before_each_press: &'static [&'static str],
    at_the_end: &'static [&'static str],
}

const EXAMPLES: &[Example] = &[
    Example {
        name: "bars",
        arguments: &["100", "2000"],
        before_each_press: &[
            "begun     [",
            "Press Ctrl+C again to terminate active tasks",
        ],
        at_the_end: &[
            "Second interrupt",
            "Returning partial results",
            "/100 tasks completed",
        ],
    },
    Example {
        name: "command",
        arguments: &["sh", "-c", "echo begun; exec sleep 1000"],
        before_each_press: &["begun", "Press Ctrl+C again to stop..."],
        at_the_end: &["Stop confirmed", "clean up", "\"phase-interrupted\""],
    },
    Example {
        name: "confirm",
        arguments: &["10000"],
        before_each_press: &["step 0", "Press Ctrl+C again to stop..."],
        at_the_end: &["interrupted at stage 2 by SIGINT", "teardown done"],
    },
    Example {
        name: "feedback",
        arguments: &[],
        before_each_press: &["working", "Really?", "Draining, at most five seconds"],
        at_the_end: &["Cutting", "interrupted at stage 2 by SIGINT"],
    },
    Example {
        name: "processes",
        arguments: &["100", "2000"],
        before_each_press: &["task 0", "Press Ctrl+C again to terminate active tasks"],
        at_the_end: &["Second interrupt", "Returning partial results"],
    },
    Example {
        name: "threads",
        arguments: &["100", "2000"],
        before_each_press: &["task 0", "Press Ctrl+C again to terminate active tasks"],
        at_the_end: &["Second interrupt", "Returning partial results"],
    },
    Example {
        name: "tokio",
        arguments: &[],
        before_each_press: &["step 1", "Graceful Cancellation"],
        at_the_end: &["cut short"],
    },
];

fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples")
}

/// Beside this test; built now if only the tests were.
fn program(name: &str) -> PathBuf {
    let test = env::current_exe().expect("the test binary");
    let profile = test.parent().and_then(Path::parent).expect("target/debug");
    let path = profile.join("examples").join(name);
    if !path.exists() {
        let status = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--package", "sigproof-core"])
            .args(["--features", "full", "--example", name, "--target-dir"])
            // Said, as a relative one in the environment would be another one.
            .arg(profile.parent().expect("target"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .status();
        assert!(status.expect("cargo runs").success(), "{name} builds");
    }
    path
}

#[test]
fn every_example_is_run() {
    let stored: BTreeSet<String> = fs::read_dir(sources())
        .expect("the examples")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            path.file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    let run: BTreeSet<String> = EXAMPLES
        .iter()
        .map(|example| example.name.to_owned())
        // It needs a server: the tests below.
        .chain(["downloads".to_owned()])
        .collect();
    assert_eq!(stored, run);
    for name in stored {
        let source = fs::read_to_string(sources().join(format!("{name}.rs"))).expect("a source");
        assert!(
            source.lines().count() < 60,
            "{name} is too long for an example"
        );
    }
}

#[test]
fn examples_stop_as_they_say() {
    for example in EXAMPLES {
        let mut command = Command::new(program(example.name));
        command.args(example.arguments);
        let mut terminal = Terminal::run(command, 100);
        for text in example.before_each_press {
            terminal.expect(&[text]);
            terminal.press_ctrl_c();
        }
        let signal = terminal.end();
        let (name, picture) = (example.name, terminal.picture());
        for text in example.at_the_end {
            assert!(picture.contains(text), "{name}: no {text:?} on\n{picture}");
        }
        assert_eq!(signal, Some(libc::SIGINT), "{name}\n{picture}");
        assert!(terminal.shows_cursor() && terminal.echoes_keys(), "{name}");
    }
}

const BODY: &str = "the whole of it, both halves";

/// Answers each request with the first half, and with the second when told;
/// counts the requests.
struct Server {
    address: SocketAddr,
    requests: Arc<AtomicUsize>,
    go_on: Arc<AtomicBool>,
}

impl Server {
    fn start() -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let server = Server {
            address: listener.local_addr().expect("its address"),
            requests: Arc::default(),
            go_on: Arc::default(),
        };
        let (requests, go_on) = (Arc::clone(&server.requests), Arc::clone(&server.go_on));
        // It ends with the tests.
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                requests.fetch_add(1, Ordering::SeqCst);
                let go_on = Arc::clone(&go_on);
                thread::spawn(move || answer(client, &go_on));
            }
        });
        server
    }
}

fn answer(mut client: TcpStream, go_on: &AtomicBool) {
    let (first, second) = BODY.split_at(BODY.len() / 2);
    // The client may have gone.
    let _ = write!(client, "HTTP/1.0 200 OK\r\n\r\n{first}");
    while !go_on.load(Ordering::SeqCst) {
        thread::park_timeout(Duration::from_millis(10));
    }
    let _ = client.write_all(second.as_bytes());
    // The request is read to its end: closing before would discard the answer.
    let _ = client.shutdown(Shutdown::Write);
    let _ = client.read_to_end(&mut Vec::new());
}

/// Stops five downloads, three at a time, when three have begun; gives the
/// files that are there afterwards.
fn stopped_downloads(presses: usize) -> Vec<String> {
    let server = Server::start();
    let directory = tempfile::tempdir().expect("a directory");
    let mut command = Command::new(program("downloads"));
    let address = server.address;
    command
        .args((1..=5).map(|number| format!("http://{address}/files/{number}.txt")))
        .current_dir(directory.path());
    let mut terminal = Terminal::run(command, 100);
    terminal.expect(&["1.txt begun", "2.txt begun", "3.txt begun"]);
    let answers = [
        "Press Ctrl+C again to terminate active tasks",
        "Press Ctrl+C again for immediate exit",
    ];
    for answer in &answers[..presses] {
        terminal.press_ctrl_c();
        terminal.expect(&[answer]);
    }
    if presses == 1 {
        server.go_on.store(true, Ordering::SeqCst);
    }
    let signal = terminal.end();
    assert_eq!(signal, Some(libc::SIGINT), "{}", terminal.picture());
    assert_eq!(server.requests.load(Ordering::SeqCst), 3, "no more begun");
    let mut files: Vec<String> = fs::read_dir(directory.path())
        .expect("the directory")
        .map(|entry| entry.expect("an entry").path())
        .map(|path| {
            let text = fs::read_to_string(&path).expect("text");
            assert_eq!(text, BODY, "{} is whole", path.display());
            path.file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    files.sort();
    files
}

#[test]
fn one_ctrl_c_completes_the_downloads_that_have_begun() {
    assert_eq!(stopped_downloads(1), ["1.txt", "2.txt", "3.txt"]);
}

#[test]
fn two_ctrl_c_drop_the_downloads_and_leave_no_half_file() {
    assert!(stopped_downloads(2).is_empty());
}
