//! Programs in Go and for Node.js, whose runtimes handle every signal.

use super::{Inputs, brief};
use std::path::{Path, PathBuf};
use std::{env, process::Command};
use under_test::Outcome;

const GO: &str = r#"package main

import (
	"os"
	"os/signal"
)

func main() {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt)
	os.Stdout.WriteString("ready\n")
	<-signals
	os.Exit(130)
}
"#;

const C: &str = r#"#include <signal.h>
#include <unistd.h>
static void taken(int number) { (void)number; write(1, "taken\n", 6); _exit(130); }
int main(void) { signal(SIGINT, taken); write(1, "ready\n", 6); pause(); return 0; }
"#;

fn built(command: &mut Command) {
    let output = command.output().expect("a compiler");
    assert!(output.status.success(), "{output:?}");
}

fn target() -> PathBuf {
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("target");
    env::var_os("CARGO_TARGET_DIR").map_or(target, PathBuf::from)
}

fn go(source: &Path, program: &Path) {
    let path = env::var_os("PATH").unwrap_or_default();
    let compiler = env::split_paths(&path)
        .chain([target().join("go/bin")])
        .map(|directory| directory.join("go"))
        .find(|program| program.is_file())
        .expect("Go: cargo ci tools");
    built(
        Command::new(compiler)
            .args(["build", "-o"])
            .args([program, source])
            .env("CGO_ENABLED", "0")
            .env("GOTOOLCHAIN", "local")
            .env("GOFLAGS", "")
            .env("GOCACHE", target().join("go-cache"))
            .env("GOPATH", target().join("go-path")),
    );
}

/// How many handlers of SIGINT were followed to their end, in a run that ends with 130.
fn followed(command: &[&str]) -> (usize, Outcome) {
    let flags = ["--no-baseline", "--signal", "INT@output:ready"];
    let outcome = Inputs::of(&[]).try_out("run", &flags, command);
    let ended = outcome.line("run").map(|line| &line["status"]["exited"]);
    assert!(
        ended.is_some_and(|status| *status == 130),
        "{}",
        brief(&outcome)
    );
    let left = |line: &&serde_json::Value| line["event"]["handler_returned"]["signal"] == 2;
    (outcome.lines.iter().filter(left).count(), outcome)
}

/// Stops in the runtime's handler would give other threads milliseconds where Go expects microseconds: a program that
/// calls `signal.Notify` then, and ends by `signal.Reset` and the same signal, ends by SIGSEGV in most sweeps.
#[test]
fn the_handler_of_the_go_runtime_is_left_alone() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = |name: &str| directory.path().join(name);
    std::fs::write(place("waits.go"), GO).expect("a source");
    std::fs::write(place("waits.c"), C).expect("a source");
    go(&place("waits.go"), &place("in-go"));
    built(
        Command::new("cc")
            .arg("-o")
            .args([place("in-c"), place("waits.c")]),
    );
    let (handlers, outcome) = followed(&[&place("in-go").to_string_lossy()]);
    assert_eq!(handlers, 0, "{:#?}", outcome.lines);
    let (handlers, outcome) = followed(&[&place("in-c").to_string_lossy()]);
    assert_eq!(handlers, 1, "{:#?}", outcome.lines);
}

const NODE: &str = "process.on('SIGINT', () => process.exit(130)); setInterval(() => {}, 1000); console.log('ready');";

/// Until it listens for a signal, the handler of Node.js ends the program, on whichever thread it comes.
#[test]
fn the_handler_of_node_is_left_alone() {
    let (handlers, outcome) = followed(&["node", "-e", NODE]);
    assert_eq!(handlers, 0, "{:#?}", outcome.lines);
}
