//! The person's own files are never touched, and every run starts from the same state.

use std::fs;
use std::path::Path;

/// A directory with some things in it, enough not to be copied.
fn person() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for number in 0..40 {
        fs::write(
            directory.path().join(format!("file{number}")),
            number.to_string(),
        )
        .expect("a file");
    }
    fs::create_dir(directory.path().join("sub")).expect("a directory");
    fs::write(directory.path().join("sub/inner"), "inner").expect("a file");
    directory
}

fn run_in(directory: &Path, flags: &[&str], script: &str) -> Vec<serde_json::Value> {
    let output = under_test::command()
        .args(["run", "--json"])
        .args(flags)
        .args(["--", "sh", "-c", script])
        .current_dir(directory)
        .output()
        .expect("sigproof runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// The changed paths of the run, with `+`, `-` or `*`.
fn changes(lines: &[serde_json::Value]) -> Vec<String> {
    let run = lines
        .iter()
        .find(|line| line["type"] == "run")
        .expect("a run");
    let changes = run["tree"]["changes"].as_object().expect("changes");
    changes
        .iter()
        .map(
            |(path, change)| match (change["before"].is_null(), change["after"].is_null()) {
                (true, _) => format!("+{path}"),
                (_, true) => format!("-{path}"),
                _ => format!("*{path}"),
            },
        )
        .collect()
}

const DESTROY: &str = "rm file1; echo changed > file2; echo new > new; mkdir dir; mv sub/inner dir/inner; \
                       echo h > ~/.rc; echo t > $TMPDIR/t; rm -r sub; chmod 600 file3";
const DESTROYED: [&str; 10] = [
    "+$TMPDIR/t",
    "*file2",
    "*file3",
    "+dir",
    "+dir/inner",
    "+new",
    "+~/.rc",
    "-file1",
    "-sub",
    "-sub/inner",
];

fn sorted(mut words: Vec<String>) -> Vec<String> {
    words.sort();
    words
}

#[track_caller]
fn destroys_only_its_view(flags: &[&str], script: &str) {
    let directory = person();
    let lines = run_in(directory.path(), flags, script);
    let mut expected: Vec<String> = DESTROYED.map(str::to_owned).to_vec();
    expected.sort();
    assert_eq!(sorted(changes(&lines)), expected);
    let names = fs::read_dir(directory.path()).expect("it").count();
    assert_eq!(names, 41, "the person's own directory has changed");
    assert_eq!(
        fs::read_to_string(directory.path().join("file2")).expect("it"),
        "2"
    );
    assert_eq!(
        fs::read_to_string(directory.path().join("sub/inner")).expect("it"),
        "inner"
    );
}

#[test]
fn a_view_of_the_working_directory() {
    destroys_only_its_view(&[], DESTROY);
}

#[test]
fn a_view_is_at_the_same_path_so_that_absolute_paths_are_safe() {
    let directory = person();
    let script = format!(
        "rm {0}/file1; echo x > {0}/file2",
        directory.path().display()
    );
    let lines = run_in(directory.path(), &[], &script);
    assert_eq!(sorted(changes(&lines)), ["*file2", "-file1"]);
    assert!(directory.path().join("file1").exists());
}

#[test]
fn a_copy_where_there_are_no_namespaces() {
    destroys_only_its_view(&["--isolation", "copy"], DESTROY);
}

#[test]
fn a_directory_given_as_the_root() {
    let directory = person();
    let elsewhere = tempfile::tempdir().expect("a directory");
    let input = directory.path().to_str().expect("a path");
    let lines = run_in(elsewhere.path(), &["--in", input], DESTROY);
    assert_eq!(
        sorted(changes(&lines)),
        sorted(DESTROYED.map(str::to_owned).to_vec())
    );
    assert!(directory.path().join("file1").exists());
    assert_eq!(fs::read_dir(elsewhere.path()).expect("it").count(), 0);
}

#[test]
fn files_put_into_an_empty_tree() {
    let directory = person();
    let file = directory.path().join("file7");
    let lines = run_in(
        directory.path(),
        &["--in", file.to_str().expect("a path")],
        "ls > list; rm file7",
    );
    assert_eq!(sorted(changes(&lines)), ["+list", "-file7"]);
    assert!(file.exists());
}

#[test]
fn a_directory_can_be_renamed_in_a_view() {
    let directory = person();
    let lines = run_in(directory.path(), &[], "mv sub moved");
    assert_eq!(
        sorted(changes(&lines)),
        ["+moved", "+moved/inner", "-sub", "-sub/inner"]
    );
}

#[test]
fn every_run_of_a_sweep_starts_from_the_same_state() {
    // It fails when it finds what an earlier run made.
    let directory = person();
    let script = "test -e made && exit 9; touch made; rm file1; echo done";
    let output = under_test::command()
        .args([
            "sweep",
            "--json",
            "--skip",
            "rerun,status,leftovers,old-or-new",
            "--",
            "sh",
            "-c",
            script,
        ])
        .current_dir(directory.path())
        .output()
        .expect("sigproof runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn earlier_results_are_no_part_of_the_view() {
    let directory = person();
    fs::create_dir(directory.path().join(".sigproof")).expect("a directory");
    fs::write(directory.path().join(".sigproof/x.json"), "{}").expect("a file");
    for isolation in ["auto", "copy"] {
        let lines = run_in(
            directory.path(),
            &["--isolation", isolation],
            "ls -A | grep sigproof > found; true",
        );
        let run = lines
            .iter()
            .find(|line| line["type"] == "run")
            .expect("a run");
        assert_eq!(
            run["tree"]["changes"]["found"]["after"]["size"], 0,
            "{isolation}: {run}"
        );
    }
}

#[test]
fn the_surroundings_are_pinned() {
    let directory = person();
    let script = "test $PPID -ne 1 && test -z \"$SIGPROOF_TEST\" && test \"$LC_ALL\" = C.UTF-8 && \
                  test -z \"$(ls -A ~)\" && test -w $TMPDIR && grep -q 'SigIgn:.*0000000000000000' /proc/self/status && \
                  grep -q 'SigBlk:.*0000000000000000' /proc/self/status && read _ _ _ _ group session _ < /proc/$$/stat && test $group = $$ -a $session = $$";
    let output = under_test::command()
        .env("SIGPROOF_TEST", "leaks")
        .env("LC_ALL", "de_DE")
        .args(["run", "--", "bash", "-c", script])
        .current_dir(directory.path())
        .output()
        .expect("sigproof runs");
    assert!(output.status.success(), "{output:?}");
    let output = under_test::command()
        .args([
            "run",
            "--empty",
            "--env",
            "A=b c",
            "--",
            "bash",
            "-c",
            "test \"$A\" = 'b c'",
        ])
        .output()
        .expect("sigproof runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn an_inherited_ignored_signal_is_not_passed_on() {
    let script = format!(
        "trap '' INT TERM; exec {} run --empty -- grep -q SigIgn:.*0000000000000000 /proc/self/status",
        under_test::program()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{output:?}");
}

#[test]
fn a_target_that_takes_its_view_away_costs_nothing() {
    // A copy, mounted over the directory itself.
    view_taken_away(1);
}

#[test]
fn nor_does_one_with_many_files() {
    // An overlay that nothing is written to, which would stay mounted.
    view_taken_away(40);
}

/// In a directory with so many files.
fn view_taken_away(files: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    for number in 1..files {
        fs::write(directory.path().join(number.to_string()), "").expect("a file");
    }
    fs::write(directory.path().join("precious"), "precious").expect("a file");
    let script = format!(
        "umount -l {} 2> /dev/null; true",
        directory.path().display()
    );
    let output = under_test::command()
        .args(["run", "--", "bash", "-c", &script])
        .current_dir(directory.path())
        .output()
        .expect("sigproof runs");
    let content = fs::read_to_string(directory.path().join("precious")).expect("it is still there");
    assert_eq!(content, "precious", "{output:?}");
    if nix::unistd::geteuid().is_root() {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            said.split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
                .contains("taken its private view away"),
            "{said}"
        );
        assert_eq!(output.status.code(), Some(3));
    }
}

#[test]
fn a_write_outside_is_said() {
    let directory = person();
    let outside = tempfile::tempdir().expect("a directory");
    let y = outside.path().join("y");
    let said = |command: &[&str]| {
        let output = under_test::command()
            .args([
                "sweep",
                "--json",
                "--only",
                "write,symlink",
                "--skip",
                "status",
                "--",
            ])
            .args(command)
            .current_dir(directory.path())
            .output()
            .expect("sigproof runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let told = said(&["sh", "-c", &format!("echo x > {}", y.display())]);
    assert!(
        told.contains("writes outside its private directories"),
        "{told}"
    );
    // What a symbolic link says is text: nothing happens there. This is the call that names both, unlike `ln`'s.
    let link = format!("import os; os.symlink('{}', 'link')", y.display());
    let link = said(&[&under_test::python(), "-I", "-S", "-c", &link]);
    assert!(
        link.contains("\"points_found\"") && !link.contains("writes outside"),
        "{link}"
    );
}

#[test]
fn a_link_given_as_input_keeps_its_name() {
    let directory = person();
    std::os::unix::fs::symlink("file7", directory.path().join("link")).expect("a link");
    let link = directory.path().join("link");
    let lines = run_in(
        directory.path(),
        &["--in", link.to_str().expect("a path")],
        "cat link > copy",
    );
    let run = lines
        .iter()
        .find(|line| line["type"] == "run")
        .expect("a run");
    assert_eq!(run["tree"]["changes"]["copy"]["after"]["size"], 1, "{run}");
}

#[test]
fn a_descriptor_that_was_left_open_is_not_passed_on() {
    let script = format!(
        "exec {} run --empty -- sh -c 'test ! -e /proc/self/fd/7' 7< /etc/passwd",
        under_test::program()
    );
    let output = std::process::Command::new("bash")
        .args(["-c", &script])
        .output()
        .expect("bash runs");
    assert!(output.status.success(), "{output:?}");
}

/// Its own directory is where a person sends what we print.
#[test]
fn our_own_output_in_the_directory_is_not_the_targets_doing() {
    let here = tempfile::tempdir().expect("a directory");
    for isolation in ["auto", "copy"] {
        let path = here.path().join("out.json");
        let file = std::fs::File::create(&path).expect("a file");
        let status = under_test::command()
            .current_dir(here.path())
            .args([
                "sweep",
                "--json",
                "--store",
                "/dev/null",
                "--any",
                "a*",
                "--isolation",
                isolation,
                "--",
            ])
            .args([
                "dash",
                "-c",
                "for i in 1 2 3 4 5 6 7 8 9; do echo $i > a$i; done",
            ])
            .stdout(file)
            .status()
            .expect("sigproof runs");
        let said = std::fs::read_to_string(&path).expect("its output");
        assert!(!said.contains("out.json"), "{said}");
        assert_eq!(status.code(), Some(0), "{said}");
        assert!(said.contains("summary"), "{said}");
    }
}
