//! Faults beyond a signal, on programs that nobody here wrote: each is really applied, and what it asks is what is
//! judged.

use fixture_model::Helper;
use serde_json::Value;
use std::ffi::OsString;
use std::fs;
use under_test::{Outcome, call_here};

const TEXT: &str = "one\ntwo\nthree\n";

/// Calls `verb` for a command with a file `words.txt` of some size in its work tree.
fn on_words(verb: &str, flags: &[&str], command: &[&str]) -> Outcome {
    let inputs = tempfile::tempdir().expect("a directory");
    let words = inputs.path().join("words.txt");
    fs::write(&words, TEXT.repeat(2000)).expect("an input");
    let mut arguments: Vec<OsString> = vec![verb.into(), "--in".into(), words.into()];
    arguments.extend(flags.iter().map(Into::into));
    arguments.push("--".into());
    arguments.extend(command.iter().map(Into::into));
    under_test::json(&arguments).expect("an answer")
}

/// One run of a shell script with these faults.
fn run(faults: &[&str], script: &str) -> Outcome {
    let mut flags = vec!["--grace", "5s"];
    for fault in faults {
        match *fault {
            "--pty" => flags.push("--pty"),
            fault => flags.extend(["--fault", fault]),
        }
    }
    on_words("run", &flags, &["bash", "-c", script])
}

/// The facts of this kind in a run's events.
fn events<'a>(outcome: &'a Outcome, kind: &'a str) -> impl Iterator<Item = (u64, &'a Value)> {
    outcome
        .lines
        .iter()
        .filter(|line| line["type"] == "event")
        .filter_map(move |line| Some((line["at_ns"].as_u64()?, line["event"].get(kind)?)))
}

/// When the fault was applied, and that it was this one.
#[track_caller]
fn applied(outcome: &Outcome, words: &str) -> u64 {
    let found = events(outcome, "fault").find(|(_, fault)| {
        fault["fault"]
            .as_str()
            .is_some_and(|said| said.contains(words))
    });
    found
        .unwrap_or_else(|| panic!("{words:?} was not applied: {outcome:#?}"))
        .0
}

#[track_caller]
fn clean(outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{outcome:#?}");
}

#[track_caller]
fn finds(outcome: &Outcome, oracle: &str, words: &str) {
    let found = outcome
        .findings
        .iter()
        .any(|finding| finding.oracle == oracle && finding.text.contains(words));
    assert!(found, "{oracle} with {words:?} was expected: {outcome:#?}");
}

#[test]
fn gzip_survives_a_full_disk_and_short_writes() {
    for fault in ["ENOSPC", "ENOSPC:always", "EIO", "short=1", "EMFILE"] {
        let outcome = on_words("sweep", &["--fault", fault], &["gzip", "-k", "words.txt"]);
        clean(&outcome);
        let summary = outcome.line("summary").expect("a summary");
        assert!(
            summary["points_tried"].as_u64() >= Some(1),
            "{fault}: {summary}"
        );
    }
}

#[test]
fn nobody_cleans_up_after_sigkill_but_the_next_run_must_work() {
    let outcome = on_words("sweep", &["--signal", "KILL"], &["gzip", "-k", "words.txt"]);
    finds(&outcome, "old-or-new", "words.txt.gz");
    finds(
        &outcome,
        "old-or-new",
        "and running it again does not repair it",
    );
    let oracles: Vec<&str> = outcome.oracles().collect();
    assert!(
        !oracles.contains(&"leftovers") && !oracles.contains(&"status"),
        "{outcome:#?}"
    );
}

/// A data base is whole after a crash at any point when it has a journal, and not when it has none.
#[test]
fn a_data_base_survives_sigkill_with_a_journal_only() {
    for (journal, whole) in [("delete", true), ("off", false)] {
        let script = format!(
            "pragma journal_mode={journal}; create table t(x unique); \
             with recursive n(i) as (select 1 union all select i+1 from n where i<200) \
             insert into t select i || 'some text to fill a page or two' from n; \
             delete from t where rowid % 2;"
        );
        let outcome = on_words(
            "sweep",
            &[
                "--signal",
                "KILL",
                "--path",
                "data*",
                "--any",
                "data*",
                "--oracles",
                "check",
                "--check",
                "test \"$(sqlite3 data 'pragma integrity_check')\" = ok",
            ],
            &["sqlite3", "data", &script],
        );
        assert_eq!(
            outcome.code,
            Some(i32::from(!whole)),
            "journal {journal}: {outcome:#?}"
        );
        if !whole {
            finds(&outcome, "check", "integrity_check");
        }
    }
}

#[test]
fn an_error_takes_the_place_of_one_call_or_of_all_from_there_on() {
    let script = "for i in 1 2 3 4; do echo $i; done > out; echo done";
    let outcome = run(&["ENOSPC:at-once@write(out)#2"], script);
    applied(&outcome, "ENOSPC in place of the call");
    assert_eq!(events(&outcome, "fault").count(), 1, "{outcome:#?}");
    finds(&outcome, "old-or-new", "out has 6 bytes");
    let outcome = run(&["ENOSPC:at-once:always@write(out)#2"], script);
    assert_eq!(events(&outcome, "fault").count(), 3, "{outcome:#?}");
    finds(&outcome, "status", "out is not as a finished run leaves it");
    finds(&outcome, "old-or-new", "out has 2 bytes");
}

#[test]
fn an_error_without_a_call_waits_for_one_that_it_can_happen_to() {
    let outcome = run(
        &["ENOSPC@output:ready"],
        "echo ready; mkdir a; echo x > out",
    );
    let (_, fault) = events(&outcome, "fault").next().expect("a fault");
    assert!(
        fault["met"]
            .as_str()
            .is_some_and(|met| met.starts_with(&format!("{}(a)", call_here("mkdir")))),
        "{fault}"
    );
    let outcome = run(
        &["EMFILE@every:open(words.txt)"],
        "read x < words.txt || exit 3; echo $x",
    );
    applied(&outcome, "EMFILE");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["exited"],
        3,
        "{outcome:#?}"
    );
}

