//! A stored failure without what it does not need, and one that travels: with its inputs, to where they are not.

use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use under_test::Outcome;

/// Leaves its temporary file behind when it is killed. It needs its first argument, a variable and a file.
const PROGRAM: &str = r#"
[ "$1" = go ] || exit 3
. ./settings
: > "$NAME.$SUFFIX"
echo half >> "$NAME.$SUFFIX"
rm "$NAME.$SUFFIX"
"#;

struct Made {
    tree: tempfile::TempDir,
    store: tempfile::TempDir,
}

impl Made {
    fn new() -> Made {
        let tree = tempfile::tempdir().expect("a directory");
        fs::write(tree.path().join("program.sh"), PROGRAM).expect("writable");
        fs::write(tree.path().join("settings"), "NAME=work\n").expect("writable");
        fs::create_dir_all(tree.path().join("doc/old")).expect("writable");
        fs::write(tree.path().join("doc/readme"), "hello\n").expect("writable");
        fs::write(tree.path().join("data.bin"), [0, 159, 146, 150]).expect("writable");
        let store = tempfile::tempdir().expect("a directory");
        Made { tree, store }
    }

    fn tree(&self) -> &Path {
        self.tree.path()
    }

    /// A failing run of it: a stop that does no harm, a signal in the middle of its work, and one that comes too late.
    fn failing(&self) -> PathBuf {
        let run = under_test::command()
            .args(["run", "--json", "--store"])
            .arg(self.store.path())
            .arg("--in")
            .arg(self.tree())
            .args(["--env", "SUFFIX=tmp", "--env", "USELESS=1"])
            .args(["--signal", "freeze=1ms@call:openat(work.tmp)#1"])
            .args(["--signal", "INT@call:openat(work.tmp)#2"])
            .args(["--signal", "INT@+30ms", "--", "sh", "program.sh"])
            .args(["go", "-v", "--level", "9"])
            .output()
            .expect("sigproof runs");
        assert_eq!(run.status.code(), Some(1), "{run:?}");
        let stored = fs::read_dir(self.store.path()).expect("a store");
        stored
            .map(|entry| entry.expect("an entry").path())
            .find(|path| {
                path.extension()
                    .is_some_and(|extension| extension == "json")
            })
            .expect("a stored failure")
    }
}

fn call(verb: &str, flags: &[&str], file: &Path) -> Outcome {
    let mut arguments = vec![verb];
    arguments.extend(flags);
    let file = file.display().to_string();
    arguments.push(&file);
    under_test::json(&arguments).expect("an answer")
}

fn texts(value: &Value) -> Vec<&str> {
    let texts = value.as_array().into_iter().flatten();
    texts.filter_map(Value::as_str).collect()
}

#[test]
fn what_is_not_needed_goes_and_what_is_stays() {
    let made = Made::new();
    let file = made.failing();
    let flags = ["--optional", "*", "--optional", "--level *", "-n", "3"];
    let said = call("minimize", &flags, &file);
    assert_eq!(said.code, Some(0), "{said:#?}");
    let least = said.line("minimised").expect("an answer");
    let mut dropped = texts(&least["dropped"]);
    dropped.sort_unstable();
    let wanted = [
        "2 of 3 faults",
        "data.bin",
        "doc",
        "doc/old",
        "doc/readme",
        "the argument --level 9",
        "the argument -v",
        "the variable USELESS",
    ];
    assert_eq!(dropped, wanted, "{least}");
    assert_eq!(texts(&least["command"]), ["sh", "program.sh", "go"]);
    assert_eq!(
        least["schedule"].as_array().map(Vec::len),
        Some(1),
        "{least}"
    );
    assert_eq!(
        (&least["confirmed"], &least["of"]),
        (&3.into(), &3.into()),
        "{least}"
    );
    assert!(least["runs"].as_u64() > Some(10), "{least}");

    let smaller = file.with_extension("min.json");
    assert_eq!(least["file"], smaller.display().to_string());
    // It needs nothing of the directory any more.
    fs::remove_dir_all(made.tree()).expect("removed");
    let replay = call("replay", &["-n", "3"], &smaller);
    assert_eq!(replay.code, Some(1), "{replay:#?}");
    assert_eq!(replay.line("replay").expect("an answer")["shown"], 3);
    let again = call("minimize", &["--optional", "*", "-n", "2"], &smaller);
    let least = again.line("minimised").expect("an answer");
    assert_eq!(
        (&least["dropped"], &least["file"]),
        (&Value::Array(Vec::new()), &Value::Null)
    );
}

