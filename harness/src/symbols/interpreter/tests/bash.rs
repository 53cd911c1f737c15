//! Bash, that says itself where it is.

use super::tracee;
use std::fs;

/// Each `say` prints what bash thinks of its own stack, and is stopped in the middle of that.
const LIBRARY: &str = r#"say() {
    local text=stack index
    for ((index = 0; index < ${#FUNCNAME[@]}; index++)); do
        text+="|${FUNCNAME[index]} ${BASH_SOURCE[index]} "
        if ((index)); then text+=${BASH_LINENO[index - 1]}; else text+=line; fi
    done
    printf %s "${text/line/$LINENO}"
}
from_library() {

    say
}
say
"#;

const SCRIPT: &str = r"say() { :; }
. ./library.sh
outer() {
    inner
}

inner() {
    say
    from_library
    (
        say
    )
}
outer
say
{ say; }
for each in 1 2; do
    [ $each = 1 ] ||
        say
done
if true; then say; fi
text=$(say >&2; say >/dev/null)
";

#[test]
fn frames_are_those_that_bash_itself_says() {
    let directory = tempfile::tempdir().expect("a directory");
    fs::write(directory.path().join("library.sh"), LIBRARY).expect("a file");
    fs::write(directory.path().join("script.sh"), SCRIPT).expect("a file");
    let mut stacks = 0;
    let command = ["bash", "./script.sh"];
    tracee::run(&command, directory.path(), |call| {
        let Some(output) = call.output() else { return };
        let Some(said) = output.strip_prefix("stack|") else {
            return;
        };
        stacks += 1;
        let frames = call.take().frames;
        let found: Vec<String> = frames
            .into_iter()
            .map(|frame| {
                let function = frame.function.unwrap_or_default();
                let file = frame.file.unwrap_or_default();
                format!("{function} {file} {}", frame.line.unwrap_or_default())
            })
            .collect();
        assert_eq!(found, said.split('|').collect::<Vec<_>>());
    });
    assert_eq!(stacks, 10);
}

#[test]
fn a_line_of_a_command_is_told_without_a_script() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut found = Vec::new();
    let command = [
        "bash",
        "-c",
        "true\n\nf() {\n  echo here\n}\nf\necho there\n",
    ];
    tracee::run(&command, directory.path(), |call| {
        if call.output().is_some() {
            found.extend(call.take().frames.iter().map(ToString::to_string));
        }
    });
    assert_eq!(found, ["f (environment:4)", "main (-c:7)"]);
}
