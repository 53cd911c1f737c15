//! What a target does that is no call of its own: nothing of it goes by in silence, and "every contract holds" is not
//! said where something was not followed.

use fixture_model::Helper;
use std::ffi::OsString;
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;
use std::{fs, thread};
use under_test::{Outcome, command, json, rust_program};

fn call(verb: &str, flags: &[&str], target: &[OsString]) -> Outcome {
    let mut arguments: Vec<OsString> = vec![verb.into(), "--empty".into()];
    arguments.extend(flags.iter().map(OsString::from));
    arguments.push("--".into());
    arguments.extend_from_slice(target);
    json(&arguments).expect("an answer")
}

/// The program of a helper, with an argument.
fn helper(stem: &str, argument: &str) -> Vec<OsString> {
    let mut argv = Helper::named(stem)
        .expect("in the table")
        .program()
        .argv(&rust_program);
    argv.extend((!argument.is_empty()).then(|| argument.into()));
    argv
}

/// The texts of this list in the last line.
fn texts<'a>(outcome: &'a Outcome, list: &str) -> Vec<&'a str> {
    let last = outcome.lines.last().expect("a line");
    let texts = last[list].as_array().expect("a list");
    texts.iter().filter_map(serde_json::Value::as_str).collect()
}

/// Nothing was found, and yet it is not said that everything holds, for this reason.
#[track_caller]
fn unproven(outcome: &Outcome, reason: &str) {
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
    let last = outcome.lines.last().expect("a line");
    assert_eq!(last["verdict"], "not_reached", "{outcome:#?}");
    let said = texts(outcome, "not_followed");
    assert!(said.iter().any(|text| text.contains(reason)), "{said:?}");
    assert!(outcome.findings.is_empty(), "{outcome:#?}");
}

#[track_caller]
fn holds(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
    assert!(texts(outcome, "not_followed").is_empty(), "{outcome:#?}");
}

#[test]
fn io_uring_is_refused_and_that_is_said() {
    let program = helper("io-uring", "");
    let outcome = call("sweep", &[], &program);
    holds(&outcome);
    let notes = texts(&outcome, "notes");
    let told = |note: &&str| note.contains("io_uring") && note.contains("ENOSYS");
    assert_eq!(
        notes.iter().filter(|note| told(note)).count(),
        1,
        "{notes:?}"
    );
    let listed = call("points", &[], &program);
    let calls: Vec<&str> = listed
        .lines
        .iter()
        .filter_map(|point| point["call"].as_str())
        .collect();
    assert!(calls.contains(&"mkdir"), "it did not fall back: {calls:?}");
    let said = listed.line("not_followed").expect("a line");
    assert!(
        said["text"]
            .as_str()
            .is_some_and(|text| text.contains("ENOSYS"))
    );
}

#[test]
fn a_program_that_needs_io_uring_is_told_how_to_get_it() {
    let program = helper("io-uring", "only");
    let arguments = ["sweep", "--empty", "--"].map(OsString::from);
    let output = command()
        .args(arguments.iter().chain(&program))
        .output()
        .expect("sigproof");
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    let said = String::from_utf8_lossy(&output.stderr).replace("\n ", " ");
    let said: Vec<&str> = said.split_whitespace().collect();
    assert!(said.join(" ").contains("--io-uring allow"), "{said:?}");
    let allowed = call("run", &["--io-uring", "allow"], &program);
    unproven(&allowed, "1 operation through io_uring was not followed");
}

#[test]
fn operations_through_io_uring_are_counted_and_prove_nothing() {
    for verb in ["sweep", "fuzz"] {
        let flags: &[&str] = match verb {
            "fuzz" => &["--io-uring", "allow", "--runs", "8"],
            _ => &["--io-uring", "allow"],
        };
        let outcome = call(verb, flags, &helper("io-uring", ""));
        unproven(&outcome, "1 operation through io_uring was not followed");
    }
}

#[test]
fn a_scenario_has_the_same_key() {
    let directory = tempfile::tempdir().expect("a directory");
    let program = helper("io-uring", "");
    let file = directory.path().join("ring.toml");
    let text = format!(
        "[target]\ncommand = [{:?}]\nio-uring = \"allow\"\n[sweep]\n",
        program[0]
    );
    fs::write(&file, text).expect("a scenario");
    let arguments: [OsString; 2] = ["test".into(), file.into()];
    // The line of the scenario says why, too: "all points were tried" would be no reason.
    let output = command().args(&arguments).output().expect("sigproof runs");
    let said = String::from_utf8_lossy(&output.stdout);
    let line = said
        .lines()
        .find(|line| line.contains("points; not proven: "));
    assert!(line.is_some(), "{said}");
    let outcome = json(&arguments).expect("an answer");
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
    let case = outcome.line("case").expect("a case");
    assert_eq!(case["verdict"], "not_reached");
    assert_eq!(
        case["not_followed"].as_array().map(Vec::len),
        Some(1),
        "{case:#}"
    );
}