#[test]
fn what_does_not_show_any_more_is_said() {
    let made = Made::new();
    let file = made.failing();
    let mended = PROGRAM.replace(
        ": >",
        "trap 'rm -f work.tmp; trap - INT; kill -INT $$' INT\n: >",
    );
    fs::write(made.tree().join("program.sh"), mended).expect("writable");
    let said = call("minimize", &["-n", "2"], &file);
    assert_eq!(said.code, Some(5), "{said:#?}");
    assert_eq!(
        said.line("minimised").expect("an answer")["file"],
        Value::Null
    );
    assert!(!file.with_extension("min.json").exists());
    let wrong = call("minimize", &["--optional", "a["], &file);
    assert_eq!(wrong.code, Some(2), "{wrong:#?}");
}

#[test]
fn small_inputs_travel_and_changed_ones_are_said() {
    let made = Made::new();
    let file = made.failing();
    let notes = |replay: &Outcome| replay.line("replay").expect("an answer")["notes"].to_string();
    let replay = call("replay", &[], &file);
    assert!(!notes(&replay).contains("changed"), "{replay:#?}");

    fs::write(made.tree().join("doc/readme"), "other\n").expect("writable");
    let replay = call("replay", &[], &file);
    assert_eq!(replay.code, Some(1), "{replay:#?}");
    assert!(notes(&replay).contains("has changed since"), "{replay:#?}");

    fs::remove_dir_all(made.tree()).expect("removed");
    let replay = call("replay", &["-n", "3"], &file);
    assert_eq!(replay.code, Some(1), "{replay:#?}");
    assert!(
        notes(&replay).contains("the stored copy is used"),
        "{replay:#?}"
    );
}

#[test]
fn large_inputs_do_not_travel_and_that_is_said() {
    let made = Made::new();
    fs::write(made.tree().join("large"), vec![b'x'; 100_000]).expect("writable");
    let file = made.failing();
    let stored: Value = serde_json::from_slice(&fs::read(&file).expect("a file")).expect("JSON");
    assert!(stored["packed"].is_null() && stored["inputs"][0]["hash"].is_string());
    let said = call("minimize", &["-n", "2"], &file);
    let least = said.line("minimised").expect("an answer");
    assert!(least["notes"].to_string().contains("too large"), "{least}");
    fs::remove_dir_all(made.tree()).expect("removed");
    let replay = call("replay", &[], &file);
    assert_eq!(replay.code, Some(2), "{replay:#?}");
    assert!(
        replay.stderr.contains("too large to be stored"),
        "{replay:#?}"
    );
}

#[test]
fn another_machine_and_another_program_are_said() {
    let made = Made::new();
    let file = made.failing();
    let text = fs::read_to_string(&file).expect("a file");
    let mut stored: Value = serde_json::from_str(&text).expect("JSON");
    assert!(stored["program"]["hash"].is_string(), "{stored}");
    stored["system"] = "linux m68k".into();
    stored["program"]["hash"] = "0000000000000000".into();
    fs::write(&file, stored.to_string()).expect("writable");
    let replay = call("replay", &[], &file);
    let notes = replay.line("replay").expect("an answer")["notes"].to_string();
    assert!(notes.contains("linux m68k"), "{notes}");
    assert!(notes.contains("not the one that was tested"), "{notes}");
}
