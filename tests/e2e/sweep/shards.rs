//! Shards: a sweep is divided by classes, and the parts join to what one session gives.

use std::fs;
use std::path::Path;
use under_test::python;

/// One process with several classes, of which most have several points.
const SAVE: &str = r#"
import os

for part in range(1, 7):
    with open(f"part{part}.tmp", "w") as file:
        file.write("begin\n")
        file.flush()
        file.write("end\n")
    os.rename(f"part{part}.tmp", f"part{part}.txt")
"#;

fn sigproof(at: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = under_test::command()
        .current_dir(at)
        .args(arguments)
        .output()
        .expect("sigproof runs");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn work() -> tempfile::TempDir {
    let here = tempfile::tempdir().expect("a directory");
    fs::create_dir(here.path().join("in")).expect("a directory");
    fs::write(here.path().join("in/save.py"), SAVE).expect("an input");
    here
}

fn table(at: &Path, results: &str) -> String {
    let (code, table, said) = sigproof(at, &["report", "--table", results]);
    assert_eq!(code, Some(0), "{said}");
    table
}

/// Sweeps in parts, and whole; returns both tables.
fn in_parts_and_whole(at: &Path, parts: u32, flags: &[&str]) -> (String, String) {
    let python = python();
    let target = ["--in", "in", "--", &python, "save.py"];
    let sweep = |results: &str, more: &[&str]| {
        let arguments = [&["sweep", "--results", results], flags, more, &target].concat();
        let (code, said, error) = sigproof(at, &arguments);
        assert!(matches!(code, Some(0 | 1)), "{said}{error}");
        said
    };
    let mut files = Vec::new();
    for index in 1..=parts {
        let (shard, file) = (format!("{index}/{parts}"), format!("part-{index}.json"));
        let said = sweep(&file, &["--shard", &shard]);
        assert!(said.contains(&format!("shard {shard}")), "{said}");
        files.push(file);
    }
    sweep("whole.json", &[]);
    files.reverse();
    let mut arguments = vec!["merge", "--results", "joint.json"];
    arguments.extend(files.iter().map(String::as_str));
    let (code, said, error) = sigproof(at, &arguments);
    assert_eq!(code, Some(1), "{said}{error}");
    (table(at, "joint.json"), table(at, "whole.json"))
}

#[test]
fn parts_of_a_sweep_join_to_the_table_of_one_session() {
    let here = work();
    let (joint, whole) = in_parts_and_whole(here.path(), 3, &["--representatives"]);
    assert_eq!(joint, whole);
    for word in ["violated", "represented", "holds", "leftovers"] {
        assert!(whole.contains(word), "{whole}");
    }
}

#[test]
fn a_part_that_is_missing_or_twice_is_said() {
    let here = work();
    let at = here.path();
    in_parts_and_whole(at, 2, &["--representatives", "--only", "rename"]);
    let merge = |files: &[&str]| sigproof(at, &[&["merge"], files].concat());
    for (files, said) in [
        (&["part-1.json"][..], "shard 2/2 is in none of these files"),
        (
            &["part-1.json", "part-1.json"],
            "shard 1/2 is in two of these files",
        ),
        (&["part-1.json", "whole.json"], "is in two of these files"),
    ] {
        let (code, _, error) = merge(files);
        assert_eq!(code, Some(2), "{error}");
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_part_is_taken_from_the_environment() {
    let here = work();
    let python = python();
    let sweep = |variables: &[(&str, &str)]| {
        let output = under_test::command()
            .current_dir(here.path())
            .envs(variables.iter().copied())
            .args([
                "sweep", "--shard", "auto", "--in", "in", "--", &python, "save.py",
            ])
            .output()
            .expect("sigproof runs");
        String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
    };
    let said = sweep(&[
        ("SLURM_ARRAY_TASK_ID", "2"),
        ("SLURM_ARRAY_TASK_COUNT", "3"),
        ("SLURM_ARRAY_TASK_MIN", "1"),
    ]);
    assert!(said.contains("shard 2/3"), "{said}");
    let said = sweep(&[("CI_NODE_INDEX", "1"), ("CI_NODE_TOTAL", "1")]);
    assert!(said.contains("shard 1/1"), "{said}");
    let said = sweep(&[]);
    assert!(said.contains("nothing in the environment says"), "{said}");
}
