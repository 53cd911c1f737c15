//! `sigproof test`, `merge` and `init`, as a person and a CI system use them.

use std::fs;
use std::path::Path;
use std::process::Output;

/// Runs in a directory.
fn sigproof(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output {
        status,
        stdout,
        stderr,
    } = under_test::command()
        .args(arguments)
        .env_remove("CI")
        .env_remove("INSTA_UPDATE")
        .current_dir(directory)
        .output()
        .expect("sigproof runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (status.code(), text(&stdout), text(&stderr))
}

/// A directory with these scenarios below `ci/scenarios`.
fn with(scenarios: &[(&str, &str)]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path().join("ci/scenarios");
    for (name, content) in scenarios {
        let path = root.join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, content).expect("writable");
    }
    directory
}

const HOLDS: &str =
    "[target]\ncommand = [\"gzip\", \"-k\", \"w\"]\nfiles = { w = \"one\" }\n[sweep]\n";

/// A shell that leaves a file behind.
const VIOLATED: &str =
    "[target]\ncommand = [\"sh\", \"-c\", \"echo x > t; cat t > out; rm t\"]\n[sweep]\n";

/// Interrupted when it says so; dies at once.
const SAYS: &str = r#"
[target]
command = ["sh", "-c", "echo ready; echo done"]
[run]
signals = ["INT@output:ready"]
[messages]
snapshot = true
"#;

