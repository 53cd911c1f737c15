//! Output is an exact moment: who has written it does not go on before the signal is there.

/// Enough that a race would show; without the hold about every run writes on.
const ROUNDS: usize = 10;

/// Runs it with a signal at its first line, and answers what was printed.
fn interrupted(flags: &[&str], command: &[&str]) -> String {
    let output = under_test::command()
        .args(["run", "--no-baseline", "--empty"])
        .args(flags)
        .arg("--")
        .args(command)
        .output()
        .expect("sigproof runs");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What comes before the signal and after it in the timeline.
fn around(timeline: &str) -> (&str, &str) {
    // The line above the timeline repeats the command.
    let (_, timeline) = timeline.split_once("\n\n").expect("a timeline");
    timeline.split_once("SIGNAL").expect("a signal was sent")
}

#[test]
fn nothing_is_written_between_the_output_and_its_signal() {
    for flags in [&[][..], &["--pty"]] {
        for _ in 0..ROUNDS {
            let said = interrupted(
                &[flags, &["--signal", "INT@output:ready"]].concat(),
                &["sh", "-c", "echo ready; echo done"],
            );
            let (before, after) = around(&said);
            assert!(before.contains("ready"), "{said}");
            assert!(
                !said.contains("ms out     done") && !said.contains("ms term    done"),
                "{said}"
            );
            assert!(after.contains("killed by SIGINT"), "{said}");
        }
    }
}

#[test]
fn what_a_child_writes_is_exact_as_well() {
    for _ in 0..ROUNDS {
        let said = interrupted(
            &["--signal", "INT@output:two"],
            &[
                "sh",
                "-c",
                "printf 'one\\ntwo\\nthree\\nfour\\n' | sed -u p",
            ],
        );
        let (before, after) = around(&said);
        assert!(before.contains("one") && before.contains("two"), "{said}");
        // Without the hold it writes on until the signal comes: all of that is read before the signal is sent.
        for part in [before, after] {
            assert!(!part.contains("three") && !part.contains("four"), "{said}");
        }
    }
}

#[test]
fn what_was_written_before_a_call_is_shown_before_the_signal_at_it() {
    for _ in 0..ROUNDS {
        let said = interrupted(
            &["--signal", "INT@call:write#2"],
            &["sh", "-c", "echo one; echo two; echo three"],
        );
        let (before, after) = around(&said);
        assert!(before.contains("one") && before.contains("two"), "{said}");
        assert!(!after.contains("three"), "{said}");
    }
}

/// Many calls without a pause after the line, so that a line dated when it was read would come after some of them.
const BURST: &str = "mkdir before; echo ready; for i in 1 2 3 4 5 6 7 8 9; do : > after$i; done";

#[test]
fn a_sweep_takes_what_comes_after_the_output_for_after_it() {
    for _ in 0..ROUNDS {
        let results = tempfile::NamedTempFile::new().expect("a file");
        let output = under_test::command()
            .args(["sweep", "--empty", "--exhaustive", "--confirm", "0"])
            .args(["--only", "openat", "--after", "output:ready", "--results"])
            .arg(results.path())
            .args(["--", "dash", "-c", BURST])
            .output()
            .expect("sigproof runs");
        let said = String::from_utf8_lossy(&output.stdout);
        let file = std::fs::read_to_string(results.path()).expect("results");
        let results: serde_json::Value = serde_json::from_str(&file).expect("JSON");
        let points = results["cases"][0]["points"].as_array().expect("points");
        let early = points.iter().filter(|point| point["before_ready"] == true);
        let early: Vec<&serde_json::Value> = early
            .filter(|point| {
                point["arg"]
                    .as_str()
                    .is_some_and(|arg| arg.starts_with("after"))
            })
            .collect();
        assert!(early.is_empty(), "{early:#?}\n{said}");
        assert!(points.len() >= 9, "{said}");
    }
}
