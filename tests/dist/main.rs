//! What `cargo ci dist` has made, installed where nothing of this workspace is, and used as a person uses it: a sweep
//! that finds something, one that does not, and Ctrl+C on a sweep.
//!
//! Not among the default suites: `cargo ci dist` makes the packages and runs this.

mod archives;
mod npm;
mod python;
mod restricted;

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A published file, by the end of its name.
fn published(end: &str) -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("target"),
        PathBuf::from,
    );
    let directory = target.join("dist");
    let entries = fs::read_dir(&directory)
        .unwrap_or_else(|error| panic!("{}: {error}: run `cargo ci dist`", directory.display()));
    let found: Vec<PathBuf> = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().ends_with(end))
        .collect();
    assert_eq!(found.len(), 1, "{end}: {found:?}");
    found[0].clone()
}

/// Unpacks the archive.
fn unpack(root: &Path) {
    let mut tar = clean("tar", root);
    succeeds(
        tar.args(["--extract", "--file"])
            .arg(published("x86_64.tar.gz")),
    );
}

/// A program that stands beside this file.
fn helper(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/dist")
        .join(name)
}

/// A command in an environment with nothing of ours: what is not there cannot be relied on.
fn clean(program: impl AsRef<OsStr>, home: &Path) -> Command {
    let mut command = Command::new(program);
    command
        .env_clear()
        .env(
            "PATH",
            "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        )
        .env("HOME", home)
        .env("LANG", "C.UTF-8")
        .current_dir(home)
        .stdin(std::process::Stdio::null());
    command
}

/// Runs it, and answers what it says.
fn said(command: &mut Command) -> (Option<i32>, String) {
    let shown = format!("{command:?}");
    let Output {
        status,
        stdout,
        stderr,
    } = command
        .output()
        .unwrap_or_else(|error| panic!("{shown}: {error}"));
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&stdout),
        String::from_utf8_lossy(&stderr)
    );
    println!("$ {shown}\n{text}");
    (status.code(), text)
}

/// Runs it; it must succeed.
fn succeeds(command: &mut Command) -> String {
    let (code, text) = said(command);
    assert_eq!(code, Some(0), "{command:?}\n{text}");
    text
}

/// All of `words` are in the text, wherever its lines are broken.
#[track_caller]
fn has(text: &str, words: &[&str]) {
    let joined = text.split_whitespace().collect::<Vec<_>>().join(" ");
    for word in words {
        assert!(joined.contains(word), "{word:?} is not in\n{text}");
    }
}

/// Uses an installed program. `sigproof` makes the command that starts it in this directory, for a terminal as well.
fn is_usable(directory: &Path, sigproof: impl Fn() -> Command) {
    fs::write(directory.join("names"), "one\ntwo\n").expect("a file");
    let sweep = |words: &[&str]| said(sigproof().arg("sweep").args(words));
    let (code, text) = sweep(&["--in=names", "--", "sed", "-i", "s/one/1/", "names"]);
    assert_eq!(code, Some(1), "{text}");
    has(
        &text,
        &["leftovers", "sigproof replay .sigproof/sed-leftovers-"],
    );
    let stored = fs::read_dir(directory.join(".sigproof")).expect("a stored failure");
    let stored = stored
        .flatten()
        .map(|entry| entry.path())
        .find(|path| path.extension().is_some_and(|kind| kind == "json"))
        .expect("a stored failure");
    let (code, text) = said(sigproof().arg("replay").arg(&stored));
    assert_eq!(code, Some(1), "{text}");
    let (code, text) = sweep(&["--in=names", "--", "cat", "names"]);
    assert_eq!(code, Some(0), "{text}");
    has(&text, &["every contract holds"]);
    is_interruptible(directory, &sigproof());
}

/// Ctrl+C, typed on a terminal while it sweeps: it reports, then ends by the signal, and leaves no process.
fn is_interruptible(directory: &Path, sigproof: &Command) {
    let marker = format!("marker-{}-{}", std::process::id(), directory.display());
    let script =
        format!(": {marker}; for n in 1 2 3 4 5 6 7 8 9 10; do echo $n >> out; sleep 0.05; done");
    let mut press = clean("python3", directory);
    press
        .arg(helper("press.py"))
        .arg(&marker)
        .arg(sigproof.get_program())
        .args(sigproof.get_args())
        .args([
            "sweep",
            "--empty",
            "--exhaustive",
            "--",
            "sh",
            "-c",
            &script,
        ]);
    for (name, value) in sigproof.get_envs() {
        press.env(name, value.unwrap_or_default());
    }
    let text = succeeds(&mut press);
    has(&text, &["ended by signal 2", "interrupted", "verdict"]);
}

/// Whether this process may do everything: what is tried as another user needs that.
fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// A directory that every user may use.
fn open_directory() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt;
    let directory = tempfile::tempdir().expect("a directory");
    let open = fs::Permissions::from_mode(0o777);
    fs::set_permissions(directory.path(), open).expect("its mode");
    directory
}