#[test]
fn a_short_write_is_continued_by_dd_when_it_is_told_to() {
    let command = ["dd", "if=words.txt", "of=copy", "bs=4k", "status=none"];
    let outcome = on_words(
        "sweep",
        &["--fault", "short=100", "--path", "copy"],
        &command,
    );
    clean(&outcome);
    let outcome = on_words(
        "sweep",
        &["--fault", "short=100", "--all", "--path", "words.txt"],
        &command,
    );
    clean(&outcome);
}

#[test]
fn a_program_finds_its_registers_as_they_were() {
    let program = Helper::named("registers").expect("in the table").program();
    let program = program.argv(&under_test::rust_program).remove(0);
    for fault in ["short=4@write(out.txt)", "EIO@write(out.txt)"] {
        let arguments: Vec<OsString> = ["run", "--empty", "--no-baseline", "--fault", fault, "--"]
            .map(OsString::from)
            .into_iter()
            .chain([program.clone()])
            .collect();
        let outcome = under_test::json(&arguments).expect("an answer");
        assert_eq!(events(&outcome, "fault").count(), 1, "{outcome:#?}");
        let end = &outcome.line("run").expect("a run")["status"]["exited"];
        assert_eq!(*end, 0, "{fault}: {outcome:#?}");
    }
}

#[test]
fn a_delay_holds_the_call_and_nothing_else() {
    let outcome = run(
        &["delay=300ms@write(out)"],
        "echo x > out & echo y; wait; echo done",
    );
    let at = applied(&outcome, "held back for 300ms");
    clean(&outcome);
    let said = |word: &str| {
        let found = events(&outcome, "output").find(|(_, said)| {
            said["bytes"]
                .as_str()
                .is_some_and(|text| text.contains(word))
        });
        found
            .unwrap_or_else(|| panic!("{word:?} was not said: {outcome:#?}"))
            .0
    };
    assert!(said("done") >= at + 300_000_000, "{outcome:#?}");
}