#[test]
fn verdicts_and_exit_codes_are_those_of_the_scenarios() {
    let directory = with(&[("a/right.toml", HOLDS), ("b/wrong.toml", VIOLATED)]);
    let at = directory.path();
    let (code, out, err) = sigproof(at, &["test"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("✓ holds       a/right"), "{out}");
    assert!(out.contains("✗ violated    b/wrong"), "{out}");
    assert!(out.contains("2 scenarios: 1 holds, 1 violated"), "{out}");
    assert!(out.contains("sigproof replay "), "{out}");
    assert!(at.join(".sigproof/results.json").is_file());
    let (code, out, err) = sigproof(at, &["test", "-k", "right"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let (code, out, _) = sigproof(at, &["test", "--list", "--skip", "a/"]);
    assert_eq!((code, out.as_str()), (Some(0), "b/wrong\n"));
    let (code, _, err) = sigproof(at, &["test", "-k", "nothing"]);
    assert_eq!(code, Some(2), "{err}");
    let lines = sigproof(at, &["test", "--json", "--exact", "-k", "a/right"]).1;
    let last: serde_json::Value =
        serde_json::from_str(lines.lines().last().expect("a line")).expect("JSON");
    assert_eq!(
        (&last["type"], &last["exit_code"]),
        (&"verdict".into(), &0.into()),
        "{lines}"
    );
}

#[test]
fn a_wrong_file_is_told_before_anything_is_run() {
    let wrong = HOLDS.replace("command", "comand");
    let directory = with(&[("right.toml", HOLDS), ("wrong.toml", &wrong)]);
    let (code, out, err) = sigproof(directory.path(), &["test"]);
    assert_eq!(code, Some(2), "{out}{err}");
    assert!(err.contains("wrong.toml:2:1"), "{err}");
    assert!(err.contains("did you mean `command`?"), "{err}");
    assert!(
        !directory.path().join(".sigproof").exists(),
        "nothing was run"
    );
    let missing = HOLDS.replace("\"gzip\"", "\"{bin:no-such-program}\"");
    let directory = with(&[("missing.toml", &missing)]);
    let (code, out, _) = sigproof(directory.path(), &["test"]);
    assert_eq!(code, Some(2), "{out}");
    assert!(
        out.contains("missing.toml:2:12") && out.contains("cargo build"),
        "{out}"
    );
}

#[test]
fn four_shards_merged_give_the_verdict_table_of_one_session() {
    let names: Vec<String> = (0..5).map(|number| format!("s{number}.toml")).collect();
    let scenarios: Vec<(&str, &str)> = names
        .iter()
        .enumerate()
        .map(|(number, name)| (name.as_str(), if number == 2 { VIOLATED } else { HOLDS }))
        .collect();
    let directory = with(&scenarios);
    let at = directory.path();
    assert_eq!(sigproof(at, &["test", "--results", "all.json"]).0, Some(1));
    let whole = sigproof(at, &["merge", "all.json"]);
    let mut files = Vec::new();
    for index in 1..=4 {
        let (part, file) = (format!("{index}/4"), format!("{index}.json"));
        let (code, out, err) = sigproof(at, &["test", "--shard", &part, "--results", &file]);
        assert!(matches!(code, Some(0 | 1)), "{out}{err}");
        files.push(file);
    }
    files.reverse();
    let mut arguments = vec!["merge", "--results", "merged.json"];
    arguments.extend(files.iter().map(String::as_str));
    let merged = sigproof(at, &arguments);
    assert_eq!(merged.0, Some(1));
    // What one session prints of its own failing run has its times; the table has none.
    let table = |text: &str| {
        let rows = text
            .lines()
            .filter(|line| line.contains("  sweep  ") || line.starts_with("verdict"));
        rows.map(str::to_owned).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(table(&whole.1), table(&merged.1));
    assert_eq!(table(&whole.1).lines().count(), 6, "{}", whole.1);
    let again = sigproof(at, &["merge", "1.json", "merged.json"]);
    assert_eq!(again.0, Some(2), "one scenario twice: {}", again.1);
}

#[test]
fn a_sweep_may_be_of_errors_and_of_pairs() {
    // The error of the second write is not looked at.
    let full = r#"
[target]
command = ["sh", "-c", "echo one > a; echo two > b; echo three > c"]
[sweep]
fault = "ENOSPC"
only = ["write"]
"#;
    // The first signal is handled well; the second, in the clean-up, is not.
    let pair = r#"
[target]
command = ["sh", "-c", "trap 'rm -f t; trap - INT; mkdir d; rmdir d; kill -INT $$' INT; echo x > t; cat t > out; rm t"]
[sweep]
only = ["write"]
second = ["in-cleanup"]
[contract]
any = ["out"]
"#;
    let directory = with(&[("full.toml", full), ("pair.toml", pair)]);
    let (code, out, err) = sigproof(directory.path(), &["test"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("✗ violated    full"), "{out}");
    assert!(out.contains("ENOSPC"), "{out}");
    assert!(out.contains("✗ violated    pair"), "{out}");
    assert!(out.contains("d (directory) is left behind"), "{out}");
    let alone = pair.replace("second = [\"in-cleanup\"]\n", "");
    let directory = with(&[("alone.toml", &alone)]);
    let (code, out, err) = sigproof(directory.path(), &["test"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

#[test]
fn random_schedules_are_tried_as_well() {
    let careful = r#"
[target]
command = ["sh", "-c", "trap 'trap \"\" INT; rm -f t; trap - INT; kill -INT $$' INT; echo x > t; cat t > out; rm t"]
[fuzz]
faults = ["INT", "INT:process"]
runs = 40
[contract]
any = ["out"]
"#;
    let careless = careful.replace("rm -f t;", "");
    let directory = with(&[("careful.toml", careful), ("careless.toml", &careless)]);
    let (code, out, err) = sigproof(directory.path(), &["test"]);
    assert_eq!(code, Some(1), "{out}{err}");
    assert!(out.contains("✓ holds       careful   fuzz"), "{out}");
    assert!(out.contains("✗ violated    careless  fuzz"), "{out}");
    assert!(out.contains("t (file, 2 bytes) is left behind"), "{out}");
}

#[test]
fn snapshots_are_proposed_accepted_and_compared() {
    let directory = with(&[("says.toml", SAYS)]);
    let at = directory.path();
    let snapshot = at.join("ci/scenarios/snapshots/says@transcript.snap");
    let proposal = at.join("ci/scenarios/snapshots/says@transcript.snap.new");
    let (code, out, _) = sigproof(at, &["test"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("the transcript has no snapshot yet"), "{out}");
    assert!(proposal.is_file() && !snapshot.exists());
    let (code, out, err) = sigproof(at, &["test", "--bless"]);
    assert_eq!(code, Some(0), "{out}{err}");
    assert!(snapshot.is_file() && !proposal.exists());
    let text = fs::read_to_string(&snapshot).expect("readable");
    assert!(
        text.ends_with("---\nready\n[SIGINT to the group]\n"),
        "{text}"
    );
    assert_eq!(sigproof(at, &["test"]).0, Some(0));
    // insta reads it as its own.
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(at.join("ci/scenarios/snapshots"));
    settings.set_prepend_module_to_snapshot(false);
    settings.bind(|| insta::assert_snapshot!("says@transcript", "ready\n[SIGINT to the group]"));
    // Another word, and it is red; the new text lies beside the old one.
    fs::write(&snapshot, text.replace("ready", "Ready")).expect("writable");
    let (code, out, _) = sigproof(at, &["test"]);
    assert_eq!(code, Some(1), "{out}");
    assert!(out.contains("- Ready") && out.contains("+ ready"), "{out}");
    assert!(proposal.is_file());
}

#[test]
fn an_expected_text_in_the_file_itself_is_written_anew() {
    let inline = SAYS.replace(
        "snapshot = true",
        "# kept\ntranscript = \"old\" # kept, too",
    );
    let directory = with(&[("says.toml", &inline)]);
    let at = directory.path();
    assert_eq!(sigproof(at, &["test"]).0, Some(1));
    let (code, out, err) = sigproof(at, &["test", "--bless"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let text = fs::read_to_string(at.join("ci/scenarios/says.toml")).expect("readable");
    let wanted = "# kept\ntranscript = '''\nready\n[SIGINT to the group]\n''' # kept, too";
    assert!(text.contains(wanted), "{text}");
    assert_eq!(sigproof(at, &["test"]).0, Some(0));
}

#[test]
fn what_fails_once_and_holds_once_is_flaky() {
    // It fails the first time that it is played, and holds from then on.
    let directory = with(&[]);
    let mark = directory.path().join("mark");
    let scenario = format!(
        "{HOLDS}[contract]\ncheck = 'mkdir {} 2>/dev/null && exit 1; true'\n",
        mark.display()
    );
    let path = directory.path().join("once.toml");
    fs::write(&path, scenario).expect("writable");
    let (code, out, _) = sigproof(directory.path(), &["test", "--retries", "1", "once.toml"]);
    assert_eq!(code, Some(5), "{out}");
    assert!(out.contains("≈ flaky"), "{out}");
    fs::remove_dir(&mark).expect("made by the check");
    let (code, out, _) = sigproof(directory.path(), &["test", "once.toml"]);
    assert_eq!(
        code,
        Some(2),
        "without retries its first failure counts: {out}"
    );
}

#[test]
fn doctor_says_what_this_machine_can_do() {
    let directory = with(&[]);
    let (code, out, err) = sigproof(directory.path(), &["doctor"]);
    // This machine runs these tests: it can trace, and has terminals.
    assert_eq!(code, Some(0), "{out}{err}");
    for word in ["✓ ptrace", "✓ pty", "namespaces", "overlay", "phases"] {
        assert!(out.contains(word), "{word} is missing in\n{out}");
    }
}

#[test]
fn a_first_scenario_holds_as_it_is_written() {
    let directory = with(&[]);
    let at = directory.path();
    fs::write(at.join("words.txt"), "one\ntwo\n").expect("writable");
    let (code, out, err) = sigproof(
        at,
        &["init", "--in", "words.txt", "--", "gzip", "-k", "words.txt"],
    );
    assert_eq!(code, Some(0), "{out}{err}");
    let text = fs::read_to_string(at.join("ci/scenarios/gzip.toml")).expect("written");
    assert!(text.contains("inputs = [\"../../words.txt\"]"), "{text}");
    let (code, out, err) = sigproof(at, &["test"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let (code, _, err) = sigproof(
        at,
        &["init", "--in", "words.txt", "--", "gzip", "-k", "words.txt"],
    );
    assert_eq!(code, Some(2), "it is there already: {err}");
}