#[test]
fn a_result_that_is_written_in_memory_is_not_proven() {
    for kind in ["result", "later"] {
        let outcome = call("sweep", &[], &helper("shared-mapping", kind));
        unproven(&outcome, "data.tmp in memory");
        let listed = call("points", &[], &helper("shared-mapping", kind));
        for (call, argument) in [("msync", "data.tmp"), ("munmap", "data.tmp")] {
            let is_one =
                |point: &&serde_json::Value| point["call"] == call && point["argument"] == argument;
            assert!(
                listed.lines.iter().any(|point| is_one(&point)),
                "{call} {kind}"
            );
        }
    }
}

#[test]
fn memory_that_is_no_result_is_no_reason() {
    let scratch = call("sweep", &[], &helper("shared-mapping", "scratch"));
    holds(&scratch);
    let notes = texts(&scratch, "notes");
    assert!(
        notes.iter().any(|note| note.contains("data.tmp")),
        "{notes:?}"
    );
    let memory = call("sweep", &[], &helper("shared-mapping", "memory"));
    holds(&memory);
    assert!(texts(&memory, "notes").is_empty(), "{memory:#?}");
}

#[test]
fn calls_that_few_programs_make_are_points() {
    let listed = call("points", &[], &helper("rare-calls", ""));
    let names: Vec<&str> = listed
        .lines
        .iter()
        .filter_map(|point| point["name"].as_str())
        .collect();
    for call in [
        "io_submit(out.txt)",
        "io_getevents",
        "pwritev2(out.txt)",
        "sendmmsg(socket)",
        "recvmmsg(socket)",
        "shutdown(socket)",
        "semget",
        "msgsnd",
        "msgrcv",
        "pidfd_send_signal(SIGCONT)",
    ] {
        let wanted = format!("rare-calls:{call}#1@exit");
        assert!(names.contains(&&*wanted), "{wanted} in {names:#?}");
    }
}

/// A program in C, compiled here.
fn compiled(directory: &Path, source: &str) -> OsString {
    let (file, program) = (directory.join("program.c"), directory.join("program"));
    fs::write(&file, source).expect("a source");
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let output = Command::new(compiler)
        .args([&file, Path::new("-o"), &program])
        .output()
        .expect("a compiler");
    assert!(output.status.success(), "{output:?}");
    program.into()
}

#[test]
fn calls_of_another_architecture_are_counted() {
    if std::env::consts::ARCH != "x86_64" {
        eprintln!(
            "calls of 32-bit programs are made by an instruction of x86-64: nothing to be seen"
        );
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    // getpid and mkdir by their numbers on 32-bit machines.
    let program = compiled(
        directory.path(),
        r#"
        static long old_call(long number, long one, long two)
        {
            long result;
            __asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(one), "c"(two) : "memory");
            return result;
        }
        static char name[] = "made";
        int main(void)
        {
            long made = (unsigned long)name >> 32 ? 0 : old_call(39, (long)name, 0755);
            return old_call(20, 0, 0) <= 0 || (made != 0 && made != -17);
        }
        "#,
    );
    // Without position-independent code the name lies where 32 bits reach.
    let ran = Command::new(&program)
        .current_dir(directory.path())
        .status();
    if !ran.expect("it runs").success() {
        eprintln!("this kernel has no calls of 32-bit programs: nothing to be seen");
        return;
    }
    let outcome = call("run", &[], &[program]);
    unproven(&outcome, "for another architecture");
}

#[test]
fn a_server_that_it_did_not_start_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    // It ends with the test.
    thread::spawn(move || listener.incoming().for_each(drop));
    let script = format!("exec 3<>/dev/tcp/127.0.0.1/{port}; echo done > out.txt");
    let target = ["bash", "-c", &script].map(OsString::from);
    let outcome = call("run", &[], &target);
    holds(&outcome);
    let notes = texts(&outcome, "notes");
    let wanted = format!("localhost:{port}");
    assert_eq!(
        notes.iter().filter(|note| note.contains(&wanted)).count(),
        1,
        "{notes:?}"
    );
}
