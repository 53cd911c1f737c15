//! A first scenario, written from what a program does undisturbed.

use crate::facts::{EventKind, ExitStatus, Run};
use crate::oracle::Baseline;
use crate::scenario::script_template::script_table;
use crate::target::{Source, Target};
use std::fmt::Write as _;
use std::path::{Component, Path, PathBuf};

/// Programs that need a while before the script is in control.
const INTERPRETERS: [&str; 12] = [
    "python", "node", "deno", "bun", "ruby", "perl", "php", "java", "bash", "sh", "zsh", "lua",
];

/// The text of a scenario for this target, to be put into `directory` (absolute).
pub fn draft(target: &Target, baseline: &Baseline, directory: &Path) -> String {
    let mut text = String::new();
    let program = base(target.command.first().map_or("", String::as_str));
    let name = named(&target.command);
    let status = baseline.status;
    put(
        &mut text,
        &format!(
            "# Written by `sigproof init` from undisturbed runs: {status}, at most {} ms, {} points where a signal could\n\
         # do harm. Run it with `sigproof test`.\n\
         description = {}\n\n",
            (baseline.duration_ns / 1_000_000).max(1),
            baseline.points.points.len(),
            toml(&format!(
                "{name}, interrupted wherever it could do harm, leaves nothing in a bad state"
            )),
        ),
    );
    target_table(&mut text, target, directory);
    if let Some(script) = &target.script {
        put(&mut text, &script_table(script));
    }
    sweep_table(&mut text, baseline, program);
    contract_table(&mut text, baseline);
    messages_table(&mut text, baseline);
    text
}

/// What a person calls this command: the program's name, or that of the script which an interpreter is given.
pub fn named(command: &[String]) -> &str {
    let program = base(command.first().map_or("", String::as_str));
    let script = command.iter().skip(1).find(|word| !word.starts_with('-'));
    match script {
        // `sh -c` has no script's name, but a text.
        Some(script)
            if interprets(program)
                && Path::new(script).extension().is_some()
                && !script.contains(char::is_whitespace) =>
        {
            base(script)
        }
        _ => program,
    }
}

fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn interprets(program: &str) -> bool {
    INTERPRETERS.iter().any(|known| program.starts_with(known))
}

fn put(text: &mut String, words: &str) {
    text.push_str(words);
}