#[test]
fn a_frozen_target_goes_on_later_and_gets_its_time_back() {
    // Longer than its deadline.
    let outcome = run(&["freeze=2500ms@write(out)"], "echo x > out; echo done");
    let at = applied(&outcome, "SIGSTOP to the group");
    let signals: Vec<u64> = events(&outcome, "delivered")
        .filter_map(|(_, taken)| taken["signal"].as_u64())
        .collect();
    assert_eq!(signals, [19, 18], "{outcome:#?}");
    clean(&outcome);
    let (end, _) = events(&outcome, "exited").next().expect("an end");
    assert!(end >= at + 2_500_000_000, "{outcome:#?}");
}

#[test]
fn a_target_that_stays_frozen_hangs() {
    let outcome = run(&["freeze:always@write(out)"], "echo x > out; echo done");
    finds(&outcome, "exits", "still running");
}

#[test]
fn a_child_is_killed_and_its_parent_not() {
    let script = "echo ready; sleep 5 & wait $!; echo status $? > out";
    let outcome = on_words(
        "run",
        &["--no-baseline", "--fault", "KILL:child@child:1"],
        &["bash", "-c", script],
    );
    applied(&outcome, "SIGKILL to a child");
    let (_, taken) = events(&outcome, "child_exited")
        .next()
        .expect("the child's end");
    assert_eq!(taken["status"]["signaled"], 9, "{outcome:#?}");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["exited"],
        0,
        "{outcome:#?}"
    );
}

#[test]
fn a_closed_reader_means_sigpipe() {
    let outcome = run(&["close@output:ready"], "echo ready; sleep 0.1; echo more");
    applied(&outcome, "the reader of stdout closes it");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["signaled"],
        13,
        "{outcome:#?}"
    );
    clean(&outcome);
    let outcome = run(
        &["close=stderr@output:ready"],
        "echo ready; sleep 0.1; echo more >&2; echo done",
    );
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["signaled"],
        13,
        "{outcome:#?}"
    );
}

#[test]
fn a_closed_terminal_means_sighup() {
    let outcome = run(
        &["--pty", "hangup@output:ready"],
        "echo ready; read -t 1 answer; echo done; true",
    );
    applied(&outcome, "the terminal goes away");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["signaled"],
        1,
        "{outcome:#?}"
    );
    clean(&outcome);
}

#[test]
fn a_signal_that_lasts_comes_again_and_again() {
    let script = "trap 'n=$((n+1))' USR1; echo ready; until [ ${n:-0} -ge 3 ]; do read -t 0.01 x < <(:); done; echo done";
    let outcome = on_words(
        "run",
        &["--no-baseline", "--fault", "USR1:always@output:ready"],
        &["bash", "-c", script],
    );
    assert!(events(&outcome, "fault").count() >= 3, "{outcome:#?}");
    assert_eq!(
        outcome.line("run").expect("a run")["status"]["exited"],
        0,
        "{outcome:#?}"
    );
}

#[test]
fn a_starved_target_still_ends() {
    let outcome = run(
        &["starve:always@output:ready"],
        "echo ready; for ((i = 0; i < 2000; i++)); do :; done; echo done > out",
    );
    applied(&outcome, "hardly any processor time");
    clean(&outcome);
}

#[test]
fn a_thread_gets_the_signal_that_is_sent_to_it() {
    let script = "import signal, threading\n\
        blocked = threading.Event()\n\
        signal.signal(signal.SIGUSR1, lambda *_: blocked.set())\n\
        worker = threading.Thread(target=blocked.wait)\n\
        worker.start()\n\
        print('ready', flush=True)\n\
        worker.join()\n";
    let outcome = on_words(
        "run",
        &["--no-baseline", "--fault", "USR1:thread:t1@output:ready"],
        &["python3", "-c", script],
    );
    applied(&outcome, "SIGUSR1 to thread t1");
    let (_, taken) = events(&outcome, "delivered").next().expect("it is taken");
    assert_ne!(taken["tid"], taken["pid"], "{outcome:#?}");
    assert_eq!(taken["thread"], "t1", "{outcome:#?}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let outcome = run(&["KILL:child@output:ready"], "echo ready; echo done");
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
    let outcome = run(&["INT:thread:t7@output:ready"], "echo ready; echo done");
    assert_eq!(outcome.code, Some(4), "{outcome:#?}");
}
