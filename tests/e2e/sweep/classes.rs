//! Classes of points: what is alike is tried by some of its members; threads and random names are no obstacle.

use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use under_test::{Outcome, python};

/// Sweeps a program whose source is written into the work tree under this name.
fn sweep(flags: &[&str], command: &[&str], name: &str, source: &str) -> Outcome {
    let inputs = tempfile::tempdir().expect("a directory");
    fs::write(inputs.path().join(name), source).expect("an input");
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--in".into(), inputs.path().into()];
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(command.iter().map(Into::into));
    under_test::json(&arguments).expect("an answer")
}

fn summary(outcome: &Outcome) -> &Value {
    outcome
        .line("summary")
        .unwrap_or_else(|| panic!("no summary: {outcome:#?}"))
}

fn number(value: &Value, name: &str) -> u64 {
    value[name]
        .as_u64()
        .unwrap_or_else(|| panic!("{name} is no number: {value:#}"))
}

/// Subjects and oracles of what was found.
fn found(outcome: &Outcome) -> Vec<(String, String)> {
    let findings = outcome.findings.iter();
    let mut found: Vec<(String, String)> = findings
        .map(|finding| (finding.oracle.clone(), finding.subject.clone()))
        .collect();
    found.sort();
    found
}

/// Three hundred writes of one line of code, after which the file is complete.
const LOOP: &str = "i=0\nwhile [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done > out.txt\n";

#[test]
fn a_loop_costs_a_handful_of_runs_and_shows_what_every_point_shows() {
    let command = ["dash", "loop.sh"];
    let all = sweep(&["--exhaustive"], &command, "loop.sh", LOOP);
    let some = sweep(&["--representatives"], &command, "loop.sh", LOOP);
    assert_eq!(found(&some), found(&all), "{some:#?}");
    assert!(!found(&some).is_empty(), "{some:#?}");
    let (all, some) = (summary(&all), summary(&some));
    assert!(number(all, "runs") > 300, "{all:#}");
    assert!(number(some, "runs") <= 25, "{some:#}");
    // Nothing is left of which nothing is known.
    assert_eq!(some["coverage"], 1.0, "{some:#}");
    assert_eq!(
        number(some, "classes_tried"),
        number(some, "classes"),
        "{some:#}"
    );
    assert!(number(some, "represented") > 270, "{some:#}");
    assert_eq!(number(all, "represented"), 0, "{all:#}");
    // By call, too, what is represented is not said to be tried.
    let writes = some["by_call"].as_array().expect("a list");
    let writes = writes.iter().find(|share| share["name"] == "write");
    let writes = writes.expect("the loop's writes");
    assert!(number(writes, "tried") <= 25, "{writes:#}");
    assert!(number(writes, "represented") > 270, "{writes:#}");
}

#[test]
fn where_a_class_changes_is_found_between_two_neighbours() {
    // From the 200th line on there is a file that the end takes away.
    let script = "i=0\nwhile [ $i -lt 300 ]; do\n  [ $i -eq 200 ] && : > lock\n  echo line $i\n  i=$((i+1))\ndone > out.txt\nrm lock\n";
    let outcome = sweep(
        &["--representatives"],
        &["dash", "loop.sh"],
        "loop.sh",
        script,
    );
    let leftover = ("leftovers".to_owned(), "lock".to_owned());
    assert!(found(&outcome).contains(&leftover), "{outcome:#?}");
    let finding = outcome
        .lines
        .iter()
        .find(|line| line["type"] == "finding" && line["oracle"] == "leftovers")
        .expect("the finding");
    // A hundred writes with the lock, and what is around them: none before it.
    let count = number(finding, "count");
    assert!((95..=110).contains(&count), "{finding:#}");
}

#[test]
fn threads_are_swept_whole() {
    let script = "\
from concurrent.futures import ThreadPoolExecutor
import os
def work(i):
    name = f'p{i}.tmp'
    with open(name, 'w') as f:
        f.write('x' * 10)
        f.flush()
        os.fsync(f.fileno())
    os.rename(name, f'p{i}.txt')
with ThreadPoolExecutor(4) as pool:
    list(pool.map(work, range(8)))
";
    let flags = ["--only", "openat,write,fsync,rename", "--signal", "TERM"];
    let outcome = sweep(
        &flags,
        &[&python(), "-I", "-S", "pool.py"],
        "pool.py",
        script,
    );
    assert_ne!(outcome.code, Some(4), "{outcome:#?}");
    let summary = summary(&outcome);
    assert_eq!(
        number(summary, "classes_tried"),
        number(summary, "classes"),
        "{summary:#}"
    );
    assert_eq!(
        summary["not_reached"],
        Value::Array(Vec::new()),
        "{summary:#}"
    );
    // The line of the script, not the interpreter's.
    let leftover = outcome
        .lines
        .iter()
        .find(|line| line["type"] == "finding" && line["oracle"] == "leftovers")
        .unwrap_or_else(|| panic!("no leftovers: {outcome:#?}"));
    let moment = leftover["moment"].to_string();
    assert!(moment.contains("work (pool.py:"), "{leftover:#}");
}