pub(super) fn toml(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(super) fn list(words: &[String]) -> String {
    let words: Vec<String> = words.iter().map(|word| toml(word)).collect();
    format!("[{}]", words.join(", "))
}

pub(super) fn target_table(text: &mut String, target: &Target, directory: &Path) {
    put(
        text,
        "[target]\n# {bin:NAME} is a binary of your Cargo workspace, {dir} the directory of this file.\n",
    );
    let _ = writeln!(text, "command = {}", list(&target.command));
    let beside = |path: &PathBuf| relative(path, directory);
    match &target.source {
        Source::View(path) => {
            put(
                text,
                "# It runs in a private view of this directory: nothing in it changes.\n",
            );
            let _ = writeln!(text, "view = {}", toml(&beside(path)));
        }
        Source::Directory(path) => {
            put(
                text,
                "# The content of this directory is copied as the root of its work tree.\n",
            );
            let _ = writeln!(text, "directory = {}", toml(&beside(path)));
        }
        Source::Files(paths) => {
            put(text, "# These are copied into its work tree.\n");
            let paths: Vec<String> = paths.iter().map(beside).collect();
            let _ = writeln!(text, "inputs = {}", list(&paths));
        }
        Source::Empty => put(
            text,
            "# Its work tree starts empty. To create files in it:\n# files = { \"words.txt\" = \"one\\ntwo\\n\" }\n",
        ),
    }
    if !target.env.is_empty() {
        let pairs: Vec<String> = target
            .env
            .iter()
            .map(|(name, value)| format!("{} = {}", toml(name), toml(value)))
            .collect();
        let _ = writeln!(text, "env = {{ {} }}", pairs.join(", "));
    }
    match target.pty {
        Some((rows, columns)) => {
            let _ = writeln!(text, "terminal = \"{rows}x{columns}\"");
        }
        None => put(
            text,
            "# To run it on a terminal, where Ctrl+C is typed and the screen is judged:\n# terminal = true\n",
        ),
    }
    if let Some(stdin) = &target.stdin {
        let _ = writeln!(text, "stdin = {}", toml(&beside(stdin)));
    }
    put(text, "\n");
}

fn sweep_table(text: &mut String, baseline: &Baseline, name: &str) {
    put(
        text,
        "# One run per point where the signal could do harm.\n[sweep]\n# signal = \"TERM\"\n",
    );
    let is_interpreter = interprets(name);
    let ready = baseline.recorded().and_then(first_line);
    match ready {
        Some(line) if is_interpreter => {
            let _ = writeln!(
                text,
                "# Before its first line a signal meets {name} itself, which the script cannot help.\nafter = {}",
                toml(&format!("output:{}", regex::escape(&line)))
            );
        }
        _ => put(
            text,
            "# Trigger after which the contract applies; earlier findings are reported apart.\n# after = \"output:'ready'\"\n",
        ),
    }
    put(text, "\n");
}

/// The first line that a run says, unless it is all that it says.
fn first_line(run: &Run) -> Option<String> {
    let said = run.events.iter().find_map(|event| match &event.what {
        EventKind::Output { bytes, .. } => Some((event.at_ns, String::from_utf8_lossy(bytes))),
        _ => None,
    })?;
    let line = said.1.lines().next()?.trim().to_owned();
    let plain = !line.is_empty() && line.chars().all(|c| !c.is_control());
    // What is said at the very end is no readiness.
    (plain && said.0 < run.end_ns / 10 * 9).then_some(line)
}

fn contract_table(text: &mut String, baseline: &Baseline) {
    put(text, "[contract]\n");
    if let ExitStatus::Exited(code @ 1..) = baseline.status {
        let _ = writeln!(text, "baseline-status = {code}");
    }
    let changed: Vec<String> = baseline
        .recorded()
        .map(|run| {
            let changes = run.tree.changes.iter();
            changes
                .filter(|(_, change)| change.after.is_some())
                .map(|(path, _)| path.clone())
                .take(5)
                .collect()
        })
        .unwrap_or_default();
    if changed.is_empty() {
        put(text, "# An undisturbed run leaves no file behind.\n");
    } else {
        let _ = writeln!(text, "# An undisturbed run leaves {}.", changed.join(", "));
    }
    let example = changed.first().map_or("out.log", String::as_str);
    let _ = writeln!(
        text,
        "# Outputs that may be cut short, paths that may be left behind, an exit status of its own for cancellation:\n\
         # prefix = {}\n# keep = [\"*.checkpoint\"]\n# ok-status = [1]\n\
         # A command that must succeed on the end state of every run:\n# check = \"test -s {example}\"\n",
        list(&[example.to_owned()]),
    );
}

fn messages_table(text: &mut String, baseline: &Baseline) {
    let line = baseline.recorded().and_then(first_line);
    let line = line.unwrap_or_else(|| "interrupted".to_owned());
    let _ = write!(
        text,
        "# Text that no run may print. (A second file, with [run] instead of [sweep], can require whole transcripts.)\n\
         # [messages]\n# never = [\"panicked\", \"Traceback\"]\n# lines = {}\n",
        list(&[line])
    );
}

/// A path as it is written in a file of this directory.
fn relative(path: &Path, directory: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (to, from): (Vec<Component<'_>>, Vec<Component<'_>>) = (
        path.components().collect(),
        directory.components().collect(),
    );
    let common = to
        .iter()
        .zip(&from)
        .take_while(|(one, other)| one == other)
        .count();
    let mut shown = PathBuf::new();
    for _ in common..from.len() {
        shown.push("..");
    }
    for part in &to[common..] {
        shown.push(part);
    }
    if shown.as_os_str().is_empty() {
        shown.push(".");
    }
    shown.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_gives_its_name() {
        for (command, name) in [
            ("sort -o a.txt", "sort"),
            ("sh tidy.sh", "tidy.sh"),
            ("/usr/bin/python3 -I tools/copy.py", "copy.py"),
            ("sh -c true;", "sh"),
            ("git commit", "git"),
        ] {
            let words: Vec<String> = command.split(' ').map(str::to_owned).collect();
            assert_eq!(named(&words), name, "{command}");
        }
    }

    #[test]
    fn paths_are_written_from_the_directory_of_the_file() {
        let from = Path::new("/work/project/ci/scenarios");
        for (path, shown) in [
            ("/work/project", "../.."),
            ("/work/project/a.txt", "../../a.txt"),
            ("/work/project/ci/scenarios", "."),
            ("/etc/hosts", "../../../../etc/hosts"),
        ] {
            assert_eq!(relative(Path::new(path), from), shown);
        }
    }
}
