//! A point has the same name in every undisturbed run: each program is recorded in two sessions, and the lists are
//! compared.
//!
//! With one thread in each process every name is met again. With more the scheduler has a say in how often a thread
//! waits; there the share is printed.

use fixture_model::{Fixture, HELPERS, Helper, fixtures};
use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use sigproof::facts::Phase;
use sigproof::internals::PointName;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use under_test::{Outcome, rust_program};

/// Helpers that never end by themselves, or only after minutes, one that needs a whole installation, and one
/// that needs an input.
const LEFT_OUT: [&str; 5] = ["flood", "ignore-all", "server", "benchctl", "many-places"];

fn main() {
    let mut trials: Vec<Trial> = fixtures()
        .map(|fixture| Trial::test(fixture.name(), move || fixture_is_steady(fixture)))
        .collect();
    let helpers = HELPERS
        .iter()
        .filter(|helper| !LEFT_OUT.contains(&helper.stem));
    trials.extend(helpers.map(|helper| {
        let name = format!("{}/{}", helper.language.directory(), helper.stem);
        Trial::test(name, move || helper_is_steady(helper))
    }));
    trials.push(Trial::test("gzip", gzip));
    trials.push(Trial::test("git commit", git_commit));
    trials.push(Trial::test("python3", python));
    trials.push(Trial::test("the rate of a finding with threads", rate));
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

/// The names of one session's points, and whether threads make some of the calls. What not every recording has may be
/// missing from the next session as well.
struct Names {
    steady: Vec<PointName>,
    threads: bool,
}

/// The points of one session.
fn points(flags: &[OsString], command: &[OsString]) -> Result<Names, Failed> {
    let mut arguments: Vec<OsString> = vec!["points".into()];
    arguments.extend(flags.iter().cloned());
    arguments.push("--".into());
    arguments.extend(command.iter().cloned());
    let outcome: Outcome = under_test::json(&arguments)?;
    if outcome.code != Some(0) {
        return Err(outcome.failed("no list of points"));
    }
    let steady = outcome.lines.iter().filter(|point| point["steady"] == true);
    Ok(Names {
        steady: steady.map(name).collect(),
        threads: outcome.lines.iter().any(|point| point["thread"] != ""),
    })
}

fn name(point: &Value) -> PointName {
    let text = |field: &str| point[field].as_str().unwrap_or_default().to_owned();
    PointName {
        process: text("role"),
        thread: String::new(),
        call: text("call"),
        arg: text("argument"),
        ordinal: point["ordinal"].as_u64().unwrap_or_default() as u32,
        phase: match point["phase"].as_str() {
            Some("before") => Phase::Before,
            Some("entry") => Phase::Entry,
            _ => Phase::Exit,
        },
    }
}

/// Names of one list that the other has not.
fn missing<'a>(from: &'a [PointName], other: &[PointName]) -> Vec<&'a PointName> {
    let is_there =
        |name: &&PointName| other.contains(name) || other.iter().any(|it| it.same_point(name));
    from.iter().filter(|name| !is_there(name)).collect()
}

fn steady(what: &str, flags: &[OsString], command: &[OsString]) -> Result<(), Failed> {
    let (one, two) = (points(flags, command)?, points(flags, command)?);
    let threads = one.threads || two.threads;
    let (one, mut two) = (one.steady, two.steady);
    if !(missing(&one, &two).is_empty() && missing(&two, &one).is_empty()) {
        // Where a clock ends the waiting (an alarm, a timeout), a machine under load can be late once.
        println!("{what}: the lists differ; a third session is asked");
        two = points(flags, command)?.steady;
    }
    if one.is_empty() {
        return Err(format!("{what} has no points at all").into());
    }
    let apart = [missing(&one, &two), missing(&two, &one)].concat();
    let common = one.len() - missing(&one, &two).len();
    let share = 100.0 * common as f64 / one.len().max(two.len()) as f64;
    let kind = if threads { "threads" } else { "one thread" };
    println!(
        "{what}: {common} of {} names again, {share:.1} % ({kind})",
        one.len().max(two.len())
    );
    if threads {
        // How much is the scheduler's; that most is not, is ours.
        return if share >= 50.0 {
            Ok(())
        } else {
            Err(format!(
                "{what}: {share:.1} % of the names again; these differ: {}",
                list(&apart)
            )
            .into())
        };
    }
    if apart.is_empty() {
        Ok(())
    } else {
        Err(format!("{what}: in one session only: {}", list(&apart)).into())
    }
}