#[test]
fn random_names_in_threads_are_one_class() {
    let script = "\
import os, tempfile, threading
def work(i):
    fd, name = tempfile.mkstemp(dir='.')
    os.write(fd, b'x')
    os.close(fd)
    os.rename(name, f'out{i}')
threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
for t in threads: t.start()
for t in threads: t.join()
";
    let flags = ["--only", "openat,write,rename", "--signal", "TERM"];
    let outcome = sweep(
        &flags,
        &[&python(), "-I", "-S", "names.py"],
        "names.py",
        script,
    );
    assert_ne!(outcome.code, Some(4), "{outcome:#?}");
    let summary = summary(&outcome);
    assert_eq!(
        number(summary, "classes_tried"),
        number(summary, "classes"),
        "{summary:#}"
    );
    assert!(
        outcome
            .findings
            .iter()
            .any(|finding| finding.oracle == "leftovers"),
        "{outcome:#?}"
    );
}

#[test]
fn what_there_is_no_time_for_is_said() {
    let flags = ["--exhaustive", "--for", "200ms", "--jobs", "1"];
    let script =
        "i=0\nwhile [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done > out.txt\nsleep 0.02\n";
    let outcome = sweep(&flags, &["dash", "loop.sh"], "loop.sh", script);
    let summary = summary(&outcome);
    assert!(number(summary, "untried") > 0, "{summary:#}");
    assert!(summary["coverage"].as_f64() < Some(1.0), "{summary:#}");
}

#[test]
fn a_maximum_time_counts_from_the_first_try() {
    // An undisturbed run alone takes longer than the maximum.
    let flags = ["--for", "250ms", "--jobs", "1"];
    let script = "sleep 0.3\necho line > out.txt\n";
    let outcome = sweep(&flags, &["dash", "slow.sh"], "slow.sh", script);
    let summary = summary(&outcome);
    assert!(number(summary, "points_tried") > 0, "{summary:#}");
    assert!(number(summary, "untried") > 0, "{summary:#}");
}

/// Renames in the first three runs, which are the recordings, and then in each seventh; a child runs beside it.
const BY_CHANCE: &str = "\
n=$(cat COUNT); echo $((n + 1)) > COUNT
sleep 0.01 &
: > a
if [ $n -lt 3 ] || [ $((n % 7)) = 0 ]; then mv a b; else rm a; fi
wait
";

#[test]
fn a_call_that_is_made_by_chance_is_tried_until_it_is_met() {
    let directory = tempfile::tempdir().expect("a directory");
    let count = directory.path().join("count");
    fs::write(&count, "0").expect("a file");
    let script = BY_CHANCE.replace("COUNT", &count.display().to_string());
    let flags = [
        "--oracles",
        "exits",
        "--jobs",
        "1",
        "--only",
        "rename,renameat2",
    ];
    let outcome = sweep(&flags, &["bash", "chance.sh"], "chance.sh", &script);
    let summary = summary(&outcome);
    assert_eq!(number(summary, "points_tried"), 1, "{summary:#}");
    assert_eq!(outcome.code, Some(0), "{summary:#}");
}

/// Reads a file, and then writes it in place: both by one instruction of the C library.
const READ_AND_WRITTEN: &str = "\
import os
file = os.open('text', os.O_RDONLY)
text = os.read(file, 100)
os.close(file)
file = os.open('text', os.O_WRONLY | os.O_TRUNC)
os.write(file, text.upper())
";

#[test]
fn a_call_without_effect_is_not_taken_for_the_point() {
    let inputs = tempfile::tempdir().expect("a directory");
    fs::write(inputs.path().join("text"), "small\n").expect("an input");
    fs::write(inputs.path().join("program.py"), READ_AND_WRITTEN).expect("an input");
    let mut arguments: Vec<OsString> = vec!["sweep".into(), "--in".into(), inputs.path().into()];
    let flags = ["--signal", "KILL", "--only", "openat", "--"];
    arguments.extend(flags.into_iter().map(Into::into));
    arguments.extend([python().into(), "-IS".into(), "program.py".into()]);
    let outcome = under_test::json(&arguments).expect("an answer");
    let torn = ("old-or-new".to_owned(), "text".to_owned());
    assert!(found(&outcome).contains(&torn), "{outcome:#?}");
}