fn list(names: &[&PointName]) -> String {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn fixture_is_steady(fixture: Fixture) -> Result<(), Failed> {
    let inputs = tempfile::tempdir()?;
    fixture.write_inputs(inputs.path())?;
    let mut flags: Vec<OsString> = if fixture.pair.inputs.is_empty() {
        vec!["--empty".into()]
    } else {
        vec!["--in".into(), inputs.path().into()]
    };
    if fixture.pair.pty {
        flags.push("--pty".into());
    }
    steady(
        &fixture.name(),
        &flags,
        &fixture.program().argv(&rust_program),
    )
}

fn helper_is_steady(helper: &Helper) -> Result<(), Failed> {
    let command = helper.program().argv(&rust_program);
    steady(helper.stem, &["--empty".into()], &command)
}

fn words(text: &str) -> Vec<OsString> {
    under_test::words(text)
}

fn gzip() -> Result<(), Failed> {
    let inputs = tempfile::tempdir()?;
    let file = inputs.path().join("words.txt");
    std::fs::write(&file, "one\ntwo\n".repeat(5000))?;
    steady(
        "gzip",
        &["--in".into(), file.into()],
        &words("gzip -k words.txt"),
    )
}

fn git(repository: &Path, arguments: &str) -> Result<(), Failed> {
    let output = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(words(arguments))
        .output()?;
    if output.status.success() {
        Ok(())
    } else {
        Err(format!("git {arguments}: {output:?}").into())
    }
}

fn git_commit() -> Result<(), Failed> {
    let inputs = tempfile::tempdir()?;
    let repository = inputs.path();
    for arguments in [
        "-c init.defaultBranch=main init -q",
        "config user.name a",
        "config user.email a@example.org",
        "config maintenance.auto false",
    ] {
        git(repository, arguments)?;
    }
    std::fs::write(repository.join("file"), "content\n")?;
    git(repository, "add file")?;
    // The directory of the commit has its name from the time: sessions in two seconds would differ.
    steady(
        "git commit",
        &[
            "--in".into(),
            repository.into(),
            "--env".into(),
            "GIT_AUTHOR_DATE=1700000000 +0000".into(),
            "--env".into(),
            "GIT_COMMITTER_DATE=1700000000 +0000".into(),
        ],
        &words("git commit -qm one"),
    )
}

fn python() -> Result<(), Failed> {
    let script = "import os, signal\nsignal.signal(signal.SIGINT, lambda *_: os._exit(130))\n\
                  open('out.tmp', 'w').write('x')\nos.rename('out.tmp', 'out')\nprint('done')\n";
    // What `PATH` has may be a script around it, whose pipes are read in so many pieces as it happens.
    let own = Command::new("python3")
        .args(["-c", "import sys; print(sys.executable)"])
        .output()?;
    let own = String::from_utf8(own.stdout)?;
    let command = [own.trim(), "-c", script].map(OsString::from);
    steady("python3", &["--empty".into()], &command)
}

/// What is found in a program with threads may not show each time: how often it does is said.
fn rate() -> Result<(), Failed> {
    const TIMES: u64 = 10;
    let threads = Helper::named("threads").ok_or("no such program")?;
    // It dies at once, and leaves files that are half written.
    let mut arguments = words("sweep --empty --only write --");
    arguments.extend(threads.program().argv(&rust_program));
    let outcome = under_test::json(&arguments)?;
    let file = outcome
        .findings
        .iter()
        .find_map(|finding| finding.file.clone());
    let file = file.ok_or_else(|| outcome.failed("no stored finding"))?;
    arguments = words(&format!("replay -n {TIMES} {file}"));
    let replay = under_test::json(&arguments)?;
    let said = replay
        .line("replay")
        .ok_or_else(|| replay.failed("no answer"))?;
    let (shown, times) = (said["shown"].as_u64(), said["times"].as_u64());
    println!(
        "c/threads: {} of {TIMES} replays show it",
        shown.unwrap_or_default()
    );
    if times == Some(TIMES) && shown.is_some() {
        Ok(())
    } else {
        Err(replay.failed("a rate was expected"))
    }
}
